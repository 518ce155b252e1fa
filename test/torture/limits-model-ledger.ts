// What was admitted in a history of `limits-model.ts`, in the order of its instants, and whether that was allowed.
import type { Allowance } from '../../src/core/limits.ts'
import type { Counter, DrawAnswer, DrawMessage } from '../../src/verdict/counter.ts'
import { storeOf } from '../../src/verdict/counter.ts'
import type { Reservation } from './limits-model-store.ts'

/** Within this time a process may go by what a limit was before a change. */
const staleMs = 2_000
/** All windows of the model divide it: debts are exact in units of this many. */
const scale = 60_000

type Entry = { order: number; time: number } & (
  | { kind: 'draw'; at: number }
  | { kind: 'spent'; at: number | undefined; clock: number; units: number; period: number }
  | { kind: 'gift'; at: number; units: number; period: number }
  | { kind: 'change'; before: Allowance; after: Allowance; asOf: number }
  | { kind: 'known'; slack: number; units: number }
  | { kind: 'added'; period: number; units: number }
)

/** What a holder got of a counter, and what became of it. */
interface Account {
  got: number
  returned: number
  spent: number
}

/** The record of a history. */
export class Ledger {
  order = 0
  readonly #entries = new Map<string, Entry[]>()
  readonly #accounts = new Map<string, Account>()
  readonly #gifts = new Map<Reservation, number>()
  /** The latest that it can be for a counter: by the database's clock whenever it was read, or by the time that has passed since. */
  readonly #latest = new Map<string, { at: number; time: number }>()
  readonly #time: () => number
  readonly #clock: () => number
  lost = 0
  shortfalls = 0
  violation: string | undefined

  constructor(time: () => number, clock: () => number) {
    this.#time = time
    this.#clock = clock
  }

  noteDraw(
    counterId: string,
    before: Counter,
    after: Counter,
    answer: DrawAnswer,
    message: DrawMessage,
    allowance: Allowance,
    lost: number,
    clock: number,
  ): void {
    this.noteAdvance(counterId, after.asOf, clock)
    this.lost += lost
    const account = this.account(message.holder, counterId)
    account.got += answer.granted + answer.given
    const isSamePeriod = before.period === after.period
    if (allowance.kind === 'quota' && isSamePeriod && before.epoch === after.epoch)
      account.returned +=
        storeOf(after, allowance) - storeOf(before, allowance) + answer.granted + answer.given
  }

  /** A counter was brought to an instant, by the limit as it is; `clock` is what the database's clock showed. */
  noteAdvance(counterId: string, at: number, clock: number): void {
    this.#push(counterId, { kind: 'draw', at })
    const time = this.#time()
    const known = this.#latest.get(counterId) ?? { at: clock, time }
    const latest = Math.max(clock, known.at + time - known.time)
    this.#latest.set(counterId, { at: latest, time })
    if (at > latest) this.#violate(`${counterId}: ${at - latest} ms ahead of all time that has passed`)
  }

