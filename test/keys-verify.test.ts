// Verdicts: what a token may do, now, and why not.
import { expect, test } from 'vitest'
import { assembleToken, parseToken } from '../src/core/token.ts'
import { type CreateKeyInput, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { refusalOf } from './setup/refusal.ts'

const second = 1000

onEachDatabase('verdicts', (makeDatabase) => {
  async function open(): Promise<{
    latchkey: Latchkey
    clock: Clock
    database: string
    create: (input?: Partial<CreateKeyInput>) => ReturnType<Latchkey['keys']['create']>
  }> {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const create = (input = {}) => latchkey.keys.create({ organizationId: 'acme', name: 'CI', ...input })
    return { latchkey, clock, database, create }
  }

  test('a valid verdict says all that is known of the key, and no secret', async () => {
    const { latchkey, clock, create } = await open()
    const expiresAt = clock.in(60 * second)
    const created = await create({ permissions: ['emails:*'], metadata: { plan: 'pro' }, expiresAt })
    const expected = {
      valid: true,
      code: 'valid',
      keyId: created.id,
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:*'],
      expiresAt,
      metadata: { plan: 'pro' },
    }
    const asked = { permissions: ['emails:send', 'emails:drafts:read'] }
    expect(await latchkey.verify(created.key, asked)).toEqual(expected)
    expect(await latchkey.verify(`secret-token:${created.key}`, asked)).toEqual(expected)
    await latchkey.close()
  })

  test('what is no token is malformed; a well-formed token that nobody issued is not found', async () => {
    const { latchkey, create } = await open()
    const { key } = await create()
    for (const text of [
      '',
      're_',
      'Bearer',
      `${key}0`,
      key.slice(1),
      key.toLowerCase(),
      ` ${key}`,
      '😀',
      'x'.repeat(1e6),
    ]) {
      expect(await latchkey.verify(text)).toEqual({ valid: false, code: 'malformed' })
    }
    const { kid } = parseToken(key) as { kid: string }
    const notFound = { valid: false, code: 'not_found' }
    expect(await latchkey.verify(assembleToken('re', '0'.repeat(16), new Uint8Array(32)))).toEqual(notFound)
    // The kid of a real key under another secret, or under another prefix: as unknown as any other.
    expect(await latchkey.verify(assembleToken('re', kid, new Uint8Array(32)))).toEqual(notFound)
    const secretDigits = key.slice(3 + 16, 3 + 16 + 43)
    expect(await latchkey.verify(underPrefix('re_live', kid, secretDigits))).toEqual(notFound)
    expect((await latchkey.verify(underPrefix('re', kid, secretDigits))).valid).toBe(true)
    await latchkey.close()
  })

  test('the first reason counts: revoked, then expired, then rotated, then insufficient permissions', async () => {
    const { latchkey, clock, create } = await open()
    const old = await create({ permissions: ['a'], expiresAt: clock.in(60 * second) })
    const asked = { permissions: ['b', 'a', 'c'] }
    const code = async () => (await latchkey.verify(old.key, asked)).code
    expect(await latchkey.verify(old.key, asked)).toMatchObject({
      valid: false,
      code: 'insufficient_permissions',
      missing: ['b', 'c'],
      keyId: old.id,
    })
    await latchkey.keys.rotate(old.id)
    expect(await code()).toBe('rotated')
    clock.advance(60 * second)
    expect(await code()).toBe('expired')
    await latchkey.keys.revoke(old.id)
    expect(await code()).toBe('revoked')
    for (const key of ['keyId', 'organizationId', 'name', 'permissions', 'expiresAt', 'metadata']) {
      expect(await latchkey.verify(old.key)).toHaveProperty(key)
    }
    await latchkey.close()
  })

  test('a key expires at its instant, and lives again where the clock is set back', async () => {
    const { latchkey, clock, create } = await open()
    const { key } = await create({ expiresAt: clock.in(10 * second) })
    clock.advance(10 * second - 1)
    expect((await latchkey.verify(key)).code).toBe('valid')
    clock.advance(1)
    expect((await latchkey.verify(key)).code).toBe('expired')
    clock.advance(-1)
    expect((await latchkey.verify(key)).code).toBe('valid')
    await latchkey.close()
  })

  test('an organization asks about its own tokens; another organization’s are not found', async () => {
    const { latchkey, create } = await open()
    const { key } = await create()
    expect((await latchkey.verify(key, { organizationId: 'acme' })).valid).toBe(true)
    expect(await latchkey.verify(key, { organizationId: 'globex' })).toEqual({
      valid: false,
      code: 'not_found',
    })
    await latchkey.close()
  })

  test('a change of permissions, an expiry and a revocation hold at the very next verification', async () => {
    const { latchkey, clock, create } = await open()
    const { id, key } = await create({ permissions: ['a'] })
    const asked = { permissions: ['a'] }
    expect((await latchkey.verify(key, asked)).code).toBe('valid')
    await latchkey.keys.update(id, { permissions: ['b'] })
    expect((await latchkey.verify(key, asked)).code).toBe('insufficient_permissions')
    await latchkey.keys.update(id, { permissions: ['a'], name: 'Renamed' })
    expect(await latchkey.verify(key, asked)).toMatchObject({ code: 'valid', name: 'Renamed' })
    await latchkey.keys.update(id, { expiresAt: clock.in(1) })
    clock.advance(1)
    expect((await latchkey.verify(key, asked)).code).toBe('expired')
    await latchkey.keys.update(id, { expiresAt: null })
    expect((await latchkey.verify(key, asked)).code).toBe('valid')
    await latchkey.keys.revoke(id)
    expect((await latchkey.verify(key, asked)).code).toBe('revoked')
    await latchkey.close()
  })

  test('a batch judges each token by its own question, in order', async () => {
    const { latchkey, create } = await open()
    const first = await create({ permissions: ['a'] })
    const second = await create({ permissions: ['b'] })
    await latchkey.keys.revoke(second.id)
    const requests = [
      { key: second.key },
      { key: 'rubbish' },
      { key: first.key, permissions: ['a'] },
      { key: first.key, permissions: ['b'] },
      { key: first.key },
    ]
    const verdicts = await latchkey.verifyBatch(requests)
    expect(verdicts.map((verdict) => verdict.code)).toEqual([
      'revoked',
      'malformed',
      'valid',
      'insufficient_permissions',
      'valid',
    ])
    const foreign = await latchkey.verifyBatch(requests, { organizationId: 'globex' })
    expect(foreign.map((verdict) => verdict.code)).toEqual([
      'not_found',
      'malformed',
      'not_found',
      'not_found',
      'not_found',
    ])
    expect(await latchkey.verifyBatch(Array(1000).fill({ key: first.key }))).toHaveLength(1000)
    await latchkey.close()
  })

  test('permissions of a wrong form are refused before anything is judged', async () => {
    const { latchkey, create } = await open()
    const { key } = await create()
    const wrong: [path: string, permissions: unknown][] = [
      ['permissions', 'a'],
      ['permissions', null],
      ['permissions', Array(129).fill('a')],
      ['permissions[1]', ['a', 'a b']],
      ['permissions[0]', ['x'.repeat(129)]],
      ['permissions[0]', [7]],
    ]
    for (const [path, permissions] of wrong) {
      const error = await refusalOf(latchkey.verify(key, { permissions } as never))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', path])
      const inBatch = (async () => latchkey.verifyBatch([{ key }, { key, permissions } as never]))()
      const batchError = await refusalOf(inBatch)
      expect([batchError.code, batchError.errors?.[0]?.path]).toEqual(['invalid_input', `[1].${path}`])
    }
    await latchkey.close()
  })

  test('only a valid verdict counts as a use, never an earlier one, and an orderly stop loses none', async () => {
    const { latchkey, clock, database, create } = await open()
    const used = await create({ permissions: ['a'] })
    const unused = await create()
    const start = clock.now()
    for (let i = 0; i < 5; i++) {
      clock.advance(second)
      await latchkey.verify(used.key, { permissions: ['a'] })
    }
    const last = clock.in(0)
    clock.advance(second)
    await latchkey.verify(used.key, { permissions: ['b'] })
    await latchkey.verify(unused.key, { permissions: ['a'] })
    clock.advance(-3 * second)
    await latchkey.verify(used.key)
    await latchkey.close()

    const again = await openLatchkey({ database, now: clock.now })
    expect(last.getTime()).toBe(start + 5 * second)
    expect((await again.keys.get(used.id)).lastUsedAt).toEqual(last)
    expect((await again.keys.get(used.id)).secrets[0]?.lastUsedAt).toEqual(last)
    expect((await again.keys.get(unused.id)).lastUsedAt).toBeNull()
    // A process that remembers nothing and whose clock is behind does not set it back either.
    clock.advance(-60 * second)
    await again.verify(used.key)
    await again.close()
    const third = await openLatchkey({ database, now: clock.now })
    expect((await third.keys.get(used.id)).lastUsedAt).toEqual(last)
    await third.close()
  })

  test('each secret has its own last use, and the key the latest of them', async () => {
    const { latchkey, clock, database, create } = await open()
    const old = await create()
    const rotated = await latchkey.keys.rotate(old.id, { graceSeconds: 60 })
    await latchkey.verify(rotated.key)
    clock.advance(second)
    await latchkey.verify(old.key)
    await latchkey.close()
    const again = await openLatchkey({ database, now: clock.now })
    const { lastUsedAt, secrets } = await again.keys.get(old.id)
    expect(lastUsedAt).toEqual(clock.in(0))
    expect(secrets.map((secret) => secret.lastUsedAt)).toEqual([clock.in(-second), clock.in(0)])
    await again.close()
  })
})

/** The same secret in a well-formed token of another prefix. */
function underPrefix(prefix: string, kid: string, secretDigits: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = [...secretDigits].reduce((sum, digit) => sum * 62n + BigInt(alphabet.indexOf(digit)), 0n)
  return assembleToken(prefix, kid, Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}
