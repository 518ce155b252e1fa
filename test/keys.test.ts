import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { onEachDatabase } from './setup/databases.ts'

onEachDatabase('the life of a key', (makeDatabase) => {
  test('a key is created, verified, rotated with a grace, and revoked', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const created = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
    })
    expect(await latchkey.verify(created.key, { permissions: ['emails:send'] })).toMatchObject({
      valid: true,
      keyId: created.id,
    })
    const rotated = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    expect(rotated.id).toBe(created.id)
    expect((await latchkey.verify(created.key)).code).toBe('valid')
    expect((await latchkey.verify(rotated.key)).code).toBe('valid')
    await latchkey.keys.endSecret(created.id, created.key.slice(3, 19))
    expect((await latchkey.verify(created.key)).code).toBe('rotated')
    await latchkey.keys.revoke(created.id)
    expect((await latchkey.verify(rotated.key)).code).toBe('revoked')
    const actions = (await latchkey.audit.list()).items.map((event) => event.action)
    expect(actions).toEqual([
      'key.revoked',
      'key.secret_ended',
      'key.rotated',
      'key.created',
      'organization.created',
    ])
    const page = await latchkey.keys.list({ status: 'all', q: 'ci', sort: 'name' })
    expect(page.items).toHaveLength(1)
    await latchkey.close()
  })
})
