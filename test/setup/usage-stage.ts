// Two organizations whose usage is written as tests want it, and a clock by which hours close.
import type { UsageCount } from '../../src/core/usage-counts.ts'
import { usageJob } from '../../src/jobs/usage.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { openStore } from '../../src/store/store.ts'
import { saveUsage } from '../../src/store/usage.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { createAcme } from './acme.ts'
import { makeClock } from './clock.ts'
import { work } from './jobs.ts'

/** When the clock begins. */
export const begun = Date.UTC(2026, 4, 20, 10, 30)

type Counted = readonly [
  key: { id: string; organizationId: string } | undefined,
  hour: number,
  measure: string,
  amount: number,
]

/** Opens two organizations with a key each, and the clock of all. */
export async function openStage(database: string) {
  const clock = makeClock(begun)
  const latchkey = await openLatchkey({ database, now: clock.now })
  const store = await openStore(database)
  const { key: root } = await latchkey.createRootKey()
  await createAcme(latchkey)
  await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
  const make = (organizationId: string) =>
    latchkey.keys.create({ organizationId, name: 'CI', permissions: ['emails:*'] })
  const [acme, bees] = [await make('acme'), await make('bees')]
  const at = instantsOf(store.dialect, clock.now)
  let number = 0
  return {
    ...{ database, clock, latchkey, root, acme, bees },
    async write(counted: readonly Counted[]) {
      const counts = counted.map(
        ([key, of, measure, amount]): UsageCount => ({
          keyId: key?.id ?? '',
          organizationId: key?.organizationId ?? '',
          hour: of,
          measure,
          amount,
        }),
      )
      await saveUsage(
        store,
        { source: 'test', owner: '', number: ++number, counts, profiles: [], uses: [] },
        at(),
      )
    },
    async roll() {
      while ((await usageJob(store, systemClock, clock.now).run(work)) !== undefined);
    },
    [Symbol.asyncDispose]: async () => {
      await latchkey.close()
      await store.close()
    },
  }
}
