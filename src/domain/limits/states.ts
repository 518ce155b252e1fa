// What is left of limits, as lists and answers tell it.
import type { Counter } from '../../core/counters.ts'
import { type Allowance, fullAt, periodEnd } from '../../core/limits.ts'
import type { LimitState, PlainLimit, VerdictLimit } from '../../core/shapes/limits.ts'
import {
  describeAllowance,
  joinLimits,
  noLimits,
  readLimits,
  type StoredLimit,
  writeLimits,
} from '../../core/stored-limits.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { readCounters } from '../../store/counters.ts'
import type { Db } from '../../store/tables.ts'
import { advance, newCounter, outOf, storeOf } from '../../verdict/counter.ts'
import type { CountedLimit } from '../../verdict/holding.ts'
import { counterIdOf } from '../../verdict/owners.ts'

/** An owner of limits, as a row has it. */
interface OwnerRow {
  id: string
  /** The list of `stored-limits.ts`, as JSON. */
  limits: string
}

/** Reads what is left of the limits of keys, or of organizations, by their ids. Rows without a limit cost nothing. */
export async function readLimitStates(
  db: Db,
  dialect: StoreDialect,
  scope: 'key' | 'organization',
  rows: readonly OwnerRow[],
): Promise<Map<string, LimitState[]>> {
  const limited = rows.filter(({ limits }) => limits !== noLimits)
  if (limited.length === 0) return new Map()
  const lists = new Map(limited.map(({ id, limits }) => [id, readLimits(limits).limits]))
  const ids = [...lists].flatMap(([id, limits]) =>
    limits.map(({ name, allowance }) => counterIdOf(scope, id, name, allowance)),
  )
  const { counters, now } = await readCounters(db, dialect, ids)
  return new Map(
    [...lists].map(([id, limits]) => [
      id,
      limits.map((limit) =>
        toLimitState(limit, counters.get(counterIdOf(scope, id, limit.name, limit.allowance)), now),
      ),
    ]),
  )
}

/**
 * Reads what is left of the limits that a plan adds to those of its owner: those that count beside the owner's own.
 * `planned` is the plan's list; undefined, as the answer, without a plan.
 */
export async function readPlanLimits(
  db: Db,
  dialect: StoreDialect,
  scope: 'key' | 'organization',
  { id, limits: own }: OwnerRow,
  planned: string | undefined,
): Promise<LimitState[] | undefined> {
  if (planned === undefined) return undefined
  const ofPlan = readLimits(planned).limits
  const counting = joinLimits(readLimits(own).limits, ofPlan).filter((limit) => ofPlan.includes(limit))
  const limits = writeLimits({ limits: counting, removed: {} })
  return (await readLimitStates(db, dialect, scope, [{ id, limits }])).get(id) ?? []
}

/** What is left of limits from which nobody has drawn yet. */
export function fullStates(limits: string, now: number): LimitState[] {
  return readLimits(limits).limits.map((limit) => toLimitState(limit, undefined, now))
}

/** A limit with what is left of it at an instant by the database's clock; without a counter, all is. */
export function toLimitState(
  { name, allowance, defaultCost, epoch }: StoredLimit,
  counter: Counter | undefined,
  now: number,
): LimitState {
  const current = advance(counter ?? newCounter(allowance, epoch, now), allowance, epoch, now)
  const held = outOf(current.holders)
  // What was settled before its holder said that it is spent is no unit beyond those that there are.
  const most = allowance.kind === 'quota' ? allowance.limit + current.added : allowance.burst
  const left = Math.min(most, storeOf(current, allowance) + held)
  const remaining = Math.max(0, left)
  return {
    name,
    ...describeAllowance(allowance),
    defaultCost,
    remaining,
    owed: Math.max(0, -left),
    held: Math.min(held, remaining),
    resetsAt: resetsAt(allowance, left, current.asOf),
  }
}

function resetsAt(allowance: Allowance, left: number, now: number): Date | null {
  const end = allowance.kind === 'rate' ? fullAt(allowance, left, now) : periodEnd(allowance, now)
  return end === null ? null : new Date(end)
}

/** A limit as a verdict tells of it, by a counter as it stands. */
export function toVerdictLimit(
  { name, scope, ownerId, allowance, defaultCost, epoch }: CountedLimit,
  counter: Counter,
  now: number,
): VerdictLimit {
  const stored = { name, allowance, defaultCost, epoch, isSet: true }
  const { limit, windowSeconds, remaining, resetsAt } = toLimitState(stored, counter, now)
  return {
    name,
    scope,
    id: ownerId,
    limit,
    ...(windowSeconds !== undefined && { windowSeconds }),
    remaining,
    resetsAt,
  }
}

/** A list of limits as an event tells of it. */
export function describeLimits(limits: string): PlainLimit[] {
  return readLimits(limits).limits.map(({ name, allowance, defaultCost }) => ({
    name,
    ...describeAllowance(allowance),
    defaultCost,
  }))
}
