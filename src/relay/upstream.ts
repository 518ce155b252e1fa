// What a relay hands to its upstream as it came: with the token of the caller, so that it may do there what it may do
// without a relay, and no more. Whatever an answer says of instants stays as it is: a verifier behind a relay counts from
// before its own question, so the way through the relay is time that it counts in.
import { randomUUID } from 'node:crypto'
import { LatchkeyClientError } from '../client/errors.ts'
import { readText } from '../client/request/answer.ts'
import { readBody } from '../client/verifier/events.ts'
import { type Caller, callerNameOf } from '../core/actor.ts'
import { callHeader } from '../core/call-header.ts'
import { judgesHeader } from '../core/conditions.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { ReadHeader } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import type { Call, Kit } from '../http/route.ts'
import type { Sink, Stream } from '../http/streams.ts'

/** A call that comes to a relay, of a caller that it has judged. */
export type RelayCall = Pick<Call<Kit>, 'exchange' | 'header' | 'signal'> & { caller: Caller }

/** How long an answer may take, in milliseconds: longer than any that asks waits for it. */
const timeoutMs = 10_000
/** A stream whose reader is behind by more than this ends. */
const longestQueueBytes = 64 * 1024
/** How many bytes of answers are held at once, in all. The longest that a server gives are those to a batch of reserving calls. */
const mostAnswerBytes = 64 * 1024 * 1024
/** How many streams pass through: of one key, and in all. Each takes a connection on either side. */
const maxStreams = { ofKey: 256, inAll: 1_024 }

/** What of a question goes on, and what of an answer comes back. */
const askedHeaders = [
  'authorization',
  'content-type',
  judgesHeader.toLowerCase(),
  callHeader,
  'traceparent',
  'tracestate',
]
const answeredHeaders = ['content-type', 'retry-after', 'www-authenticate', 'x-accel-buffering']

/** How relays are named in `Via`. */
const relayName = /latchkey-relay-[0-9a-f-]{36}/g
/** Of so many relays that ask this one the names are known, for so long since each asked last. */
const mostAskers = 8
const askerMs = 30_000

/** The server that a relay works for. */
export class Upstream {
  readonly url: string
  /** By this it knows a request that it has sent itself (RFC 9110, section 7.6.3). */
  readonly #name = `latchkey-relay-${randomUUID()}`
  readonly #isReady: () => boolean
  /** Relays that ask this one, directly or through others, and when each did so last, latest last. */
  readonly #askers = new Map<string, number>()
  readonly #ending = new AbortController()
  readonly #streams = new Map<string, number>()
  #streamCount = 0
  #answerBytes = 0

  constructor(url: string, isReady: () => boolean = () => true) {
    this.url = url
    this.#isReady = isReady
  }

