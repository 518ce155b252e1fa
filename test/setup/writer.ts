// What makes changes in a database, for tests of what happens within one.
import { onTestFinished } from 'vitest'
import { ChangeLines } from '../../src/commit/change-lines.ts'
import { Writer } from '../../src/commit/commit.ts'
import { systemRandom } from '../../src/domain/random.ts'
import { openStore } from '../../src/store/store.ts'

/** Opens a database, and makes changes in it that no process hears of. */
export async function makeWriter(database: string) {
  const store = await openStore(database, () => {}, {})
  onTestFinished(() => store.close())
  const silent = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
  const source = { now: Date.now, random: systemRandom }
  return { store, writer: new Writer(store, silent, source, new ChangeLines(store.changesAtOnce)) }
}
