// The database of the model in `limits-model.ts`: counters, limits, followers and the log, each transaction in one instant.
import { type Allowance, isSameAllowance } from '../../src/core/limits.ts'
import {
  advance,
  type Counter,
  type DrawAnswer,
  type DrawMessage,
  draw,
  newCounter,
  outOf,
  storeOf,
} from '../../src/verdict/counter.ts'
import type { Breakage } from './limits-model.ts'
import type { Ledger } from './limits-model-ledger.ts'

/** A limit as it is now. */
export interface ModelLimit {
  counterId: string
  allowance: Allowance
  epoch: number
}

/** A call that reserved units. */
export interface Reservation {
  counterId: string
  cost: number
  period: number
  epoch: number
  isSettled: boolean
}

/** What a message asks of one counter; `allowance` is what its process knows of the limit. */
export interface AskedCounter {
  counterId: string
  allowance: Allowance
  message: DrawMessage
}

/** An answer, and the instant of the draw that came to it: of the first one, if it came again. */
export interface Drawn {
  answer: DrawAnswer
  instant: { order: number; at: number }
}

/** The database. Its clock may be set; followers are registered and evicted. */
export class Store {
  readonly limits = new Map<string, ModelLimit>()
  readonly counters = new Map<string, Counter>()
  readonly followers = new Map<string, number>()
  readonly log: string[] = []
  readonly ledger: Ledger
  readonly #instants = new Map<string, Drawn['instant']>()
  readonly #breakage: Breakage | undefined
  readonly #clock: () => number

  constructor(clock: () => number, ledger: Ledger, breakage: Breakage | undefined) {
    this.#clock = clock
    this.ledger = ledger
    this.#breakage = breakage
  }

  get last(): number {
    return this.log.length
  }

  limitOf(counterId: string): ModelLimit {
    return this.limits.get(counterId) as ModelLimit
  }

  /** The counter as it stands, even if nobody has drawn from it yet. */
  counterOf(counterId: string): Counter {
    const { allowance, epoch } = this.limitOf(counterId)
    return this.counters.get(counterId) ?? newCounter(allowance, epoch, this.#clock())
  }

  /** Draws from all counters of a message; undefined if its holder is not registered. */
  draw(asked: readonly AskedCounter[]): Drawn[] | undefined {
    const holder = asked[0]?.message.holder ?? ''
    return this.followers.has(holder) ? asked.map((one) => this.#drawOne(one)) : undefined
  }

  #drawOne({ counterId, allowance: known, message: sent }: AskedCounter): Drawn {
    const now = this.#clock()
    const stored = this.counterOf(counterId)
    const allowance = this.#breakage === 'allowance' ? known : this.limitOf(counterId).allowance
    const isLive = (id: string) => this.followers.has(id)
    const { counter, answer, isShort, lost, isRepeated } = this.#drawBroken(
      stored,
      allowance,
      sent,
      now,
      isLive,
    )
    this.counters.set(counterId, counter)
    const id = `${sent.holder} ${sent.sequence} ${counterId}`
    if (!isRepeated) {
      this.ledger.noteDraw(counterId, stored, counter, answer, sent, allowance, lost, now)
      this.#instants.set(id, { order: this.ledger.order, at: counter.asOf })
    }
    if (isShort) this.log.push(counterId)
    const instant = this.#instants.get(id) ?? { order: this.ledger.order, at: counter.asOf }
    return { answer: this.#breakage === 'period' ? { ...answer, kept: sent.unspent } : answer, instant }
  }

  /** A draw, with a rule of `counter.ts` taken out of it. */
  #drawBroken(
    stored: Counter,
    allowance: Allowance,
    message: DrawMessage,
    now: number,
    isLive: (id: string) => boolean,
  ) {
    const own = stored.holders.find(({ id }) => id === message.holder)
    const others = stored.holders.filter((holder) => holder !== own)
    switch (this.#breakage) {
      case 'report first': {
        // The report at the instant of the last draw, and then all the rest.
        const first = { ...message, need: 0, want: 0 }
        const { counter, answer, isRepeated } = draw(stored, allowance, first, stored.asOf, isLive)
        const again = { ...message, sequence: message.sequence + 0.5, passedMs: 0 }
        if (isRepeated) return draw(stored, allowance, again, now, isLive)
        const rest = { ...again, unspent: answer.kept, back: 0, unused: 0 }
        const passed = own === undefined ? now : own.drewAt + message.passedMs
        const at = allowance.kind === 'rate' && now < stored.asOf ? Math.max(now, passed) : now
        return draw(counter, allowance, rest, at, isLive)
      }
      case 'cap without out': {
        if (allowance.kind === 'quota') break
        return draw(
          stored,
          { ...allowance, burst: allowance.burst + outOf(stored.holders) },
          message,
          now,
          isLive,
        )
      }
      case 'repeated': {
        const holders = own === undefined ? others : [...others, { ...own, sequence: -1 }]
        return draw({ ...stored, holders }, allowance, message, now, isLive)
      }
      case 'passed twice': {
        const holders = own === undefined ? others : [...others, { ...own, drewAt: stored.asOf }]
        return draw({ ...stored, holders }, allowance, message, now, isLive)
      }
      case 'clock behind':
        return draw(stored, allowance, { ...message, passedMs: 0 }, now, isLive)
      case 'room': {
        const holders = own === undefined ? others : [...others, { ...own, room: own.given }]
        return draw({ ...stored, holders }, allowance, message, now, isLive)
      }
      case 'waiting is out': {
        const drawn = draw(stored, allowance, message, now, isLive)
        const { given } = drawn.answer
        if (drawn.isRepeated) return drawn
        const holders = drawn.counter.holders.map((holder) =>
          holder.id === message.holder ? { ...holder, out: holder.out + given } : holder,
        )
        const spent = allowance.kind === 'quota' ? drawn.counter.spent - given : 0
        return { ...drawn, counter: { ...drawn.counter, holders, spent } }
      }
    }
    return draw(stored, allowance, message, now, isLive)
  }

