// One request to a server and its answer, by nothing but `fetch`: runs in each runtime that has it.
import type { Page } from '../../core/shapes/page.ts'
import { parseToken } from '../../core/token.ts'
import { readTotal, totalHeader } from '../../core/total-header.ts'
import { fromWireAnswer, toWire, type Wire } from '../../core/wire.ts'
import { LatchkeyClientError } from '../errors.ts'
import { readProblem, readText, unexpected } from './answer.ts'
import { requireFields, writeBody } from './body.ts'
import { readRows } from './rows.ts'

/** The address of a server, and the key that calls it. */
export interface ClientOptions {
  /** The server's address, such as `https://keys.example.com`; a path before `/v1` may follow. */
  url: string
  /** The token of the calling key. The client sends it in the `Authorization` header only. */
  token: string
  /** How long a call may take in all, in milliseconds; 10,000 if absent. */
  timeoutMs?: number
}

/** The options of every call. */
export interface CallOptions {
  /** How long this call may take in all, retries included, in milliseconds. */
  timeoutMs?: number | undefined
  /** Ends the call, which then throws `aborted`. */
  signal?: AbortSignal | undefined
  /**
   * For calls that make something: what is sent twice with the same text, by the same key within 24 hours, is made once, and
   * answered the same. Without it, the client makes one for each call, under which it repeats the call by itself.
   */
  idempotencyKey?: string | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface Sending {
  /** Sent in the wire's form. */
  body?: object
  /** Whether the client may send it again if it does not know whether the server did it. */
  repeatable?: boolean
  /** Beside those that every request has. */
  headers?: Record<string, string>
  options?: CallOptions | undefined
}

/** An answer, and instants that its headers have. */
export interface Dated<Answer> {
  value: Answer
  at: Date[]
}

/** Rows that come one after the other, to be read once, and the instant that a header of the answer has. */
export interface DatedRows<Row> {
  rows: AsyncGenerator<Row, void>
  at: Date
}

/** Sends requests as one key to one server. Every method throws LatchkeyClientError. */
export interface Requester {
  /** The server's address without a slash at its end. */
  readonly url: string
  /** Sends a library value in the wire's form and reads the answer back into the library's. */
  send<Answer>(method: Method, path: string, sending?: Sending): Promise<Answer>
  /** Reads an answer that is no JSON. */
  readPlain(path: string, options?: CallOptions): Promise<string>
  /** Reads one page of a list; its `next` comes from the answer's Link header (RFC 8288). */
  readPage<Item>(path: string, query: object, options?: CallOptions): Promise<Page<Item>>
  /** Reads an answer, and the instants that some headers of it have. */
  readDated<Answer>(
    path: string,
    query: object,
    headers: readonly string[],
    options?: CallOptions,
  ): Promise<Dated<Answer>>
  /**
   * Reads an answer row by row (JSON lines), as they come: the call's time is until the answer begins, and then until each next
   * part of it. Reading the rows throws if they break off, so that a part never looks like the whole.
   */
  readRows<Row>(path: string, query: object, header: string, options?: CallOptions): Promise<DatedRows<Row>>
  /** Opens a stream; what it says is the caller's to read, and to end by the signal. */
  open(path: string, signal: AbortSignal): Promise<Response>
}

const defaultTimeoutMs = 10_000
const mostRepetitions = 3
const firstDelayMs = 200

/** Makes a requester. Throws TypeError for an address that is not http or https, and for what is no token. */
export function createRequester(
  client: ClientOptions,
  ownHeaders: () => Record<string, string> = () => ({}),
): Requester {
  const token = typeof client.token === 'string' ? parseToken(client.token)?.token : undefined
  if (token === undefined) throw new TypeError('The token is malformed. Check it for a missing character.')
  return makeRequester(client, () => ({ authorization: `Bearer ${token}`, ...ownHeaders() }))
}

/** The same for calls that take no key, which are sent without one. */
export function createKeylessRequester(client: Pick<ClientOptions, 'url'>): Requester {
  return makeRequester(client, () => ({}))
}

function makeRequester(
  client: Omit<ClientOptions, 'token'>,
  ownHeaders: () => Record<string, string>,
): Requester {
  checkTimeout(client.timeoutMs)
  const url = readAddress(client.url)

  const fetchOnce = async (
    method: Method,
    path: string,
    signal: AbortSignal,
    { body, headers }: Pick<Sending, 'body' | 'headers'> = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        accept: 'application/json',
        ...ownHeaders(),
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      // A redirect could carry the token to another address.
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body: writeBody(body) }),
    })
    if (!response.ok) throw await readProblem(response)
    return response
  }

  const timeoutOf = (options: CallOptions | undefined) => {
    checkTimeout(options?.timeoutMs)
    return Math.ceil(options?.timeoutMs ?? client.timeoutMs ?? defaultTimeoutMs)
  }

  /** Makes attempts, until one has its answer or none would help. */
  const attempt = async <Answer>(
    options: CallOptions | undefined,
    repeatable: boolean,
    fetchAnswer: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> => {
    const timeoutMs = timeoutOf(options)
    const endsAt = performance.now() + timeoutMs
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = options?.signal ? AbortSignal.any([options.signal, timeout]) : timeout
    for (let repetition = 0; ; repetition++) {
      try {
        signal.throwIfAborted()
        return await fetchAnswer(signal)
      } catch (cause) {
        const error = toError(cause, url, options?.signal, timeout)
        const delayMs =
          repeatable && repetition < mostRepetitions ? delayBefore(error, repetition) : undefined
        if (delayMs === undefined || performance.now() + delayMs >= endsAt) throw error
        await sleep(delayMs, signal)
      }
    }
  }

  const request = (method: Method, path: string, sending: Sending = {}) => {
    const { repeatable = method === 'GET', options } = sending
    return attempt(options, repeatable, async (signal) => {
      const response = await fetchOnce(method, path, signal, sending)
      return { response, text: await readText(response) }
    })
  }

  return {
    url,
    send: async <Answer>(method: Method, path: string, sending?: Sending) =>
      readJson<Answer>(await request(method, path, sending)),
    readPlain: async (path, options) => (await request('GET', path, { options })).text,
    readPage: async <Item>(path: string, query: object, options?: CallOptions) => {
      const answer = await request('GET', path + toQuery(query), { options })
      const { headers } = answer.response
      const total = readTotal(headers.get(totalHeader))
      return {
        items: readJson<Item[]>(answer),
        next: findNext(headers.get('link')),
        ...(total && { total }),
      }
    },
    readDated: async <Answer>(
      path: string,
      query: object,
      headers: readonly string[],
      options?: CallOptions,
    ) => {
      const answer = await request('GET', path + toQuery(query), { options })
      return {
        value: readJson<Answer>(answer),
        at: headers.map((header) => readInstant(answer.response, header)),
      }
    },
    readRows: async <Row>(path: string, query: object, header: string, options?: CallOptions) => {
      const signals = options?.signal ? [options.signal] : []
      const { response, ending } = await attempt(options, true, async (signal) => {
        // What ends the attempt must not end the rows, which may take much longer.
        const ending = new AbortController()
        const giveUp = () => ending.abort()
        signal.addEventListener('abort', giveUp)
        try {
          const ended = AbortSignal.any([ending.signal, ...signals])
          return { response: await fetchOnce('GET', path + toQuery(query), ended), ending }
        } finally {
          signal.removeEventListener('abort', giveUp)
        }
      })
      const timeout = new AbortController()
      const timeoutMs = timeoutOf(options)
      const startTimer = () => {
        const timer = setTimeout(() => {
          timeout.abort()
          ending.abort()
        }, timeoutMs)
        return () => clearTimeout(timer)
      }
      const rows = readRows<Row>(response, {
        startTimer,
        end: () => ending.abort(),
        toError: (cause) =>
          toError(cause, url, options?.signal, timeout.signal, 'ended its answer too early'),
      })
      return { rows, at: readInstant(response, header) }
    },
    open: async (path, signal) => {
      try {
        return await fetchOnce('GET', path, signal)
      } catch (cause) {
        throw toError(cause, url, undefined, signal)
      }
    },
  }
}

