// A model of several processes that draw from the limits of one database, and all that can go wrong between them. The
// arithmetic of counters and the allotments are the real ones; clocks, store and network are simulated. One seed, one history.
import type { Allowance, Quota, Rate } from '../../src/core/limits.ts'
import { outOf } from '../../src/verdict/counter.ts'
import { mulberry32 } from '../setup/chance.ts'
import type { Caller, Costs } from './limits-model-caller.ts'
import { Events } from './limits-model-events.ts'
import { Ledger } from './limits-model-ledger.ts'
import { Process } from './limits-model-process.ts'
import { type Reservation, Store } from './limits-model-store.ts'
import { RemoteVerifier } from './limits-model-verifier.ts'

const historyMs = 20_000
/** So long nobody calls, and nothing goes wrong, before each process must get what there is. */
const calmMs = 30_000
/** In this time each rate gains a unit, and no holding is empty any more. */
const refillMs = 12_000
/** After so long an unconfirmed barrier evicts a follower. */
const barrierMs = 2_000
const staleMs = 2_000

/** The rules that may be taken out, to see that the model misses them. */
export const breakages = [
  'report first',
  'waiting is out',
  'lease',
  'gift',
  'period',
  'cap without out',
  'repeated',
  'unused',
  'room',
  'allowance',
  'recall',
  'passed twice',
  'clock behind',
] as const

/** The rules of loans to verifiers elsewhere, which only a world with verifiers can miss. */
export const loanBreakages = [
  'loan twice',
  'loan outlives lease',
  'loan is not out',
  'message twice',
  'late unused',
  'told by answers',
] as const

export type Breakage = (typeof breakages)[number] | (typeof loanBreakages)[number]

/** The counters of the model, by the ids that the real modules give them. */
const ids = { rate: 'key/key/rate/rate', hourly: 'key/key/hourly/hourly', prepaid: 'key/key/prepaid/never' }

/** What one history came to. A violation says what happened and when. */
export interface History {
  calls: number
  admitted: number
  refused: number
  failed: number
  evicted: number
  settled: number
  lost: number
  violation: string | undefined
}

const rates: readonly Omit<Rate, 'kind'>[] = [
  { limit: 100, windowMs: 60_000, burst: 100 },
  { limit: 10, windowMs: 1_000, burst: 10 },
  { limit: 10, windowMs: 1_000, burst: 1 },
  { limit: 100, windowMs: 60_000, burst: 20 },
  { limit: 100, windowMs: 1_000, burst: 100 },
  { limit: 100, windowMs: 60_000, burst: 1 },
  { limit: 20, windowMs: 1_000, burst: 60 },
]

/** Runs one history of three processes, and of so many verifiers that draw through them, to its end. */
export async function simulate(seed: number, breakage?: Breakage, verifiers = 0): Promise<History> {
  const world = new World(seed, breakage, verifiers)
  await world.run()
  return world.history
}

/** The database, the time and the bad luck that all processes share. */
export class World {
  readonly random: () => number
  readonly breakage: Breakage | undefined
  readonly ledger = new Ledger(
    () => this.time,
    () => this.#clock(),
  )
  readonly store: Store
  readonly history: History = {
    calls: 0,
    admitted: 0,
    refused: 0,
    failed: 0,
    evicted: 0,
    settled: 0,
    lost: 0,
    violation: undefined,
  }
  readonly #events = new Events()
  readonly #processes: Process[] = []
  readonly #first: { counterId: string; first: Allowance }[]
  readonly #gone: Process[] = []
  readonly #verifiers: RemoteVerifier[] = []
  #clockOffset: number
  #started = 0
  isUp = true
  isCalm = false

  constructor(seed: number, breakage: Breakage | undefined, verifiers: number) {
    this.random = mulberry32(seed)
    this.breakage = breakage
    // Soon an hour ends.
    this.#clockOffset = 500_000 * 3_600_000 - Math.floor(this.between(2_000, 18_000))
    this.store = new Store(() => this.#clock(), this.ledger, breakage)
    const quota = { kind: 'quota', anchor: null, overdraft: null } as const
    this.#first = [
      { counterId: ids.rate, first: { kind: 'rate', ...this.pick(rates) } },
      { counterId: ids.hourly, first: { ...quota, limit: this.pick([30, 100, 300]), resets: 'hourly' } },
      { counterId: ids.prepaid, first: { ...quota, limit: this.pick([20, 200, 1_000]), resets: null } },
    ]
    for (const { counterId, first } of this.#first)
      this.store.limits.set(counterId, { counterId, allowance: first, epoch: 0 })
    for (let i = 0; i < 3; i++) this.#start(i)
    for (let i = 0; i < verifiers; i++) this.#startVerifier(i)
  }

  /** The database's. */
  #clock(): number {
    return Math.floor(this.time + this.#clockOffset)
  }

  /** The process at an address: the next one, when one has ended. */
  processAt(slot: number): Process {
    return this.#processes[slot] as Process
  }

  /** How deep promises stand behind each other: messages of verifiers pass through many. */
  get #depth(): number {
    return this.#verifiers.length > 0 ? 40 : 3
  }

