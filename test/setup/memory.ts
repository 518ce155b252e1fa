// A memory of secrets on a real store, with clocks that the test moves, and what it reads and notes.

import { type ChangeLog, openChangeLog } from '../../src/coherence/change-log.ts'
import type { StoredSecret } from '../../src/core/stored-secret.ts'
import type { Store } from '../../src/store/store.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { Tallies } from '../../src/verdict/tally.ts'
import { Memory } from '../../src/verification/read-through.ts'
import { noDraws } from './allotments.ts'

/** How the memory reads the store, what comes between it and the rows, and what the store does otherwise. */
export type MemoryOptions = [
  kind: 'at once' | 'by statements',
  onRead?: ((rows: StoredSecret[]) => StoredSecret[] | Promise<StoredSecret[]>) | undefined,
  further?: Partial<Store & ChangeLog>,
]

/** A memory that follows the log of a real store; `onRead` comes between it and the rows that it reads. */
export async function openMemoryOn(
  store: Store,
  ...[kind, onRead = (rows) => rows, further = {}]: MemoryOptions
) {
  const clock = {
    ...systemClock,
    wall: Date.now(),
    time: 1_000,
    now: () => clock.wall,
    monotonic: () => clock.time,
  }
  const reads: string[][] = []
  const uses: unknown[][] = []
  const { findFactsNow, ...other } = store
  const source: Store = {
    ...other,
    findManyFacts: async (kids) => {
      reads.push([...kids])
      return onRead(await store.findManyFacts(kids))
    },
    ...(kind === 'at once' && {
      findFactsNow: (kid: string) => {
        reads.push([kid])
        const row = findFactsNow?.(kid)
        return (onRead(row ? [row] : []) as StoredSecret[])[0]
      },
    }),
    ...further,
  }
  const note = (...use: unknown[]) => void uses.push(use)
  const memory = new Memory(
    source,
    { ...openChangeLog(source), ...further },
    clock,
    { secrets: 100, bytes: 2 ** 20 },
    { note, tallies: new Tallies() },
    () => crypto.randomUUID(),
    noDraws,
  )
  // One that a test keeps from registering would be waited for without end.
  if (further.register === undefined) await memory.follower.start()
  const told = () => {
    memory.cache.reportUses()
    return uses.splice(0)
  }
  return { memory, clock, reads, told }
}