  /** Changes a limit for all who read it from now on. */
  change(counterId: string, allowance: Allowance, epoch: number): void {
    const before = this.limitOf(counterId)
    if (isSameAllowance(before.allowance, allowance) && before.epoch === epoch) return
    this.ledger.noteChange(counterId, before.allowance, allowance, this.counterOf(counterId).asOf)
    this.limits.set(counterId, { counterId, allowance, epoch })
    this.log.push('limits')
  }

  /** Adds units to a quota by hand, or takes some away. */
  add(counterId: string, units: number): void {
    const { allowance, epoch } = this.limitOf(counterId)
    const now = this.#clock()
    const counter = advance(this.counterOf(counterId), allowance, epoch, now)
    this.ledger.noteAdvance(counterId, counter.asOf, now)
    this.counters.set(counterId, { ...counter, added: counter.added + units })
    this.ledger.noteAdded(counterId, counter.period, units)
    this.log.push(counterId)
  }

  /** Settles what a call really cost; once. */
  settle(reservation: Reservation, cost: number): void {
    if (reservation.isSettled && this.#breakage !== 'gift') return
    reservation.isSettled = true
    const { counterId, period, epoch } = reservation
    const { allowance, epoch: current } = this.limitOf(counterId)
    if (epoch !== current) return
    const now = this.#clock()
    const counter = advance(this.counterOf(counterId), allowance, current, now)
    this.ledger.noteAdvance(counterId, counter.asOf, now)
    const surplus = reservation.cost - cost
    if (allowance.kind === 'rate') {
      const full = allowance.burst - outOf(counter.holders)
      const raised = Math.max(counter.level, Math.min(counter.level + surplus, full))
      const level = surplus > 0 ? raised : counter.level + surplus
      this.counters.set(counterId, { ...counter, level })
      if (surplus > 0) this.ledger.noteGift(reservation, counter.asOf, level - counter.level, surplus)
    } else if (surplus < 0 || period === counter.period) {
      this.counters.set(counterId, { ...counter, spent: counter.spent - surplus })
      if (surplus > 0) this.ledger.noteGift(reservation, counter.asOf, surplus, surplus)
      else this.ledger.noteShortfall(counterId, -surplus)
    } else {
      this.counters.set(counterId, counter)
    }
    this.log.push(counterId)
  }

  /** How many units there are in the store and out, with the part of one that has begun. */
  unitsOf(counterId: string): number {
    const { allowance, epoch } = this.limitOf(counterId)
    const counter = advance(this.counterOf(counterId), allowance, epoch, this.#clock())
    const begun = allowance.kind === 'rate' ? counter.rest / allowance.windowMs : 0
    return storeOf(counter, allowance) + outOf(counter.holders) + begun
  }

  /** How many units a call could get now, if nobody held any. */
  available(counterId: string): number {
    const { allowance, epoch } = this.limitOf(counterId)
    return storeOf(advance(this.counterOf(counterId), allowance, epoch, this.#clock()), allowance)
  }
}
