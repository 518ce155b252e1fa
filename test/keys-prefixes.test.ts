// Environments: what tokens begin with, and what asks for one environment alone.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { type Caller, type Latchkey, openLatchkey, type VerifyOptions } from '../src/index.ts'
import { withKey } from '../src/middleware/fetch.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const prefixes = ['re_live', 're_test']
const acmeAdmin = { organizationId: 'acme', name: 'A', permissions: ['latchkey:*'] }

onEachDatabase('environments', (makeDatabase) => {
  test('a token of another environment is refused, by whatever judges it', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database, { prefixes })
    const { latchkey, rootKey, url } = server
    await createAcme(latchkey)
    const live = await latchkey.keys.create({ organizationId: 'acme', name: 'L', permissions: ['a'] })
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'T', prefix: 're_test' })
    await using verifier = createVerifier({ url, token: rootKey })
    await verifier.ready()
    const client = createClient({ url, token: rootKey })
    const auth = async (token: string, question: VerifyOptions) => {
      const query = new URLSearchParams(question.prefix === undefined ? {} : { prefix: question.prefix })
      for (const permission of question.permissions ?? []) query.append('permission', permission)
      const { status, headers } = await server.request('GET', `/v1/auth?${query}`, { token })
      return { status, code: headers.get('x-latchkey-code') }
    }
    const guard = async (token: string, { prefix }: VerifyOptions) => {
      const guarded = withKey({ verifier, ...(prefix !== undefined && { prefix }) }, () => new Response('in'))
      const headers = { authorization: `Bearer ${token}` }
      return { status: (await guarded(new Request('http://api', { headers }))).status }
    }
    const judges: ((token: string, question: VerifyOptions) => unknown)[] = [
      (token, question) => latchkey.verify(token, question),
      async (key, question) => (await latchkey.verifyBatch([{ key, ...question }]))[0],
      async (token, question) => latchkey.verifyCached(token, question) ?? latchkey.verify(token, question),
      (token, question) => client.verify(token, question),
      async (key, question) => (await client.verifyBatch([{ key, ...question }]))[0],
      (token, question) => verifier.verify(token, question),
      async (token, question) => verifier.verifyCached(token, question) ?? verifier.verify(token, question),
      auth,
    ]
    const wrong = { code: 'wrong_environment' }
    for (const _ of ['cold', 'warm'])
      for (const judge of judges) {
        expect(await judge(live.key, { prefix: 're_live' })).toMatchObject({ code: 'valid' })
        expect(await judge(`secret-token:${live.key}`, { prefix: 're_live' })).toMatchObject({
          code: 'valid',
        })
        for (const prefix of ['re_test', 're', 'live', 're_liv'])
          expect(await judge(live.key, { prefix, permissions: ['b'] })).toMatchObject(wrong)
        expect(await judge(created.key, { prefix: 're_live' })).toMatchObject(wrong)
        expect(await judge(created.key, {})).toMatchObject({ code: 'valid' })
      }
    expect([
      await auth(created.key, { prefix: 're_live' }),
      await guard(created.key, { prefix: 're_live' }),
    ]).toMatchObject([{ status: 401 }, { status: 401 }])
    expect(await guard(live.key, { prefix: 're_live' })).toEqual({ status: 200 })
    // It is known before it is told what else is wrong with it, and after it is told that it is nobody's.
    await latchkey.keys.revoke(created.id)
    expect(await latchkey.verify(created.key, { prefix: 're_live' })).toMatchObject({
      ...wrong,
      keyId: created.id,
    })
    expect(await latchkey.verify(created.key, { prefix: 're_live', organizationId: 'other' })).toEqual({
      valid: false,
      code: 'not_found',
    })
  })

  test('what is no prefix is refused, and nothing is asked in silence', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database)
    const { latchkey, rootKey, url } = server
    await using verifier = createVerifier({ url, token: rootKey })
    for (const prefix of ['', 'Re', 're_', '_re', 'a'.repeat(25), 7, null, ['re'], {}]) {
      const question = { prefix } as object
      for (const asking of [
        latchkey.verify(rootKey, question),
        latchkey.verifyBatch([{ key: rootKey, ...question }]),
        verifier.verify(rootKey, question),
      ])
        await expect(asking).rejects.toMatchObject({ code: 'invalid_input' })
      expect(() => withKey({ verifier, ...question } as never, () => new Response())).toThrow(TypeError)
      const body = { key: rootKey, prefix }
      const answer = await server.request('POST', '/v1/keys/verify', { token: rootKey, body })
      expect(answer).toMatchObject({ status: 422, json: { errors: [{ path: 'prefix' }] } })
    }
    for (const query of ['prefix=Re', 'prefix=', 'prefix=re&prefix=re', 'Prefix=re']) {
      const { status } = await server.request('GET', `/v1/auth?${query}`, { token: rootKey })
      expect(status, query).toBe(422)
    }
  })

  test('what new keys may begin with is kept in the database, and settings add to it', async () => {
    const database = await makeDatabase()
    const open = (prefixes?: string[]) => openLatchkey({ database, ...(prefixes && { prefixes }) })
    const listOf = async (latchkey: Latchkey) => (await latchkey.keys.listPrefixes()).prefixes
    const hintOf = async (latchkey: Latchkey, prefix?: string) =>
      (await latchkey.keys.create({ organizationId: 'acme', name: 'K', ...(prefix && { prefix }) })).hint
    {
      await using latchkey = await open()
      await createAcme(latchkey)
      expect(await listOf(latchkey)).toEqual(['re'])
      expect(await hintOf(latchkey)).toMatch(/^re_[0-9A-Za-z]{16}…$/)
    }
    await using one = await open(['re_live', 're_test'])
    const kept = await one.keys.create({ organizationId: 'acme', name: 'K', prefix: 're_test' })
    {
      // Another process has no setting, or one of its own, which does not take away those of others.
      await using other = await open()
      expect(await hintOf(other)).toMatch(/^re_live_/)
      await using third = await open(['eu', 're_live'])
      expect(await listOf(third)).toEqual(['eu', 're_live', 're_test'])
      await using _again = await open(['eu', 're_live'])
      const { items } = await other.audit.list({ action: 'key.prefixes_set' })
      expect(items.map(({ changes }) => changes)).toEqual([
        { prefixes: { from: ['re_live', 're_test'], to: ['eu', 're_live', 're_test'] } },
        { prefixes: { from: ['re'], to: ['re_live', 're_test'] } },
      ])
      expect(await third.keys.setPrefixes({ prefixes: ['re_live'] })).toEqual({ prefixes: ['re_live'] })
      expect(await hintOf(third)).toMatch(/^re_live_/)
      expect(await refusalOf(hintOf(third, 'eu'))).toMatchObject({ errors: [{ path: 'prefix' }] })
      expect(await third.verify(kept.key)).toMatchObject({ valid: true })
    }
    const { key } = await one.createRootKey()
    const root = await one.authenticate(key)
    const acme = await callerBy(one, (await one.keys.create({ ...acmeAdmin })).key)
    expect(await codeOf(one.keys.setPrefixes({ prefixes: ['eu'] }, { actor: acme }))).toBe(
      'root_organization_required',
    )
    expect(await one.keys.listPrefixes({ actor: acme })).toEqual({ prefixes: ['re_live'] })
    const many = Array.from({ length: 33 }, (_, i) => `p${i}`)
    for (const prefixes of [[], ['Re'], ['re', 're'], ['re_'], [7], 're', null, many] as string[][])
      expect(await codeOf(one.keys.setPrefixes({ prefixes }, { actor: root as Caller }))).toBe(
        'invalid_input',
      )
    expect(await listOf(one)).toEqual(['re_live'])
  })
})
