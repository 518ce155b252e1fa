// The console's files, as `vite build console` left them in `dist/console`: read once, and sent compressed.
import { randomBytes } from 'node:crypto'
import { LatchkeyError } from '../core/errors.ts'
import type { ReadHeader } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import { answerFile, type BuiltFiles, immutable, readFiles } from './built-files.ts'
import { readPackaged } from './packaged-files.ts'
import { route } from './parts.ts'

const folder = 'dist/console/'

interface Built {
  page: string
  assets: BuiltFiles
}

let built: Built | undefined

/** Reads what was built, once; undefined if nothing was. */
function findBuilt(): Built | undefined {
  if (built) return built
  const page = readPackaged(`${folder}index.html`)
  if (page === undefined) return undefined
  built = { page: String(page), assets: readFiles(`${folder}assets/`) }
  return built
}

/** The same for a browser that asks for the console by its own address. Throws `route_not_found`. */
function requireBuilt(): Built {
  const found = findBuilt()
  if (found) return found
  throw new LatchkeyError('route_not_found', 'The console has not been built. Run `npm run build`.')
}

/**
 * The page that all of the console's addresses show; its script finds out which one that is. Nothing runs in it
 * but files of this origin: no script in the page, no other origin, no frame around it (CSP level 3). The nonce is
 * for the style sheets that dialogs make.
 */
function consolePage({ page }: Built): Reply {
  const nonce = randomBytes(16).toString('base64')
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join('; '),
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'clipboard-write=(self)',
    },
    body: page.replace('{{nonce}}', nonce),
  }
}

/** Whether a browser goes to an address, rather than a program. */
export function isNavigation(method: string, header: ReadHeader): boolean {
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/.test(header('accept') ?? '')
}

/** The console's page for an address that is no route's; undefined if the console was not built. */
export function consolePageFor(path: string): Reply | undefined {
  // A file, or a call of the API, that is not there is no page.
  if (/^\/(?:v1|assets|embed)(?:\/|$)|\.\w+$/.test(path)) return undefined
  const found = findBuilt()
  return found && consolePage(found)
}

function consoleAsset(name: string, header: ReadHeader): Reply {
  // Its name holds a digest of it: another file has another name.
  return answerFile(requireBuilt().assets, name, header, { 'cache-control': immutable })
}

export const consoleRoutes = [
  route({
    method: 'GET',
    path: '/',
    operationId: 'readConsole',
    tag: 'Operation',
    summary: 'The console',
    access: 'public',
    anyQuery: true,
    answers: [{ status: 200, description: 'A page for browsers.', contentType: 'text/html' }],
    problems: ['route_not_found'],
    handle: async () => consolePage(requireBuilt()),
  }),
  route({
    method: 'GET',
    path: '/assets/{file}',
    operationId: 'readConsoleFile',
    tag: 'Operation',
    summary: 'A file of the console',
    access: 'public',
    answers: [
      { status: 200, description: 'A script, a style sheet or a picture.', contentType: 'text/javascript' },
    ],
    problems: ['route_not_found'],
    handle: async ({ params, header }) => consoleAsset(params.file, header),
  }),
]
