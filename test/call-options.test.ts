// What a call takes beside its input: the same for every method of the library and of the client. What nobody reads is
// refused at once, and nobody acts as the operator by mistake: before 0.2.0 a caller stood where the options are now.
import { describe, expect, test } from 'vitest'
import { createClient, type LatchkeyClient } from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import { type KeyCaller, type Latchkey, LatchkeyError, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller, readerOf } from './setup/callers.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { idOfNothing as id, libraryMethods, methods } from './setup/method-inputs.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const waited =
  /\.(update|rotate|endSecret|suspend|resume|revoke|revokeChild|revokeSelf|addUnits|delete|bulk|set|setFor|deleteFor|remove)$/
const withWait = Object.keys(methods).filter((name) => waited.test(name) && name !== 'invitations.revoke')
const edits = withWait.filter((name) => !/endSecret|revokeChild|revokeSelf|addUnits|bulk/.test(name))
/** What takes a token in place of options, from a browser that signs in. */
const signIn = [
  ...['sessions.start', 'sessions.startFor', 'sessions.authenticate', 'sessions.refresh'],
  'invitations.accept',
]

/** What would be read as an object without fields. */
const opaque = [new Map([['organizationId', 'acme']]), new Set(['acme']), new Date(), new URL('http://acme')]
const noSignals = ['abort', 7, true, {}, { aborted: true }, new AbortController()]

type Side = Latchkey | LatchkeyClient

/** Calls a method with these options; a list is read to its end. */
async function call(side: Side, name: string, ...options: unknown[]): Promise<unknown> {
  const [noun = '', method = ''] = name.split('.')
  const { [method]: run } = side[noun as 'keys'] as unknown as Record<string, (...args: unknown[]) => unknown>
  const answer = run?.(...(libraryMethods[name] ?? []), ...options)
  if (!method.startsWith('listAll') && method !== 'follow') return answer
  for await (const _ of answer as AsyncIterable<unknown>);
}

test.each([
  ['library', () => openLatchkey({ database: makeSqlite().url }), libraryMethods],
  ['client', async () => createClient({ url: 'http://127.0.0.1:1', token: tokenOfNobody }), methods],
] as const)('of the %s no method is left out here', async (_, make, known) => {
  const side: Side = await make()
  const nouns = [
    'keys',
    'organizations',
    'plans',
    'policies',
    'members',
    'invitations',
    'portalSessions',
    'webhooks',
    'audit',
    'events',
    'leaks',
    'usage',
    'sessions',
  ] as const
  const names = nouns.flatMap((noun) => Object.keys(side[noun]).map((method) => `${noun}.${method}`))
  expect(names.filter((name) => !signIn.includes(name)).sort()).toEqual(Object.keys(known).sort())
  if ('close' in side) await side.close()
})

const tokenOfNobody = assembleToken('re', '0123456789abcdef', new Uint8Array(32))

/** Callers as programs for 0.1.0 passed them, in whatever way these were made. */
function oldCallers(caller: KeyCaller): object[] {
  const { type: _, kid, ...older } = caller
  class OfAClass {
    get keyId() {
      return caller.keyId
    }
    get organizationId() {
      return caller.organizationId
    }
  }
  const hidden = Object.defineProperty({}, 'keyId', { value: caller.keyId })
  const inherited = Object.create(caller)
  return [caller, older, { ...older, kid }, { organizationId: 'acme' }, new OfAClass(), inherited, hidden]
}

