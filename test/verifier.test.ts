// createVerifier on a real server: what it asks, what it remembers, and that its verdicts are the server's.
import { getEventListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createClient,
  createVerifier,
  isLatchkeyError,
  type LatchkeyClientError,
  type Verifier,
  type VerifierOptions,
} from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { onOneDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

onOneDatabase('SQLite', 'a verifier', (makeDatabase) => {
  async function start(options: Partial<VerifierOptions> = {}, now?: () => number) {
    const database = await makeDatabase()
    const server = await startTestServer(database, now && { now })
    const { organizations, keys } = server.latchkey
    await createAcme({ organizations })
    await organizations.create({ id: 'other', name: 'Other' })
    const issue = (permissions: string[] = [], organizationId = 'acme') =>
      keys.create({ organizationId, name: 'K', permissions })
    const clock = now && { now }
    const verifier = createVerifier({ url: server.url, token: server.rootKey, ...clock, ...options })
    await verifier.ready()
    const asked = () => server.log.filter(({ route }) => route === '/v1/keys/facts').length
    const close = async () => {
      await verifier.close()
      await server.close()
    }
    return { ...server, keys, database, issue, verifier, asked, [Symbol.asyncDispose]: close }
  }

  test('asks for a token once, however many ask at once, and afterwards never', async () => {
    await using stage = await start()
    const { verifier, asked } = stage
    const { key, id } = await stage.issue(['emails:send'])
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => verifier.verify(key)))
    for (const verdict of verdicts) expect(verdict).toMatchObject({ valid: true, keyId: id })
    expect(asked()).toBe(1)
    expect(verifier.verifyCached(key, { permissions: ['emails:send'] })).toEqual(verdicts[0])
    expect(verifier.verifyCached(key, { permissions: ['emails:read'] })?.code).toBe(
      'insufficient_permissions',
    )
    expect((await verifier.verify(`secret-token:${key}`)).valid).toBe(true)
    expect(verifier.verifyCached('nonsense')?.code).toBe('malformed')
    expect((await verifier.verify('nonsense')).code).toBe('malformed')
    expect(asked()).toBe(1)
  })

  test('gives the verdicts of the server, at first sight and from memory', async () => {
    await using stage = await start()
    const { keys, verifier, latchkey } = stage
    const make = async (permissions: string[]) => {
      const { id, key } = await keys.create({
        organizationId: 'acme',
        name: 'Ü',
        permissions,
        expiresAt: new Date(Date.now() + 3_600_000),
        metadata: { plan_name: 'pro', created_at: '2026-01-01T00:00:00.000Z' },
      })
      return { id, key }
    }
    const [valid, revoked, rotated] = [await make(['a:*']), await make(['a:b']), await make(['a:b'])]
    await keys.revoke(revoked.id)
    await keys.rotate(rotated.id)
    const damaged = `${valid.key.slice(0, -1)}${valid.key.endsWith('0') ? '1' : '0'}`
    const tokens = [valid.key, revoked.key, rotated.key, (await stage.issue()).key, damaged, '']
    const questions = [{}, { permissions: ['a:b'] }, { permissions: ['b'] }, { organizationId: 'other' }]
    for (const token of tokens) {
      for (const question of questions) {
        const wanted = await latchkey.verify(token, question)
        expect(await verifier.verify(token, question)).toEqual(wanted)
        // What was asked while the revocation was being told is asked again.
        while (verifier.verifyCached(token, question) === undefined) await verifier.verify(token)
        expect(verifier.verifyCached(token, question)).toEqual(wanted)
      }
    }
  })

  test('judges expiry, and the end of a grace, by itself and at their instant', async () => {
    let now = Date.now()
    await using stage = await start({}, () => now)
    const { keys, verifier } = stage
    const [expiring, rotated] = [await stage.issue(), await stage.issue()]
    await keys.update(expiring.id, { expiresAt: new Date(now + 300_000) })
    await keys.rotate(rotated.id, { graceSeconds: 300 })
    for (const { key } of [expiring, rotated]) expect((await verifier.verify(key)).valid).toBe(true)
    now += 299_999
    // The wall clock ran ahead, which ends a lease: it begins anew with the next answer.
    await untilKnown(verifier, [expiring.key, rotated.key], 'valid')
    now += 1
    expect(verifier.verifyCached(expiring.key)?.code).toBe('expired')
    expect(verifier.verifyCached(rotated.key)?.code).toBe('rotated')
  })

  test('sees a change of every kind, made by the server or by another process', async () => {
    await using stage = await start()
    await using other = await openLatchkey({ database: stage.database })
    for (const { keys } of [stage.latchkey, other]) {
      const changes: [change: (id: string) => Promise<unknown>, code: string][] = [
        [(id) => keys.revoke(id), 'revoked'],
        [(id) => keys.rotate(id), 'rotated'],
        [(id) => keys.update(id, { permissions: [] }), 'insufficient_permissions'],
        [(id) => keys.update(id, { expiresAt: new Date(Date.now() + 100) }), 'expired'],
      ]
      for (const [change, code] of changes) {
        const { id, key } = await stage.issue(['a:b'])
        const question = { permissions: ['a:b'] }
        expect((await stage.verifier.verify(key, question)).valid).toBe(true)
        await change(id)
        while ((await stage.verifier.verify(key, question)).valid) await setTimeout(1)
        expect((await stage.verifier.verify(key, question)).code).toBe(code)
      }
    }
  })

  test('of an organization knows its own tokens; another’s are not found', async () => {
    await using stage = await start()
    const [own, foreign] = [await stage.issue(), await stage.issue([], 'other')]
    const { key: token } = await stage.issue(['latchkey:keys:verify'])
    await using verifier = createVerifier({ url: stage.url, token })
    await verifier.ready()
    expect((await verifier.verify(own.key)).valid).toBe(true)
    expect(await verifier.verify(foreign.key)).toEqual({ valid: false, code: 'not_found' })
  })

  test('an unknown secret of a known kid is refused, and shuts nobody out', async () => {
    await using stage = await start()
    const { key } = await stage.issue()
    const kid = key.slice(-65, -49)
    const guess = (number: number) => assembleToken('re', kid, new Uint8Array(32).fill(number))
    // Before the true one was seen, and after it.
    expect((await stage.verifier.verify(guess(1))).code).toBe('not_found')
    expect(stage.verifier.verifyCached(guess(1))?.code).toBe('not_found')
    expect(stage.verifier.verifyCached(key)).toBeUndefined()
    expect((await stage.verifier.verify(key)).valid).toBe(true)
    expect(stage.verifier.verifyCached(guess(2))?.code).toBe('not_found')
    expect(stage.verifier.verifyCached(key)?.valid).toBe(true)
  })

  test('remembers no more than it may: the least recently used goes first', async () => {
    await using stage = await start({ cachedSecrets: 3 })
    const tokens = await Promise.all([1, 2, 3, 4, 5].map(async () => (await stage.issue()).key))
    for (const token of tokens) await stage.verifier.verify(token)
    await untilKnown(stage.verifier, tokens.slice(2), 'valid')
    expect(tokens.slice(0, 2).map((token) => stage.verifier.verifyCached(token))).toEqual([
      undefined,
      undefined,
    ])
  })

  test('reports what was found valid, and nothing else, when it is closed', async () => {
    await using stage = await start()
    const [used, fromMemory, refused] = [await stage.issue(), await stage.issue(), await stage.issue()]
    await stage.verifier.verify(used.key)
    await stage.verifier.verify(fromMemory.key, { permissions: ['a:b'] })
    const from = Date.now()
    expect(stage.verifier.verifyCached(fromMemory.key)?.valid).toBe(true)
    await stage.verifier.verify(refused.key, { permissions: ['a:b'] })
    await stage.verifier.close()
    await expect(stage.verifier.verify('re_x'.padEnd(70, 'x'))).resolves.toMatchObject({ code: 'malformed' })
    await expect(stage.verifier.verify(used.key)).rejects.toMatchObject({ code: 'aborted' })
    await stage.close()
    await using latchkey = await openLatchkey({ database: stage.database })
    const lastUse = async ({ id }: { id: string }) => (await latchkey.keys.get(id)).lastUsedAt?.getTime()
    expect(await lastUse(used)).toBeGreaterThan(0)
    expect(await lastUse(fromMemory)).toBeGreaterThanOrEqual(from)
    expect(await lastUse(refused)).toBeUndefined()
  })

  test('leaves nothing behind on a signal that many calls share, and takes nothing else for one', async () => {
    await using stage = await start()
    const { signal } = new AbortController()
    for (let i = 0; i < 3; i++) await stage.verifier.verify((await stage.issue()).key, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const { key } = await stage.issue()
    for (const none of ['abort', {}, new AbortController()] as never[])
      expect(await failureOf(stage.verifier.verify(key, { signal: none }))).toMatchObject({
        code: 'invalid_input',
        errors: [{ path: 'signal' }],
      })
    for (const question of [null, false, new Set(['emails:send']), []] as never[])
      expect(await failureOf(stage.verifier.verify(key, question))).toMatchObject({ code: 'invalid_input' })
  })

  test('whose own key is revoked forgets all it knew, and throws what the server says', async () => {
    await using stage = await start()
    const own = await stage.issue(['latchkey:keys:verify'])
    await using verifier = createVerifier({ url: stage.url, token: own.key, staleIfErrorMs: 60_000 })
    await verifier.ready()
    const { key } = await stage.issue()
    expect((await verifier.verify(key)).valid).toBe(true)
    await stage.keys.revoke(own.id)
    while (verifier.verifyCached(key)) await setTimeout(5)
    expect(await failureOf(verifier.verify(key))).toMatchObject({ code: 'invalid_token', status: 401 })
    expect(await failureOf(verifier.ready())).toMatchObject({ code: 'invalid_token' })
  })

  test('a question of a wrong form is an error of the client, whether or not the token is known', async () => {
    await using stage = await start()
    const { key } = await stage.issue()
    for (let i = 0; i < 2; i++) {
      const failure = await failureOf(stage.verifier.verify(key, { permissions: ['a b'] }))
      expect(failure).toMatchObject({ code: 'invalid_input', errors: [{ path: 'permissions[0]' }] })
      await stage.verifier.verify(key)
    }
    const signal = AbortSignal.abort()
    const unseen = (await stage.issue()).key
    expect(await failureOf(stage.verifier.verify(unseen, { signal }))).toMatchObject({ code: 'aborted' })
  })

  test('agrees with the server whatever happens to keys', async () => {
    await using stage = await start()
    const { keys, verifier } = stage
    const client = createClient({ url: stage.url, token: stage.rootKey })
    const step = fc.record({
      what: fc.constantFrom('create', 'revoke', 'rotate', 'grace', 'permissions'),
      which: fc.nat(),
    })
    const made: { id: string; tokens: string[] }[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        for (const { what, which } of steps) {
          const key = made[which % Math.max(made.length, 1)]
          if (what === 'create' || key === undefined) {
            const { id, key: token } = await stage.issue(['a:b'])
            made.push({ id, tokens: [token] })
          } else if (what === 'revoke') await keys.revoke(key.id)
          else if (what === 'permissions')
            await keys.update(key.id, { permissions: ['a:*', 'c'] }).catch(() => {})
          else {
            const graceSeconds = what === 'grace' ? 60 : 0
            const rotated = await keys.rotate(key.id, { graceSeconds }).catch(() => undefined)
            if (rotated) key.tokens.push(rotated.key)
          }
        }
        const tokens = made.slice(-6).flatMap(({ tokens }) => tokens)
        for (const token of tokens) {
          const question = { permissions: ['a:b'] }
          const wanted = await client.verify(token, question)
          let given = await verifier.verify(token, question)
          // Two seconds are what the contract gives it, for what a key may do as for whether it lives.
          const until = Date.now() + 2_000
          while (!isDeepStrictEqual(given, wanted) && Date.now() < until) {
            await setTimeout(5)
            given = await verifier.verify(token, question)
          }
          expect(given).toEqual(wanted)
        }
      }),
      { numRuns: 10 },
    )
  })
})

async function untilKnown(verifier: Verifier, tokens: string[], code: string): Promise<void> {
  for (const token of tokens) {
    while (verifier.verifyCached(token)?.code !== code) {
      await verifier.verify(token)
      await setTimeout(5)
    }
  }
}

async function failureOf(promise: Promise<unknown>): Promise<LatchkeyClientError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isLatchkeyError(error)) throw new Error(`Not an error of the client: ${error}`)
  return error
}
