// Asks a server for the facts of tokens: once however many ask at once, in turns between askers, and so few at a time that a
// flood of made-up tokens crowds out nobody.
import { callHeader, writeCall } from '../../core/call-header.ts'
import type { PresentedToken } from '../../core/foreign-token.ts'
import type { CallContext } from '../../core/shapes/verification.ts'
import type { FactsAnswer } from '../../core/shapes/verifiers.ts'
import { type Asker, Turns } from '../../fairness/turns.ts'
import type { Clock } from '../../verdict/clock.ts'
import { findRemembered } from '../../verdict/evaluate.ts'
import type { Facts } from '../../verdict/facts.ts'
import { isOutdated } from '../../verdict/lease.ts'
import { LatchkeyClientError } from '../errors.ts'
import type { Requester } from '../request/request.ts'
import type { Following } from './change-stream.ts'
import { TooMany, unsupported, untilAborted } from './failures.ts'
import { readAnswer, type VerifierMemory } from './verifier-cache.ts'

/** A question to the server, which waits for its turn or is under way. */
interface Ask {
  parsed: PresentedToken
  /** What is known of the first call for which it asks. */
  context: CallContext | undefined
  facts: Promise<Facts | undefined>
}

type Answered = Facts | undefined

const mostAttempts = 3
/** Questions at once: a flood of made-up tokens must not crowd out everybody else. */
const mostAsks = 64
/** How often those who wait for a turn are looked through for those that have waited too long. */
const lookEveryMs = 50
/** Tokens that were seen before have a line of their own: strangers are those that may be made up. */
const remembered = { keyId: 'remembered' }
/** What a reader works with. */
export interface FactsReaderOptions {
  server: Requester
  clock: Clock
  memory: VerifierMemory
  following: Following
  /** How long a question may take in all, in milliseconds. */
  timeoutMs: number
}

/** Reads facts, and has memory keep those that may be kept. */
export class FactsReader {
  readonly #server: Requester
  readonly #clock: Clock
  readonly #memory: VerifierMemory
  readonly #following: Following
  readonly #timeoutMs: number
  readonly #asks = new Map<string, Ask>()
  readonly #turns = new Turns<Answered>()
  #asking = 0
  #isTimed = false

  constructor({ server, clock, memory, following, timeoutMs }: FactsReaderOptions) {
    this.#server = server
    this.#clock = clock
    this.#memory = memory
    this.#following = following
    this.#timeoutMs = timeoutMs
  }

  /** Asks the server, once however many ask at once. Its answer is the same for each question about the token. */
  async read(
    parsed: PresentedToken,
    signal: AbortSignal | undefined,
    { keyId, ip = '' }: Asker,
    context?: CallContext,
  ): Promise<Answered> {
    const digest = this.#memory.digest(parsed.token)
    // What was asked before a change may miss it: a caller after it asks anew.
    const name = `${this.#memory.changes} ${digest}`
    let ask = this.#asks.get(name)
    if (ask === undefined) {
      const isRemembered = findRemembered(this.#memory, parsed.token) !== undefined
      const waiting = this.#turns.join(
        isRemembered ? remembered : { keyId, ip },
        name,
        this.#clock.monotonic(),
      )
      if (waiting === undefined) throw new TooMany()
      ask = { parsed, context, facts: waiting.promise.finally(() => this.#asks.delete(name)) }
      this.#asks.set(name, ask)
      this.#sendNext()
      this.#watchDeadlines()
    }
    return untilAborted(ask.facts, signal)
  }

  #sendNext(): void {
    while (this.#asking < mostAsks) {
      const [waiting] = this.#turns.take(1)
      const ask = waiting && this.#asks.get(waiting.kid)
      if (waiting === undefined || ask === undefined) return
      this.#asking++
      this.#readFacts(ask, waiting.askedAt + this.#timeoutMs)
        .then(waiting.resolve, waiting.reject)
        .finally(() => {
          this.#asking--
          this.#sendNext()
        })
    }
  }

  /** Refuses those that wait for a turn longer than a question may take in all. */
  #watchDeadlines(): void {
    if (this.#isTimed || this.#turns.size === 0) return
    this.#isTimed = true
    this.#clock.after(lookEveryMs, () => {
      this.#isTimed = false
      const late = this.#turns.takeOlder(this.#clock.monotonic() - this.#timeoutMs)
      for (const { reject } of late) reject(new TooMany())
      this.#watchDeadlines()
    })
  }

  async #readFacts({ parsed, context }: Omit<Ask, 'facts'>, endsAt: number): Promise<Answered> {
    const call = writeCall(context)
    for (let attempt = 1; ; attempt++) {
      const begunAt = this.#clock.monotonic()
      const told = this.#following.sequence
      const { changes } = this.#memory
      try {
        const answer = await this.#server.send<FactsAnswer>('POST', '/v1/keys/facts', {
          body: { key: parsed.token },
          ...(call !== undefined && { headers: { [callHeader]: call } }),
          options: { timeoutMs: Math.max(1, endsAt - begunAt) },
        })
        const facts = readAnswer(answer, this.#memory.owners)
        this.#memory.noteForeign(answer.foreignTokens)
        // One that was held up on its way may be from before a revocation.
        const isRecent = !isOutdated({ begunAt: begunAt - answer.ageMs }, this.#clock.monotonic())
        if (!isRecent && attempt >= mostAttempts)
          throw new LatchkeyClientError('timed_out', `${this.#server.url} did not answer in time.`)
        if (!isRecent) continue
        const isWhole = told !== undefined && answer.sequence !== null && answer.sequence >= told
        const isFollowed = this.#following.sequence !== undefined && changes === this.#memory.changes
        if (isWhole && isFollowed) this.#memory.remember(parsed, facts)
        else if (facts) this.#memory.cache.forgetKey(facts.answer.keyId)
        return facts
      } catch (error) {
        const mayRepeat =
          (error as LatchkeyClientError).code === 'server_unreachable' && attempt < mostAttempts
        if (!mayRepeat) throw unsupported(error, this.#server.url)
      }
    }
  }
}
