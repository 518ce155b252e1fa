// The units that this process has at hand, of all counters: what calls take, what waits, and the messages by which units
// come and go. Pure: whoever runs it sends the messages (`domain/limits/draws.ts`), one at a time.
//
//   unknown   nobody has drawn yet, or all was dropped     → a call waits for a draw
//   stocked   it holds units                               → a call takes them at once; a third left: the next draw renews
//   bare      it holds none, and may get some              → a call waits for a draw
//   empty     the store had none; for a while              → a call is refused at once, then: bare
// Units leave a holding by being spent, by going back (idle, recalled, a stop), or by being dropped with the lease.
import { ask } from './asking.ts'
import type { Claim, CounterMessage, Message, Outcome, Waiter } from './claims.ts'
import type { Clock } from './clock.ts'
import type { DrawAnswer } from './counter.ts'
import { Handout } from './handout.ts'
import { type CountedLimit, Holding } from './holding.ts'
import { Stock } from './stock.ts'
import { Waiters } from './waiters.ts'

const taken: Outcome = { taken: true }
/** How long a call waits for units that others hold, and how long it waits before it asks again. */
const recallMs = 100
const askAgainMs = 50
/** A call whose units others take, again and again, is refused. */
const maxRounds = 8
/** A message has at most so many counters. */
const maxCounters = 500
/** So many of these are kept for those that run low, however many calls wait: else theirs would soon wait as well. */
const maxRenewals = 125
/** Units that come back so long after they were called back go on to those who wait for them. */
const recallLastsMs = 2_000
/** What a look at units finds to be so old is asked for again, and nobody waits for that. */
const lookMs = 1_000

/** All holdings of a process. */
export class Allotments {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>
  readonly #wake: () => void
  readonly #holdsLease: () => boolean
  readonly #holdings = new Map<string, Holding>()
  /** What calls look at of them. */
  readonly stock = new Stock<Holding>()
  /** What the next message asks for, beside what calls wait for. */
  #marked: Holding[] = []
  readonly #waiters = new Waiters()
  #pending: Message | undefined
  #sequence = 0
  #active = 0

