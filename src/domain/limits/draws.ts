// Draws units for the limits of this process: all of its counters in one transaction, one at a time, off the path of a
// verification that has units at hand.
import type { Opened, Writer } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { type Allowance, kindOf, type LimitScope } from '../../core/limits.ts'
import { joinLimits, readLimits } from '../../core/stored-limits.ts'
import {
  type LockedCounters,
  lockCounters,
  makeCounters,
  type StoredCounter,
  writeCounters,
} from '../../store/counters.ts'
import { allDone } from '../../store/statements.ts'
import { isBusy, type Store } from '../../store/store.ts'
import { Allotments } from '../../verdict/allotment.ts'
import type { CounterMessage, Message } from '../../verdict/claims.ts'
import type { Clock } from '../../verdict/clock.ts'
import { type Draw, type DrawAnswer, draw, newCounter } from '../../verdict/counter.ts'
import type { CountedLimit } from '../../verdict/holding.ts'
import { recordLost } from './lost-units.ts'
import type { ReachedLimits, Spending } from './reached.ts'
import { RecallPace } from './recall-pace.ts'

/** Two draws of a process begin so far apart at least. */
const betweenMs = 20
const sweepEveryMs = 1_000
/** After a draw that failed. */
const pauseMs = 100
/** For so long a draw is tried again for which the database is busy; then the calls that wait for it fail. */
const patienceMs = 2_000
/** How long a stop goes on giving units back. */
const lastMs = 1_000

/** How this process is known as a holder. */
interface Following {
  /** Its registration; undefined while it has none: then it may hold no units. */
  readonly id: string | undefined
  readonly lease: { holds(monotonic: number, now: number): boolean }
  start(): Promise<void>
}

/** Runs the draws of a process. */
export class Draws {
  readonly allotments: Allotments
  readonly #store: Pick<Store, 'dialect'>
  readonly #clock: Clock
  readonly #follower: Following
  readonly #reached: Pick<ReachedLimits, 'record'>
  #writer: Pick<Writer, 'transact'> | undefined
  #under: Promise<void> | undefined
  #isTimed = false
  #isStopping = false
  #startedAt = Number.NEGATIVE_INFINITY
  readonly #recalls = new RecallPace()
  #callOff: () => void

