// Closes the hours of usage, and rolls closed ones up, a page at a time.
import type { Instant } from '../store/instants.ts'
import { instantsOf } from '../store/instants.ts'
import type { Store } from '../store/store.ts'
import { closeHours, rollUp } from '../store/usage-rollup.ts'
import { type Clock, sleep } from '../verdict/clock.ts'
import type { Again, JobKind, Work } from './kinds.ts'

const everyMs = 60_000
/** So long a run goes on; the rest follows a moment later, when another process may be the one. */
const runMs = 10_000
const restAfterMs = 1_000
/** How many rows a transaction adds: others wait for it on SQLite. A database that takes a page so quickly gets twice as many. */
const pageRows = { least: 500, most: 4_000 }
const quickMs = 75
/** Between two transactions at least as much time as the one before took: others have half of the database. */
const minPauseMs = 2

/** The work of closing and rolling up, for one process at a time. Without `now` the database tells the time. */
export function usageJob(
  { write, dialect }: Pick<Store, 'write' | 'dialect'>,
  clock: Pick<Clock, 'monotonic' | 'after'>,
  now?: () => number,
): JobKind {
  const at = instantsOf(dialect, now)
  return {
    everyMs,
    run: (work) => rollDue({ write, dialect }, work, clock, at),
  }
}

async function rollDue(
  { write, dialect }: Pick<Store, 'write' | 'dialect'>,
  work: Work,
  clock: Pick<Clock, 'monotonic' | 'after'>,
  at: () => Instant,
): Promise<Again | undefined> {
  const beganAt = clock.monotonic()
  let rows = pageRows.least
  work.requireHeld()
  await write((tx) => closeHours(tx, at()))
  for (const table of ['hours', 'days'] as const) {
    let hasMore = true
    while (hasMore) {
      if (clock.monotonic() - beganAt >= runMs) return { afterMs: restAfterMs }
      work.requireHeld()
      const pageAt = clock.monotonic()
      hasMore = await write((tx) => rollUp(tx, dialect, table, rows))
      const tookMs = clock.monotonic() - pageAt
      const pauseMs = Math.max(minPauseMs, tookMs)
      rows = tookMs < quickMs ? Math.min(pageRows.most, rows * 2) : Math.max(pageRows.least, rows >> 1)
      if (hasMore) await sleep(clock, pauseMs)
    }
  }
  return undefined
}