  /**
   * `wake` is called when there is something to ask for. Units at hand are spent only while `holdsLease` says that the
   * lease holds under which they were granted.
   */
  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, wake: () => void, holdsLease: () => boolean) {
    this.#clock = clock
    this.#wake = wake
    this.#holdsLease = holdsLease
  }

  /** How many counters it knows. */
  get size(): number {
    return this.#holdings.size
  }

  /** Whether a message should be sent. */
  get hasNews(): boolean {
    return this.#pending !== undefined || this.#waiters.inLine > 0 || this.#marked.length > 0
  }

  /** What is held of a limit. */
  holdingOf(limit: CountedLimit): Holding {
    const known = limit.holding
    if (known !== undefined && !known.isGone) return known
    let holding = this.#holdings.get(limit.counterId)
    if (holding === undefined) {
      holding = new Holding(limit, this.#clock.monotonic(), this.stock)
      this.#holdings.set(limit.counterId, holding)
    }
    limit.holding = holding
    return holding
  }

  /** Takes all units at once, or none; undefined if only a draw can tell. To be called while the lease holds. */
  take(claims: readonly Claim[], now: number): Outcome | undefined {
    for (let i = 0; i < claims.length; i++) {
      if (this.#isShort(claims[i] as Claim, now)) return this.#refuse(claims, now)
    }
    for (let i = 0; i < claims.length; i++) this.#use(claims[i] as Claim, now)
    return taken
  }

  /** Whether a claim needs a draw: not enough is at hand or, if it costs nothing, nothing is known of what is left. */
  #isShort({ limit, cost }: Claim, now: number): boolean {
    const holding = this.holdingOf(limit)
    return cost === 0 ? !holding.isKnown(limit, now) : !holding.has(limit, cost, now)
  }

  /** Spends what a claim costs of what is at hand, or looks. */
  #use({ limit, cost }: Claim, now: number): void {
    const holding = limit.holding as Holding
    if (cost > 0) {
      holding.spend(cost, 0)
      this.renew(holding, now)
    } else if (now - holding.answeredAt >= lookMs && !holding.isAsked) this.#mark(holding)
  }

  /** Asks for more if it is time for that. */
  renew(holding: Holding, now: number): void {
    if (holding.isLow(now)) this.#mark(holding)
  }

  #refuse(claims: readonly Claim[], now: number): Outcome | undefined {
    const exceeded = claims.filter(({ limit, cost }) => {
      const holding = this.holdingOf(limit)
      return cost > 0 && holding.isOf(limit) && holding.isEmptyFor(cost, now)
    })
    return exceeded.length > 0 ? { taken: false, exceeded } : undefined
  }

  /**
   * Waits for a draw, and takes all units or none. Throws `too_many_requests` if too many calls of the organization wait, and
   * what the draw throws.
   */
  wait(claims: readonly Claim[]): Promise<Outcome> {
    const now = this.#clock.monotonic()
    const refusal = this.#waiters.refusalOf(claims)
    if (refusal !== undefined) return Promise.reject(refusal)
    const holdings = claims.map(({ limit }) => this.holdingOf(limit))
    const { waiter, promise } = this.#waiters.make(claims, holdings, now)
    this.#askAgain(waiter, this.#pauseOf(claims, now))
    return promise
  }

  /** How long until its counters may be asked again. */
  #pauseOf(claims: readonly Claim[], now: number): number {
    const short = claims.filter((claim) => this.#isShort(claim, now))
    return Math.max(0, ...short.map(({ limit }) => this.holdingOf(limit).asksFrom - now))
  }

  /** The message to send now; undefined if there is nothing to say. Until it is answered, it is the same. */
  prepare(): Message | undefined {
    if (this.#pending !== undefined) return this.#pending
    const now = this.#clock.monotonic()
    const counters = new Map<Holding, CounterMessage>()
    const waiters = this.#takeWaiters(counters, now)
    for (const holding of this.#takeMarked(maxCounters - counters.size)) {
      if (!counters.has(holding)) counters.set(holding, ask(holding, now, this.#active))
    }
    if (counters.size === 0) return undefined
    this.#pending = { sequence: ++this.#sequence, counters: [...counters.values()], sentAt: now, waiters }
    return this.#pending
  }

  /**
   * Gives back what a call took that something else refuses. What it took of a rate comes back at once or not at all: after
   * another message, its bucket may have been full meanwhile. Units of a period or an epoch that has ended are void.
   */
  giveBack(claims: readonly Claim[], isLate = false): void {
    for (const { limit, cost, period } of claims) {
      if (cost === 0 || (isLate && limit.allowance.kind === 'rate')) continue
      const holding = this.holdingOf(limit)
      if (holding.limit.epoch !== limit.epoch || (period ?? holding.period) !== holding.period) continue
      holding.unused += cost
      this.#mark(holding)
    }
  }

  /**
   * Lends units at hand to a verifier elsewhere, at most as many as it wants: half of them stay for others. They stay out until
   * {@link endLoan}.
   */
  lend(limit: CountedLimit, most: number): number {
    const now = this.#clock.monotonic()
    const holding = this.holdingOf(limit)
    if (!holding.has(limit, 1, now) || !this.#holdsLease()) return 0
    const units = Math.max(0, Math.min(most, Math.ceil(holding.held / 2)))
    holding.held -= units
    holding.lent += units
    this.renew(holding, now)
    return units
  }

  /** Takes in what became of lent units: these were spent, and these come back. */
  endLoan(holding: Holding, spent: number, back: number): void {
    const now = this.#clock.monotonic()
    holding.lent -= spent + back
    holding.held += back
    if (spent > 0) holding.spend(spent, spent)
    // Somebody waits for them, or they were granted by a limit that has changed since.
    if (back > 0 && (holding.isLentBefore || now - holding.recalledAt < recallLastsMs)) {
      holding.isRecalled = true
      this.#mark(holding)
    } else this.renew(holding, now)
    if (holding.lent === 0) holding.isLentBefore = false
  }

  /** Gives all units back: the process stops. */
  giveAllBack(): void {
    for (const holding of this.#holdings.values()) {
      holding.isRecalled = true
      if (holding.owesReport || holding.isAsked) this.#mark(holding)
    }
  }

  /** Gives back the units of a counter for which somebody else waits, and asks anew whether it is empty. */
  recall(counterId: string): void {
    const holding = this.#holdings.get(counterId)
    if (holding === undefined) return
    holding.emptyUntil = Number.NEGATIVE_INFINITY
    holding.recalledAt = this.#clock.monotonic()
    // What is on its way to it goes back too.
    if (!holding.owesReport && !holding.isAsked) return
    holding.isRecalled = true
    // That all was spent is worth no message of its own, if calls soon ask anyway.
    const pause = holding.held === 0 ? holding.asksFrom - this.#clock.monotonic() : 0
    if (pause > 0) this.#clock.after(pause, () => holding.isRecalled && this.#mark(holding))
    else this.#mark(holding)
  }

  /** The same of all counters. */
  recallAll(): void {
    for (const counterId of this.#holdings.keys()) this.recall(counterId)
  }

  /** Takes the answers to the message that was prepared, in its order. */
  accept(message: Message, answers: readonly DrawAnswer[]): void {
    if (message !== this.#pending) return
    this.#pending = undefined
    const now = this.#clock.monotonic()
    for (const [i, asked] of message.counters.entries())
      asked.holding.accept(answers[i] as DrawAnswer, asked, message.sentAt, now)
    const handout = new Handout(message, answers)
    for (const waiter of message.waiters) this.#serve(waiter, handout, now)
    for (const [holding, units] of handout.rest) {
      holding.unused += units
      this.#mark(holding)
    }
    if (this.hasNews) this.#wake()
  }

  /** The message was not answered: all calls that wait fail, and it is sent again. */
  fail(message: Message, error: unknown): void {
    for (const waiter of message.waiters.splice(0)) waiter.fail(error)
    for (const waiter of this.#waiters.takeAll()) waiter.fail(error)
  }

  /** Drops the units of all counters for which a message does not ask, and says so: its answer tells nothing of them. */
  dropBeside(message: Message | undefined): void {
    const now = this.#clock.monotonic()
    const asked = new Set(message?.counters.map(({ holding }) => holding))
    for (const holding of this.#holdings.values()) {
      if (asked.has(holding)) continue
      if (holding.owesReport) this.#mark(holding)
      holding.drop(now)
    }
  }

  /** Drops all units, since the lease under which they were granted has ended; what waits asks anew. */
  drop(): void {
    const now = this.#clock.monotonic()
    for (const holding of this.#holdings.values()) holding.drop(now)
    const waiters = [...(this.#pending?.waiters ?? []), ...this.#waiters.takeAll()]
    this.#pending = undefined
    for (const waiter of waiters) this.#waiters.add(waiter)
    if (this.hasNews) this.#wake()
  }

  #mark(holding: Holding): void {
    if (holding.isMarked) return
    holding.isMarked = true
    this.#marked.push(holding)
    this.#wake()
  }

  #takeMarked(most: number): Holding[] {
    const some = this.#marked.splice(0, Math.max(0, most))
    for (const holding of some) holding.isMarked = false
    return some
  }

  /** Takes the calls that fit into a message: by turns of their organizations. */
  #takeWaiters(counters: Map<Holding, CounterMessage>, now: number): Waiter[] {
    const waiters: Waiter[] = []
    const most = maxCounters - Math.min(this.#marked.length, maxRenewals)
    while (counters.size < most) {
      const waiter = this.#waiters.take()
      if (waiter === undefined) break
      const isLeased = this.#holdsLease()
      // Another draw has found a counter empty since it began to wait.
      const refusal = isLeased && waiter.rounds === 0 ? this.#refuse(waiter.claims, now) : undefined
      if (refusal !== undefined) {
        waiter.settle(refusal)
        continue
      }
      const asksForAll = waiter.asksForAll || !isLeased
      waiter.short = waiter.claims.filter(
        (claim) => (asksForAll && claim.cost > 0) || this.#isShort(claim, now),
      )
      if (waiter.short.length === 0) {
        for (const claim of waiter.claims) this.#use(claim, now)
        waiter.settle(taken)
        continue
      }
      waiters.push(waiter)
      for (const claim of waiter.short) this.#askFor(claim, counters, now)
    }
    return waiters
  }

  #askFor({ limit, cost }: Claim, counters: Map<Holding, CounterMessage>, now: number): void {
    const holding = this.holdingOf(limit)
    let asked = counters.get(holding)
    if (asked === undefined) {
      asked = ask(holding, now, this.#active)
      counters.set(holding, asked)
    }
    // Not enough, or of another limit or epoch: it goes back.
    if (cost > 0 || !holding.isOf(limit)) {
      asked.back += holding.held
      asked.unspent = holding.unspentElsewhere(now)
      holding.held = 0
    }
    if (!holding.isOf(limit)) {
      holding.isLentBefore ||= holding.lent > 0
      holding.limit = limit
      asked.epoch = limit.epoch
    }
    asked.need += cost
    if (cost > 0) asked.least = asked.least === 0 ? cost : Math.min(asked.least, cost)
  }

  /** Gives one call its units, all or none. */
  #serve(waiter: Waiter, handout: Handout, now: number): void {
    const isLeased = this.#holdsLease()
    const lacking = waiter.claims.filter(({ limit, cost }) => {
      const missing = cost - handout.unitsFor(waiter, limit)
      return cost > 0 && missing > 0 && !(isLeased && this.holdingOf(limit).has(limit, missing, now))
    })
    if (lacking.length === 0) {
      handout.pay(waiter)
      waiter.settle(taken)
      return
    }
    const exceeded = lacking.filter((claim) => waiter.short.includes(claim))
    const isElsewhere = handout.areElsewhere(exceeded)
    if (++waiter.rounds < maxRounds && exceeded.length === 0) {
      waiter.asksForAll = true
      this.#askAgain(waiter)
    } else if (waiter.rounds < maxRounds && isElsewhere && now + askAgainMs - waiter.since <= recallMs) {
      this.#askAgain(waiter, askAgainMs)
    } else {
      waiter.settle({ taken: false, exceeded: exceeded.length > 0 ? exceeded : lacking })
    }
  }

  #askAgain(waiter: Waiter, delay = 0): void {
    if (delay > 0) this.#clock.after(delay, () => this.#askAgain(waiter))
    else {
      this.#waiters.add(waiter)
      this.#wake()
    }
  }

  /** Has idle units go back, and forgets what nobody has used for long. To be called every second or so. */
  sweep(): void {
    const now = this.#clock.monotonic()
    this.#active = 0
    for (const holding of this.#holdings.values()) {
      if (!holding.isIdle(now)) this.#active++
      else if (holding.owesReport) this.#mark(holding)
      else if (holding.isForgettable(now)) {
        holding.leave()
        this.#holdings.delete(holding.counterId)
      }
    }
  }
}
