// How a process of the model in `limits-model.ts` serves verifiers elsewhere: by the real grants. What they take for calls that
// wait elsewhere is noted, so that it can be taken out of the record if none of these calls heard of it.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Changed } from '../../src/coherence/follower.ts'
import { leaseMs } from '../../src/core/bounds.ts'
import type { GrantsAnswer, grantsRequestSchema } from '../../src/core/shapes/grants.ts'
import { writeLimits } from '../../src/core/stored-limits.ts'
import type { Store as RealStore } from '../../src/store/store.ts'
import type { Allotments } from '../../src/verdict/allotment.ts'
import type { Claim } from '../../src/verdict/claims.ts'
import type { Clock } from '../../src/verdict/clock.ts'
import type { Holding } from '../../src/verdict/holding.ts'
import { Grants } from '../../src/verification/grants.ts'
import type { Memory } from '../../src/verification/read-through.ts'
import type { Breakage } from './limits-model.ts'
import type { Ledger } from './limits-model-ledger.ts'
import type { ModelLimit } from './limits-model-store.ts'

export type GrantsBody = ReturnType<(typeof grantsRequestSchema)['parse']>

/** When something was noted as spent: its place in the record, and the database's time if it was at a draw. */
export interface Instant {
  order: number
  at: number | undefined
}

/** Units that were taken for a call which waits elsewhere. */
export interface Taken {
  holder: string
  counterId: string
  units: number
  period: number
  instant: Instant
}

/** An answer, and what was taken for it. */
export interface Served {
  answer: GrantsAnswer
  exchange: Exchange
}

/** One message of a verifier, however often it comes. */
export class Exchange {
  #taken: Taken[] = []

  add(taken: Taken): void {
    this.#taken.push(taken)
  }

  /** Of a counter so many units were used; the others, and those of all counters that are not named, were not. */
  settle(ledger: Ledger, used: ReadonlyMap<string, number> = new Map()): void {
    const left = new Map(used)
    for (const { holder, counterId, units, period, instant } of this.#taken) {
      const mine = Math.min(units, left.get(counterId) ?? 0)
      left.set(counterId, (left.get(counterId) ?? 0) - mine)
      if (mine < units) ledger.noteUnspent(holder, counterId, units - mine, period, instant)
    }
    this.#taken = []
  }
}

interface Parts {
  allotments: Allotments
  clock: Clock
  holder(): string | undefined
  leaseAge(): number | undefined
  readLimits(): Promise<ModelLimit[]>
  noteTaken(claim: Claim, fromHand: boolean): Taken
}

type Tell = (news: { changed: readonly Changed[] }) => void

const context = new AsyncLocalStorage<Exchange>()

export class ModelServer {
  readonly #grants: Grants
  readonly #breakage: Breakage | undefined
  readonly #exchanges = new Map<string, Exchange>()
  #tell: Tell = () => {}
  #served = 0

  constructor(breakage: Breakage | undefined, parts: Parts) {
    this.#breakage = breakage
    const follower = {
      start: async () => {},
      subscribe: (listener: Tell) => {
        this.#tell = listener
      },
      get id() {
        return parts.holder()
      },
      lease: { age: parts.leaseAge, holds: () => parts.leaseAge() !== undefined },
    }
    const memory = { allotments: lending(breakage, parts), clock: parts.clock, follower }
    const read = async () => {
      const limits = (await parts.readLimits()).map(({ counterId, allowance, epoch }) => {
        const name = counterId.split('/')[2] as string
        return { name, allowance, defaultCost: 1, epoch, isSet: true }
      })
      const owner = { scope: 'key', id: 'key', organizationId: 'acme', planned: null }
      return [{ ...owner, limits: writeLimits({ limits, removed: {} }) }]
    }
    const store = { read } as unknown as Pick<RealStore, 'dialect' | 'read'>
    this.#grants = new Grants(memory as unknown as Memory, store, () => {})
  }

  async serve(given: GrantsBody): Promise<Served> {
    const body = this.#breakage === 'message twice' ? { ...given, sequence: ++this.#served } : given
    const name = `${body.verifier} ${body.sequence}`
    const exchange = this.#exchanges.get(name) ?? new Exchange()
    this.#exchanges.set(name, exchange)
    return { answer: await context.run(exchange, () => this.#grants.serve(body, 'key', undefined)), exchange }
  }

  /** Hears that units of a counter are called back. */
  recall(id: string): void {
    this.#tell({ changed: [{ topic: 'limit', id, organizationId: 'acme' }] })
  }

  cancelAll(ledger: Ledger): void {
    for (const exchange of this.#exchanges.values()) exchange.settle(ledger)
  }
}

/** The allotments as the grants see them: what they take is noted. */
function lending(breakage: Breakage | undefined, { allotments, noteTaken }: Parts): Allotments {
  const note = (claims: readonly Claim[], fromHand: boolean) => {
    for (const claim of claims) if (claim.cost > 0) context.getStore()?.add(noteTaken(claim, fromHand))
  }
  const own: Pick<Allotments, 'take' | 'wait' | 'lend' | 'endLoan' | 'giveBack' | 'holdingOf'> = {
    take: (claims, now) => {
      const outcome = allotments.take(claims, now)
      if (outcome?.taken) note(claims, true)
      return outcome
    },
    wait: async (claims) => {
      const outcome = await allotments.wait(claims)
      if (outcome.taken) note(claims, false)
      return outcome
    },
    lend: (limit, most) => allotments.lend(limit, most),
    endLoan: (holding: Holding, spent, back) =>
      breakage === 'loan twice'
        ? allotments.endLoan(holding, 0, spent + back)
        : allotments.endLoan(holding, spent, back),
    giveBack: (claims, isLate) => allotments.giveBack(claims, breakage === 'late unused' ? false : isLate),
    holdingOf: (limit) => allotments.holdingOf(limit),
  }
  return own as Allotments
}

/** How long a verifier believes what it has read of limits. */
export const factsMs = leaseMs
