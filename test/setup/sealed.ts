// The moment from which every event has its number.
import { expect } from 'vitest'
import type { Audit } from '../../src/core/shapes/audit.ts'
import { systemRandom } from '../../src/domain/random.ts'
import { sealAll } from '../../src/jobs/sealing.ts'
import { openStore } from '../../src/store/store.ts'

/** Waits until the newest event that is listed is sealed, and with it all before it. */
export async function untilSealed(audit: Pick<Audit, 'list'>): Promise<void> {
  const newest = async () => (await audit.list({ limit: 1 })).items[0]?.sequence
  await expect.poll(newest).toEqual(expect.any(Number))
}

/** Seals what waits: where a test has stopped the clock, nobody else does. */
export async function sealNow(database: string): Promise<void> {
  const store = await openStore(database)
  await sealAll({ store, random: systemRandom })
  await store.close()
}
