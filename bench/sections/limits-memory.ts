// How much memory the counters take that a process knows.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fillDatabase } from '../dataset.ts'
import { ampleLimits } from '../limits.ts'
import type { Findings } from '../rounds.ts'
import type { Settings } from '../settings.ts'

export async function measureLimitsMemory({ folder, quick }: Settings): Promise<Findings> {
  const keys = quick ? 2_000 : 100_000
  const counters = keys * ampleLimits.length
  const use = async (name: string, limits: typeof ampleLimits) => {
    const database = `sqlite:${join(folder, `${name}.db`)}`
    await fillDatabase(database, keys, limits)
    const script = join(import.meta.dirname, '../limits-memory-child.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      script,
      database,
      String(keys),
    ])
    return JSON.parse(stdout) as { bytes: number; counters: number }
  }
  const [plain, limited] = [await use('memory-no-limits', []), await use('memory-limits', ampleLimits)]
  const bytes = (limited.bytes - plain.bytes) / limited.counters
  return {
    title: 'Memory of counters',
    figures: [
      { what: 'Counters that the process knows in the end', unit: '', values: [limited.counters] },
      { what: 'A counter, with what the cache keeps of its limit', unit: 'bytes', values: [bytes] },
      {
        what: `${keys.toLocaleString('en')} keys with two limits each`,
        unit: 'MiB',
        values: [limited.bytes / 2 ** 20],
      },
      {
        what: `${keys.toLocaleString('en')} keys without limits`,
        unit: 'MiB',
        values: [plain.bytes / 2 ** 20],
      },
    ],
    bars: [
      {
        what: `${counters.toLocaleString('en')} counters in one process`,
        promised: 'works',
        beside: 'every key was verified, and none was refused',
        sense: 'at least',
        bound: counters,
        unit: 'counters',
        // The program fails unless every key was admitted, by a unit of each of its counters.
        values: [counters],
      },
    ],
    notes: [
      'JavaScript heap and array buffers after each key was verified once, after a collection of garbage, less what there was after the first key. A counter: what the keys with two limits take more than as many without, divided by the counters that it knows in the end (those that nobody used for a minute are forgotten); the limit itself in the cache of facts, and the last uses that are not written yet, are in it.',
    ],
  }
}
