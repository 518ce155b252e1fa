// Two real processes on one database: this one, which changes keys, and a watcher, which judges their tokens.

import type { CreatedKey } from '../../src/core/shapes/keys.ts'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from './acme.ts'
import { type Sight, startWatcher, type Watcher, type WatcherSettings } from './watcher.ts'

/** The promise: nothing is accepted later than this after a change was acknowledged. */
export const boundMs = 2_000

export interface Stage extends AsyncDisposable {
  latchkey: Latchkey
  watcher: Watcher
  /** Creates a key that the watcher has found valid. */
  issue(permissions?: string[]): Promise<CreatedKey>
}

/** Opens a stage on a database; the watcher may have settings of its own, such as a way to it that can fail. */
export async function openStage(database: string, settings: Partial<WatcherSettings> = {}): Promise<Stage> {
  const latchkey = await openLatchkey({ database })
  const watcher = await startWatcher({ database, ...settings })
  await createAcme(latchkey)
  return {
    latchkey,
    watcher,
    issue: async (permissions = []) => {
      const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
      await watcher.watch(created.key, permissions)
      return created
    },
    [Symbol.asyncDispose]: async () => {
      await watcher[Symbol.asyncDispose]()
      await latchkey.close()
    },
  }
}

/** Makes a change and gives the instant of its acknowledgement. */
export async function acknowledged(change: Promise<unknown>): Promise<bigint> {
  await change
  return process.hrtime.bigint()
}

/** How many milliseconds after an instant a token was last accepted; negative where it was before. */
export function acceptedAfter(sight: Sight, instant: bigint): number {
  return Number(sight.acceptedAt - instant) / 1e6
}