onEachDatabase('the library', (makeDatabase, kind) => {
  test('takes no caller for options, and nobody for the operator: every method refuses, and nothing changes', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const caller = await makeCaller(latchkey, 'acme', ['*', 'latchkey:*'])
    const before = await readAll(database)
    const actors = [null, undefined, '', 'operator', 7, {}, [], { keyId: caller.keyId }, { type: 'user' }]
    for (const name of Object.keys(libraryMethods)) {
      for (const options of oldCallers(caller)) {
        // `keyId` alone names whose sessions are meant.
        if (name.startsWith('sessions.') && Object.getOwnPropertyNames(options).join() === 'keyId') continue
        const refusal = await refusalOf(call(latchkey, name, options))
        expect(refusal.code, name).toBe('invalid_input')
        if (!name.startsWith('sessions.')) expect(refusal.message, name).toContain('{ actor: caller }')
      }
      for (const options of [null, '', 'root', 7, false, [], [caller], () => caller, new Date(), new Map()])
        expect(await codeOf(call(latchkey, name, options)), name).toBe('invalid_input')
      for (const more of [
        [{}, { actor: caller }],
        [undefined, { actor: caller }],
        [undefined, caller],
      ])
        expect(await codeOf(call(latchkey, name, ...more)), name).toBe('invalid_input')
      for (const actor of actors)
        expect(await codeOf(call(latchkey, name, { actor })), `${name} ${JSON.stringify(actor)}`).toBe(
          'invalid_input',
        )
    }
    expect(await readAll(database)).toBe(before)
  })

  test('refuses an option that a method does not read, and says which it does', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const before = await readAll(database)
    for (const name of Object.keys(libraryMethods)) {
      const refused: object[] = [
        { acter: readerOf('acme') },
        { timeoutMs: 5 },
        { idempotencyKey: 'once' },
        { wait: 'never' },
      ]
      if (!withWait.includes(name)) refused.push({ wait: 'applied' })
      if (!edits.includes(name)) refused.push({ ifRevision: '1' })
      for (const options of refused)
        expect(await codeOf(call(latchkey, name, options)), name).toBe('invalid_input')
    }
    expect(await readAll(database)).toBe(before)
    const misspelt = latchkey.keys.create({ name: 'K' }, { acter: readerOf('acme') } as object)
    expect(await refusalOf(misspelt)).toMatchObject({ message: 'acter: Unknown option. Did you mean actor?' })
  })

  test('takes nothing for a signal that is none, and begins nothing', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const before = await readAll(database)
    for (const name of Object.keys(libraryMethods))
      for (const signal of noSignals) {
        const refusal = await refusalOf(call(latchkey, name, { signal }))
        expect(refusal, name).toMatchObject({ code: 'invalid_input', errors: [{ path: 'signal' }] })
      }
    expect(await readAll(database)).toBe(before)
  })

  test('asks what a question says, and refuses one that could hide what it asks', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    class Hidden {
      readonly #permissions = ['emails:send']
      toJSON() {
        return { permissions: this.#permissions }
      }
    }
    const hiding: unknown[] = [
      ...[null, false, 0, '', 7, 'emails:send', Symbol('emails:send'), () => ['emails:send']],
      ...[[], ['emails:send'], new Set(['emails:send']), new Map([['permissions', ['emails:send']]])],
      ...[new Hidden(), new URLSearchParams({ permissions: 'emails:send' })],
    ]
    // Known by then, as most tokens are.
    expect(await latchkey.verify(key)).toMatchObject({ valid: true })
    for (const question of hiding as object[]) {
      expect(await codeOf(latchkey.verify(key, question)), String(question)).toBe('invalid_input')
      expect(() => latchkey.verifyCached(key, question), String(question)).toThrow(LatchkeyError)
      expect(await codeOf(latchkey.verifyBatch([{ key }], question)), String(question)).toBe('invalid_input')
    }
    for (const requests of [null, 'a', { key }, [null], [{ key }, 7], [undefined]] as never[])
      expect(await codeOf(latchkey.verifyBatch(requests))).toBe('invalid_input')
    for (const question of [undefined, {}, { permissions: undefined }, Object.create(null)])
      expect(await latchkey.verify(key, question)).toMatchObject({ valid: true })
    const inherited = Object.create({ permissions: ['emails:send'] })
    expect(await latchkey.verify(key, inherited)).toMatchObject({ code: 'insufficient_permissions' })
  })

  test('reads no input that hides its fields, and takes one of a class that shows them', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const before = await readAll(database)
    for (const input of opaque as never[]) {
      const { keys, organizations, audit } = latchkey
      for (const list of [keys, organizations, audit])
        expect(await codeOf(list.list(input))).toBe('invalid_input')
      expect(await codeOf(keys.listPermissions(input))).toBe('invalid_input')
      expect(await codeOf(keys.create(input))).toBe('invalid_input')
      expect(await codeOf(keys.update(id, input))).toBe('invalid_input')
      expect(await codeOf(keys.rotate(id, input))).toBe('invalid_input')
      expect(await codeOf(organizations.create(input))).toBe('invalid_input')
    }
    expect(await readAll(database)).toBe(before)
    class Renaming {
      name = 'Robot'
    }
    expect(await latchkey.keys.update(id, new Renaming())).toMatchObject({ name: 'Robot' })
  })

  test('knows no key, secret or session by what is no id', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.keys.rotate(id, { graceSeconds: 60 })
    const kid = (await latchkey.keys.get(id)).secrets[1]?.kid
    const none = [
      undefined,
      null,
      7,
      Number.NaN,
      {},
      [],
      '',
      '\0',
      '\ud800',
      'a\0b',
      id.toUpperCase(),
    ] as never[]
    for (const wrong of [...none, [id] as never]) {
      expect(await codeOf(latchkey.keys.get(wrong)), String(wrong)).toBe('key_not_found')
      expect(await codeOf(latchkey.keys.update(wrong, { name: 'New' })), String(wrong)).toBe('key_not_found')
      expect(await codeOf(latchkey.keys.rotate(wrong)), String(wrong)).toBe('key_not_found')
      expect(await codeOf(latchkey.keys.revoke(wrong)), String(wrong)).toBe('key_not_found')
      expect(await codeOf(latchkey.sessions.end(wrong, { keyId: id })), String(wrong)).toBe(
        'session_not_found',
      )
      expect(await codeOf(latchkey.organizations.get(wrong)), String(wrong)).toBe('organization_not_found')
    }
    for (const wrong of [...none, [kid] as never])
      expect(await codeOf(latchkey.keys.endSecret(id, wrong)), String(wrong)).toBe('secret_not_found')
    expect(await latchkey.verify(key)).toMatchObject({ valid: true })
  })

  test('lets nobody sign in past a permission that is misspelt', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const origin = { permision: 'latchkey:keys:read' } as object
    expect(await codeOf(latchkey.sessions.start(key, origin))).toBe('invalid_input')
    const permission = 'latchkey:keys:read'
    expect(await codeOf(latchkey.sessions.start(key, { permission }))).toBe('missing_permission')
  })

  test('begins nothing for a signal that is raised', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const before = await readAll(database)
    const reason = new Error('Enough.')
    for (const name of Object.keys(libraryMethods))
      await expect(call(latchkey, name, { signal: AbortSignal.abort(reason) }), name).rejects.toBe(reason)
    expect(await readAll(database)).toBe(before)
  })

  test('waits for a change, if asked to, until every process acts on it', async () => {
    const database = await makeDatabase()
    await using first = await openLatchkey({ database })
    await using second = await openLatchkey({ database })
    await createAcme(first)
    const { id, key } = await first.keys.create({ organizationId: 'acme', name: 'CI' })
    expect(await second.verify(key)).toMatchObject({ valid: true })
    const confirmed = { applied: { confirmed: true, silent: [] } }
    const wait = { wait: 'applied' } as const
    expect(await first.keys.update(id, { name: 'Robot' }, wait)).toMatchObject({
      name: 'Robot',
      ...confirmed,
    })
    expect(await first.keys.update(id, { name: 'CI' })).not.toHaveProperty('applied')
    const rotated = await first.keys.rotate(id, { graceSeconds: 60 }, wait)
    expect(rotated).toMatchObject({ id, ...confirmed })
    expect(second.verifyCached(rotated.key)).toBeUndefined()
    const [, old] = (await first.keys.get(id)).secrets
    expect(await first.keys.endSecret(id, old?.kid as string, wait)).toMatchObject(confirmed)
    expect(second.verifyCached(key)).not.toMatchObject({ valid: true })
    expect(await second.verify(rotated.key)).toMatchObject({ valid: true })
    expect(await first.keys.revoke(id, wait)).toMatchObject(confirmed)
    expect(second.verifyCached(rotated.key)).not.toMatchObject({ valid: true })
    expect(await first.keys.revoke(id)).toBeUndefined()
  })

  test(`tells a caller of its own key, and lists everything to the end (${kind})`, async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    for (const name of ['acme', 'globex']) await latchkey.organizations.create({ id: name, name })
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:read'])
    const self = await latchkey.keys.self({ actor: caller })
    expect(self).toMatchObject({ id: caller.keyId, name: 'Caller' })
    expect(self).not.toHaveProperty('secrets')
    expect(await refusalOf(latchkey.keys.self())).toMatchObject({ errors: [{ path: 'actor' }] })
    for (const name of ['a', 'b', 'c', 'd']) await latchkey.keys.create({ organizationId: 'globex', name })
    const namesOf = async (items: AsyncIterable<{ name: string }>) => {
      const names: string[] = []
      for await (const { name } of items) names.push(name)
      return names
    }
    const bySteps = { sort: 'name', limit: 3 } as const
    expect(await namesOf(latchkey.keys.listAll(bySteps))).toEqual(['a', 'b', 'c', 'Caller', 'd'])
    expect(await namesOf(latchkey.keys.listAll(bySteps, { actor: caller }))).toEqual(['Caller'])
    expect(await namesOf(latchkey.organizations.listAll({ limit: 1 }))).toEqual(['globex', 'acme'])
    const actions: string[] = []
    for await (const { action } of latchkey.audit.listAll({ limit: 2 })) actions.push(action)
    expect(actions).toHaveLength(7)
    await expect(async () => {
      for await (const _ of latchkey.keys.listAll({}, caller as object));
    }).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('lists and ends the sessions of the calling key, and for the operator those of the key it names', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id: keyId, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Ada' })
    const [one, two] = [await latchkey.sessions.start(key), await latchkey.sessions.start(key)]
    const actor = await callerBy(latchkey, key)
    const other = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    const ids = async (options: object) =>
      (await latchkey.sessions.list(options)).map((session) => session.id)
    expect((await ids({ actor })).sort()).toEqual([one.session.id, two.session.id].sort())
    expect((await ids({ keyId })).sort()).toEqual(await ids({ actor }).then((all) => all.sort()))
    expect((await latchkey.sessions.list({ keyId })).map(({ current }) => current)).toEqual([false, false])
    const { code, errors } = await refusalOf(latchkey.sessions.list())
    expect({ code, errors }).toMatchObject({ code: 'invalid_input', errors: [{ path: 'keyId' }] })
    expect(await codeOf(latchkey.sessions.list({ actor: other, keyId }))).toBe('invalid_input')
    expect(await codeOf(latchkey.sessions.list({ keyId: id }))).toBe('key_not_found')
    expect(await codeOf(latchkey.sessions.list({ keyId: "'" }))).toBe('invalid_input')
    expect(await codeOf(latchkey.sessions.end(one.session.id, { keyId: other.keyId }))).toBe(
      'session_not_found',
    )
    expect(await codeOf(latchkey.sessions.end(one.session.id, { actor: other }))).toBe('session_not_found')
    expect(await codeOf(latchkey.sessions.end('self', { keyId }))).toBe('session_not_found')
    await latchkey.sessions.end(one.session.id, { keyId })
    expect(await latchkey.sessions.authenticate(one)).toBeUndefined()
    const [event] = (await latchkey.audit.list({ keyId, limit: 1 })).items
    expect(event).toMatchObject({
      action: 'session.ended',
      actor: null,
      actorType: 'operator',
      organizationId: 'acme',
      changes: { session_id: one.session.id },
    })
    await latchkey.sessions.end(two.session.id, { actor })
    expect(await ids({ keyId })).toEqual([])
  })
})

