// The units of one counter that this process has at hand. Spans and instants are milliseconds by the monotonic clock.
import { leaseMs } from '../core/bounds.ts'
import { type Allowance, isSameAllowance, type LimitScope, maxWaitMs, timeToGain } from '../core/limits.ts'
import type { StoredLimit } from '../core/stored-limits.ts'
import { type DrawAnswer, type DrawMessage, minGrant } from './counter.ts'
import { Row, type Stock } from './stock.ts'

/** A limit as a verification meets it, with its counter. */
export interface CountedLimit {
  /** The id of its counter: limits that share it are one. */
  readonly counterId: string
  readonly scope: LimitScope
  /** The key or the organization whose limit it is. */
  readonly ownerId: string
  /** The organization whose log of changes tells of the counter. */
  readonly organizationId: string
  readonly name: string
  readonly allowance: Allowance
  readonly defaultCost: number
  readonly epoch: number
  /** What it shares with limits of other owners; absent if it is none of a key or an organization. */
  readonly shared?: StoredLimit | undefined
  /** What this process holds of it; found once, and then known. */
  holding?: Holding | undefined
}

/** Units that are not used go back after so long. */
const idleMs = 10_000
/** A holding that waits for nothing is renewed so often at most. */
const renewEveryMs = 100
/** Calls wait until the last draw of their counter was so long ago, unless its bucket is small. */
const drawEveryMs = 65
const smallBurst = 8
/** A bucket is asked again after so much of the time in which it fills. */
const fillShare = 0.6
/** A holding that was used and drawn for so long ago is forgotten. */
const forgottenMs = 60_000
/** What is left is known for so long after somebody last looked. */
const knownMs = 10_000
/** A pace is a mean over about so long. */
const paceMs = 2_000
/** A pace that rises is met at once, with at most so many times what was used since the last draw. */
const maxGrowth = 4
/** A limit of whose use nothing is known is taken to be used as fast as it allows, and a quota by this share: up to so many units. */
const firstUse = { most: 64, ofQuota: 0.001 }

/** What a message says of the units that are held: how many it keeps, and how many it wants to hold. */
type Asked = Pick<DrawMessage, 'unspent' | 'want'>

/** What a process holds of one counter. */
export class Holding extends Row {
  #limit: CountedLimit
  #isRecalled = false
  #periodEndsAt: number | null = null

  readonly counterId: string
  /** How many units are out in the store's eyes: what it holds, and what was spent since it last said so. */
  out = 0
  /** How many of its units verifiers elsewhere hold: to the store they are unspent, and nobody spends them here. */
  lent = 0
  /** Some of that was granted by the limit as it was before. */
  isLentBefore = false
  /** Grows when what was lent is void: the store does not know these units any more. */
  loans = 0
  #lentUntil = Number.POSITIVE_INFINITY
  /** When its units were last called back. */
  recalledAt = Number.NEGATIVE_INFINITY
  /** The period that its units are of. */
  period = 0
  /** When the answer to the last draw came; -Infinity before the first one. */
  answeredAt = Number.NEGATIVE_INFINITY
  /** Until then a call that costs more than what is left is refused. */
  emptyUntil = Number.NEGATIVE_INFINITY
  /** Units that were given to calls which did not take them, and that the store has counted as spent. */
  unused = 0
  /** It stands in the list of what the next draw asks for. */
  isMarked = false
  /** A message that is not answered yet asks for it. */
  isAsked = false
  /** How many messages asked for it. */
  messages = 0
  /** Calls that find nothing at hand ask from then on. */
  asksFrom = Number.NEGATIVE_INFINITY
  /** How many calls wait for it. */
  waiting = 0
  /** The database is known to have a row of it. */
  isStored = false
  #usedAt: number
  #drawnAt: number
  /** What was used when somebody last asked whether it is idle. */
  #seenUsed = 0
  #pace = 0
  /** The store did not grant all that was wanted. */
  #isScarce = false

  constructor(limit: CountedLimit, now: number, stock: Stock<Holding>) {
    super(stock)
    this.#limit = limit
    this.counterId = limit.counterId
    this.#usedAt = now
    this.#drawnAt = now
    this.#setUntil()
  }