  /** Notes units that a holder spent: from hand now, or at the draw that gave them. */
  noteSpent(
    holder: string,
    counterId: string,
    units: number,
    period: number,
    drawn?: { order: number; at: number },
  ) {
    if (units === 0) return
    this.account(holder, counterId).spent += units
    if (drawn === undefined)
      this.#push(counterId, { kind: 'spent', at: undefined, clock: this.#clock(), units, period })
    else
      this.#entriesOf(counterId).push({
        kind: 'spent',
        at: drawn.at,
        clock: drawn.at,
        units,
        period,
        time: this.#time(),
        order: drawn.order,
      })
  }

  /** Of units that were noted as spent at an instant, so many were not: the call for which they were drawn took none. */
  noteUnspent(
    holder: string,
    counterId: string,
    units: number,
    period: number,
    { order, at }: { order: number; at: number | undefined },
  ): void {
    this.account(holder, counterId).spent -= units
    // Just before what they were part of.
    const entry = {
      kind: 'spent',
      at,
      clock: Number.NEGATIVE_INFINITY,
      units: -units,
      period,
      time: this.#time(),
      order: order - 0.5,
    } as const
    this.#entriesOf(counterId).push(entry)
  }

  noteChange(counterId: string, before: Allowance, after: Allowance, asOf: number): void {
    this.#push(counterId, { kind: 'change', before, after, asOf })
  }

  /** All processes know of a change; so many units are in the store and out. */
  noteKnown(counterId: string, before: Allowance, after: Allowance, units: number): void {
    this.#push(counterId, { kind: 'known', slack: Math.max(0, mostOf(before) - mostOf(after)), units })
  }

  noteAdded(counterId: string, period: number, units: number): void {
    this.#push(counterId, { kind: 'added', period, units })
  }

  noteGift(reservation: Reservation, at: number, units: number, most: number): void {
    const { counterId, period } = reservation
    this.#push(counterId, { kind: 'gift', at, units, period })
    const sum = (this.#gifts.get(reservation) ?? 0) + units
    this.#gifts.set(reservation, sum)
    if (sum > most) this.#violate(`${counterId}: ${sum} units given back of ${most}`)
  }

  noteShortfall(_: string, units: number): void {
    this.shortfalls += units
  }

  account(holder: string, counterId: string): Account {
    const id = `${holder} ${counterId}`
    let account = this.#accounts.get(id)
    if (account === undefined) {
      account = { got: 0, returned: 0, spent: 0 }
      this.#accounts.set(id, account)
    }
    return account
  }

  /** Looks through the whole history. */
  check(limits: Iterable<{ counterId: string; first: Allowance }>): void {
    for (const [id, { got, returned, spent }] of this.#accounts)
      if (spent + returned > got) this.#violate(`${id}: got ${got}, spent ${spent}, gave back ${returned}`)
    for (const { counterId, first } of limits) {
      const entries = this.#entriesOf(counterId).sort((a, b) => a.order - b.order)
      if (first.kind === 'rate') this.#checkRate(counterId, first, entries)
      else this.#checkQuota(counterId, first, entries)
    }
  }

  /** A bucket of debt: each admission adds to it, time takes from it, and it never exceeds the burst. */
  #checkRate(counterId: string, first: Allowance, entries: Entry[]): void {
    let now = Number.NEGATIVE_INFINITY
    let debt = 0
    let slack = 0
    let unspent = 0
    let allowance = first
    const pass = (at: number) => {
      if (allowance.kind !== 'rate' || at <= now) return
      if (now > Number.NEGATIVE_INFINITY)
        debt = Math.max(0, debt - (at - now) * allowance.limit * (scale / allowance.windowMs))
      now = at
    }
    const drawnNext = nextDraws(entries)
    for (const [i, entry] of entries.entries()) {
      if (allowance.kind !== 'rate') return
      switch (entry.kind) {
        case 'draw':
          pass(entry.at)
          break
        case 'spent':
          // What was not spent of what comes next is taken out of that, when that was.
          if (entry.at === undefined && entry.units < 0) {
            unspent -= entry.units
            break
          }
          // From hand: when it was by the database's clock, between the two draws that the counter knows of.
          pass(entry.at ?? Math.min(entry.clock, drawnNext[i] as number))
          debt += (entry.units - unspent) * scale
          unspent = 0
          if (debt > (allowance.burst + slack) * scale)
            this.#violate(
              `${counterId} at ${entry.time.toFixed(0)} ms: ${(debt / scale - allowance.burst - slack).toFixed(3)} above ${JSON.stringify(allowance)} (entry ${i})`,
            )
          break
        case 'gift':
          pass(entry.at)
          debt = Math.max(0, debt - entry.units * scale)
          break
        case 'change': {
          const { before, after } = entry
          if (before.kind !== 'rate' || after.kind !== 'rate') return
          const lowered = Math.max(0, before.burst - after.burst)
          debt = Math.max(0, debt - lowered * scale)
          slack += lowered
          // A raised rate counts from the last draw on.
          const faster = (scale / after.windowMs) * after.limit - (scale / before.windowMs) * before.limit
          if (faster > 0) now = Math.min(now, entry.asOf)
          allowance = after
          break
        }
        case 'known':
          slack -= entry.slack
          // What was spent by the larger limit meanwhile is no debt.
          if (slack === 0)
            debt = Math.min(debt, Math.round(Math.max(0, allowance.burst - entry.units) * scale))
          break
      }
    }
  }

  #checkQuota(counterId: string, first: Allowance, entries: Entry[]): void {
    const limits = [{ time: Number.NEGATIVE_INFINITY, limit: first.limit }]
    const net = new Map<number, number>()
    let unspent = 0
    const added = new Map<number, { time: number; sum: number }[]>()
    const most = (steps: { time: number; value: number }[], time: number) => {
      let best = Number.NEGATIVE_INFINITY
      for (const [i, { value }] of steps.entries())
        if ((steps[i + 1]?.time ?? Number.POSITIVE_INFINITY) >= time - staleMs) best = Math.max(best, value)
      return best
    }
    for (const entry of entries) {
      if (entry.kind === 'change') limits.push({ time: entry.time, limit: entry.after.limit })
      else if (entry.kind === 'added') {
        const steps = added.get(entry.period) ?? [{ time: Number.NEGATIVE_INFINITY, sum: 0 }]
        steps.push({ time: entry.time, sum: (steps.at(-1)?.sum ?? 0) + entry.units })
        added.set(entry.period, steps)
      } else if (entry.kind === 'gift' || entry.kind === 'spent') {
        const before = net.get(entry.period) ?? 0
        const sum = before + (entry.kind === 'gift' ? -entry.units : entry.units)
        net.set(entry.period, sum)
        // What was not spent of what comes next stands before that: together they are what was spent.
        if (entry.kind === 'spent') {
          const spent = entry.units + unspent
          unspent = entry.units < 0 ? spent : 0
          if (spent <= 0) continue
        }
        const limit = most(
          limits.map(({ time, limit: value }) => ({ time, value })),
          entry.time,
        )
        const extra = most(
          (added.get(entry.period) ?? []).map(({ time, sum: value }) => ({ time, value })),
          entry.time,
        )
        const allowed = limit + Math.max(extra, Number.NEGATIVE_INFINITY === extra ? 0 : extra)
        if (entry.kind === 'spent' && entry.units > 0 && sum > allowed)
          this.#violate(
            `${counterId} at ${entry.time.toFixed(0)} ms: ${sum} of ${allowed} in the period ${entry.period}`,
          )
      }
    }
  }

  #push(counterId: string, what: DistributiveOmit<Entry, 'order' | 'time'>): void {
    this.#entriesOf(counterId).push({ ...what, order: ++this.order, time: this.#time() })
  }

  #entriesOf(counterId: string): Entry[] {
    let entries = this.#entries.get(counterId)
    if (entries === undefined) {
      entries = []
      this.#entries.set(counterId, entries)
    }
    return entries
  }

  #violate(what: string): void {
    this.violation ??= what
  }

  violate(what: string): void {
    this.#violate(what)
  }
}

/** For each entry, the instant of the first draw after it. */
function nextDraws(entries: readonly Entry[]): number[] {
  const found = new Array<number>(entries.length)
  let next = Number.POSITIVE_INFINITY
  for (let i = entries.length - 1; i >= 0; i--) {
    found[i] = next
    const entry = entries[i] as Entry
    if (entry.kind === 'draw') next = entry.at
  }
  return found
}

type DistributiveOmit<Union, Name extends PropertyKey> = Union extends unknown ? Omit<Union, Name> : never

function mostOf(allowance: Allowance): number {
  return allowance.kind === 'rate' ? allowance.burst : allowance.limit
}
