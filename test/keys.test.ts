// The life of a key but for rotation, lists and verdicts: created, read, changed, revoked.
import { expect, test } from 'vitest'
import { parseToken } from '../src/core/token.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const day = 86_400_000
const nobody = '0192f0c1-0000-7000-8000-000000000000'

onEachDatabase('keys', (makeDatabase) => {
  async function open(): Promise<{ latchkey: Latchkey; clock: Clock; database: string }> {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now, prefixes: ['re', 're_test'] })
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    return { latchkey, clock, database }
  }

  test('a key is created with what was asked for, and read back the same but for its token', async () => {
    const { latchkey, clock } = await open()
    const asked = {
      organizationId: 'acme',
      name: 'Ünïcode 😀 “CI”',
      permissions: ['emails:send', 'domains:*'],
      metadata: { plan: 'pro', snake_case: { camelCase: [1, null, '\u0000'] } },
      expiresAt: clock.in(day),
      prefix: 're_test',
      createdBy: 'user-7',
    }
    const { key, ...created } = await latchkey.keys.create(asked)
    const parsed = parseToken(key)
    expect(parsed?.prefix).toBe('re_test')
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      organizationId: 'acme',
      name: asked.name,
      permissions: asked.permissions,
      lastUsedAt: null,
      createdBy: 'user-7',
      createdByType: 'user',
      createdAt: clock.in(0),
      revokedAt: null,
      ...{ revokedBy: null, revocationReason: null, exposure: null },
      ...{ suspendedAt: null, suspendedBy: null, suspendedReason: null },
      ...{ notBefore: null, allowedIps: [] },
      hint: `re_test_${parsed?.kid}…`,
      status: 'active',
      expiresAt: asked.expiresAt,
      metadata: asked.metadata,
      ...{ description: null, tags: [], parentId: null },
      lastUsed: null,
      limits: [],
      revision: String(clock.now()),
    })
    const { secrets, ...read } = await latchkey.keys.get(created.id)
    expect(read).toEqual(created)
    expect(secrets).toEqual([
      {
        kid: parsed?.kid,
        hint: created.hint,
        createdAt: clock.in(0),
        ...{ createdBy: null, createdByType: null },
        expiresAt: null,
        lastUsedAt: null,
        untilSilentSeconds: null,
        silentAt: null,
      },
    ])
    expect((await latchkey.keys.list()).items).toEqual([created])
    await latchkey.close()
  })

  test('what is not asked for is empty: no permission, no expiry, no metadata', async () => {
    const { latchkey } = await open()
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    expect(created).toMatchObject({ permissions: [], expiresAt: null, metadata: {}, createdBy: null })
    expect(created.key).toMatch(/^re_[0-9A-Za-z]{65}$/)
    await latchkey.close()
  })

  test('a key is created by the key that calls, for its own organization', async () => {
    const { latchkey } = await open()
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const created = await latchkey.keys.create({ name: 'CI' }, { actor: caller })
    expect(created).toMatchObject({ organizationId: 'acme', createdBy: caller.keyId })
    const intoForeign = await refusalOf(
      latchkey.keys.create({ name: 'CI', organizationId: 'globex' }, { actor: caller }),
    )
    const intoUnknown = await refusalOf(
      latchkey.keys.create({ name: 'CI', organizationId: 'initech' }, { actor: caller }),
    )
    expect(intoForeign.code).toBe('organization_not_found')
    expect(intoForeign.message).toBe(intoUnknown.message)
    const onBehalf = latchkey.keys.create({ name: 'CI', createdBy: 'user-7' }, { actor: caller })
    expect(await codeOf(onBehalf)).toBe('root_organization_required')
    await latchkey.close()
  })

  test('bad input is refused with the path of each fault, and nothing is changed', async () => {
    const { latchkey, clock, database } = await open()
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const before = await readAll(database)
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
    const shared: [path: string, fields: Record<string, unknown>][] = [
      ['name', { name: '' }],
      ['name', { name: ' \t' }],
      ['name', { name: 'x'.repeat(257) }],
      ['name', { name: 'a\nb' }],
      ['name', { name: '\ud800' }],
      ['name', { name: 7 }],
      ['permissions', { permissions: 'emails:send' }],
      ['permissions[1]', { permissions: ['a', 'a b'] }],
      ['permissions[0]', { permissions: ['x'.repeat(129)] }],
      ['permissions', { permissions: Array(129).fill('a') }],
      ['expiresAt', { expiresAt: 'tomorrow' }],
      ['expiresAt', { expiresAt: '2030-01-31' }],
      ['expiresAt', { expiresAt: new Date(Number.NaN) }],
      ['expiresAt', { expiresAt: clock.in(0) }],
      ['expiresAt', { expiresAt: clock.in(-1) }],
      ['expiresAt', { expiresAt: 1_800_000_000_000 }],
      ['metadata', { metadata: [] }],
      ['metadata', { metadata: { a: 'é'.repeat(2048) } }],
      ['metadata', { metadata: { a: undefined } }],
      ['metadata.a', { metadata: { a: 1n } }],
      ['metadata.a', { metadata: { a: Number.POSITIVE_INFINITY } }],
      ['metadata', { metadata: deep }],
      ['metadata', { metadata: JSON.parse('{"a": {"__proto__": 1}}') }],
      ['stranger', { stranger: 1 }],
      ['id', { id: nobody }],
    ]
    const creating: [path: string, fields: Record<string, unknown>][] = [
      ['prefix', { prefix: 'other' }],
      ['prefix', { prefix: 'RE' }],
      ['organizationId', { organizationId: '../acme' }],
      ['organizationId', { organizationId: 'x'.repeat(129) }],
      ['organizationId', { organizationId: undefined }],
      ['createdBy', { createdBy: '' }],
      ['name', { name: undefined }],
      ['permissions', { permissions: null }],
      ['metadata', { metadata: null }],
    ]
    for (const [path, fields] of [...shared, ...creating]) {
      const input = { organizationId: 'acme', name: 'CI', ...fields }
      const error = await refusalOf(latchkey.keys.create(input as never))
      expect(error.code, JSON.stringify(path)).toBe('invalid_input')
      expect(error.errors?.map((fault) => fault.path)).toContain(path)
    }
    const updating: [path: string, fields: Record<string, unknown>][] = [
      ['', {}],
      ['', { name: undefined }],
      ['', { permissions: null, metadata: null }],
      ['prefix', { prefix: 're_test' }],
      ['organizationId', { organizationId: 'globex' }],
    ]
    for (const [path, fields] of [...shared, ...updating]) {
      const error = await refusalOf(latchkey.keys.update(key.id, fields))
      expect(error.code, JSON.stringify(path)).toBe('invalid_input')
      expect(error.errors?.map((fault) => fault.path)).toContain(path)
    }
    for (const input of [null, [], 'CI', undefined]) {
      expect(await codeOf(latchkey.keys.create(input as never))).toBe('invalid_input')
    }
    expect(await codeOf(latchkey.keys.create({ organizationId: 'initech', name: 'CI' }))).toBe(
      'organization_not_found',
    )
    expect(await readAll(database)).toBe(before)
    await latchkey.close()
  })

  test('the longest name, permissions and metadata are taken whole', async () => {
    const { latchkey } = await open()
    const input = {
      organizationId: 'acme',
      name: '😀'.repeat(256),
      permissions: Array.from({ length: 128 }, (_, i) => `${'x'.repeat(125)}${100 + i}`),
      metadata: { a: 'x'.repeat(4096 - '{"a":""}'.length) },
    }
    const created = await latchkey.keys.create(input)
    expect(await latchkey.keys.get(created.id)).toMatchObject(input)
    await latchkey.close()
  })

  test('each field changes by itself, and the audit log says from what to what', async () => {
    const { latchkey, clock } = await open()
    const { id, key: _, ...created } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    let expected = { id, ...created }
    const changes = [
      [{ name: 'Deploy' }, { name: { from: 'CI', to: 'Deploy' } }],
      [{ permissions: ['a:b', '*'] }, { permissions: { from: [], to: ['a:b', '*'] } }],
      [{ expiresAt: clock.in(day) }, { expires_at: { from: null, to: clock.in(day).toISOString() } }],
      [{ metadata: { innerName: 1 } }, { metadata: { from: {}, to: { innerName: 1 } } }],
      [{ expiresAt: null }, { expires_at: { from: clock.in(day).toISOString(), to: null } }],
    ] as const
    for (const [change, recorded] of changes) {
      expected = { ...expected, ...change, revision: expect.any(String) } as typeof expected
      expect(await latchkey.keys.update(id, change as never)).toEqual(expected)
      expect(await latchkey.keys.get(id)).toMatchObject(expected)
      const [event] = (await latchkey.audit.list({ keyId: id, limit: 1 })).items
      expect(event).toMatchObject({ action: 'key.updated', changes: recorded, organizationId: 'acme' })
    }
    await latchkey.close()
  })

  test('a change to what is already so records no event', async () => {
    const { latchkey } = await open()
    const asked = { name: 'CI', permissions: ['a'], metadata: { a: 1 } }
    const { id } = await latchkey.keys.create({ organizationId: 'acme', ...asked })
    await latchkey.keys.update(id, { ...asked, expiresAt: null })
    expect((await latchkey.audit.list({ keyId: id })).items).toHaveLength(1)
    await latchkey.close()
  })

  test('a change touches no other key', async () => {
    const { latchkey, database } = await open()
    const ids: string[] = []
    for (const organizationId of ['acme', 'acme', 'globex']) {
      ids.push((await latchkey.keys.create({ organizationId, name: 'CI' })).id)
    }
    const rowsOf = async () => {
      const [, keys, secrets] = JSON.parse(await readAll(database))
      return (id: string) => [
        keys.filter((row: { id: string }) => row.id === id),
        secrets.filter((row: { key_id: string }) => row.key_id === id),
      ]
    }
    const before = await rowsOf()
    const [changed, ...others] = ids as [string, string, string]
    await latchkey.keys.update(changed, { name: 'Deploy' })
    await latchkey.keys.rotate(changed, { graceSeconds: 60 })
    const [, old] = (await latchkey.keys.get(changed)).secrets
    await latchkey.keys.endSecret(changed, old?.kid as string)
    await latchkey.keys.revoke(changed)
    const after = await rowsOf()
    expect(after(changed)).not.toEqual(before(changed))
    for (const id of others) expect(after(id)).toEqual(before(id))
    await latchkey.close()
  })

  test('a revocation is final, keeps its first instant, and is one event', async () => {
    const { latchkey, clock } = await open()
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const revokedAt = clock.in(0)
    for (let i = 0; i < 3; i++) {
      await latchkey.keys.revoke(id)
      clock.advance(1000)
    }
    await Promise.all(Array.from({ length: 5 }, () => latchkey.keys.revoke(id)))
    expect(await latchkey.keys.get(id)).toMatchObject({ status: 'revoked', revokedAt })
    expect((await latchkey.audit.list({ keyId: id, action: 'key.revoked' })).items).toHaveLength(1)
    expect(await codeOf(latchkey.keys.update(id, { name: 'Again' }))).toBe('key_revoked')
    expect(await codeOf(latchkey.keys.rotate(id))).toBe('key_revoked')
    expect((await latchkey.verify(key)).code).toBe('revoked')
    await latchkey.close()
  })

  test('an expired key can be read, changed, revived and revoked, but not rotated', async () => {
    const { latchkey, clock } = await open()
    const { id, key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      expiresAt: clock.in(day),
    })
    clock.advance(day - 1)
    expect((await latchkey.keys.get(id)).status).toBe('active')
    clock.advance(1)
    expect((await latchkey.keys.get(id)).status).toBe('expired')
    expect(await codeOf(latchkey.keys.rotate(id))).toBe('key_expired')
    expect((await latchkey.keys.update(id, { name: 'Old CI' })).status).toBe('expired')
    expect((await latchkey.keys.update(id, { expiresAt: clock.in(day) })).status).toBe('active')
    expect((await latchkey.verify(key)).valid).toBe(true)
    clock.advance(day)
    await latchkey.keys.revoke(id)
    expect((await latchkey.keys.get(id)).status).toBe('revoked')
    await latchkey.close()
  })

  test('a foreign id is refused in the same words as an unknown one, and nothing changes', async () => {
    const { latchkey, database } = await open()
    const { id } = await latchkey.keys.create({ organizationId: 'globex', name: 'CI' })
    await latchkey.keys.rotate(id, { graceSeconds: 60 })
    const [, old] = (await latchkey.keys.get(id)).secrets
    const caller = await makeCaller(latchkey, 'acme', ['*', 'latchkey:*'])
    const before = await readAll(database)
    const commands = [
      (id: string) => latchkey.keys.get(id, { actor: caller }),
      (id: string) => latchkey.keys.update(id, { name: 'Mine' }, { actor: caller }),
      (id: string) => latchkey.keys.rotate(id, {}, { actor: caller }),
      (id: string) => latchkey.keys.endSecret(id, old?.kid as string, { actor: caller }),
      (id: string) => latchkey.keys.revoke(id, { actor: caller }),
    ]
    const unknown = ['', 'x', `${id}\0`, id.toUpperCase(), nobody, "' or 1=1 --"]
    for (const stranger of [id, ...unknown]) {
      for (const command of commands) {
        const { code, message } = await refusalOf(command(stranger))
        expect([code, message]).toEqual(['key_not_found', 'No key has this id.'])
      }
    }
    expect(await readAll(database)).toBe(before)
    await latchkey.close()
  })
})
