// Tokens of other systems: which are taken, how they are found, and what an import makes of each.
import { createHash, createHmac } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import type { ImportedKey } from '../src/core/shapes/imports.ts'
import { generateToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { type Latchkey, openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

const pepper = Buffer.from('a secret of another system')
const peppers = [`kong=${pepper.toString('base64')}`]
const sanctumPart = 'Yx3PpHPbgRPl9gIM7Ff3Rl3Xr9JcZq2fYSYaC9Yv'

const hashOf = (text: string, scheme = 'sha256') => createHash(scheme).update(text).digest()
const entry = (more: Partial<ImportedKey>): ImportedKey => ({
  organizationId: 'acme',
  name: 'Moved',
  ...more,
})

/** Tokens as other systems have them, and what each keeps. */
const systems: Record<string, { token: string; hash: NonNullable<ImportedKey['hash']> }> = {
  unkey: {
    token: 'uk_3ZgVtYwQ8m7Jc5Xk2B9rTd',
    hash: {
      scheme: 'sha256',
      encoding: 'base64',
      value: hashOf('uk_3ZgVtYwQ8m7Jc5Xk2B9rTd').toString('base64'),
    },
  },
  drf: {
    token: 'Wm9sK2pQ.hJ4n7TqXv1ZbR8cYd3LfGw6MeK0uIaSo',
    hash: {
      scheme: 'sha512',
      encoding: 'hex',
      value: hashOf('Wm9sK2pQ.hJ4n7TqXv1ZbR8cYd3LfGw6MeK0uIaSo', 'sha512').toString('hex'),
    },
  },
  sanctum: {
    token: `17|${sanctumPart}`,
    hash: { scheme: 'sha256', encoding: 'hex', value: hashOf(sanctumPart).toString('hex'), of: 'after:|' },
  },
  kong: {
    token: 'Gx8vQm2Rk7Tz4Yw1Pc6Ln3Bd9Fh5Js0A',
    hash: {
      scheme: 'hmac-sha256',
      encoding: 'base64url',
      value: createHmac('sha256', pepper).update('Gx8vQm2Rk7Tz4Yw1Pc6Ln3Bd9Fh5Js0A').digest('base64url'),
      pepper: 'kong',
    },
  },
}
const all = Object.values(systems)

onEachDatabase('tokens of other systems', (makeDatabase) => {
  async function open(): Promise<Latchkey> {
    const latchkey = await openLatchkey({ database: await makeDatabase(), peppers })
    await createAcme(latchkey)
    return latchkey
  }

  test('each is found by the hash that its system keeps, in memory and in the database', async () => {
    const database = await makeDatabase()
    await using first = await openLatchkey({ database, peppers })
    await createAcme(first)
    const made = await first.keys.import(
      all.map(({ hash }, i) => entry({ name: `Key ${i}`, hash, permissions: ['emails:send'], hint: 'abc' })),
    )
    expect(made.map(({ code }) => code)).toEqual(all.map(() => undefined))
    await using second = await openLatchkey({ database, peppers })
    for (const latchkey of [first, second])
      for (const [i, { token }] of all.entries()) {
        const verdict = await latchkey.verify(token, { permissions: ['emails:send'] })
        expect(verdict).toMatchObject({ valid: true, keyId: made[i]?.id, name: `Key ${i}` })
        expect(latchkey.verifyCached(token)).toMatchObject({ valid: true, keyId: made[i]?.id })
        expect(latchkey.verifyCached(`secret-token:${token}`)).toMatchObject({ valid: true })
        // One letter more, less or other, and it is another token.
        for (const other of [`${token}x`, token.slice(0, -1), `${token.slice(0, -1)}~`])
          expect(await latchkey.verify(other)).toEqual({ valid: false, code: 'not_found' })
      }
    const requests = all.map(({ token }) => ({ key: token }))
    const verdicts = await second.verifyBatch([...requests, { key: 'no-token-of-anybody' }])
    expect(verdicts.map(({ code }) => code)).toEqual([...all.map(() => 'valid'), 'not_found'])
    expect(await first.keys.listRecipes()).toEqual([
      { scheme: 'sha256', of: 'token', pepper: null, isReady: true, tokens: 1 },
      { scheme: 'sha512', of: 'token', pepper: null, isReady: true, tokens: 1 },
      { scheme: 'sha256', of: 'after:|', pepper: null, isReady: true, tokens: 1 },
      { scheme: 'hmac-sha256', of: 'token', pepper: 'kong', isReady: true, tokens: 1 },
    ])
  })

  test('a process that hears of the first import knows its tokens from the next verification on', async () => {
    const database = await makeDatabase()
    await using first = await openLatchkey({ database })
    await createAcme(first)
    await using second = await openLatchkey({ database })
    const token = 'a-token-of-another-system'
    const { token: unknown } = generateToken('re', systemRandom)
    expect(await second.verify(unknown)).toEqual({ valid: false, code: 'not_found' })
    expect(second.verifyCached(token)).toEqual({ valid: false, code: 'malformed' })
    await first.keys.import([entry({ token })])
    await first.waitUntilApplied()
    expect(await second.verify(token)).toMatchObject({ valid: true, name: 'Moved' })
  })

  test('a key that is revoked, expired or rotated is refused by its old token', async () => {
    await using latchkey = await open()
    const tokens = ['first-foreign-token', 'other-foreign-token']
    const [first, other] = await latchkey.keys.import(tokens.map((token) => entry({ token, hint: 'for' })))
    const { id } = first as { id: string }
    expect((await latchkey.keys.get(id)).hint).toBe('for…')
    for (const token of tokens) expect((await latchkey.verify(token)).code).toBe('valid')
    await latchkey.keys.revoke(other?.id as string)
    expect(
      latchkey.verifyCached(tokens[1] as string) ?? (await latchkey.verify(tokens[1] as string)),
    ).toMatchObject({
      code: 'revoked',
    })
    const rotated = await latchkey.keys.rotate(id, { graceSeconds: 60 })
    expect(rotated).toMatchObject({ id, key: expect.stringMatching(/^re_/) })
    expect((await latchkey.verify(tokens[0] as string)).code).toBe('valid')
    await latchkey.keys.rotate(id)
    expect((await latchkey.verify(tokens[0] as string)).code).toBe('rotated')
    const { secrets } = await latchkey.keys.get(id)
    expect(secrets.map(({ hint }) => hint.slice(0, 3))).toEqual(['re_', 're_', 'for'])
    expect((await latchkey.keys.listRecipes())[0]?.tokens).toBe(1)
  })

  test('what an import refuses it names, and makes the rest', async () => {
    await using latchkey = await open()
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const token = 'x'.repeat(15)
    const hash = { scheme: 'sha256', encoding: 'hex', value: hashOf('abc').toString('hex') } as const
    const own = (await latchkey.keys.create({ organizationId: 'acme', name: 'Own' })).key
    const outcomes = await latchkey.keys.import([
      entry({ token }),
      entry({ token: `${token}x` }),
      entry({ token: 'y'.repeat(513) }),
      entry({ token: 'y'.repeat(512) }),
      entry({ token: 'with a space in the midst' }),
      entry({ token: `secret-token:${token}x` }),
      entry({ token: own }),
      // Its check is wrong.
      entry({ token: `${own.slice(0, -1)}${own.endsWith('0') ? '1' : '0'}` }),
      entry({ token: `${token}x` }),
      entry({ token: `${token}x`, organizationId: 'globex' }),
      entry({ hash: { ...hash, value: hashOf(`${token}x`).toString('hex') } }),
      entry({ hash: { ...hash, value: 'ab' } }),
      entry({ hash: { ...hash, value: `${hash.value.slice(0, -1)}g` } }),
      entry({ hash: { ...hash, scheme: 'sha512' } }),
      entry({ hash: { ...hash, scheme: 'hmac-sha256' } }),
      entry({ hash: { ...hash, scheme: 'hmac-sha256', pepper: 'unknown' } }),
      entry({ hash, permissions: ['latchkey:keys:read'] }),
      entry({ hash, organizationId: 'nobody' }),
      entry({ hash, token: 'both-of-them-at-once' }),
      entry({}),
      entry({ hash, hint: 'ä' }),
      entry({ hash, unknown: true } as object),
      entry({ hash, parentId: '0192f0c1-0000-7000-8000-000000000000' } as object),
      5 as never,
      entry({ hash, expiresAt: new Date(0) }),
      entry({ hash }),
    ])
    expect(
      outcomes.map(({ id, code, errors }) =>
        [id === undefined ? '-' : 'id', code ?? '-', errors?.map(({ path }) => path).join() ?? '-'].join(' '),
      ),
    ).toEqual([
      '- invalid_input token',
      'id - -',
      '- invalid_input token',
      'id - -',
      '- invalid_input token',
      '- invalid_input token',
      '- invalid_input token',
      '- invalid_input token',
      'id exists -',
      '- taken -',
      'id exists -',
      '- invalid_input hash.value',
      '- invalid_input hash.value',
      '- invalid_input hash.value',
      '- invalid_input hash.pepper',
      '- invalid_input hash.pepper',
      '- invalid_input permissions[0]',
      '- organization_not_found ',
      '- invalid_input ',
      '- invalid_input ',
      '- invalid_input hint',
      '- invalid_input unknown',
      '- invalid_input parentId',
      '- invalid_input ',
      '- invalid_input expiresAt',
      'id - -',
    ])
    expect(JSON.stringify(outcomes)).not.toContain('yyyy')
    const again = await latchkey.keys.import([entry({ hash }), entry({ hash, organizationId: 'globex' })])
    expect(again).toEqual([{ id: outcomes.at(-1)?.id, code: 'exists' }, { code: 'taken' }])
    const { items } = await latchkey.audit.list({ action: 'key.created' })
    const imported = items.filter(({ changes }) => 'imported' in changes)
    expect(imported.map(({ keyId }) => keyId).sort()).toEqual(
      outcomes
        .filter(({ code }) => code === undefined)
        .map(({ id }) => id)
        .sort(),
    )
    expect(imported[0]?.changes).toMatchObject({
      imported: { scheme: 'sha256', of: 'token', pepper: null },
      kid: expect.stringMatching(/^-[0-9A-Za-z]{15}$/),
    })
  })

  test('a token that a key has by its hash is there, though it was tried before, and is imported as a whole', async () => {
    await using latchkey = await open()
    await latchkey.keys.import(all.map(({ hash }) => entry({ hash })))
    const part = 'Zt4Qq8LmXc2Vb6Nn0Aa1Ss3Dd5Ff7Gg9Hh'
    const token = `18|${part}`
    expect((await latchkey.verify(token)).code).toBe('not_found')
    const value = hashOf(part).toString('hex')
    const hash = { scheme: 'sha256', encoding: 'hex', value, of: 'after:|' } as const
    const [made] = await latchkey.keys.import([entry({ hash })])
    expect(await latchkey.verify(token)).toMatchObject({ valid: true, keyId: made?.id })
    expect(await latchkey.keys.import([entry({ token })])).toEqual([{ id: made?.id, code: 'exists' }])
    // A key of the root organization itself lives no longer than who brings it.
    const expiresAt = new Date(Date.now() + 3_600_000)
    const actor = await makeCaller(latchkey, 'root', ['latchkey:*'], { expiresAt })
    const own = entry({ organizationId: 'root', token: 'a-token-of-the-operator' })
    expect(await latchkey.keys.import([own, { ...own, expiresAt }], { actor })).toMatchObject([
      { code: 'permission_escalation' },
      { id: expect.any(String) },
    ])
  })

  test('a fifth recipe is refused until the keys of another are rotated', async () => {
    await using latchkey = await open()
    const [unkey] = await latchkey.keys.import(all.map(({ hash }) => entry({ hash })))
    const fifth = entry({
      hash: { scheme: 'sha256', encoding: 'hex', value: hashOf('part').toString('hex'), of: 'after:.' },
    })
    expect(await latchkey.keys.import([fifth])).toMatchObject([
      { code: 'invalid_input', errors: [{ path: 'hash' }] },
    ])
    await latchkey.keys.rotate(unkey?.id as string)
    const [made] = await latchkey.keys.import([fifth])
    expect(made).toEqual({ id: expect.any(String) })
    expect(await latchkey.verify('anything-before.part')).toMatchObject({ valid: true, keyId: made?.id })
  })

  test('without its pepper a token gets no verdict, and others do', async () => {
    const database = await makeDatabase()
    const first = await openLatchkey({ database, peppers })
    await createAcme(first)
    await first.keys.import(all.map(({ hash }) => entry({ hash })))
    await first.close()
    await using latchkey = await openLatchkey({ database, peppers: [] })
    await expect(latchkey.verify(systems.kong?.token as string)).rejects.toMatchObject({
      code: 'keyring_missing',
    })
    expect((await latchkey.verify(systems.drf?.token as string)).code).toBe('valid')
    expect((await latchkey.verify('re_')).code).toBe('malformed')
    expect((await latchkey.keys.listRecipes()).map(({ isReady }) => isReady)).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  test('two imports of the same at once make each key once', async () => {
    await using latchkey = await open()
    // Where a way of hashing is new, its imports come one after the other.
    await latchkey.keys.import([entry({ token: 'first-token-of-another-system' })])
    const list = Array.from({ length: 40 }, (_, i) => entry({ token: `token-of-another-system-${i}` }))
    const rounds = await Promise.all(
      [list, [...list].reverse(), list].map((keys) => latchkey.keys.import(keys)),
    )
    const made = rounds.flat().filter(({ code }) => code === undefined)
    expect(made).toHaveLength(40)
    expect(rounds.flat().filter(({ code }) => code === 'exists')).toHaveLength(80)
    expect(new Set(rounds.flat().map(({ id }) => id)).size).toBe(40)
  })

  test('a key with an imported token never holds a permission of Latchkey itself', async () => {
    await using latchkey = await open()
    const [made] = await latchkey.keys.import([entry({ token: 'a-token-of-another-system' })])
    const id = made?.id as string
    const permissions = ['latchkey:keys:read']
    const refused = { code: 'permission_escalation' }
    await expect(latchkey.keys.update(id, { permissions })).rejects.toMatchObject(refused)
    await latchkey.keys.rotate(id, { graceSeconds: 60 })
    await expect(latchkey.keys.update(id, { permissions })).rejects.toMatchObject(refused)
    await latchkey.keys.rotate(id)
    expect(await latchkey.keys.update(id, { permissions })).toMatchObject({ permissions })
  })
})

onEachDatabase('a verifier of a server', (makeDatabase) => {
  test('takes what is no token for malformed without asking until something is imported, and then knows it', async () => {
    await using server = await startTestServer(await makeDatabase())
    await createAcme(server.latchkey)
    await using verifier = createVerifier({ url: server.url, token: server.rootKey })
    const token = 'a-token-of-another-system'
    // It has not heard of the server yet.
    expect(verifier.verifyCached(token)).toBeUndefined()
    expect(await verifier.verify(token)).toEqual({ valid: false, code: 'malformed' })
    await verifier.ready()
    const asked = () => server.log.filter(({ route }) => route === '/v1/keys/facts').length
    const before = asked()
    expect(await verifier.verify(token)).toEqual({ valid: false, code: 'malformed' })
    expect(asked()).toBe(before)
    await server.latchkey.keys.import([entry({ token })])
    await vi.waitFor(async () => expect(await verifier.verify(token)).toMatchObject({ valid: true }), {
      timeout: 5_000,
    })
  })
})

onEachDatabase('tokens of other systems over HTTP', (makeDatabase) => {
  test('a proxy and a caller are told the same, no log has a part of the token, and none calls the API', async () => {
    await using server = await startTestServer(await makeDatabase(), { peppers })
    await createAcme(server.latchkey)
    const { rootKey } = server
    const body = all.map(({ hash }) => ({ organization_id: 'acme', name: 'Moved', hash }))
    const made = await server.request<{ id: string }[]>('POST', '/v1/keys/import', { token: rootKey, body })
    expect(made.status).toBe(200)
    // First from the database, then from memory.
    for (const [i, { token }] of all.entries())
      for (let round = 0; round < 2; round++) {
        const verified = await server.request('POST', '/v1/keys/verify', {
          token: rootKey,
          body: { key: token },
        })
        expect(verified.json).toMatchObject({ valid: true, key_id: made.json[i]?.id })
        const allowed = await server.request('GET', '/v1/auth', { token })
        expect(allowed.headers.get('x-latchkey-key-id')).toBe(made.json[i]?.id)
        expect((await server.request('GET', '/v1/keys/self', { token })).status).toBe(401)
      }
    const spare = { organization_id: 'acme', name: 'Spare', token: 'spare-token-of-another-system' }
    await server.request('POST', '/v1/keys/import', { token: rootKey, body: [spare] })
    const form = {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${spare.token}`,
    }
    const told = await server.request('POST', '/v1/introspect', { token: rootKey, ...form })
    expect(told.json).toMatchObject({ active: true, org: 'acme' })
    expect((await server.request('POST', '/v1/revoke', { token: rootKey, ...form })).status).toBe(200)
    expect((await server.request('POST', '/v1/introspect', { token: rootKey, ...form })).json).toEqual({
      active: false,
    })
    // Whoever has a token ends it, whichever system made it.
    const found = { organization_id: 'acme', name: 'Found', token: 'found-in-a-public-repository' }
    await server.request('POST', '/v1/keys/import', { token: rootKey, body: [found] })
    const ended = { ...form, body: `token=${found.token}` }
    expect((await server.request('POST', '/v1/revoke', ended)).status).toBe(200)
    expect((await server.request('POST', '/v1/introspect', { token: rootKey, ...ended })).json).toEqual({
      active: false,
    })
    const wrong = await server.request('POST', '/v1/keys/import', {
      token: rootKey,
      body: [{ organization_id: 'acme', name: 'A', expires_at: 5, token: 'from-another-system' }],
    })
    expect(wrong.json).toMatchObject([{ code: 'invalid_input', errors: [{ path: 'expires_at' }] }])
    const own = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'Manager',
      permissions: ['latchkey:keys:write', 'latchkey:keys:read'],
    })
    for (const [method, path] of [
      ['POST', '/v1/keys/import'],
      ['GET', '/v1/keys/recipes'],
    ] as const) {
      const refused = await server.request(method, path, {
        token: own.key,
        ...(method === 'POST' && { body }),
      })
      expect(refused.json).toMatchObject({ code: 'root_organization_required' })
    }
    await using verifier = createVerifier({ url: server.url, token: rootKey })
    await verifier.ready()
    const uses: string[] = []
    for (const [i, { token }] of all.entries()) {
      expect(await verifier.verify(token)).toMatchObject({ valid: true, keyId: made.json[i]?.id })
      // What was asked while something changed is not remembered: the next answer is.
      const cached = async () => (await verifier.verify(token)) && verifier.verifyCached(token)
      await expect.poll(cached).toMatchObject({ valid: true, keyId: made.json[i]?.id })
      uses.push(String(made.json[i]?.id))
    }
    expect(await verifier.verify('a-token-of-nobody')).toEqual({ valid: false, code: 'not_found' })
    await server.latchkey.keys.revoke(uses[0] as string, { wait: 'applied' })
    // What waits for processes does not wait for verifiers.
    await expect.poll(() => verifier.verify(all[0]?.token as string)).toMatchObject({ code: 'revoked' })
    const lines = JSON.stringify(server.log)
    for (const { token } of all)
      for (let at = 0; at + 8 <= token.length; at++) expect(lines).not.toContain(token.slice(at, at + 8))
  })
})
