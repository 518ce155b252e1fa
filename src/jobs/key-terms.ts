// Writes the terms of keys that have none, a few at a time: those that were there before there were terms, and those that a
// program of an earlier version makes beside this one.
import { addMissingTerms, lacksTerms } from '../store/key-terms.ts'
import type { Store } from '../store/store.ts'
import { type Clock, sleep } from '../verdict/clock.ts'
import type { Again, JobKind, Work } from './kinds.ts'

const everyMs = 60_000
/** So long a run goes on; the rest follows a moment later, when another process may be the one. */
const runMs = 10_000
const restAfterMs = 1_000
/** How many keys a transaction writes the terms of: others wait for it on SQLite. A key may have 146. */
const keysAtOnce = 100
/** Between two transactions at least as much time as the one before took: others have half of the database. */
const minPauseMs = 2

type TermStore = Pick<Store, 'read' | 'write' | 'dialect'>
type JobClock = Pick<Clock, 'monotonic' | 'after'>

/** The work of writing missing terms, for one process at a time. */
export function keyTermsJob(store: TermStore, clock: JobClock): JobKind {
  return { everyMs, run: (work) => addTerms(store, clock, work) }
}

async function addTerms(
  { read, write, dialect }: TermStore,
  clock: JobClock,
  work: Work,
): Promise<Again | undefined> {
  if (!(await read(lacksTerms))) return undefined
  const beganAt = clock.monotonic()
  for (;;) {
    work.requireHeld()
    const batchAt = clock.monotonic()
    const keys = await write((tx) => addMissingTerms(tx, dialect, keysAtOnce))
    if (keys < keysAtOnce) return undefined
    if (clock.monotonic() - beganAt >= runMs) return { afterMs: restAfterMs }
    await sleep(clock, Math.max(minPauseMs, clock.monotonic() - batchAt))
  }
}