  /**
   * The headers of the next request that the relay makes for itself. While it is not ready, they name the relays that ask
   * it: if these are in a circle, nobody's own question is ever handed on, and each waits for the one before it.
   */
  ownHeaders(): Record<string, string> {
    return { via: this.#via(this.#isReady() ? undefined : this.#nameAskers()) }
  }

  /** How many streams pass through. */
  get streamCount(): number {
    return this.#streamCount
  }

  /** Whether a request has come through this relay before, or is of a relay that waits for this one. Notes which relays ask. */
  hasSent(header: ReadHeader): boolean {
    const via = header('via')
    if (via === undefined) return false
    for (const [name] of via.matchAll(relayName)) {
      if (name === this.#name) continue
      this.#askers.delete(name)
      this.#askers.set(name, performance.now())
    }
    for (const name of this.#askers.keys()) {
      if (this.#askers.size <= mostAskers) break
      this.#askers.delete(name)
    }
    return via.includes(this.#name)
  }

  /** Asks the upstream as the caller, and gives its answer. Throws `upstream_unavailable`. */
  async pass(call: RelayCall, method: string, path: string, body?: string | Buffer): Promise<Reply> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout
    try {
      const response = await this.#fetch(call, method, path, signal, body)
      return await this.#read(response)
    } catch (error) {
      throw toUnavailable(error)
    }
  }

  /** Opens a stream of the upstream as the caller, which passes as it comes. Throws `too_many_streams`, `upstream_unavailable`. */
  async open(call: RelayCall, path: string): Promise<Reply> {
    const keyId = callerNameOf(call.caller)
    if (this.#streamCount >= maxStreams.inAll || this.#streamsOf(keyId) >= maxStreams.ofKey)
      throw new LatchkeyError(
        'too_many_streams',
        `A relay passes at most ${maxStreams.ofKey} streams of a key, and ${maxStreams.inAll} in all. Close some, or try again later.`,
      )
    const ending = new AbortController()
    const end = this.#count(keyId, () => ending.abort())
    call.signal?.addEventListener('abort', end)
    if (call.signal?.aborted) end()
    const waiting = setTimeout(end, timeoutMs)
    try {
      const response = await this.#fetch(
        call,
        'GET',
        path,
        AbortSignal.any([this.#ending.signal, ending.signal]),
      )
      const isStream = response.ok && response.headers.get('content-type') === 'text/event-stream'
      if (isStream && response.body)
        return { status: 200, headers: headersOf(response), body: null, stream: pour(response.body, end) }
      const reply = await this.#read(response)
      end()
      return reply
    } catch (error) {
      end()
      throw toUnavailable(error)
    } finally {
      clearTimeout(waiting)
    }
  }

  /** Ends every stream, now and from now on. What is asked is still answered. */
  closeStreams(): void {
    this.#ending.abort()
  }

  #nameAskers(): string | undefined {
    const since = performance.now() - askerMs
    const names = [...this.#askers].filter(([, at]) => at > since).map(([name]) => `1.1 ${name}`)
    return names.length === 0 ? undefined : names.join(', ')
  }

  #via(before?: string): string {
    return before === undefined ? `1.1 ${this.#name}` : `${before}, 1.1 ${this.#name}`
  }

  #streamsOf(keyId: string): number {
    return this.#streams.get(keyId) ?? 0
  }

  #count(keyId: string, onEnd: () => void): () => void {
    this.#streamCount++
    this.#streams.set(keyId, this.#streamsOf(keyId) + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#streamCount--
      const rest = this.#streamsOf(keyId) - 1
      if (rest > 0) this.#streams.set(keyId, rest)
      else this.#streams.delete(keyId)
      onEnd()
    }
  }

  /** Reads an answer, unless too much is read already. What a Latchkey answers is one; anything else, a proxy's page or a redirect, is none. */
  async #read(response: Response): Promise<Reply> {
    const { status, headers } = response
    if (!/^application\/(?:problem\+)?json\b/.test(headers.get('content-type') ?? '')) {
      void response.body?.cancel().catch(() => {})
      throw new LatchkeyClientError(
        'unexpected_answer',
        `The upstream answers ${status}, and not as a Latchkey does.`,
      )
    }
    let held = 0
    try {
      const body = await readText(response, (bytes) => {
        held += bytes
        this.#answerBytes += bytes
        return this.#answerBytes <= mostAnswerBytes
      })
      return { status, headers: headersOf(response), body }
    } finally {
      this.#answerBytes -= held
    }
  }

  #fetch(
    { exchange, header }: RelayCall,
    method: string,
    path: string,
    signal: AbortSignal,
    body?: string | Buffer,
  ): Promise<Response> {
    const headers: Record<string, string> = {
      accept: '*/*',
      via: this.#via(header('via')),
      'x-request-id': exchange.requestId,
      // For keys that are bound to addresses: the upstream believes it if it trusts this relay as a proxy.
      ...(exchange.ip !== undefined && { 'x-forwarded-for': exchange.ip }),
    }
    for (const name of askedHeaders) {
      const value = header(name)
      if (value !== undefined) headers[name] = value
    }
    // A redirect could carry the token to another address.
    const request = { method, headers, redirect: 'manual', signal } as const
    return fetch(
      this.url + path,
      body === undefined ? request : { ...request, body: new Uint8Array(Buffer.from(body)) },
    )
  }
}

function headersOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries(
    answeredHeaders.flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}

function toUnavailable(cause: unknown): LatchkeyError {
  return new LatchkeyError('upstream_unavailable', 'The upstream does not answer. Try again.', { cause })
}

/** Writes what comes as it comes. */
function pour(body: ReadableStream<Uint8Array>, end: () => void): Stream {
  return (sink) => {
    void copy(body, sink).finally(end)
    return end
  }
}

async function copy(body: ReadableStream<Uint8Array>, sink: Sink): Promise<void> {
  try {
    for await (const part of readBody(body)) {
      if (sink.queued() > longestQueueBytes) {
        sink.fail('The client reads the changes too slowly.')
        return
      }
      sink.write(part as Uint8Array<ArrayBuffer>)
    }
  } catch {
    // The upstream has ended it, or the reader: what comes by streams proves nothing.
  }
  sink.end()
}
