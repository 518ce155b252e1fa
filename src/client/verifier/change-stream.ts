// Follows the changes that a server tells of, so that a verifier knows how fresh its memory is.
//
// The stream brings the news and proves nothing: bytes may be stuck anywhere for any time and arrive at once, so
// that a beat says only that something was told, not when. What proves freshness is a question: twice a second
// the verifier asks for the number of the last change, notes the instant before it asks, and once the stream has
// told everything up to the number in the answer, the lease runs from that instant less the age that the server
// gave the number. Every change that was acknowledged before then is known here. The two leases do not add up: the server's
// age is counted in, and the whole is one lease of 1.8 s (`verdict/lease.ts`) from the server's own look at the database.
//
// Numbers are the database's own, so stream and answers may come from different processes behind one address. A
// clock mapped from one machine to the other would spare the questions, and be wrong if a clock is slewed.

import { askMs, askTimeoutMs, silenceMs, streamFormat } from '../../core/bounds.ts'
import type { LatestAnswer } from '../../core/shapes/verifiers.ts'
import { type Clock, sleep } from '../../verdict/clock.ts'
import { LatchkeyClientError } from '../errors.ts'
import type { Requester } from '../request/request.ts'
import { noEvent, readBody, readEvents, type StreamEvent } from './events.ts'
import type { VerifierMemory } from './verifier-cache.ts'

const shortestPauseMs = 100
const longestPauseMs = 5_000

/** An answer about the last change, with the instants, by both clocks, at which it was surely true. */
interface Answer {
  sequence: number
  monotonic: number
  now: number
}

/** The stream of changes and the questions beside it. */
export class Following {
  readonly #server: Requester
  readonly #memory: VerifierMemory
  readonly #clock: Clock
  #stopped = false
  #running: Promise<void> | undefined
  /** Ends the stream that is open. */
  #stream: AbortController | undefined
  /** What the stream has told, latest last, and since when; empty while there is none. */
  #told: { sequence: number; at: number }[] = []
  /** Answers ahead of the stream. */
  #pending: Answer[] = []
  #heardAt = 0
  #error: LatchkeyClientError | undefined
  #outcome = Promise.withResolvers<void>()

  constructor(server: Requester, memory: VerifierMemory) {
    this.#server = server
    this.#memory = memory
    this.#clock = memory.clock
  }

  /** Everything up to this change has been told; undefined while nothing is heard of changes. */
  get sequence(): number | undefined {
    return this.#told.at(-1)?.sequence
  }

  /** Why nothing is heard of changes; undefined if that goes well. */
  get error(): LatchkeyClientError | undefined {
    return this.#error
  }

  /** Begins to follow, at the first call. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Resolves at the next renewal of the lease or failure to follow. */
  nextOutcome(): Promise<void> {
    return this.#outcome.promise
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stream?.abort()
    this.#memory.distrust()
    this.#settle()
  }

