// Starts a real relay before a server, and speaks to it over real HTTP.
import { pino } from 'pino'
import { type RelaySettings, startRelay } from '../../src/relay/relay.ts'
import { send, type TestAnswer, type TestRequest } from './server.ts'

export interface TestRelay extends AsyncDisposable {
  url: string
  /** The lines logged so far. */
  log: Record<string, unknown>[]
  request<Json = Record<string, unknown>>(
    method: string,
    path: string,
    options?: TestRequest,
  ): Promise<TestAnswer<Json>>
  /** Stops serving, gives back what it holds and reports. */
  close(): Promise<void>
}

/** Starts a relay that asks an upstream with a token. */
export async function startTestRelay(
  upstream: string,
  token: string,
  settings: Partial<Omit<RelaySettings, 'upstream' | 'token' | 'log'>> = {},
): Promise<TestRelay> {
  const log: Record<string, unknown>[] = []
  const relay = await startRelay({
    upstream,
    token,
    host: '127.0.0.1',
    port: 0,
    logVerdicts: 'all',
    log: pino({ base: null }, { write: (line: string) => log.push(JSON.parse(line)) }),
    ...settings,
  })
  const close = async () => {
    await relay.close()
    await relay.leave()
  }
  return {
    url: relay.url,
    log,
    request: (method, path, request) => send(relay.url, method, path, request),
    close,
    [Symbol.asyncDispose]: close,
  }
}
