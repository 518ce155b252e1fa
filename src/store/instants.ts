// Instants as statements have them: by the database's own clock, or given by the process.
import { type RawBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'

/** An expression of milliseconds since 1970, the same throughout a statement. */
export type Instant = RawBuilder<number>

/** Tells the time in statements: by the given clock, or by the database's own, which is one for all processes. */
export function instantsOf(dialect: StoreDialect, now?: () => number): () => Instant {
  return now ? () => sql<number>`cast(${Math.floor(now())} as bigint)` : () => dialect.now
}

/** The instant so many milliseconds after another one; before it, with a negative number. */
export function after(at: Instant, milliseconds: number): Instant {
  return sql<number>`(${at} + cast(${Math.round(milliseconds)} as bigint))`
}
