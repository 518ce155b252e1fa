// The permissions in use: what the newest active keys hold, most used first.
import { expect, test } from 'vitest'
import { managementPermissions } from '../src/core/permissions.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { readerOf } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { refusalOf } from './setup/refusal.ts'

onEachDatabase('the permissions in use', (makeDatabase) => {
  test('each is listed with how many active keys hold it, most used first and by name where they tie', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    expect(await latchkey.keys.listPermissions()).toEqual([])
    const create = (permissions: string[], expiresAt: Date | null = null) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'K', permissions, expiresAt })
    await create(['b:read', 'a:*', 'b:read'])
    await create(['b:read', 'B', 'a'])
    await create([])
    const revoked = await create(['gone'])
    await latchkey.keys.revoke(revoked.id)
    await create(['over', 'a'], clock.in(1000))
    expect((await latchkey.keys.listPermissions()).map(({ permission }) => permission)).toContain('over')
    clock.advance(1000)
    expect(await latchkey.keys.listPermissions()).toEqual([
      { permission: 'b:read', keys: 2 },
      { permission: 'B', keys: 1 },
      { permission: 'a', keys: 1 },
      { permission: 'a:*', keys: 1 },
    ])
  })

  test('an organization sees its own; the root organization all, or those of one', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    for (const id of ['acme', 'globex']) {
      await latchkey.organizations.create({ id, name: id })
      await latchkey.keys.create({ organizationId: id, name: 'K', permissions: ['shared', `of:${id}`] })
    }
    const list = async (caller: string, organizationId?: string) => {
      const input = organizationId === undefined ? {} : { organizationId }
      const uses = await latchkey.keys.listPermissions(input, { actor: readerOf(caller) })
      return uses.map(({ permission, keys }) => `${permission} ${keys}`)
    }
    expect(await list('root')).toEqual(['shared 2', 'of:acme 1', 'of:globex 1'])
    expect(await list('root', 'globex')).toEqual(['of:globex 1', 'shared 1'])
    expect(await list('acme')).toEqual(['of:acme 1', 'shared 1'])
    expect(await list('acme', 'acme')).toEqual(['of:acme 1', 'shared 1'])
    const foreign = await refusalOf(list('acme', 'globex'))
    expect(foreign).toEqual(await refusalOf(list('acme', 'initech')))
    expect(foreign.code).toBe('organization_not_found')
    expect((await refusalOf(list('root', 'initech'))).code).toBe('organization_not_found')
    for (const [path, value] of Object.entries({ organizationId: 'a b', limit: 1, q: 'a' })) {
      const error = await refusalOf(latchkey.keys.listPermissions({ [path]: value }))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', path])
    }
  })

  test('the newest 1000 keys are counted and no more, and 200 permissions are told', async () => {
    const database = await makeDatabase()
    const now = Date.UTC(2026, 0, 31)
    await using latchkey = await openLatchkey({ database, now: () => now })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', 2000, now - 60_000)
    expect(await latchkey.keys.listPermissions()).toEqual([{ permission: 'emails:send', keys: 1000 }])
    const permissions = Array.from({ length: 300 }, (_, i) => `p:${String(i).padStart(3, '0')}`)
    for (let start = 0; start < 300; start += 100)
      await latchkey.keys.create({
        organizationId: 'acme',
        name: 'K',
        permissions: permissions.slice(start, start + 100).reverse(),
      })
    expect(await latchkey.keys.listPermissions()).toEqual([
      { permission: 'emails:send', keys: 997 },
      ...permissions.slice(0, 199).map((permission) => ({ permission, keys: 1 })),
    ])
  })
})

onEachDatabase('the permissions of a key', (makeDatabase) => {
  test('each is kept once, in the order given', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const permissions = ['b:read', 'a:*', 'b:read', 'a:*', 'c']
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
    expect((await latchkey.keys.get(id)).permissions).toEqual(['b:read', 'a:*', 'c'])
    expect(await latchkey.verify(key)).toMatchObject({ permissions: ['b:read', 'a:*', 'c'] })
    expect((await latchkey.keys.update(id, { permissions: ['c', 'c', 'a'] })).permissions).toEqual(['c', 'a'])
    const [event] = (await latchkey.audit.list({ keyId: id })).items
    expect(event?.changes).toMatchObject({ permissions: { to: ['c', 'a'] } })
  })

  test('of Latchkey’s own, those that there are can be granted, and patterns that cover one', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const create = (permissions: string[]) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
    const known = [
      ...managementPermissions,
      'latchkey:*',
      'latchkey:keys:*',
      'latchkey:*:read',
      'latchkey',
      '*',
    ]
    const { id } = await create(known)
    for (const unknown of [
      'latchkey:nonsense',
      'latchkey:keys',
      'latchkey:keys:reed',
      'latchkey:keys:read:*',
      'latchkey:*:*:*',
    ]) {
      for (const refused of [
        create(['a', unknown]),
        latchkey.keys.update(id, { permissions: ['a', unknown] }),
      ]) {
        const { code, errors } = await refusalOf(refused)
        expect([code, errors?.[0]?.path], unknown).toEqual(['invalid_input', 'permissions[1]'])
        expect(errors?.[0]?.message).toContain(managementPermissions.join(', '))
      }
    }
  })

  test('one that an earlier version took is read, verified, renamed and rotated as ever', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a'] })
    await using direct = await connectDirectly(database)
    const old = '["latchkey:nonsense","b","b"]'
    await direct.run(`update keys set permissions = '${old}' where id = '${id}'`)
    await latchkey.keys.update(id, { name: 'Renamed' })
    const verdict = await latchkey.verify(key, { permissions: ['latchkey:nonsense'] })
    expect(verdict).toMatchObject({ valid: true, name: 'Renamed', permissions: JSON.parse(old) })
    expect((await latchkey.keys.rotate(id)).permissions).toEqual(JSON.parse(old))
  })
})
