// What a change that is waited for tells of the processes: to the operator which they are, to customers how many.
import { expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('a change that is waited for', (makeDatabase) => {
  test('names processes that are silent to the operator, and counts them for everyone else', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const create = (permissions: string[]) => keys.create({ organizationId: 'acme', name: 'K', permissions })
    const admin = await create(['latchkey:keys:*'])
    await using direct = await connectDirectly(database)
    const names = ['db-7.internal.example:4242', 'db-8.internal.example:17']
    // Nobody sweeps for a minute after a barrier: those that are silent stay until they are waited for.
    await expect.poll(async () => (await server.latchkey.waitUntilApplied()).confirmed).toBe(true)
    const waitAs = async (token: string, method: string, path: (id: string) => string, body?: unknown) => {
      for (const name of names) {
        await direct.run(
          `insert into followers (id, name, confirmed_sequence) values ('${name}', '${name}', 0)`,
        )
      }
      const { id } = await create([])
      return server.request<{ applied: { silent: string[]; confirmed: boolean } }>(
        method,
        `${path(id)}?wait=applied`,
        { token, ...(body !== undefined && { body }) },
      )
    }
    const calls = [
      ['DELETE', (id: string) => `/v1/keys/${id}`],
      ['PATCH', (id: string) => `/v1/keys/${id}`, { name: 'Other' }],
      ['POST', (id: string) => `/v1/keys/${id}/rotate`, {}],
    ] as const
    for (const [method, path, body] of calls) {
      const answer = await waitAs(admin.key, method, path, body)
      expect(answer.json.applied, method).toMatchObject({
        confirmed: false,
        silent: ['process-1', 'process-2'],
      })
      expect(answer.text).not.toContain('internal.example')
    }
    const { json } = await waitAs(server.rootKey, 'DELETE', (id) => `/v1/keys/${id}`)
    expect(json.applied.silent.toSorted()).toEqual(names)
    await server.close()
  })
})
