// What a key can do to other keys: nothing to a stronger one, nothing to metadata unless it may, and nothing that
// would lock the operator out.
import { expect, test } from 'vitest'
import { type Caller, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const write = 'latchkey:keys:write'

onEachDatabase('the reach of a key', (makeDatabase) => {
  test('a weaker key neither changes, narrows, rotates nor revokes a stronger one, nor ends its secrets', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const weak = await makeCaller(latchkey, 'acme', [write, 'a'])
    const strong = await latchkey.keys.create({ organizationId: 'acme', name: 'S', permissions: ['a', 'b'] })
    await latchkey.keys.rotate(strong.id, { graceSeconds: 60 })
    const [, old] = (await latchkey.keys.get(strong.id)).secrets
    const before = await readAll(database)
    for (const attempt of [
      () => latchkey.keys.update(strong.id, { permissions: [] }, { actor: weak }),
      () => latchkey.keys.update(strong.id, { permissions: ['a'] }, { actor: weak }),
      () => latchkey.keys.update(strong.id, { name: 'Renamed' }, { actor: weak }),
      () => latchkey.keys.update(strong.id, { expiresAt: new Date(Date.now() + 60_000) }, { actor: weak }),
      () => latchkey.keys.rotate(strong.id, {}, { actor: weak }),
      () => latchkey.keys.endSecret(strong.id, old?.kid as string, { actor: weak }),
      () => latchkey.keys.revoke(strong.id, { actor: weak }),
    ]) {
      const { code, message } = await refusalOf(attempt())
      expect([code, message]).toEqual([
        'permission_escalation',
        'The calling key does not hold b. Use a key that holds them, or leave them out.',
      ])
    }
    expect(await readAll(database)).toBe(before)
  })

  test('an equal key is in its reach, a weaker one is, and its own always', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const admin = await makeCaller(latchkey, 'acme', [write, 'a'])
    const equal = await makeCaller(latchkey, 'acme', [write, 'a'])
    const weaker = await makeCaller(latchkey, 'acme', ['a'])
    await latchkey.keys.update(weaker.keyId, { permissions: [], name: 'W' }, { actor: admin })
    await latchkey.keys.revoke(weaker.keyId, { actor: admin })
    await latchkey.keys.revoke(equal.keyId, { actor: admin })
    await latchkey.keys.update(admin.keyId, { permissions: [write], name: 'A' }, { actor: admin })
    await latchkey.keys.revoke(admin.keyId, { actor: admin })
    // Customers' keys hold words of the operator's, which a root key need not hold itself.
    const operator = await makeCaller(latchkey, 'root', [write])
    const customer = await makeCaller(latchkey, 'acme', ['anything:*'])
    await latchkey.keys.revoke(customer.keyId, { actor: operator })
    const reader = await makeCaller(latchkey, 'acme', ['latchkey:audit:read'])
    expect(await codeOf(latchkey.keys.revoke(reader.keyId, { actor: operator }))).toBe(
      'permission_escalation',
    )
  })

  test('metadata is set by the root organization, or by a key that holds latchkey:metadata:write', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const metadata = { plan: 'pro', seats: 3 }
    const customer = await makeCaller(latchkey, 'acme', [write])
    const trusted = await makeCaller(latchkey, 'acme', [write, 'latchkey:metadata:write'])
    const operator = await makeCaller(latchkey, 'root', [write])
    const key = await latchkey.keys.create(
      { organizationId: 'acme', name: 'CI', metadata },
      { actor: operator },
    )
    for (const refused of [
      () => latchkey.keys.create({ name: 'CI', metadata: { plan: 'enterprise' } }, { actor: customer }),
      () => latchkey.keys.update(key.id, { metadata: { plan: 'enterprise' } }, { actor: customer }),
      () => latchkey.keys.update(key.id, { metadata: {} }, { actor: customer }),
      () => latchkey.keys.update(customer.keyId, { metadata }, { actor: customer }),
    ]) {
      const error = await refusalOf(refused())
      expect([error.code, error.missing]).toEqual(['missing_permission', ['latchkey:metadata:write']])
    }
    expect((await latchkey.keys.get(key.id)).metadata).toEqual(metadata)
    await latchkey.keys.create({ name: 'CI', metadata: {} }, { actor: customer })
    await latchkey.keys.update(key.id, { name: 'Renamed', metadata }, { actor: customer })
    await latchkey.keys.update(key.id, { metadata: { plan: 'free' } }, { actor: trusted })
    await latchkey.keys.create({ name: 'CI', metadata }, { actor: trusted })
    const grant = { permissions: ['latchkey:metadata:write'] }
    expect(await codeOf(latchkey.keys.update(key.id, grant, { actor: customer }))).toBe(
      'permission_escalation',
    )
  })

  test('the last live root key that can change keys is neither revoked, narrowed nor given an end', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    const root = await callerBy(latchkey, (await latchkey.ensureRootKey())?.key as string)
    await makeCaller(latchkey, 'root', ['latchkey:keys:read'])
    const before = await readAll(database)
    for (const options of [{ actor: root }, undefined]) {
      for (const refused of [
        () => latchkey.keys.revoke(root.keyId, options),
        () => latchkey.keys.update(root.keyId, { permissions: ['latchkey:keys:read'] }, options),
        () => latchkey.keys.update(root.keyId, { permissions: [] }, options),
        () => latchkey.keys.update(root.keyId, { expiresAt: clock.in(1_000) }, options),
      ])
        expect(await codeOf(refused())).toBe('last_root_key')
    }
    expect(await readAll(database)).toBe(before)
    await latchkey.keys.update(
      root.keyId,
      { permissions: ['latchkey:keys:*'], name: 'Master' },
      { actor: root },
    )
    const second = await makeCaller(latchkey, 'root', [write], { expiresAt: clock.in(5_000) })
    await latchkey.keys.update(root.keyId, { expiresAt: clock.in(9_000) })
    await latchkey.keys.revoke(second.keyId, { actor: root })
    await latchkey.createRootKey()
    await latchkey.keys.revoke(root.keyId, { actor: root })
  })

  test('of root keys that revoke each other at once, one stays', async () => {
    const database = await makeDatabase()
    await using one = await openLatchkey({ database })
    await using two = await openLatchkey({ database })
    await one.ensureRootKey()
    for (let round = 0; round < 5; round++) await revokeAllAtOnce([one, two])
  })
})

/** Has every root key revoke every other one, and itself, at once. */
async function revokeAllAtOnce(processes: readonly Latchkey[]): Promise<void> {
  const [one] = processes as [Latchkey]
  const callers: Caller[] = []
  for (let i = 0; i < 2; i++) callers.push(await callerBy(one, (await one.createRootKey()).key))
  const { items } = await one.keys.list({ organizationId: 'root' })
  const ids = items.map(({ id }) => id)
  const attempts = processes.flatMap((latchkey, i) =>
    ids.map((id) => latchkey.keys.revoke(id, { actor: callers[i % callers.length] as Caller })),
  )
  await Promise.allSettled(attempts)
  expect((await one.keys.list({ organizationId: 'root' })).items.length).toBeGreaterThanOrEqual(1)
}
