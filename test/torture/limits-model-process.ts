// A process of the model in `limits-model.ts`: the real allotments, between a simulated clock and a simulated database.
import { leaseMs } from '../../src/core/bounds.ts'
import { isSameAllowance } from '../../src/core/limits.ts'
import { Allotments } from '../../src/verdict/allotment.ts'
import type { Claim, Message, Outcome } from '../../src/verdict/claims.ts'
import type { DrawMessage } from '../../src/verdict/counter.ts'
import type { CountedLimit, Holding } from '../../src/verdict/holding.ts'
import type { World } from './limits-model.ts'
import { Caller, type Costs } from './limits-model-caller.ts'
import { Link } from './limits-model-link.ts'
import { type GrantsBody, type Instant, ModelServer, type Served } from './limits-model-server.ts'
import type { AskedCounter, Drawn, ModelLimit, Store } from './limits-model-store.ts'

const spacingMs = 20

/** What a look at the log shows. */
interface Look {
  changes: string[]
  last: number
  isRegistered: boolean
  limits: ModelLimit[]
}

/** One process: it may be paused, cut off, stopped and killed. */
export class Process extends Caller {
  readonly #world: World
  readonly #store: Store
  readonly #link: Link
  readonly #ask: Link['ask']
  readonly #allotments: Allotments
  readonly #uptime: number
  readonly #pollEveryMs: number
  readonly #name: string
  readonly #known = new Map<string, CountedLimit>()
  #holder = ''
  #holders = 0
  #isRegistered = false
  #leaseEndsAt = Number.NEGATIVE_INFINITY
  #seen = 0
  // The sending of messages.
  #isBusy = false
  #isDue = false
  #startedAt = Number.NEGATIVE_INFINITY
  #sent: Message | undefined
  /** What calls took, by their outcomes, less what left the holdings: zero, if each call takes all or nothing. */
  readonly balance = new Map<string, number>()
  readonly #server: ModelServer
  /** When units of a counter were last noted as spent. */
  readonly #notedAt = new Map<string, Instant>()

  constructor(world: World, name: string) {
    super(world)
    this.#world = world
    this.#store = world.store
    this.#link = new Link(world, (run) => this.deliver(run))
    this.#ask = (work, mayRepeat) => this.#link.ask(work, mayRepeat)
    this.#name = name
    this.#uptime = Math.floor(world.between(0, 1e6))
    this.#pollEveryMs = world.pick([50, 200])
    const clock = {
      monotonic: () => world.time + this.#uptime,
      after: (delay: number, callback: () => void) => {
        world.at(delay, () => this.deliver(callback))
        return () => {}
      },
    }
    this.#allotments = new Allotments(
      clock,
      () => this.#wake(),
      () => this.#holdsLease(),
    )
    this.#server = new ModelServer(world.breakage, {
      allotments: this.#allotments,
      clock: { ...clock, now: clock.monotonic },
      holder: () => (this.#isRegistered ? this.#holder : undefined),
      leaseAge: () => (this.#holdsLease() ? leaseMs - (this.#leaseEndsAt - this.#now()) : undefined),
      readLimits: () => this.#ask(() => [...this.#store.limits.values()]),
      noteTaken: ({ limit, cost: units }, fromHand) => {
        const { counterId } = limit
        const holding = this.#allotments.holdingOf(limit)
        if (fromHand) this.#noteSpent(holding, units)
        this.#addBalance(counterId, units)
        const instant = this.#notedAt.get(counterId) ?? { order: this.#store.ledger.order, at: undefined }
        return { holder: this.#holder, counterId, units, period: holding.period, instant }
      },
    })
    this.#register()
    this.#every(this.#pollEveryMs, () => this.#look())
    this.#every(1_000, () => this.#allotments.sweep())
  }

  protected override arrange(waiting: (() => void)[]): (() => void)[] {
    return waiting.sort(() => this.#world.random() - 0.5)
  }

  cutOff(length: number): void {
    this.#link.cutOff(length)
  }

  /** Gives all units back, and ends soon after that. */
  stop(): void {
    this.#allotments.giveAllBack()
    this.#world.at(400, () => {
      if (!this.#link.isCutOff) this.#store.followers.delete(this.#holder)
      this.kill()
    })
  }

  /** Serves a message of a verifier. */
  serve(body: GrantsBody): Promise<Served> {
    return this.#server.serve(body)
  }

  /** What was drawn for calls of verifiers that never heard of it was not spent. */
  cancelUnused(): void {
    this.#server.cancelAll(this.#store.ledger)
  }