describe('the client', () => {
  test('refuses an option that a method does not read, before anything is sent', async () => {
    // Nobody listens here: what is sent fails in another way.
    const client = createClient({ url: 'http://127.0.0.1:1', token: tokenOfNobody, timeoutMs: 500 })
    for (const name of Object.keys(methods)) {
      const refused: unknown[] = [{ actor: readerOf('acme') }, readerOf('acme'), { timeout: 5 }]
      refused.push(null, 7, 'acme', [], { keyId: id }, { wait: 'never' })
      if (!/\.(create|derive|rotate|addUnits)$/.test(name)) refused.push({ idempotencyKey: 'x' })
      refused.push(...noSignals.map((signal) => ({ signal })))
      if (!withWait.includes(name)) refused.push({ wait: 'applied' })
      for (const options of refused)
        await expect(call(client, name, options), name).rejects.toMatchObject({ code: 'invalid_input' })
    }
    const others = [
      client.verifyBatch([], { permissions: ['a'] } as object),
      client.verifiers.readFacts('a', { wait: 'applied' } as object),
      client.verifiers.reportUses([], { wait: 'applied' } as object),
      client.verifiers.latestChange({ wait: 'applied' } as object),
      client.operation.checkHealth({ wait: 'applied' } as object),
      client.operation.readMetrics({ wait: 'applied' } as object),
    ]
    for (const other of others) await expect(other).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('sends what it is given, also if that is nothing, and leaves the refusal to the server', async () => {
    await using sqlite = makeSqlite()
    await using server = await startTestServer(sqlite.url)
    const client = createClient({ url: server.url, token: server.rootKey })
    const { id, key } = await client.keys.create({ organizationId: 'root', name: 'CI' })
    for (const nothing of [null, 0, '', false, Number.NaN] as never[]) {
      await expect(client.verify(key, { permissions: nothing })).rejects.toMatchObject({
        code: 'invalid_input',
      })
      // To a server, null in the place of an optional body is none: the client does not send it.
      await expect(client.keys.rotate(id, nothing)).rejects.toMatchObject({ code: 'invalid_input' })
    }
    for (const input of opaque as never[]) {
      await expect(client.keys.rotate(id, input)).rejects.toMatchObject({ code: 'invalid_input' })
      await expect(client.keys.list(input)).rejects.toMatchObject({ code: 'invalid_input' })
    }
    expect(await client.verify(key)).toMatchObject({ valid: true })
  })
})
