// What one body can cost everybody else: how many of its fields are looked at, and whose long bodies are read at all.
import { expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { onOneDatabase } from './setup/databases.ts'
import { refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

onOneDatabase('SQLite', 'a body', (makeDatabase) => {
  test('of more fields than any object has is refused at once, and unknown fields by the first 32', async () => {
    await using server = await startTestServer(await makeDatabase())
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, 0]))
    const refuse = async (path: string, body: unknown) => {
      const { status, json } = await server.request<{ errors: { message: string }[] }>('POST', path, {
        token: server.rootKey,
        body,
      })
      return [status, json.errors.length, json.errors[0]?.message.includes('1000 fields')]
    }
    for (const body of [fields(1_000), { filter: fields(1_000), action: 'revoke' }])
      expect(await refuse('/v1/keys/bulk', body)).toEqual([422, 32, false])
    for (const body of [fields(1_001), { name: 'CI', metadata: { a: [fields(1_001)] } }])
      expect(await refuse('/v1/keys', body)).toEqual([422, 1, true])
    // Nor is it said of more in what is told to nobody by HTTP.
    const { keys } = server.latchkey
    const unknown = { name: 'CI', ...fields(100) } as never
    expect((await refusalOf(keys.create(unknown))).errors).toHaveLength(32)
    expect((await keys.import([unknown]))[0]?.errors).toHaveLength(32)
    const camelCase = Object.fromEntries(Object.keys(fields(100)).map((name) => [`${name}X`, 0]))
    expect(await refuse('/v1/keys', camelCase)).toEqual([422, 32, false])
  })

  test('that only the root organization may send is refused to others before it is read', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey, rootKey } = server
    await createAcme(latchkey)
    const permissions = ['latchkey:keys:write', 'latchkey:permissions:write']
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Customer', permissions })
    for (const [method, path] of [
      ['POST', '/v1/keys/import'],
      ['PATCH', '/v1/permissions'],
    ] as const) {
      const ask = async (token: string) => (await server.request(method, path, { token, body: '{' })).json
      expect(await ask(key)).toMatchObject({ status: 403, code: 'root_organization_required' })
      expect(await ask(rootKey)).toMatchObject({ status: 400, code: 'invalid_json' })
    }
  })
})
