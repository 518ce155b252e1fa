// What limits cost without faults, in a model: two processes that draw from one store, beside one exact bucket that has the
// same calls. The counters and allotments are the real ones; time, store and network are simulated.
import type { Allowance, Rate } from '../../src/core/limits.ts'
import { Allotments } from '../../src/verdict/allotment.ts'
import { type Counter, draw, newCounter } from '../../src/verdict/counter.ts'
import type { CountedLimit } from '../../src/verdict/holding.ts'
import { mulberry32 } from '../setup/chance.ts'
import { Events } from './limits-model-events.ts'

const spacingMs = 20

/** How calls come: `count` a second, to keys and processes in turn or by chance. */
export interface Load {
  rate: Omit<Rate, 'kind'>
  keys: number
  callsPerSecond: number
  isRandom: boolean
  seconds: number
}

/** What came of it, beside an exact bucket for each key. */
export interface Efficiency {
  calls: number
  admitted: number
  exact: number
  transactions: number
  rowWrites: number
  waited: number
}

/** Runs a load on two processes. */
export async function run(load: Load, seed = 1): Promise<Efficiency> {
  const random = mulberry32(seed)
  const events = new Events()
  const allowance: Allowance = { kind: 'rate', ...load.rate }
  const counters = new Map<string, Counter>()
  const exact = new Map<string, { level: number; at: number }>()
  const sum: Efficiency = { calls: 0, admitted: 0, exact: 0, transactions: 0, rowWrites: 0, waited: 0 }
  const processes: Node[] = []
  const recall = (id: string) => {
    for (const process of processes) events.at(2 + random() * 10, () => process.allotments.recall(id))
  }

  /** A process, and how it sends its messages. */
  class Node {
    readonly allotments: Allotments
    readonly limits = new Map<string, CountedLimit>()
    readonly #name: string
    #isBusy = false
    #isDue = false
    #startedAt = Number.NEGATIVE_INFINITY

    constructor(name: string) {
      this.#name = name
      this.allotments = new Allotments(
        {
          monotonic: () => events.time,
          after: (delay, callback) => {
            events.at(delay, callback)
            return () => {}
          },
        },
        () => this.#wake(),
        () => true,
      )
      const sweep = () => {
        this.allotments.sweep()
        events.at(1_000, sweep)
      }
      events.at(random() * 1_000, sweep)
    }

    call(counterId: string): void {
      const limit = this.#limitOf(counterId)
      const claims = [{ limit, cost: 1 }]
      const outcome = this.allotments.take(claims, events.time)
      if (outcome !== undefined) {
        if (outcome.taken) sum.admitted++
        return
      }
      sum.waited++
      void this.allotments.wait(claims).then(({ taken }) => {
        if (taken) sum.admitted++
      })
    }

    #limitOf(counterId: string): CountedLimit {
      let limit = this.limits.get(counterId)
      if (limit === undefined) {
        const whose = { scope: 'key', ownerId: counterId, organizationId: 'acme', name: 'requests' } as const
        limit = { counterId, ...whose, allowance, defaultCost: 1, epoch: 0 }
        this.limits.set(counterId, limit)
      }
      return limit
    }

    #wake(): void {
      if (this.#isBusy || this.#isDue) return
      this.#isDue = true
      events.at(Math.max(0, this.#startedAt + spacingMs - events.time), () => {
        this.#isDue = false
        this.#send()
      })
    }

    #send(): void {
      const message = this.allotments.prepare()
      if (message === undefined) return
      this.#isBusy = true
      this.#startedAt = events.time
      events.at(0.5 + random() * 1.5, () => {
        const now = Math.floor(events.time)
        sum.transactions++
        const answers = message.counters.map(({ holding, ...asked }) => {
          const id = holding.counterId
          const stored = counters.get(id) ?? newCounter(allowance, 0, now)
          const sent = { ...asked, holder: this.#name, sequence: message.sequence }
          const { counter, answer, isShort } = draw(stored, allowance, sent, now, () => true)
          counters.set(id, counter)
          sum.rowWrites++
          if (isShort) recall(id)
          return answer
        })
        events.at(0.5 + random() * 1.5, () => {
          this.allotments.accept(message, answers)
          this.#isBusy = false
          if (this.allotments.hasNews) this.#wake()
        })
      })
    }
  }

  processes.push(new Node('a'), new Node('b'))
  const { limit, windowMs, burst } = load.rate
  const gap = 1_000 / load.callsPerSecond
  const end = load.seconds * 1_000
  const arrive = (i: number) => {
    const key = `key-${load.isRandom ? Math.floor(random() * load.keys) : Math.floor(i / 2) % load.keys}`
    const process = processes[load.isRandom ? Math.floor(random() * 2) : i % 2] as Node
    sum.calls++
    const bucket = exact.get(key) ?? { level: burst, at: events.time }
    const level = Math.min(burst, bucket.level + ((events.time - bucket.at) * limit) / windowMs)
    const isAdmitted = level >= 1 - 1e-9
    if (isAdmitted) sum.exact++
    exact.set(key, { level: isAdmitted ? level - 1 : level, at: events.time })
    process.call(key)
    const wait = load.isRandom ? -Math.log(1 - random()) * gap : gap
    if (events.time + wait < end) events.at(wait, () => arrive(i + 1))
  }
  events.at(0, () => arrive(0))
  await events.runUntil(end + 500)
  return sum
}