  get time(): number {
    return this.#events.time
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T
  }

  at(delay: number, run: () => void): void {
    this.#events.at(delay, run)
  }

  async run(): Promise<void> {
    this.#keepMeddling()
    await this.#events.runUntil(historyMs, this.#depth)
    this.#calmDown()
    await this.#events.runUntil(historyMs + calmMs, this.#depth)
    this.#probe()
    await this.#events.runUntil(historyMs + calmMs + 1_000, this.#depth)
    this.#probeRate()
    await this.#events.runUntil(historyMs + calmMs + 1_000 + refillMs + 1_000, this.#depth)
    for (const process of [...this.#processes, ...this.#gone]) process.cancelUnused()
    this.ledger.check(this.#first)
    for (const process of [...this.#processes, ...this.#gone])
      for (const [id, units] of process.balance)
        if (units !== 0) this.ledger.violate(`${id}: calls took ${units} more than left the holdings`)
    this.history.lost = this.ledger.lost
    this.history.violation = this.ledger.violation
  }

  #start(slot: number): void {
    const process = new Process(this, `process-${this.#started++}`)
    const former = this.#processes[slot]
    if (former !== undefined) this.#gone.push(former)
    this.#processes[slot] = process
    this.#keepCalling(process)
  }

  #startVerifier(slot: number): void {
    const verifier = new RemoteVerifier(this, slot % 3)
    this.#verifiers[slot] = verifier
    this.#keepCalling(verifier)
    if (this.#verifiers.length === slot + 1) this.#keepHarming(slot)
  }

  #keepHarming(slot: number): void {
    this.at(this.between(1_000, 8_000), () => {
      if (this.isCalm) return
      const verifier = this.#verifiers[slot] as RemoteVerifier
      const dice = this.random()
      if (dice < 0.4) verifier.pause(this.between(100, 4_000))
      else if (dice < 0.6) verifier.cutOff(this.between(100, 3_000))
      else if (dice < 0.85) {
        verifier.kill()
        this.#startVerifier(slot)
      }
      this.#keepHarming(slot)
    })
  }

  /** Quiet and busy times take turns. */
  #keepCalling(process: Caller, busyUntil = 0, everyMs = 40): void {
    if (this.isCalm || process.isDead) return
    const isOver = this.time >= busyUntil
    const until = isOver ? this.time + this.between(200, 4_000) : busyUntil
    const every = isOver ? this.pick([8, 40, 40, 300, 2_000]) : everyMs
    this.at(this.between(0, 2 * every), () => {
      process.deliver(() => (this.chance(0.01) ? this.#crowd(process) : this.#call(process)))
      this.#keepCalling(process, until, every)
    })
  }

  /** Very many calls at once: all that is at hand goes, and what a draw gives. */
  #crowd(process: Caller): void {
    const id = this.pick([ids.rate, ids.hourly])
    for (let i = 0; i < 40; i++) this.#ask(process, { [id]: 1 })
  }

  #call(process: Caller): void {
    const one = () => (this.chance(0.8) ? 1 : this.pick([0, 2, 5, 12]))
    const costs: Costs = this.pick([
      { [ids.rate]: one() },
      { [ids.rate]: 1, [ids.hourly]: one() },
      { [ids.hourly]: one() },
      { [ids.prepaid]: one() },
      { [ids.rate]: one(), [ids.prepaid]: one() },
      { [ids.rate]: 1, [ids.hourly]: one(), [ids.prepaid]: one() },
    ])
    this.#ask(process, costs)
  }

  #ask(process: Caller, costs: Costs): void {
    this.history.calls++
    const epochs = new Map([...this.store.limits.values()].map(({ counterId, epoch }) => [counterId, epoch]))
    process.call(costs, (outcome, periods) => {
      if (outcome === undefined) this.history.failed++
      else if (!outcome.taken) this.history.refused++
      else {
        this.history.admitted++
        if (this.chance(0.1)) this.#reserve(costs, periods, epochs)
      }
    })
  }

  /** The call was a reservation: it is settled later, perhaps twice, by whichever process. */
  #reserve(costs: Costs, periods: Map<string, number>, epochs: Map<string, number>): void {
    for (const [counterId, cost] of Object.entries(costs)) {
      if (cost === 0) continue
      const period = periods.get(counterId) ?? 0
      const epoch = epochs.get(counterId) ?? 0
      const reservation: Reservation = { counterId, cost, period, epoch, isSettled: false }
      const really = this.chance(0.8)
        ? Math.floor(this.between(0, cost + 1))
        : cost + Math.floor(this.between(0, 3))
      for (let times = this.pick([1, 1, 2]); times > 0; times--)
        this.at(this.between(10, 6_000), () => {
          this.history.settled++
          this.store.settle(reservation, really)
        })
    }
  }

