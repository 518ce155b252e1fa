// The units of limits that calls draw, as they are counted: most of them are told by the facts of the secret, and not call by call.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { hourMs, readAmounts } from './setup/usage.ts'

/** In the middle of an hour. */
const begun = Date.UTC(2026, 5, 15, 12, 30)
const hour = Math.floor(begun / hourMs)

onEachDatabase('what is counted', (makeDatabase) => {
  test('is each unit at the cost that its call had, named or not, before and after a change of the limit', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, now: makeClock(begun).now })
    await createAcme(latchkey)
    const limit = { name: 'pages', limit: 1_000, resets: 'monthly', defaultCost: 5 } as const
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [limit] })
    // The first waits for a draw; what comes after it is judged from memory.
    const call = async (cost?: number) =>
      expect(latchkey.verifyCached(key, { cost }) ?? (await latchkey.verify(key, { cost }))).toMatchObject({
        valid: true,
      })
    for (const cost of [undefined, undefined, 2, undefined, 0]) await call(cost)
    await latchkey.keys.update(id, { limits: [{ ...limit, defaultCost: 7 }] })
    for (const cost of [undefined, 1, undefined]) await call(cost)
    await latchkey.close()
    expect(await readAmounts(database)).toEqual({
      [`${hour} ${id} valid`]: 8,
      [`${hour} ${id} key/pages`]: 3 * 5 + 2 + 2 * 7 + 1,
    })
  })
})
