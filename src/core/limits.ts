// What limits are made of: named stores of units from which calls draw. Instants are milliseconds since 1970.
import { maxLimitUnits } from './bounds.ts'
import { periodAt, type Resets } from './periods.ts'

/** The form of a limit's name. */
export const limitNamePattern = /^[a-z][a-z0-9_]{0,31}$/

/** A token bucket: it holds at most `burst` units and gains `limit` units in each window, evenly. */
export interface Rate {
  kind: 'rate'
  limit: number
  windowMs: number
  burst: number
}

/** A store of `limit` units for each period. */
export interface Quota {
  kind: 'quota'
  limit: number
  resets: Resets
  /** On which weekday or day of the month a period begins, and at what time; null for Mondays and the 1st, at midnight. */
  anchor: number | null
  /** How far a settlement may draw it below zero; null for as far as it must. */
  overdraft: number | null
}

/** How many units there are, and when. */
export type Allowance = Rate | Quota

/** A limit of an owner. */
export interface Limit {
  name: string
  allowance: Allowance
  /** What a call draws that names no cost. */
  defaultCost: number
  /**
   * How often the limit was removed from its list, before this one was added: what was granted of a removed one is void.
   */
  epoch: number
}

export const limitScopes = ['key', 'organization', 'ancestor'] as const
/** Whose limit it is, beside the key that is verified: an `ancestor` is a key that made it. */
export type LimitScope = (typeof limitScopes)[number]

/**
 * What a counter counts: a rate, or a quota by its periods. Two limits of one name and one kind share a counter, however
 * many units they allow.
 */
export function kindOf(allowance: Allowance): string {
  if (allowance.kind === 'rate') return 'rate'
  const { resets, anchor } = allowance
  return anchor === null ? (resets ?? 'never') : `${resets}@${anchor}`
}

/** Whether two limits allow the same. */
export function isSameAllowance(a: Allowance, b: Allowance): boolean {
  if (a === b) return true
  if (a.limit !== b.limit || kindOf(a) !== kindOf(b)) return false
  return a.kind === 'rate' && b.kind === 'rate'
    ? a.burst === b.burst && a.windowMs === b.windowMs
    : a.kind === 'quota' && b.kind === 'quota' && a.overdraft === b.overdraft
}

/** When the period begins to which an instant belongs; 0 for a rate, and for a quota that never begins anew. */
export function periodStart(allowance: Allowance, at: number): number {
  return allowance.kind === 'rate' ? 0 : periodAt(allowance.resets, allowance.anchor, at).start
}

/** When that period ends; null for never. */
export function periodEnd(allowance: Allowance, at: number): number | null {
  return allowance.kind === 'rate' ? null : periodAt(allowance.resets, allowance.anchor, at).end
}

/**
 * How many units a rate gains in a span, and what is left over of a unit, in units × milliseconds. Exact: neither is
 * rounded, however often it is asked.
 */
export function gainOf(
  { limit, windowMs }: Pick<Rate, 'limit' | 'windowMs'>,
  spanMs: number,
  rest: number,
): { units: number; rest: number } {
  const product = limit * spanMs + rest
  if (Number.isSafeInteger(product)) {
    const units = Math.floor(product / windowMs)
    return { units, rest: product - units * windowMs }
  }
  const exact = BigInt(limit) * BigInt(spanMs) + BigInt(rest)
  const units = exact / BigInt(windowMs)
  return { units: Number(units), rest: Number(exact - units * BigInt(windowMs)) }
}

/**
 * How long a rate takes to gain so many units beside what is left over of one, in milliseconds, rounded up; null if it
 * never does.
 */
export function timeToGain(
  { limit, windowMs }: Pick<Rate, 'limit' | 'windowMs'>,
  units: number,
  rest = 0,
): number | null {
  if (units <= 0) return 0
  if (limit === 0) return null
  const product = units * windowMs
  if (Number.isSafeInteger(product)) return Math.max(0, Math.ceil((product - rest) / limit))
  const missing = BigInt(Math.ceil(units)) * BigInt(windowMs) - BigInt(rest)
  return Number((missing + BigInt(limit) - 1n) / BigInt(limit))
}

/** The last instant that RFC 3339 can write, in the year 9999: what lies beyond never comes. */
const lastInstant = 253_402_300_799_999

/**
 * When a rate is full that has so many units at an instant, in milliseconds since 1970; null if it never is, or later than
 * the year 9999.
 */
export function fullAt(rate: Rate, remaining: number, now: number): number | null {
  const gained = timeToGain(rate, rate.burst - remaining)
  return gained === null || now + gained > lastInstant ? null : now + gained
}

/** How long a wait may be; a longer one leads beyond the year 9999, and is none. */
export const maxWaitMs = lastInstant / 2

/** Finds what is wrong with what a call is to draw: a whole number of units, or one for each limit that it names. */
export function costFault(cost: unknown): { path: string[]; message: string } | undefined {
  if (typeof cost === 'number') return isUnits(cost) ? undefined : { path: [], message: noUnits }
  if (typeof cost !== 'object' || cost === null || Array.isArray(cost))
    return { path: [], message: `${noUnits} Or an object, such as { credits: 5 }.` }
  for (const [name, value] of Object.entries(cost)) {
    if (!limitNamePattern.test(name))
      return { path: [], message: 'Must have names of limits, such as { credits: 5 }.' }
    if (!isUnits(value)) return { path: [name], message: noUnits }
  }
  return undefined
}

const noUnits = `Must be a whole number of units, from 0 to ${maxLimitUnits}.`

function isUnits(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxLimitUnits
}