  /** The limit as it was last met: a change of it counts from the next draw on. */
  get limit(): CountedLimit {
    return this.#limit
  }

  set limit(limit: CountedLimit) {
    this.#limit = limit
    this.renumber()
  }

  /** Somebody else waits for these units, or some were taken away: they go back, and nobody spends them. */
  get isRecalled(): boolean {
    return this.#isRecalled
  }

  set isRecalled(isRecalled: boolean) {
    this.#isRecalled = isRecalled
    this.#setUntil()
  }

  /** When the period of its units may end at the earliest; null for never. */
  get periodEndsAt(): number | null {
    return this.#periodEndsAt
  }

  set periodEndsAt(instant: number | null) {
    this.#periodEndsAt = instant
    this.#setUntil()
  }

  #setUntil(): void {
    this.until = this.#isRecalled
      ? Number.NEGATIVE_INFINITY
      : (this.#periodEndsAt ?? Number.POSITIVE_INFINITY)
  }

  /** Whether so many units are at hand for a limit at an instant; those of a limit that was changed are not. */
  has(limit: CountedLimit, cost: number, now: number): boolean {
    return this.held >= cost && now < this.until && this.isOf(limit)
  }

  /** Whether it is known what is left of a limit, as it is now and in the period that runs. */
  isKnown(limit: CountedLimit, now: number): boolean {
    return (
      now - this.answeredAt < knownMs &&
      this.isOf(limit) &&
      (this.periodEndsAt === null || now < this.periodEndsAt)
    )
  }

  /** Whether what it holds is of a limit as it is now. */
  isOf(limit: CountedLimit): boolean {
    return (
      this.limit === limit ||
      (this.limit.epoch === limit.epoch && isSameAllowance(this.limit.allowance, limit.allowance))
    )
  }

  /** Whether a call of this cost is refused without asking. */
  isEmptyFor(cost: number, now: number): boolean {
    return now < this.emptyUntil && cost > this.left + this.held
  }

  /** Units at hand are spent, or such as were given to a call that waited. */
  spend(cost: number, given: number): void {
    this.held -= cost - given
    this.used += cost
  }

  /** Whether it is time to ask for more. */
  isLow(now: number): boolean {
    return this.held <= this.lowAt && now - this.#drawnAt >= renewEveryMs
  }

  /** Whether nobody has used it for so long, as far as it was asked: a call notes no instant, which would cost it time. */
  isIdle(now: number): boolean {
    if (this.used !== this.#seenUsed) {
      this.#seenUsed = this.used
      this.#usedAt = now
    }
    return now - this.#usedAt >= idleMs
  }

