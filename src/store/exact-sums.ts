// Sums that stay what a number tells exactly.
import { type RawBuilder, sql } from 'kysely'

/**
 * Holds a sum to what a number tells exactly. What verifiers elsewhere claim to have counted, or reserve and give back, can be
 * beyond what a column holds, and would fail each later batch, sum and answer that meets the row.
 */
export function bounded(sum: RawBuilder<unknown>): RawBuilder<number> {
  const [least, most] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER].map((bound) => sql.lit(bound))
  return sql`case when ${sum} > ${most} then ${most} when ${sum} < ${least} then ${least} else ${sum} end`
}

/** The same outside of a statement. */
export function boundedNumber(sum: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(sum, Number.MAX_SAFE_INTEGER))
}
