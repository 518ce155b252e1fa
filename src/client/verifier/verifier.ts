// createVerifier(): judges tokens in the caller's own memory, as fresh as a server process does.

import { allConditions, judgesHeader } from '../../core/conditions.ts'
import type { PresentedToken } from '../../core/foreign-token.ts'
import { questionFault, signalFault } from '../../core/options.ts'
import { isRequest, type Purpose } from '../../core/purpose.ts'
import type { RequestParts } from '../../core/request-context.ts'
import type { Settlement, Settling } from '../../core/shapes/settlements.ts'
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { Asker } from '../../fairness/turns.ts'
import { cacheBoundsOf } from '../../verdict/cache-options.ts'
import type { Circumstances } from '../../verdict/circumstances.ts'
import { type Claim, dateClaims, type Outcome } from '../../verdict/claims.ts'
import { type Clock, systemClock } from '../../verdict/clock.ts'
import { exceededVerdict } from '../../verdict/drawing.ts'
import {
  callOf,
  countProfile,
  counts,
  countsRefusal,
  countUnknown,
  countVerdict,
  evaluate,
  malformed,
  notFound,
  type Paid,
  type Payment,
  takeUnits,
  tallyOf,
  verdictOf,
  verifyCached,
  verifyOrParse,
  Wanting,
} from '../../verdict/evaluate.ts'
import type { Facts } from '../../verdict/facts.ts'
import { kidIn, parsePresented } from '../../verdict/presented.ts'
import { type Asked, askedBy, callContextOf } from '../../verdict/question.ts'
import { LatchkeyClientError, refusedOption } from '../errors.ts'
import { settlementMethods } from '../methods/settlements.ts'
import { type CallOptions, createRequester, type Requester } from '../request/request.ts'
import { Following } from './change-stream.ts'
import { FactsReader } from './facts-reader.ts'
import { asClient, closed, isAbsence, TooMany, toClientError, untilAborted } from './failures.ts'
import { VerifierGrants } from './grants.ts'
import { checkVerifierOptions, type VerifierOptions } from './options.ts'
import { hasLimits, reserve } from './reservations.ts'
import { UsageReporter } from './usage.ts'
import { VerifierMemory } from './verifier-cache.ts'

/** What is asked of a token, from where, and until when. */
type Question = Asked & Pick<CallOptions, 'signal'>

/** The options of a verification. */
export type VerifierQuestion = VerifyOptions & Pick<CallOptions, 'signal'>

/** Verifies tokens in this process, and settles what it has reserved. */
export interface Verifier extends AsyncDisposable, Settling<CallOptions> {
  /**
   * Verifies a token from memory or, if memory may not answer, by asking the server. A refusal is an answer, and an
   * object: write `if (verdict.valid)`, never `if (verdict)`. Throws `server_unreachable`, `timed_out` and any other code
   * with which the server refuses the verifier, and never returns a verdict in place of an answer. `timeoutMs` counts from
   * this call. `asker` names the client on whose behalf, by its address: askers share the requests to the server fairly.
   * With `reserveSeconds`, the server draws the cost and signs the `reservation`: memory alone answers only what it refuses.
   */
  verify(token: string, question?: VerifierQuestion, asker?: Pick<Asker, 'ip'>): Promise<Verdict>
  /** Verifies a token from memory, without a promise or I/O; undefined if memory may not answer, and to reserve. */
  verifyCached(token: string, question?: VerifyOptions): Verdict | undefined
  /** Resolves when memory may answer; throws the reason if it may not. */
  ready(): Promise<void>
  /** Reports the last uses, and closes the connections to the server. */
  close(): Promise<void>
}

const defaultTimeoutMs = 3_000
/** How many uses are kept until the server hears of them, also if no secret is remembered. */
const leastUses = 10_000
/** How long a server that did not answer is taken to be away, if memory may answer instead. */
const awayMs = 1_000

/**
 * Makes a verifier, which speaks to the server from its first use on. Throws TypeError for an address that is not
 * http or https, for a token that is none, for an unknown option and for a number out
 * of bounds.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return new MemoryVerifier(options)
}

/** On whose behalf a token is judged, and what for; a `request` if absent. */
export interface VerifierAsker extends Asker {
  purpose?: Purpose
}

/** A verifier, and what a process asks of it that judges its own callers by it too. */
export class MemoryVerifier implements Verifier {
  readonly #server: Requester
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #memory: VerifierMemory
  readonly #following: Following
  readonly #usage: UsageReporter
  readonly #grants: VerifierGrants
  readonly #settling: Settling<CallOptions>
  readonly #facts: FactsReader
  #awayUntil = Number.NEGATIVE_INFINITY
  #closing: Promise<void> | undefined