  async #run(): Promise<void> {
    let pauseMs = shortestPauseMs
    while (!this.#stopped) {
      try {
        await this.#follow(() => {
          pauseMs = shortestPauseMs
        })
      } catch (cause) {
        this.#error = toError(cause, this.#server.url)
        // A caller that may not hear of changes may not know what it was told before either.
        if (this.#error.status === 401 || this.#error.status === 403) this.#memory.forgetAll()
        this.#settle()
      }
      this.#told = []
      this.#pending = []
      if (this.#stopped) return
      // Many verifiers lose their streams together, and must not come back together.
      await sleep(this.#clock, pauseMs * (0.5 + Math.random()))
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }

  /** Reads one stream to its end. */
  async #follow(begin: () => void): Promise<void> {
    const stream = new AbortController()
    this.#stream = stream
    if (this.#stopped) return
    const callOff = this.#watch(stream)
    try {
      const response = await this.#server.open('/v1/changes', stream.signal)
      if (response.body === null) throw noEvent('The stream has no body.')
      for await (const event of readEvents(readBody(response.body))) {
        this.#heardAt = this.#clock.monotonic()
        if (this.#told.length === 0) {
          this.#greet(event)
          begin()
          this.#askNow(stream)
        } else this.#hear(event)
      }
      if (this.#told.length === 0) throw noEvent('The stream ended before its first event.')
      throw new LatchkeyClientError('server_unreachable', `The stream from ${this.#server.url} has ended.`)
    } finally {
      callOff()
      stream.abort()
    }
  }

  #greet({ name, data }: StreamEvent): void {
    if (name === 'hello' && data.format !== streamFormat) {
      const detail = `${this.#server.url} sends changes in a format that this client does not support. Use matching versions of client and server.`
      throw new LatchkeyClientError('unsupported_server', detail)
    }
    if (name !== 'hello') throw noEvent('The first event of the stream is not hello.')
    // What changed before is not told: nothing is remembered from before.
    this.#memory.forgetAll()
    this.#tell(data.sequence)
  }

  #hear({ name, data }: StreamEvent): void {
    if (name === 'forget') this.#memory.forgetAll()
    else if (name === 'changed') {
      if (!Array.isArray(data.key_ids)) throw noEvent('A change in the stream names no keys.')
      for (const keyId of data.key_ids) this.#memory.forget('key', String(keyId))
      for (const id of listOf(data.organization_ids)) this.#memory.forget('organization', id)
      for (const plan of listOf(data.plans)) this.#memory.forget('plan', plan)
      for (const counterId of listOf(data.counters)) this.#memory.allotments.recall(counterId)
    } else if (name !== 'beat') return
    if (data.sequence !== undefined) this.#tell(data.sequence)
  }

  #tell(sequence: unknown): void {
    if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence))
      throw noEvent('An event of the stream has no sequence.')
    const at = this.#clock.monotonic()
    if (this.sequence !== sequence) this.#told.push({ sequence, at })
    // Kept as far back as an answer may reach.
    while ((this.#told[1]?.at ?? at) < at - 2 * silenceMs) this.#told.shift()
    const ready = this.#pending.filter((answer) => answer.sequence <= sequence)
    this.#pending = this.#pending.filter((answer) => answer.sequence > sequence)
    for (const answer of ready) this.#confirm(answer)
  }

  #askNow(stream: AbortController): void {
    if (stream.signal.aborted) return
    const monotonic = this.#clock.monotonic()
    const now = this.#clock.now()
    this.#server
      .send<LatestAnswer>('GET', '/v1/changes/latest', {
        repeatable: false,
        options: { timeoutMs: askTimeoutMs, signal: stream.signal },
      })
      .then((answer) => {
        const { sequence, ageMs, foreignTokens } = Object(answer) as LatestAnswer
        const isSound = Number.isSafeInteger(sequence) && Number.isFinite(ageMs) && ageMs >= 0
        if (!isSound) throw noEvent('The sequence of the last change is not a number.')
        if (stream.signal.aborted) return
        this.#memory.noteForeign(foreignTokens)
        this.#take({ sequence, monotonic: monotonic - ageMs, now: now - ageMs }, stream)
      })
      .catch((error: LatchkeyClientError) => {
        // Nothing was renewed. Where that goes on, the lease runs out.
        if (!stream.signal.aborted) this.#error = error
      })
    // Without waiting for the answer: a slow one must not hold up the next.
    this.#clock.after(askMs, () => this.#askNow(stream))
  }

  #take(answer: Answer, stream: AbortController): void {
    const told = this.sequence as number
    const toldBefore = this.#told.findLast(({ at }) => at <= answer.monotonic)?.sequence ?? 0
    // Numbers only grow, unless the database was put back: then what was told is of another history.
    if (answer.sequence < toldBefore) {
      this.#memory.forgetAll()
      stream.abort()
    } else if (answer.sequence <= told) this.#confirm(answer)
    else this.#pending = [...this.#pending.slice(-8), answer]
  }

  #confirm({ monotonic, now }: Answer): void {
    this.#memory.confirm(monotonic, now)
    this.#error = undefined
    this.#settle()
  }

  /** Ends a stream that says nothing, and believes nothing that came by it. Returns how to stop watching. */
  #watch(stream: AbortController): () => void {
    this.#heardAt = this.#clock.monotonic()
    let callOff: () => void
    const look = () => {
      if (this.#clock.monotonic() - this.#heardAt >= silenceMs) {
        this.#memory.distrust()
        stream.abort()
      } else callOff = this.#clock.after(askMs / 2, look)
    }
    look()
    return () => callOff()
  }

  #settle(): void {
    this.#outcome.resolve()
    this.#outcome = Promise.withResolvers<void>()
  }
}

/** Reads a list of ids, which older servers do not have. */
function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function toError(cause: unknown, url: string): LatchkeyClientError {
  if (cause instanceof LatchkeyClientError) {
    const isOlder = cause.code === 'route_not_found'
    const detail = `${url} does not support this client's verifier. Use matching versions of client and server.`
    return isOlder ? new LatchkeyClientError('unsupported_server', detail, { cause }) : cause
  }
  return new LatchkeyClientError('server_unreachable', `The stream from ${url} ended early.`, { cause })
}