  #keepMeddling(): void {
    this.at(this.between(50, 1_500), () => {
      if (this.isCalm) return
      const dice = this.random()
      const slot = Math.floor(this.random() * this.#processes.length)
      const process = this.#processes[slot] as Process
      if (dice < 0.15) process.pause(this.between(100, 5_000))
      else if (dice < 0.27) process.cutOff(this.between(100, 4_000))
      else if (dice < 0.34) this.#outage(this.between(100, 2_500))
      else if (dice < 0.49) this.#raiseBarrier()
      else if (dice < 0.6) this.#clockOffset += this.pick([-3_600_000, -5_000, -700, 700, 5_000, 3_600_000])
      else if (dice < 0.78) this.#changeLimit()
      else if (dice < 0.9)
        this.store.add(this.pick([ids.hourly, ids.prepaid]), Math.floor(this.between(-40, 40)))
      else this.#end(process, slot)
      this.#keepMeddling()
    })
  }

  #end(process: Process, slot: number): void {
    if (this.chance(0.5)) process.kill()
    else process.stop()
    this.at(500, () => {
      if (!this.isCalm || process.isDead) this.#start(slot)
    })
  }

  #changeLimit(): void {
    const {
      counterId,
      allowance: before,
      epoch,
    } = this.store.limitOf(this.pick([ids.rate, ids.hourly, ids.prepaid]))
    const after: Allowance =
      before.kind === 'rate'
        ? { kind: 'rate', ...this.pick(rates) }
        : ({ ...before, limit: this.pick([10, 50, 100, 300, 1_000]) } satisfies Quota)
    this.store.change(counterId, after, this.chance(0.2) ? epoch + 1 : epoch)
    this.at(staleMs, () => {
      this.ledger.noteKnown(counterId, before, after, this.store.unitsOf(counterId))
    })
  }

  #outage(length: number): void {
    this.isUp = false
    this.at(length, () => {
      this.isUp = true
    })
  }

  /** Evicts each follower that has not confirmed it in time. */
  #raiseBarrier(): void {
    this.store.log.push('limits')
    const sequence = this.store.last
    this.at(barrierMs, () => {
      for (const [id, confirmed] of this.store.followers)
        if (confirmed < sequence && this.store.followers.delete(id)) this.history.evicted++
    })
  }

  #calmDown(): void {
    this.isCalm = true
    this.at(6_000, () => this.#raiseBarrier())
  }

  /** Whatever is there must be had, by whichever process. */
  #probe(): void {
    for (const { counterId } of this.#first) {
      const { holders } = this.store.counterOf(counterId)
      const out = outOf(holders.filter(({ id }) => this.store.followers.has(id)))
      if (out > 0) this.ledger.violate(`${counterId}: ${out} units are still out after ${calmMs} ms of calm`)
    }
    const callers = [...this.#processes, ...this.#verifiers].filter(({ isDead }) => !isDead)
    for (const process of callers)
      for (const { counterId } of this.#first) {
        const available = this.store.available(counterId)
        if (available < callers.length) continue
        process.call({ [counterId]: 1 }, (outcome) => {
          if (outcome?.taken !== true)
            this.ledger.violate(`${counterId}: refused for ever, though ${available} units are there`)
        })
      }
  }

  /** A rate gains its units wherever the clock was left, also behind what it has shown before. */
  #probeRate(): void {
    const process = this.#processes.find(({ isDead }) => !isDead)
    const call = { [ids.rate]: 1 }
    process?.call(call, () => {})
    this.at(refillMs, () =>
      process?.call(call, (outcome) => {
        if (outcome?.taken !== true) this.ledger.violate(`${ids.rate}: gains nothing in ${refillMs} ms`)
      }),
    )
  }
}