  /** Makes one; each of its requests has the headers too. */
  constructor(options: VerifierOptions, ownHeaders: () => Record<string, string> = () => ({})) {
    checkVerifierOptions(options)
    const { now = systemClock.now, monotonic = systemClock.monotonic, staleIfErrorMs = 0 } = options
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    const headers = () => ({ [judgesHeader]: allConditions.join(', '), ...ownHeaders() })
    this.#server = createRequester({ ...options, timeoutMs: this.#timeoutMs }, headers)
    this.#settling = settlementMethods(this.#server)
    this.#clock = { ...systemClock, now, monotonic }
    const bounds = cacheBoundsOf(options)
    this.#grants = new VerifierGrants(this.#server, this.#clock)
    const noteUse = (kid: string, at: number, circumstances: Circumstances) =>
      this.#usage.note(kid, at, circumstances)
    this.#memory = new VerifierMemory(this.#clock, bounds, staleIfErrorMs, noteUse, this.#grants.allotments)
    this.#usage = new UsageReporter({
      server: this.#server,
      clock: this.#clock,
      tallies: this.#memory.tallies,
      capacity: Math.max(bounds.secrets, leastUses),
      collect: () => this.#memory.cache.reportUses(),
    })
    this.#following = new Following(this.#server, this.#memory)
    this.#facts = new FactsReader({
      server: this.#server,
      clock: this.#clock,
      memory: this.#memory,
      following: this.#following,
      timeoutMs: this.#timeoutMs,
    })
  }

  /** Whether memory may answer. */
  get isFresh(): boolean {
    return this.#memory.isFresh(this.#clock.now())
  }

  /** Whether something is counted that no server has taken yet: once closed, it is lost. */
  get hasUnreported(): boolean {
    return this.#usage.hasUnreported
  }

  /** Has memory learn what it can of a token that it may not judge, without judging it. */
  async prepare(token: string, asker: Asker): Promise<void> {
    const parsed = parsePresented(this.#memory, token)
    this.#start()
    if (parsed !== undefined) await this.#facts.read(parsed, undefined, asker)
  }

  /** Why nothing is heard of changes; undefined if that goes well. */
  get error(): LatchkeyClientError | undefined {
    return this.#following.error
  }

  verifyCached(
    token: string,
    question?: VerifyOptions,
    purpose?: Purpose,
    client?: RequestParts,
  ): Verdict | undefined {
    const fault = questionFault(question, questionNames)
    if (fault) throw refusedOption(fault)
    if (question?.reserveSeconds !== undefined) return undefined
    const asked = askedBy(question, purpose, client)
    return asClient(() => verifyCached(this.#memory, token, asked, purpose))
  }

  async verify(token: string, question: VerifierQuestion = {}, asker: VerifierAsker = {}): Promise<Verdict> {
    const fault = questionFault(question, questionNames) ?? signalFault(question.signal)
    if (fault) throw refusedOption(fault)
    if (question.reserveSeconds !== undefined) return this.#reserve(token, question, asker)
    return this.#verify(token, question, asker)
  }

  /** Verifies a token, and counts that unless the payment says that somebody else does. */
  async #verify(
    token: string,
    question: VerifierQuestion,
    asker: VerifierAsker,
    paid?: Payment,
  ): Promise<Verdict> {
    const asked = askedBy(question, asker.purpose, asker)
    const first = asClient(() => verifyOrParse(this.#memory, token, asked, asker.purpose, paid))
    if (first instanceof Wanting) return this.#draw(token, asked, asker, first, paid?.isCounted)
    return 'kid' in first ? this.#verifyAsked(first, token, asked, asker, paid) : first
  }

  /** Judges a token by asking the server or, if that is away, by what may be believed for longer. */
  async #verifyAsked(
    parsed: PresentedToken,
    token: string,
    question: Question,
    asker: VerifierAsker,
    paid?: Payment,
  ): Promise<Verdict> {
    this.#start()
    const isAway = this.#clock.monotonic() < this.#awayUntil
    const mayBeStale = paid === undefined
    const { purpose } = asker
    const stale =
      isAway && mayBeStale
        ? asClient(() => verifyCached(this.#memory.stale, token, question, purpose))
        : undefined
    if (stale !== undefined) return stale
    let facts: Facts | undefined
    try {
      const { error } = this.#following
      if (error?.code === 'unsupported_server') throw error
      facts = await this.#facts.read(parsed, question.signal, asker, callContextOf(question))
    } catch (error) {
      // Too many tokens at once say nothing of the server.
      if (!isAbsence(error) || error instanceof TooMany) throw error
      this.#awayUntil = this.#clock.monotonic() + awayMs
      const verdict = mayBeStale
        ? asClient(() => verifyCached(this.#memory.stale, token, question, purpose))
        : undefined
      if (verdict === undefined) throw error
      return verdict
    }
    if (facts === undefined) {
      // By now the server has said whether it knows tokens of other systems.
      const isNoToken = parsed.kid === undefined && !this.#memory.acceptsForeign()
      return countUnknown(this.#memory, isNoToken ? malformed : notFound, purpose, paid)
    }
    const verdict = this.#judge(parsed, facts, question, purpose, paid)
    return verdict instanceof Wanting ? this.#draw(token, question, asker, verdict, paid?.isCounted) : verdict
  }

  #judge(
    { token }: PresentedToken,
    facts: Facts,
    question: Question,
    purpose: Purpose = 'request',
    paid?: Paid,
  ): Verdict | Wanting {
    const { answer, terms } = facts
    const now = this.#clock.now()
    const refusal = asClient(() => evaluate(terms, question, now, token))
    const kid = kidIn(token, facts)
    const call = asClient(() => callOf(this.#memory, kid, answer, question))
    const isDrawing = refusal === undefined && facts.claims.length > 0 && isRequest(purpose)
    const tally = counts(purpose, paid) ? tallyOf(this.#memory, answer) : undefined
    const verdict = isDrawing
      ? takeUnits(this.#memory, facts, question, now, tally, paid)
      : verdictOf(answer, terms, refusal)
    if (verdict instanceof Wanting) return verdict
    // What was drawn is counted with its units.
    const isCounted = verdict.valid ? counts(purpose, paid) : countsRefusal(purpose, paid)
    if (isCounted && verdict.valid && isDrawing) countProfile(this.#memory, call, verdict, now)
    else if (isCounted) countVerdict(this.#memory, call, verdict, now)
    if (verdict.valid && purpose !== 'heartbeat') this.#usage.note(kid, now, call.circumstances)
    return verdict
  }

  /**
   * Draws what a call wants of limits through the server. Much may change while it waits: it is judged once more, and what it
   * has drawn goes back if something else refuses it.
   */
  async #draw(
    token: string,
    question: Question,
    asker: VerifierAsker,
    { facts, claims }: Wanting,
    isCounted = true,
  ): Promise<Verdict> {
    this.#start()
    const outcome = await this.#waitFor(claims, question.signal)
    if (!outcome.taken) {
      const now = this.#clock.now()
      const { answer, terms } = facts
      const refusal = asClient(() => evaluate(terms, question, now, token))
      const verdict =
        refusal === undefined
          ? exceededVerdict(answer, claims, outcome.exceeded, this.#clock.monotonic(), now)
          : verdictOf(answer, terms, refusal)
      if (isCounted)
        countVerdict(this.#memory, callOf(this.#memory, kidIn(token, facts), answer, question), verdict, now)
      return verdict
    }
    const dated = dateClaims(claims)
    const paid = { claims: dated, isCounted }
    let isLate = false
    try {
      const again = asClient(() => verifyOrParse(this.#memory, token, question, asker.purpose, paid))
      isLate = 'kid' in again
      const verdict = 'kid' in again ? await this.#verifyAsked(again, token, question, asker, paid) : again
      if (!(verdict as Verdict).valid) this.#memory.allotments.giveBack(dated, isLate)
      return verdict as Verdict
    } catch (error) {
      this.#memory.allotments.giveBack(dated, isLate)
      throw error
    }
  }

  /** Waits for units, and no longer than a call may take. */
  async #waitFor(claims: readonly Claim[], signal: AbortSignal | undefined): Promise<Outcome> {
    const { promise, reject } = Promise.withResolvers<never>()
    const late = `${this.#server.url} did not answer in time what is left of a limit.`
    // Unlike the clock's, this timer keeps the process alive: somebody waits for the answer.
    const timer = setTimeout(() => reject(new LatchkeyClientError('timed_out', late)), this.#timeoutMs)
    const taking = this.#memory.allotments.wait(claims)
    try {
      return await untilAborted(Promise.race([taking, promise]), signal)
    } catch (error) {
      // What comes too late is for nobody.
      void taking.then(({ taken }) => taken && this.#memory.allotments.giveBack(claims)).catch(() => {})
      throw toClientError(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** What memory refuses without drawing is refused here, and never reaches the server. */
  async #reserve(token: string, question: VerifierQuestion, asker: VerifierAsker): Promise<Verdict> {
    const { reserveSeconds: _, ...looking } = question
    const look = { ...looking, cost: 0 }
    // The server counts what it draws.
    const verdict = await this.#verify(token, look, asker, { isCounted: false })
    return hasLimits(verdict) ? reserve(this.#server, token, question) : this.#verify(token, look, asker)
  }

  settle(...settling: Parameters<Verifier['settle']>): Promise<Settlement> {
    return this.#settling.settle(...settling)
  }

  async ready(): Promise<void> {
    this.#start()
    if (this.isFresh) return
    await this.#following.nextOutcome()
    if (!this.isFresh) throw this.#following.error ?? closed()
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([
      this.#grants.close().then(() => this.#following.stop()),
      this.#usage.close(),
    ]).then(() => {})
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(): void {
    if (this.#closing) throw closed()
    this.#following.start()
    this.#usage.start()
  }
}

const questionNames = [
  ...['permissions', 'organizationId', 'prefix', 'cost', 'reserveSeconds', 'context', 'signal'],
]
