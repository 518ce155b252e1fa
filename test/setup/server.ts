// Starts a real server on a database, with a root key, and speaks to it over real HTTP.
import { pino } from 'pino'
import { type Latchkey, type LatchkeyOptions, openLatchkey } from '../../src/latchkey.ts'
import { type ServerSettings, startServer } from '../../src/server/server.ts'

export interface TestRequest {
  token?: string | undefined
  /** Sent as JSON; a string or bytes as they are, and no less called JSON. */
  body?: unknown
  headers?: Record<string, string>
}

export interface TestAnswer<Json = Record<string, unknown>> {
  status: number
  headers: Headers
  text: string
  /** The body as JSON; null where there is none. */
  json: Json
}

export interface TestServer extends AsyncDisposable {
  url: string
  rootKey: string
  latchkey: Latchkey
  /** The lines logged so far. */
  log: Record<string, unknown>[]
  request<Json = Record<string, unknown>>(
    method: string,
    path: string,
    options?: TestRequest,
  ): Promise<TestAnswer<Json>>
  /** Stops serving and closes the database. */
  close(): Promise<void>
}

/** Starts a server on an empty database. */
export async function startTestServer(
  databaseUrl: string,
  options: Partial<LatchkeyOptions> &
    Partial<
      Pick<
        ServerSettings,
        'port' | 'trustedProxies' | 'connections' | 'telemetry' | 'publicUrl' | 'basicAuth' | 'tokenSignIn'
      >
    > = {},
): Promise<TestServer> {
  const {
    port = 0,
    trustedProxies,
    connections,
    telemetry,
    publicUrl,
    basicAuth,
    tokenSignIn,
    ...latchkeyOptions
  } = options
  const latchkey = await openLatchkey({
    database: databaseUrl,
    ...(publicUrl !== undefined && { publicUrl }),
    ...latchkeyOptions,
  })
  const rootKey = (await latchkey.createRootKey()).key
  const log: Record<string, unknown>[] = []
  const server = await startServer(latchkey, {
    host: '127.0.0.1',
    port,
    // Tests look at the lines of all requests.
    logVerdicts: 'all',
    log: pino({ base: null }, { write: (line: string) => log.push(JSON.parse(line)) }),
    ...(trustedProxies && { trustedProxies }),
    ...(connections && { connections }),
    telemetry,
    publicUrl,
    basicAuth,
    ...(tokenSignIn && { tokenSignIn }),
  })
  const close = async () => {
    await server.close()
    await latchkey.close()
  }
  return {
    url: server.url,
    rootKey,
    latchkey,
    log,
    request: (method, path, request) => send(server.url, method, path, request),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Sends one request; an answer of any status is an answer. */
export async function send<Json>(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: TestRequest = {},
): Promise<TestAnswer<Json>> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body:
      body === undefined ? null : isRaw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    redirect: 'manual',
  })
  const isStream = response.headers.get('content-type') === 'text/event-stream'
  const text = isStream ? await readFirst(response) : await response.text()
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (isJson && text !== '' ? JSON.parse(text) : null) as Json,
  }
}

/** What comes first on a stream, which would not end by itself. */
async function readFirst(response: Response): Promise<string> {
  for await (const bytes of response.body ?? []) return new TextDecoder().decode(bytes)
  return ''
}
