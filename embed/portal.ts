// The calls of a portal session: without cookies, with a new token after a 401, and again after a lost answer.
import { PortalError } from './portal-error.ts'
import type { TokenSource } from './token-source.ts'
import type { FieldFault, KeyWithToken, NewKey, PortalKey, Self, UsageRow } from './wire.ts'

/** For so long an answer is waited for, in milliseconds. */
const patienceMs = 20_000
/** After so long a lost answer is asked for again, in milliseconds. */
const pausesMs = [400, 1_500]
/** A server that wants a longer pause is not waited for, in seconds. */
const longestPauseS = 5
const pageItems = 25

interface Request {
  method: 'GET' | 'POST'
  /** Beginning with a slash, behind /v1/portal. */
  path: string
  body?: unknown
  /** What a change is known by, so that it is done once however often it is asked for. */
  idempotencyKey?: string
  /** It may be asked for again if its answer is lost. */
  repeats: boolean
}

/** A page of a list, and the query that leads to the next one. */
export interface KeyPage {
  keys: PortalKey[]
  next: string | undefined
}

export class Portal {
  readonly #server: () => string | undefined
  readonly #tokens: TokenSource
  readonly #signal: AbortSignal

  /** `server` gives the base address; calls end when `signal` is raised. */
  constructor(server: () => string | undefined, tokens: TokenSource, signal: AbortSignal) {
    this.#server = server
    this.#tokens = tokens
    this.#signal = signal
  }

  async self(): Promise<Self> {
    return (await this.#call({ method: 'GET', path: '/self', repeats: true })).json()
  }

  /** The keys of a status, or all of them, from the beginning or where a page before has left off. */
  async keys(status: 'active' | 'all', query = `?limit=${pageItems}&status=${status}`): Promise<KeyPage> {
    const answer = await this.#call({ method: 'GET', path: `/keys${query}`, repeats: true })
    const next = /<(\?[^>]*)>; *rel="?next/.exec(answer.headers.get('link') ?? '')?.[1]
    return { keys: await answer.json(), next }
  }

  /** The calls of each of the last 30 days. */
  async usage(): Promise<UsageRow[]> {
    return (await this.#call({ method: 'GET', path: '/usage', repeats: true })).json()
  }

  async create(body: NewKey, idempotencyKey: string): Promise<KeyWithToken> {
    const request = { method: 'POST', path: '/keys', body, idempotencyKey, repeats: true } as const
    return (await this.#call(request)).json()
  }

  async rotate(id: string, graceSeconds: number, idempotencyKey: string): Promise<KeyWithToken> {
    const path = `/keys/${encodeURIComponent(id)}/rotate`
    const body = { grace_seconds: graceSeconds }
    return (await this.#call({ method: 'POST', path, body, idempotencyKey, repeats: true })).json()
  }

  async revoke(id: string, idempotencyKey: string): Promise<PortalKey> {
    const path = `/keys/${encodeURIComponent(id)}/revoke`
    return (await this.#call({ method: 'POST', path, body: {}, idempotencyKey, repeats: true })).json()
  }

  async #call(request: Request): Promise<Response> {
    const token = await this.#tokens.current()
    const answer = await this.#insist(request, token)
    if (answer.status !== 401) return accept(answer)
    const again = await this.#insist(request, await this.#tokens.renew(token))
    // A page that gives tokens that open nothing is not asked for ever.
    if (again.status === 401) throw new PortalError('token_refused')
    return accept(again)
  }

  /** Sends a request again if its answer was lost, or the server asks for a short pause. */
  async #insist(request: Request, token: string): Promise<Response> {
    for (const pauseMs of request.repeats ? pausesMs : []) {
      let waitMs = pauseMs
      try {
        const answer = await this.#send(request, token)
        const wantedS = Number(answer.headers.get('retry-after') ?? Number.NaN)
        if (!isBusy(answer.status) || !(wantedS <= longestPauseS)) return answer
        waitMs = Math.max(pauseMs, wantedS * 1000)
      } catch (error) {
        if (this.#signal.aborted || (error as PortalError).code !== 'server_unreachable') throw error
      }
      await new Promise((done) => setTimeout(done, waitMs))
    }
    return this.#send(request, token)
  }

  async #send({ method, path, body, idempotencyKey }: Request, token: string): Promise<Response> {
    const server = this.#server()
    if (server === undefined) throw new PortalError('server_missing')
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
    try {
      return await fetch(`${server}/v1/portal${path}`, {
        ...{ method, headers, body: body === undefined ? null : JSON.stringify(body) },
        // Whoever is signed in to the console in this browser has no part in this.
        ...{ credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', redirect: 'error' },
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(patienceMs)]),
      })
    } catch {
      throw new PortalError('server_unreachable')
    }
  }
}

/** Whether the same request may be answered a moment later. */
function isBusy(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

/** Gives an answer on, or throws what its problem says (RFC 9457). */
async function accept(answer: Response): Promise<Response> {
  if (answer.ok) return answer
  const problem: { code?: unknown; errors?: unknown } = await answer.json().catch(() => ({}))
  const errors = Array.isArray(problem.errors) ? (problem.errors as FieldFault[]) : []
  throw new PortalError(typeof problem.code === 'string' ? problem.code : 'internal', errors)
}

/** What a change is known by. A page that is not served over TLS has no `randomUUID`. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
