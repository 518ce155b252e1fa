// Settlements: what was reserved for a call is brought to what it cost. One transaction: the record, and the counters.
import type { Change } from '../commit/commit.ts'
import { scopeOf } from '../core/access.ts'
import { keptSettlementsMs } from '../core/bounds.ts'
import type { ActorOptions } from '../core/call-options.ts'
import type { Counter } from '../core/counters.ts'
import { LatchkeyError, refuseField } from '../core/errors.ts'
import { parseInput } from '../core/input.ts'
import { unitsMeasure } from '../core/measures.ts'
import { type SettleInput, type Settlement, type Settling, settleSchema } from '../core/shapes/settlements.ts'
import { fromWireAnswer, toWire } from '../core/wire.ts'
import { lockCounters, makeCounters, writeCounters } from '../store/counters.ts'
import { findDrawn } from '../store/drawn-limits.ts'
import { answerSettlement, insertSettlement } from '../store/settlements.ts'
import { allDone } from '../store/statements.ts'
import { bookUsage } from '../store/usage.ts'
import type { Claim } from '../verdict/claims.ts'
import { advance, newCounter, settleCounter, storeOf } from '../verdict/counter.ts'
import type { CountedLimit } from '../verdict/holding.ts'
import { Owners } from '../verdict/owners.ts'
import { checkOptions } from './calls.ts'
import { actorOf, type CommandOptions, type Engine } from './engine.ts'
import {
  counterHash,
  type Reservation,
  type Reserved,
  readReservation,
  reservationEnded,
} from './limits/reservations.ts'
import { toVerdictLimit } from './limits/states.ts'

/** Makes the method that settles, of an open Latchkey. */
export function settlementMethods(engine: Engine): Settling<ActorOptions> {
  return {
    settle: async (reservation, cost, options) =>
      settle(engine, { reservation, cost }, checkOptions(options)),
  }
}

/** One limit of a reservation, as it is settled. */
interface Settled {
  limit: CountedLimit
  reserved: Reserved
  cost: number
}

async function settle(engine: Engine, input: SettleInput, options: CommandOptions): Promise<Settlement> {
  const { reservation: text, cost } = parseInput(settleSchema, input)
  const reservation = readReservation(engine.keyring, text)
  const requirements = { permission: 'latchkey:keys:verify', signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, actor } = change
    // As everywhere below, none of these statements waits for the answer to the one before.
    const [drawn, known] = await allDone([
      findDrawn(tx, [reservation.keyId]),
      insertSettlement(tx, {
        id: reservation.id,
        cost: JSON.stringify(sorted(cost)),
        answer: '',
        kept_until: reservation.endsAt + keptSettlementsMs,
      }),
    ])
    const key = drawn.get(reservation.keyId)
    const scope = scopeOf(actor)
    // A foreign one is as unknown as one that is not there.
    if (key === undefined || (scope !== undefined && key.organizationId !== scope))
      refuseField('reservation', 'Must be a reservation of this instance, whole and as a verdict gave it.')
    if (known !== undefined) return repeat(known, cost)
    const { claims } = new Owners(1).drawn(reservation.keyId, key.organizationId, key.lines, null)
    requireReserved(claims, reservation.reserved, cost)
    const settled = matched(claims, reservation.reserved, cost)
    const { keyId } = reservation
    const counts = settled.map(({ limit: { scope: ofLimit, name }, reserved, cost: paid }) => ({
      keyId,
      organizationId: key.organizationId,
      measure: unitsMeasure(ofLimit, name),
      amount: paid - reserved.units,
    }))
    // Whoever waits for a counter holds no row of usage.
    const [answer] = await allDone([
      settleAll(engine, change, reservation, settled),
      bookUsage(tx, engine.store.dialect, counts, engine.at()),
    ])
    return answer
  })
}

function repeat(known: { cost: string; answer: string }, cost: SettleInput['cost']): Settlement {
  if (known.cost !== JSON.stringify(sorted(cost)))
    throw new LatchkeyError(
      'reservation_settled',
      `The reservation was settled before, at the cost ${describeCost(known.cost)}.`,
    )
  return fromWireAnswer(JSON.parse(known.answer))
}