  /** A call: takes from hand while the lease holds, and waits for a draw otherwise. */
  override call(
    costs: Costs,
    note: (outcome: Outcome | undefined, periods: Map<string, number>) => void,
  ): void {
    if (this.#holdsLease() && this.#known.size > 0) {
      const claims = this.#claimsOf(costs)
      const outcome = this.#allotments.take(claims, this.#now())
      if (outcome === undefined) {
        this.#wait(claims, note)
        return
      }
      if (outcome.taken)
        for (const { limit, cost } of claims) {
          const { period } = this.#holdingOf(limit.counterId)
          this.#store.ledger.noteSpent(this.#holder, limit.counterId, cost, period)
        }
      note(outcome, this.#periodsOf(costs))
      return
    }
    const begunAt = this.#world.time
    this.#ask(() => [...this.#store.limits.values()]).then(
      (limits) => {
        if (this.#world.time - begunAt >= leaseMs || !this.#isRegistered) return note(undefined, new Map())
        this.#learn(limits)
        this.#wait(this.#claimsOf(costs), note)
      },
      () => note(undefined, new Map()),
    )
  }

  #wait(claims: Claim[], note: (outcome: Outcome | undefined, periods: Map<string, number>) => void): void {
    this.#allotments.wait(claims).then(
      (outcome) => {
        if (outcome.taken) for (const { limit, cost } of claims) this.#addBalance(limit.counterId, cost)
        const costs = Object.fromEntries(claims.map(({ limit, cost }) => [limit.counterId, cost]))
        note(outcome, this.#periodsOf(costs))
      },
      () => note(undefined, new Map()),
    )
  }

