// The customers' page, as `vite build embed` left it in `dist/embed`: the element for pages of others, and the page behind a link.
import { LatchkeyError } from '../core/errors.ts'
import type { ReadHeader } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import { answerFile, type BuiltFiles, immutable, readFiles } from './built-files.ts'
import { readPackaged } from './packaged-files.ts'
import { route } from './parts.ts'

const folder = 'dist/embed/'

interface Built {
  page: string
  files: BuiltFiles
}

let built: Built | undefined

/** Reads what was built, once. Throws `route_not_found` if nothing was. */
function requireBuilt(): Built {
  if (built) return built
  const page = readPackaged(`${folder}portal.html`)
  if (page === undefined)
    throw new LatchkeyError(
      'route_not_found',
      'The page for customers has not been built. Run `npm run build`.',
    )
  built = { page: String(page), files: readFiles(folder) }
  return built
}

/**
 * The page behind a link. Nothing runs in it but files of this origin, it speaks to nobody else, and no page frames it. The
 * link's secret stands behind the `#`, which no browser sends: who fetches the page ahead of the reader uses nothing up.
 */
function portalPage(): Reply {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
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
    body: requireBuilt().page,
  }
}

function embedFile(name: string, header: ReadHeader): Reply {
  const { files } = requireBuilt()
  // Besides these the folder has what npm hands out.
  if (!files.has(`${name}.br`)) throw new LatchkeyError('route_not_found', 'No file has this path.')
  return answerFile(files, name, header, {
    // The one without a version is another file after an upgrade.
    'cache-control': name === 'latchkey.js' ? 'public, max-age=300' : immutable,
    // Pages of any origin take the element, by its digest too (`integrity`), for which a browser must be let read it. It holds nothing
    // of anybody's. The rest is for our own page alone.
    ...(name.startsWith('latchkey') && {
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
    }),
  })
}

export const embedRoutes = [
  route({
    method: 'GET',
    path: '/portal',
    operationId: 'readPortal',
    tag: 'Operation',
    summary: 'The page for customers',
    description: 'The page behind the link of a portal session.',
    access: 'public',
    anyQuery: true,
    answers: [{ status: 200, description: 'A page for browsers.', contentType: 'text/html' }],
    problems: ['route_not_found'],
    handle: async () => portalPage(),
  }),
  route({
    method: 'GET',
    path: '/embed/{file}',
    operationId: 'readEmbedFile',
    tag: 'Operation',
    summary: 'A file of the page for customers',
    description:
      '`latchkey.js` is the element `<latchkey-keys>` of this major version, `latchkey-<version>.js` that of one version, which stays as it is.',
    access: 'public',
    answers: [{ status: 200, description: 'A script.', contentType: 'text/javascript' }],
    problems: ['route_not_found'],
    handle: async ({ params, header }) => embedFile(params.file, header),
  }),
]
