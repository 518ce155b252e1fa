// How much memory a remembered secret takes.
import { execFile } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fillDatabase } from '../dataset.ts'
import type { Findings } from '../rounds.ts'
import type { Settings } from '../settings.ts'

export async function measureMemory(settings: Settings): Promise<Findings> {
  const count = settings.quick ? 20_000 : 100_000
  const path = join(settings.folder, 'memory.db')
  await fillDatabase(`sqlite:${path}`, count)
  const script = join(import.meta.dirname, '../memory-child.ts')
  // All at once, each on a file of its own: bytes do not depend on who else is running.
  const bytes = await Promise.all(
    Array.from({ length: settings.rounds }, async (_, round) => {
      const copy = `${path}-${round}`
      copyFileSync(path, copy)
      const args = ['--expose-gc', script, `sqlite:${copy}`, String(count)]
      return Number((await promisify(execFile)(process.execPath, args)).stdout)
    }),
  )
  const what = `A cached secret with two permissions, of ${count.toLocaleString('en')}`
  return {
    title: 'Memory',
    figures: [{ what, unit: 'bytes', values: bytes }],
    bars: [
      {
        what,
        promised: 'at most 400 bytes',
        beside: 'no floor',
        sense: 'at most',
        bound: 400,
        unit: 'bytes',
        values: bytes,
      },
    ],
    notes: [
      'JavaScript heap and array buffers before the first verification and after the last one, both after a collection of garbage, once the uses have been written down; the engine itself, opened, is within. A hundred keys an organization; every name and id differs.',
    ],
  }
}