  constructor(
    store: Pick<Store, 'dialect'>,
    clock: Clock,
    follower: Following,
    reached: Pick<ReachedLimits, 'record'>,
  ) {
    this.#store = store
    this.#clock = clock
    this.#follower = follower
    this.#reached = reached
    const holdsLease = () => follower.lease.holds(clock.monotonic(), clock.now())
    this.allotments = new Allotments(clock, () => this.#wake(), holdsLease)
    const sweep = () => {
      this.allotments.sweep()
      this.#callOff = clock.after(sweepEveryMs, sweep)
    }
    this.#callOff = clock.after(sweepEveryMs, sweep)
  }

  /** Draws by a writer from now on: it needs the memory, which needs this. */
  begin(writer: Pick<Writer, 'transact'>): void {
    this.#writer = writer
  }

  /** Gives all units back, as far as there is time, and ends. */
  async stop(): Promise<void> {
    this.#callOff()
    this.#isStopping = true
    await this.#under
    this.allotments.giveAllBack()
    const startedAt = this.#clock.monotonic()
    while (this.allotments.hasNews && this.#clock.monotonic() - startedAt < lastMs) {
      const message = this.allotments.prepare()
      if (message === undefined || !(await this.#send(message))) return
    }
  }

  #wake(): void {
    if (this.#isTimed || this.#under !== undefined || this.#isStopping) return
    this.#isTimed = true
    const wait = this.#startedAt + betweenMs - this.#clock.monotonic()
    // What is asked for in the same turn of the event loop goes together.
    if (wait <= 0) setImmediate(() => this.#start())
    else this.#clock.after(Math.ceil(wait), () => this.#start())
  }

  #start(): void {
    this.#isTimed = false
    if (this.#isStopping) return
    const message = this.allotments.prepare()
    if (message === undefined) return
    this.#startedAt = this.#clock.monotonic()
    this.#under = this.#send(message).then((isDone) => {
      this.#under = undefined
      if (isDone && this.allotments.hasNews) this.#wake()
      else if (!isDone) this.#clock.after(pauseMs, () => this.#wake())
    })
  }

  async #send(message: Message): Promise<boolean> {
    try {
      const answers = await this.#draw(message)
      if (answers === undefined) this.allotments.drop()
      else this.allotments.accept(message, answers)
      return answers !== undefined
    } catch (error) {
      // What it would have called back, it has not.
      for (const { holding } of message.counters) this.#recalls.forget(holding.counterId)
      // By its number the database knows whether it has taken it before.
      if (!isBusy(error) || this.#clock.monotonic() - message.sentAt >= patienceMs)
        this.allotments.fail(message, error)
      return false
    }
  }

  /** Draws; undefined if the lease has ended of which this process believes that it holds units. */
  async #draw(message: Message): Promise<DrawAnswer[] | undefined> {
    await this.#follower.start()
    const holder = this.#follower.id
    if (holder === undefined)
      throw new LatchkeyError(
        'store_unavailable',
        'This process does not follow the database yet. Try again.',
      )
    const writer = this.#writer as Pick<Writer, 'transact'>
    const draws = await writer.transact(
      [system],
      {},
      (opened) => this.#drawIn(opened, message, holder),
      (tx, drawn) => {
        const changed = drawn?.filter(({ isRepeated }) => !isRepeated) ?? []
        return changed.length === 0 ? [] : [writeCounters(tx, this.#store.dialect, changed)]
      },
    )
    return draws?.map(({ answer }) => answer)
  }

  async #drawIn(
    opened: Opened,
    { counters, sequence }: Message,
    holder: string,
  ): Promise<(Draw & StoredCounter)[] | undefined> {
    const limits = counters.map(({ holding }) => holding.limit)
    const { dialect } = this.#store
    // On SQLite a transaction is alone: a row that is missing can be made when it is written.
    const isAlone = !dialect.skipsLocked
    const unknown = isAlone ? [] : counters.filter(({ holding }) => !holding.isStored)
    const ids = counters.map(({ holding }) => holding.counterId)
    const [, locked] = await allDone([
      makeCounters(opened.tx, dialect, unknown.map(toNew)),
      lockCounters(opened.tx, dialect, ids, ownersOf(limits)),
    ])
    if (!locked.followers.has(holder)) return undefined
    const isLive = (id: string) => locked.followers.has(id)
    const spendings: Spending[] = []
    const draws = counters.map((asked) => {
      const { limit } = asked.holding
      const allowance = allowanceNow(limit, locked)
      const known = locked.counters.get(asked.holding.counterId)
      const stored = known ?? (isAlone ? toNew(asked) : undefined)
      if (stored === undefined) {
        asked.holding.isStored = false
        throw new Error('The database has no row of a counter. The next draw makes it.')
      }
      const message = { ...asked, holder, sequence }
      const drawn = draw(stored.counter, allowance, message, locked.now, isLive)
      spendings.push({ limit, allowance, before: stored.counter, after: drawn.counter })
      return { ...drawn, id: asked.holding.counterId, organizationId: limit.organizationId }
    })
    const change = opened.begin(system, 'any key')
    const short = draws.filter(({ isShort }) => isShort)
    const recalled = this.#recalls.choose(
      short.map(({ id }) => id),
      this.#clock.monotonic(),
    )
    for (const { id, organizationId } of short)
      if (recalled.has(id)) change.announce({ topic: 'limit', id, organizationId })
    for (const [i, { lost }] of draws.entries())
      if (lost > 0) recordLost(change, (counters[i] as CounterMessage).holding.limit, lost)
    await this.#reached.record(change, spendings)
    return draws
  }
}

function ownersOf(limits: readonly CountedLimit[]): { keys: string[]; organizations: string[] } {
  const idsOf = (isWanted: (scope: LimitScope) => boolean) => [
    ...new Set(limits.filter(({ scope }) => isWanted(scope)).map(({ ownerId }) => ownerId)),
  ]
  return {
    keys: idsOf((scope) => scope !== 'organization'),
    organizations: idsOf((scope) => scope === 'organization'),
  }
}

/** What a limit allows as the database has it now; as it was last known if it is gone. */
function allowanceNow({ scope, ownerId, name, allowance }: CountedLimit, locked: LockedCounters): Allowance {
  const row = (scope === 'organization' ? locked.organizations : locked.keys).get(ownerId)
  if (row === undefined) return allowance
  const planned = row.planned === null ? [] : readLimits(row.planned).limits
  const current = joinLimits(readLimits(row.limits).limits, planned).filter((limit) => limit.name === name)
  return (
    current.map((limit) => limit.allowance).find((other) => kindOf(other) === kindOf(allowance)) ?? allowance
  )
}

function toNew({ holding }: CounterMessage): StoredCounter {
  const { counterId: id, limit } = holding
  const { allowance, organizationId } = limit
  // As of 1970: the first draw brings it to the database's instant.
  return { id, organizationId, counter: newCounter(allowance, limit.epoch, 0) }
}