/** Writes a cost as it is kept: `5`, or `{"credits":5}`. */
function describeCost(kept: string): string {
  const cost: number | [string, number][] = JSON.parse(kept)
  return typeof cost === 'number' ? String(cost) : JSON.stringify(Object.fromEntries(cost))
}

/**
 * Throws `invalid_input` for a name in a cost that is none of the reservation: misspelt, it would settle at all that was reserved,
 * for good. If one of its limits is gone, its name is not known, and any may be meant.
 */
function requireReserved(
  claims: readonly Claim[],
  all: readonly Reserved[],
  cost: SettleInput['cost'],
): void {
  if (typeof cost === 'number') return
  const limits = all.map(({ counter }) =>
    claims.find(({ limit }) => counterHash(limit.counterId) === counter),
  )
  if (limits.includes(undefined)) return
  const names = [...new Set(limits.map((claim) => claim?.limit.name))]
  const stranger = Object.keys(cost).find((name) => !names.includes(name))
  if (stranger !== undefined)
    refuseField(`cost.${stranger}`, `Must be a limit of the reservation, which has ${names.join(', ')}.`)
}

/** What was reserved of limits that are still there; of one that is gone, or of another epoch, nothing is settled. */
function matched(claims: readonly Claim[], all: readonly Reserved[], cost: SettleInput['cost']): Settled[] {
  return all.flatMap((reserved) => {
    const claim = claims.find(({ limit }) => counterHash(limit.counterId) === reserved.counter)
    if (claim === undefined || claim.limit.epoch !== reserved.epoch) return []
    const { limit } = claim
    const named =
      typeof cost === 'number' ? cost : Object.hasOwn(cost, limit.name) ? cost[limit.name] : undefined
    return [{ limit, reserved, cost: named ?? reserved.units }]
  })
}

async function settleAll(
  engine: Engine,
  change: Change,
  reservation: Reservation,
  settled: readonly Settled[],
): Promise<Settlement> {
  const { tx } = change
  const { dialect } = engine.store
  const made = settled.map(({ limit }) => ({
    id: limit.counterId,
    organizationId: limit.organizationId,
    counter: newCounter(limit.allowance, limit.epoch, 0),
  }))
  const ids = settled.map(({ limit }) => limit.counterId)
  const [, { counters, now }] = await allDone([
    makeCounters(tx, dialect, made),
    lockCounters(tx, dialect, ids),
  ])
  if (now >= reservation.endsAt) throw reservationEnded()
  const after = settled.map(({ limit, reserved, cost }) => {
    const { allowance, epoch, counterId: id, organizationId } = limit
    const stored = counters.get(id)?.counter as Counter
    const before = advance(stored, allowance, epoch, now)
    const { counter, overdrawn } = settleCounter(before, allowance, reserved, cost)
    if (overdrawn > 0) recordOverdrawn(change, limit, overdrawn)
    // Where calls were refused, there are units now.
    const isRefilled = storeOf(before, allowance) < 1 && storeOf(counter, allowance) >= 1
    if (isRefilled) change.announce({ topic: 'limit', id, organizationId })
    return { id, organizationId, counter, spending: { limit, allowance, before: stored, after: counter } }
  })
  const answer: Settlement = {
    settled: settled.map(({ limit: { name, scope, ownerId }, reserved, cost }) => ({
      name,
      scope,
      id: ownerId,
      reserved: reserved.units,
      cost,
    })),
    limits: settled.map(({ limit }, i) => toVerdictLimit(limit, after[i]?.counter as Counter, now)),
  }
  await allDone([
    engine.reachedLimits.record(
      change,
      after.map(({ spending }) => spending),
    ),
    writeCounters(tx, dialect, after),
    answerSettlement(tx, reservation.id, JSON.stringify(toWire(answer))),
  ])
  return answer
}

function recordOverdrawn(
  change: Change,
  { organizationId, ownerId, name, scope }: CountedLimit,
  units: number,
): void {
  change.record({
    action: 'limit.overdrawn',
    organizationId,
    ...(scope !== 'organization' && { keyId: ownerId }),
    changes: { name, units },
  })
}

/** The same cost is the same text, in whichever order it names the limits. */
function sorted(cost: SettleInput['cost']): unknown {
  return typeof cost === 'number' ? cost : Object.entries(cost).sort(([a], [b]) => (a < b ? -1 : 1))
}
