// Many clients that create keys over HTTP at once: what was answered is there, once. `torture/creation.ts` measures it.
import { expect, test } from 'vitest'
import { createManyKeys, listAllKeys, startServerProcess } from './setup/creation.ts'
import { onEachDatabase } from './setup/databases.ts'

const count = 500

onEachDatabase('creation', (makeDatabase) => {
  test(`of ${count} keys created by sixteen clients none is lost and none is there twice`, async () => {
    await using server = await startServerProcess(await makeDatabase())
    const created = await createManyKeys(server, 16, count)
    expect(new Set(created.map(({ key }) => key)).size).toBe(count)
    const listed = await listAllKeys(server)
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    expect(listed.map(({ id, name }) => ({ id, name })).sort(byId)).toEqual(
      created.map(({ id, name }) => ({ id, name })).sort(byId),
    )
    for (const { hint } of listed)
      expect(created.some(({ key }) => hint === `${key.slice(0, 19)}…`)).toBe(true)
  })
})