  /** How many units it should hold, for a horizon; begins the count of what is used until the next draw. */
  target(now: number, horizonMs: number): number {
    const span = Math.max(1, now - this.#drawnAt)
    const used = this.used
    const weight = this.answeredAt === Number.NEGATIVE_INFINITY ? 0 : 1 - Math.exp(-span / paceMs)
    this.#pace += weight * (used / span - this.#pace)
    if (used !== this.#seenUsed) this.#usedAt = now
    this.used = 0
    this.#seenUsed = 0
    this.#drawnAt = now
    this.asksFrom = now + this.#pauseMs()
    // One that is used more seldom than this gives its units back before.
    const pace = Math.max(this.#pace, 1 / idleMs)
    // A mean learns a new pace slowly: until then, calls would wait again and again.
    const rising = Math.min((used / span) * horizonMs, used * maxGrowth)
    const first = used === 0 && this.held === 0 ? firstOf(this.limit.allowance) : 0
    // What was used may come at once, and again so.
    return Math.max(minGrant, used, Math.ceil(Math.max(pace * horizonMs, rising, first)))
  }

  /** Takes the answer to what was asked at an instant. What is granted may be spent from now on. */
  accept(answer: DrawAnswer, { unspent: kept, want }: Asked, sentAt: number, now: number): void {
    if (answer.kept < kept || answer.period !== this.period) this.#voidLoans()
    // Units of a period that is over come back to no other one.
    if (answer.period !== this.period) this.unused = 0
    // Spent meanwhile were those that the store does not know any more, as far as they go.
    this.held = Math.max(0, this.held - (kept - answer.kept)) + answer.granted
    this.out = answer.kept + answer.granted
    this.lowAt = Math.floor(this.held / 3)
    this.period = answer.period
    // Its clock was read after the message was sent.
    this.periodEndsAt = answer.endsInMs === null ? null : sentAt + answer.endsInMs
    this.endsAt = answer.endsAt
    this.left = answer.left
    this.answeredAt = now
    this.emptyUntil = answer.emptyForMs === 0 ? Number.NEGATIVE_INFINITY : sentAt + answer.emptyForMs
    if (want > 0) this.#isScarce = answer.kept + answer.granted < want
    this.asksFrom = this.#drawnAt + this.#pauseMs()
    this.isStored = true
    this.isAsked = false
  }

  /** A bucket that holds few units, or fills soon, is asked as often as may be: it gains nothing while it is full. */
  #pauseMs(): number {
    const { allowance } = this.limit
    if (!this.#isScarce) return 0
    if (allowance.kind === 'quota') return drawEveryMs
    if (allowance.burst < smallBurst) return 0
    return Math.min(drawEveryMs, (timeToGain(allowance, allowance.burst) ?? 0) * fillShare)
  }

  /** Lets go of all units: nothing is known any more. */
  drop(now: number): void {
    // Verifiers may spend what was lent until their own lease ends, and the store may still count it as out.
    if (this.lent > 0) {
      this.loans++
      this.#lentUntil = Math.min(this.#lentUntil, now + leaseMs)
    }
    this.held = 0
    this.out = 0
    this.unused = 0
    this.left = 0
    this.lowAt = 0
    this.isRecalled = false
    this.isAsked = false
    this.answeredAt = Number.NEGATIVE_INFINITY
    this.asksFrom = Number.NEGATIVE_INFINITY
    this.emptyUntil = Number.NEGATIVE_INFINITY
  }

  /** How many units there were when somebody last looked, less what was spent here since. */
  get remaining(): number {
    return Math.max(0, this.held + this.left)
  }

  /** How long ago its last draw was, at the least; 0 if there was none that counts. */
  passedMs(now: number): number {
    return this.answeredAt === Number.NEGATIVE_INFINITY ? 0 : Math.floor(now - this.answeredAt)
  }

  /** What the store is told of the units that verifiers elsewhere hold. */
  unspentElsewhere(now: number): number {
    if (now >= this.#lentUntil) this.#voidLoans()
    return this.lent
  }

  #voidLoans(): void {
    if (this.lent > 0) this.loans++
    this.lent = 0
    this.#lentUntil = Number.POSITIVE_INFINITY
  }

  /** Whether the store does not know yet what became of its units. */
  get owesReport(): boolean {
    return this.out > 0 || this.unused > 0
  }

  /** Whether nobody has used it for so long, and nothing is on its way to it or back. */
  isForgettable(now: number): boolean {
    const isBusy = this.owesReport || this.lent > 0 || this.isMarked || this.isAsked || this.waiting > 0
    // A bucket whose clock is behind gains by the time since the last draw, also if each call is refused.
    return !isBusy && now - Math.max(this.#usedAt, this.answeredAt) >= forgottenMs
  }

  /**
   * How long a call of this cost should wait, in milliseconds; null if waiting does not help. `wall` is the instant by the
   * wall's clock.
   */
  retryAfterMs(allowance: Allowance, cost: number, now: number, wall: number): number | null {
    if (allowance.kind === 'rate') {
      if (cost > allowance.burst) return null
      const gained = timeToGain(allowance, cost - this.left)
      return gained === null || gained > maxWaitMs
        ? null
        : Math.max(1, Math.ceil(Math.max(gained - (now - this.answeredAt), this.emptyUntil - now)))
    }
    if (cost > allowance.limit || this.endsAt === null) return null
    return Math.max(1, this.endsAt - wall)
  }
}

/** How many units of a limit are taken to be used in the next two seconds, before anything is known of that. */
function firstOf(allowance: Allowance): number {
  const expected =
    allowance.kind === 'rate'
      ? (allowance.limit / allowance.windowMs) * paceMs
      : allowance.limit * firstUse.ofQuota
  return Math.min(expected, firstUse.most)
}
