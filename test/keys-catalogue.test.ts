// The catalogue of permissions: who sets it, who reads it, and of which permissions it warns.
import { expect, test } from 'vitest'
import type { DescribePermissionsInput } from '../src/core/shapes/catalogue.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const emails = [
  { name: 'emails:read', description: 'Read emails', group: 'Emails' },
  { name: 'emails:send', description: 'Send emails', group: 'Emails' },
]

onEachDatabase('the catalogue of permissions', (makeDatabase) => {
  test('is described, replaced and removed from, with an event for each change and none for no change', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys, audit } = server.latchkey
    expect(await keys.listCatalogue()).toEqual([])
    const patch = (body: object) =>
      server.request<object[]>('PATCH', '/v1/permissions', { token: server.rootKey, body })
    expect(await patch({ permissions: [...emails].reverse() })).toMatchObject({ status: 200, json: emails })
    expect(await patch({ permissions: emails })).toMatchObject({ status: 200, json: emails })
    const domains = { name: 'domains:*:read', description: null, group: null }
    const bounced = { name: 'emails:send', description: 'Send an email', group: null }
    expect(
      (await patch({ permissions: [{ name: 'domains:*:read' }, bounced], remove: ['none', 'emails:read'] }))
        .json,
    ).toEqual([domains, bounced])
    expect((await patch({ permissions: [bounced], replace: true })).json).toEqual([bounced])
    const { text } = await server.request('GET', '/v1/permissions', { token: server.rootKey })
    expect(JSON.parse(text)).toEqual([bounced])
    expect((await patch({ replace: true })).json).toEqual([])
    const { items } = await audit.list({ action: 'key.permissions_described' })
    expect(items.map(({ changes }) => changes)).toEqual([
      { permissions: [], removed: ['emails:send'] },
      { permissions: [], removed: ['domains:*:read'] },
      { permissions: [domains, bounced], removed: ['emails:read'] },
      { permissions: [...emails].reverse(), removed: [] },
    ])
  })

  test('is read by all who may read keys, and set by the root organization with a permission of its own', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey } = server
    const { keys } = latchkey
    await createAcme(latchkey)
    const by = async (organizationId: string, permissions: string[]) => {
      const { key } = await keys.create({ organizationId, name: 'K', permissions })
      return { key, actor: await callerBy(latchkey, key) }
    }
    await keys.describePermissions({ permissions: emails })
    const reader = await by('acme', ['latchkey:keys:read'])
    expect(await keys.listCatalogue({ actor: reader.actor })).toEqual(emails)
    const writer = await by('root', ['latchkey:permissions:write'])
    await keys.describePermissions({ remove: ['emails:read'] }, { actor: writer.actor })
    const foreign = await by('acme', ['latchkey:*'])
    const other = await by('root', ['latchkey:keys:write'])
    expect(await codeOf(keys.describePermissions({ replace: true }, { actor: foreign.actor }))).toBe(
      'root_organization_required',
    )
    expect(await codeOf(keys.describePermissions({ replace: true }, { actor: other.actor }))).toBe(
      'missing_permission',
    )
    expect(await keys.listCatalogue()).toEqual(emails.slice(1))
  })

  test('is refused in any other form, and larger than it may be', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys } = server.latchkey
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, i) => ({ name: `${prefix}:${i}` }))
    await keys.describePermissions({ permissions: many(1_000, 'a') })
    const bad: unknown[] = [
      ...[null, 7, [], {}, { replace: false }, { replace: 'yes' }, { permissions: 'emails:send' }],
      ...[{ permissions: ['a'] }, { permissions: [{}] }, { permissions: [{ name: 'a b' }] }],
      { permissions: [{ name: 'a', description: '' }] },
      { permissions: [{ name: 'a', description: 'x'.repeat(257) }] },
      { permissions: [{ name: 'a', group: 'x'.repeat(65) }] },
      { permissions: [{ name: 'a', extra: 1 }] },
      { permissions: [{ name: 'a' }, { name: 'a' }] },
      { permissions: [{ name: 'a' }], remove: ['a'] },
      { permissions: [{ name: 'latchkey:keys:read' }] },
      { permissions: many(1_001, 'b'), replace: true },
      { permissions: many(1, 'b') },
      { remove: 'a' },
    ]
    for (const input of bad)
      expect(
        await codeOf(keys.describePermissions(input as DescribePermissionsInput)),
        JSON.stringify(input)?.slice(0, 60),
      ).toBe('invalid_input')
    expect(await keys.listCatalogue()).toHaveLength(1_000)
    expect(await keys.describePermissions({ permissions: many(1_000, 'c'), replace: true })).toHaveLength(
      1_000,
    )
  })

  test('warns of permissions that it does not have, on what was made and changed, and keeps nothing back', async () => {
    let monotonic = 0
    const database = await makeDatabase()
    await using server = await startTestServer(database, {
      monotonic: () => performance.now() + monotonic,
    })
    const { keys } = server.latchkey
    const make = async (permissions: string[]) =>
      keys.create({ organizationId: 'root', name: 'K', permissions })
    expect(await make(['emials:send'])).not.toHaveProperty('uncatalogued')
    await keys.describePermissions({ permissions: [...emails, { name: 'projects:*:read' }] })
    const fitting = ['emails:send', 'emails:*', '*', '*:read', 'projects:42:read', 'latchkey:keys:read']
    expect(await make(fitting)).not.toHaveProperty('uncatalogued')
    const mistyped = ['emails:send', 'emials:send', 'emials:*', 'projects:42:write', 'emails']
    const made = await make(mistyped)
    expect(made).toMatchObject({ permissions: mistyped, uncatalogued: mistyped.slice(1) })
    expect(await keys.get(made.id)).not.toHaveProperty('uncatalogued')
    const changed = await server.request('PATCH', `/v1/keys/${made.id}`, {
      token: server.rootKey,
      body: { permissions: ['email:send'] },
    })
    expect(changed).toMatchObject({ status: 200, json: { uncatalogued: ['email:send'] } })
    // Nobody asked about them.
    expect(await keys.update(made.id, { name: 'L' })).not.toHaveProperty('uncatalogued')
    const created = await server.request('POST', '/v1/keys', {
      token: server.rootKey,
      body: { name: 'M', organization_id: 'root', permissions: ['emials:send'] },
    })
    expect(created).toMatchObject({ status: 200, json: { uncatalogued: ['emials:send'] } })
    // Another process hears of it within a second.
    await using other = await startTestServer(database, {
      monotonic: () => performance.now() + monotonic,
    })
    await other.latchkey.keys.describePermissions({ permissions: [{ name: 'emials:send' }] })
    monotonic += 1_000
    expect(await make(['emials:send'])).not.toHaveProperty('uncatalogued')
  })
})