/** Writes an id into a path, as one segment even if it contains a slash. Throws `invalid_input` if none can be made of it. */
export function pathSegment(id: string): string {
  // An empty id, or dots that URLs resolve, would name another resource.
  if (!/[^.]/.test(id))
    throw new LatchkeyClientError(
      'invalid_input',
      'An id is empty or consists of dots. Pass the id of the resource.',
    )
  return encodeURIComponent(id)
}

const maxTimeoutMs = 2 ** 31 - 1

/** Throws TypeError for a length of time that no timer takes. */
function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs <= maxTimeoutMs)) return
  throw new TypeError(
    `timeoutMs: Must be a number of milliseconds greater than 0 and at most ${maxTimeoutMs}.`,
  )
}

function readAddress(url: string): string {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address === undefined || !/^https?:$/.test(address.protocol))
    throw new TypeError('The url of the server must begin with http:// or https://.')
  if (address.username || address.password || address.search || address.hash)
    throw new TypeError('The url of the server must have no user, no query and no fragment.')
  return `${address.origin}${address.pathname.replace(/\/+$/, '')}`
}

function toError(
  cause: unknown,
  url: string,
  signal: AbortSignal | undefined,
  timeout: AbortSignal,
  what = 'did not answer',
): LatchkeyClientError {
  if (cause instanceof LatchkeyClientError) return cause
  if (signal?.aborted) return new LatchkeyClientError('aborted', 'The caller aborted the call.', { cause })
  if (timeout.aborted)
    return new LatchkeyClientError('timed_out', `${url} did not answer in time.`, { cause })
  return new LatchkeyClientError('server_unreachable', `${url} ${what}.`, { cause })
}

/** How long to wait before a request is sent again; undefined if that would not help. */
function delayBefore(error: LatchkeyClientError, repetition: number): number | undefined {
  const { code, status, retryAfterMs = 0 } = error
  const mayPass = code === 'server_unreachable' || code === 'idempotency_in_progress'
  if (!mayPass && status !== 429 && status !== 503) return undefined
  // Each waits another while: those who failed together must not come back together.
  return retryAfterMs + Math.random() * firstDelayMs * 2 ** repetition
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    signal.addEventListener('abort', wake)
  })
}

function readJson<Answer>({ response, text }: { response: Response; text: string }): Answer {
  try {
    return fromWireAnswer(JSON.parse(text) as Wire<Answer>)
  } catch (cause) {
    throw unexpected(response, cause)
  }
}

function readInstant({ headers }: Response, header: string): Date {
  return new Date(headers.get(header) ?? Number.NaN)
}

/** Writes fields into a query, with its question mark; empty without any. Throws `invalid_input` for what hides its fields. */
export function toQuery(query: object): string {
  requireFields(query)
  const fields = Object.entries(toWire(query)).flatMap(([name, value]: [string, unknown]) =>
    name === 'tag' && Array.isArray(value)
      ? value.map((item) => [name, String(item)])
      : [[name, String(value)]],
  )
  return fields.length === 0 ? '' : `?${new URLSearchParams(fields)}`
}

function findNext(link: string | null): string | undefined {
  const address = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1]
  return address === undefined
    ? undefined
    : (new URL(address, 'http://localhost').searchParams.get('after') ?? undefined)
}