  #claimsOf(costs: Costs): Claim[] {
    return Object.entries(costs).map(([id, cost]) => ({ limit: this.#known.get(id) as CountedLimit, cost }))
  }

  #periodsOf(costs: Costs): Map<string, number> {
    return new Map(Object.keys(costs).map((id) => [id, this.#holdingOf(id).period]))
  }

  #holdingOf(counterId: string): Holding {
    return this.#allotments.holdingOf(this.#known.get(counterId) as CountedLimit)
  }

  #now(): number {
    return this.#world.time + this.#uptime
  }

  #holdsLease(): boolean {
    return this.#world.breakage === 'lease' || this.#now() < this.#leaseEndsAt
  }

  #every(milliseconds: number, run: () => void): void {
    if (this.isDead) return
    this.#world.at(milliseconds * this.#world.between(0.9, 1.1), () => {
      this.deliver(run)
      this.#every(milliseconds, run)
    })
  }

  #register(): void {
    this.#isRegistered = false
    const holder = `${this.#name}-${this.#holders++}`
    this.#ask(() => {
      this.#store.followers.set(holder, this.#store.last)
      return this.#store.last
    }).then(
      (last) => {
        this.#holder = holder
        this.#seen = last
        this.#isRegistered = true
        this.#wake()
      },
      () => this.#register(),
    )
  }

  /** Evicted: whatever it holds is not its own any more. */
  #startOver(): void {
    if (!this.#isRegistered) return
    this.#leaseEndsAt = Number.NEGATIVE_INFINITY
    this.#sent = undefined
    this.#allotments.drop()
    this.#register()
  }

  #look(): void {
    if (!this.#isRegistered) return
    const holder = this.#holder
    const begunAt = this.#now()
    const since = this.#seen
    const store = this.#store
    this.#ask<Look>(() => ({
      changes: store.log.slice(since),
      last: store.last,
      isRegistered: store.followers.has(holder),
      limits: [...store.limits.values()],
    })).then(
      (look) => {
        if (holder !== this.#holder || !this.#isRegistered || since !== this.#seen) return
        if (!look.isRegistered) return this.#startOver()
        for (const change of look.changes)
          if (change !== 'limits' && this.#world.breakage !== 'recall') this.#recall(change)
        this.#learn(look.limits)
        this.#seen = look.last
        if (look.changes.length === 0) this.#extend(begunAt)
        else this.#confirm(holder, look.last, begunAt)
      },
      () => {},
    )
  }

  #recall(counterId: string): void {
    this.#allotments.recall(counterId)
    this.#server.recall(counterId)
  }

  #confirm(holder: string, last: number, begunAt: number): void {
    const { followers } = this.#store
    this.#ask(
      () => followers.has(holder) && followers.set(holder, Math.max(last, followers.get(holder) ?? 0)),
    ).then(
      (isRegistered) => {
        if (holder !== this.#holder || !this.#isRegistered) return
        if (isRegistered) this.#extend(begunAt)
        else this.#startOver()
      },
      () => {
        // The next look shows the same changes again.
        if (holder === this.#holder) this.#seen = Math.min(this.#seen, last - 1)
      },
    )
  }

  #extend(begunAt: number): void {
    this.#leaseEndsAt = Math.max(this.#leaseEndsAt, begunAt + leaseMs)
  }

  #learn(limits: readonly ModelLimit[]): void {
    for (const { counterId, allowance, epoch } of limits) {
      const known = this.#known.get(counterId)
      if (known !== undefined && known.epoch === epoch && isSameAllowance(known.allowance, allowance))
        continue
      this.#known.set(counterId, {
        counterId,
        scope: 'key',
        ownerId: 'key',
        organizationId: 'acme',
        name: counterId.split('/')[2] as string,
        allowance,
        defaultCost: 1,
        epoch,
      })
    }
  }

  #wake(): void {
    if (this.#isBusy || this.#isDue || this.isDead) return
    this.#isDue = true
    const delay = Math.max(0, this.#startedAt + spacingMs - this.#world.time)
    this.#world.at(delay, () =>
      this.deliver(() => {
        this.#isDue = false
        this.#send()
      }),
    )
  }

  #send(): void {
    if (this.#isBusy || !this.#isRegistered) return
    const message = this.#prepare()
    if (message === undefined) return
    this.#isBusy = true
    this.#startedAt = this.#world.time
    const holder = this.#holder
    const asked = message.counters.map((one): AskedCounter => {
      const { holding, ...rest } = one
      const lent = this.#world.breakage === 'loan is not out' ? holding.lent : 0
      const unspent = Math.max(0, rest.unspent - lent)
      const sent: DrawMessage = { ...rest, unspent, holder, sequence: message.sequence }
      return { counterId: holding.counterId, allowance: holding.limit.allowance, message: sent }
    })
    this.#ask(() => this.#store.draw(asked), true).then(
      (drawn) => {
        if (this.#sent !== message) return this.#rest()
        if (drawn === undefined) this.#startOver()
        else this.#accept(message, drawn, holder)
        this.#rest()
      },
      (error) => {
        if (this.#sent === message) this.#allotments.fail(message, error)
        this.#world.at(30, () => this.deliver(() => this.#rest()))
      },
    )
  }

  #rest(): void {
    this.#isBusy = false
    if (this.#allotments.hasNews) this.#wake()
  }

  /** Prepares a message, and notes what calls took from hand meanwhile. */
  #prepare(): Message | undefined {
    const holdings = [...this.#known.keys()].map((id) => this.#holdingOf(id))
    const before = holdings.map(({ held }) => held)
    const message = this.#allotments.prepare()
    if (message !== undefined && message === this.#sent) return message
    this.#sent = message
    for (const [i, holding] of holdings.entries()) {
      const asked = message?.counters.find((one) => one.holding === holding)
      const after = holding.held + (asked?.back ?? 0)
      this.#noteSpent(holding, (before[i] as number) - after)
    }
    return message
  }

  /** Takes an answer, and notes what the calls that waited took: at the draw, and from hand. */
  #accept(message: Message, drawn: readonly Drawn[], holder: string): void {
    const answers = drawn.map(({ answer }) => answer)
    const before = message.counters.map(({ holding, unspent }, i) => {
      const { kept, granted, period } = answers[i] as Drawn['answer']
      const unused = period === holding.period ? holding.unused : 0
      return { held: Math.max(0, holding.held - (unspent - kept)) + granted, unused }
    })
    const others = [...this.#known.keys()]
      .map((id) => this.#holdingOf(id))
      .filter((holding) => message.counters.every((asked) => asked.holding !== holding))
      .map((holding) => ({ holding, held: holding.held }))
    this.#sent = undefined
    this.#allotments.accept(message, answers)
    for (const { holding, held } of others) this.#noteSpent(holding, held - holding.held)
    for (const [i, { holding }] of message.counters.entries()) {
      const { held, unused } = before[i] as (typeof before)[number]
      const { answer, instant } = drawn[i] as Drawn
      const pool = answer.given - (holding.unused - unused)
      this.#store.ledger.noteSpent(holder, holding.counterId, pool, answer.period, instant)
      if (pool > 0) this.#notedAt.set(holding.counterId, instant)
      this.#addBalance(holding.counterId, -pool)
      this.#noteSpent(holding, held - holding.held)
      if (this.#world.breakage === 'unused') {
        holding.held += holding.unused
        holding.unused = 0
      }
    }
  }

  #noteSpent(holding: Holding, units: number): void {
    this.#store.ledger.noteSpent(this.#holder, holding.counterId, units, holding.period)
    if (units > 0) this.#notedAt.set(holding.counterId, { order: this.#store.ledger.order, at: undefined })
    this.#addBalance(holding.counterId, -units)
  }

  #addBalance(counterId: string, units: number): void {
    this.balance.set(counterId, (this.balance.get(counterId) ?? 0) + units)
  }
}
