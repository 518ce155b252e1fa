// A page of an operator, on another origin than the server: it holds the element, under a strict policy, and its backend opens sessions.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestServer } from '../setup/server.ts'

/** What a session of tests may do, and what its keys may be granted. */
export const allOfPortal = [
  ...['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*'],
]

export interface HostOptions {
  /** Fields of the sessions that it opens, in the place of the usual ones. */
  session?: Record<string, unknown>
  /** Of its `<html>`: `lang="de" dir="rtl"`. */
  attributes?: string
  /** Of the element; `server` is not needed where the script comes from the server. */
  element?: string
  /** A style sheet of the page. */
  style?: string
  /** What the page's own script does besides; `keys` is the element, `open` has a session opened. */
  script?: string
  /** Whether the element is told where sessions come from. */
  givesToken?: boolean
  /** Whether the element stands in the page from the beginning, and its script comes from the server. */
  hasElement?: boolean
  /** More scripts, by their paths. */
  files?: Record<string, string>
  /** More of the head, such as a further script. */
  head?: string
}

export interface Host {
  /** Its origin, and the address of its page. */
  url: string
  /** What browsers reported of its policy. */
  reports: unknown[]
  /** How many sessions its backend has opened. */
  opened(): number
  /** The headers of all requests that it got. */
  requests: IncomingMessage[]
  close(): Promise<void>
}

/** Starts a page's server. */
export async function startHost(server: TestServer, options: HostOptions = {}): Promise<Host> {
  const reports: unknown[] = []
  const requests: IncomingMessage[] = []
  let opened = 0
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${server.url}`,
    `connect-src 'self' ${server.url}`,
    ...(options.style === undefined ? [] : ["style-src 'self'"]),
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    'report-uri /reports',
  ].join('; ')
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request)
    const body = await readAll(request)
    const path = request.url ?? ''
    const file = options.files?.[path]
    const send = (type: string, text: string) => response.writeHead(200, { 'content-type': type }).end(text)
    if (path === '/reports') {
      reports.push(JSON.parse(body))
      response.writeHead(204).end()
    } else if (path === '/session') {
      opened++
      send('application/json', JSON.stringify(await openSession(server, url, options.session)))
    } else if (path === '/page.js') send('text/javascript', pageScript(options))
    else if (path === '/page.css') send('text/css', options.style ?? '')
    else if (file !== undefined) send('text/javascript', file)
    else if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
      response.end(pageOf(server, options))
    } else response.writeHead(204).end()
  }
  const host = createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
  return {
    ...{ url, reports, requests, opened: () => opened },
    close: async () => {
      host.closeAllConnections()
      await new Promise((done) => host.close(done))
    },
  }
}

/** Has the server open a session of kind `embed` for an origin, as a backend does. */
async function openSession(
  server: TestServer,
  origin: string,
  fields: Record<string, unknown> = {},
): Promise<{ token: string; expires_at: string; id: string }> {
  const body = {
    ...{
      kind: 'embed',
      organization_id: 'acme',
      user: { id: 'u_81', name: 'Ada' },
      permissions: allOfPortal,
    },
    ...{ origin, ...fields },
  }
  const { json, status, text } = await server.request<{ token: string; expires_at: string; id: string }>(
    ...(['POST', '/v1/portal-sessions', { token: server.rootKey, body }] as const),
  )
  if (status !== 200) throw new Error(text)
  return json
}

function pageOf(
  server: TestServer,
  { attributes = 'lang="en"', element = '', style, head = '', hasElement = true }: HostOptions,
): string {
  return `<!doctype html><html ${attributes}><head><meta charset="utf-8"><title>Settings</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${style === undefined ? '' : '<link rel="stylesheet" href="/page.css">'}${head}
${
  hasElement
    ? `<script type="module" src="/page.js"></script>
<script type="module" src="${server.url}/embed/latchkey.js"></script>`
    : ''
}</head>
<body><main><h1>Settings</h1><p>Text of the page.</p>${hasElement ? `<latchkey-keys ${element}></latchkey-keys>` : ''}</main></body></html>`
}

function pageScript({ script = '', givesToken = true }: HostOptions): string {
  return `const keys = document.querySelector('latchkey-keys')
globalThis.asked = 0
globalThis.events = []
const open = async () => {
  globalThis.asked++
  const answer = await fetch('/session', { method: 'POST' })
  return answer.json()
}
for (const name of ['ready', 'created', 'rotated', 'revoked', 'failed'])
  document.addEventListener('latchkey-' + name, ({ type, detail }) => globalThis.events.push([type, detail]))
${givesToken ? 'keys.getToken = open' : ''}
${script}`
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const bytes of request) text += bytes
  return text
}
