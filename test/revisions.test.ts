// Revisions, `ETag` and `If-Match`: an edit that its editor made of something older than what is there changes nothing.
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { parseToken } from '../src/core/token.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { nextRevision } from '../src/store/revisions.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { runInProcess } from './setup/command-in-process.ts'
import { makeSqlite, onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const stale = '1'
const sealingKeys = [`${'A'.repeat(43)}=`]

/** Each thing that can be edited: how it is made and read, and its edits. */
const nouns = {
  key: {
    make: (latchkey: Latchkey) => latchkey.keys.create({ organizationId: 'acme', name: 'CI' }),
    id: ({ id }: { id: string }) => id,
    get: ({ keys }: Latchkey, id: string) => keys.get(id),
    edits: {
      update: ({ keys }: Latchkey, id: string, options: object) => keys.update(id, { name: 'New' }, options),
      rotate: ({ keys }: Latchkey, id: string, options: object) => keys.rotate(id, {}, options),
      revoke: ({ keys }: Latchkey, id: string, options: object) => keys.revoke(id, options),
    },
  },
  organization: {
    make: (latchkey: Latchkey) => latchkey.organizations.create({ id: 'globex', name: 'Globex' }),
    id: () => 'globex',
    get: ({ organizations }: Latchkey, id: string) => organizations.get(id),
    edits: {
      update: ({ organizations }: Latchkey, id: string, options: object) =>
        organizations.update(id, { name: 'New' }, options),
    },
  },
  plan: {
    make: (latchkey: Latchkey) => latchkey.plans.create({ name: 'pro' }),
    id: () => 'pro',
    get: ({ plans }: Latchkey, id: string) => plans.get(id),
    edits: {
      update: ({ plans }: Latchkey, id: string, options: object) =>
        plans.update(id, { permissions: ['a'] }, options),
      delete: ({ plans }: Latchkey, id: string, options: object) => plans.delete(id, options),
    },
  },
  webhook: {
    make: (latchkey: Latchkey) =>
      latchkey.webhooks.create({ url: 'https://receiver.example/', events: ['plan.deleted'] }),
    id: ({ id }: { id: string }) => id,
    get: ({ webhooks }: Latchkey, id: string) => webhooks.get(id),
    edits: {
      update: ({ webhooks }: Latchkey, id: string, options: object) =>
        webhooks.update(id, { description: 'New' }, options),
      rotate: ({ webhooks }: Latchkey, id: string, options: object) => webhooks.rotate(id, {}, options),
      delete: ({ webhooks }: Latchkey, id: string, options: object) => webhooks.delete(id, options),
    },
  },
}
const edits = Object.entries(nouns).flatMap(([noun, { edits }]) =>
  Object.entries(edits).map(([name, edit]) => [`${noun}: ${name}`, noun as 'key', edit] as const),
)

onEachDatabase('revisions', (makeDatabase) => {
  test.each(edits)('%s is made of the revision that is there, and of no other', async (_, noun, edit) => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database, sealingKeys, now: clock.now })
    await createAcme(latchkey)
    const { make, id: idOf, get } = nouns[noun]
    const made = await make(latchkey)
    const id = idOf(made as { id: string })
    const { revision } = await get(latchkey, id)
    expect(made.revision).toBe(revision)
    const before = await readAll(database)
    for (const ifRevision of [stale, [], [stale, `${revision}0`]])
      expect(await codeOf(edit(latchkey, id, { ifRevision }))).toBe('precondition_failed')
    for (const ifRevision of [
      '',
      '"1"',
      `W/"${revision}"`,
      '*',
      7,
      null,
      {},
      [1],
      [[revision]],
      `${revision}\r\nX: 1`,
    ])
      expect(await codeOf(edit(latchkey, id, { ifRevision }))).toBe('invalid_input')
    expect(await readAll(database)).toBe(before)
    await edit(latchkey, id, { ifRevision: [stale, revision] })
    expect(await readAll(database)).not.toBe(before)
    const now = await get(latchkey, id).catch(() => undefined)
    expect(now?.revision).not.toBe(revision)
  })

  test('of two edits of one revision at one instant, in two processes, one is made', async () => {
    const database = await makeDatabase()
    await using one = await openLatchkey({ database })
    await using other = await openLatchkey({ database })
    await createAcme(one)
    const [key, plan] = [await nouns.key.make(one), await nouns.plan.make(one)]
    const { revision } = await one.organizations.get('acme')
    for (const make of [
      (side: Latchkey, name: string) => side.keys.update(key.id, { name }, { ifRevision: key.revision }),
      (side: Latchkey, name: string) => side.organizations.update('acme', { name }, { ifRevision: revision }),
      (side: Latchkey, name: string) =>
        side.plans.update('pro', { permissions: [name] }, { ifRevision: plan.revision }),
    ]) {
      const outcomes = await Promise.allSettled([
        make(one, 'a'),
        make(other, 'b'),
        make(one, 'c'),
        make(other, 'd'),
      ])
      const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
      expect(refused.map(({ reason }) => reason.code)).toEqual(Array(3).fill('precondition_failed'))
    }
  })

  test('a use changes no revision; each edit does, and what changed nothing does not', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const quota = { name: 'credits', limit: 5, resets: 'monthly' } as const
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [quota] })
    const seen = new Set<string>()
    const expectEdited = async (isEdited: boolean) => {
      const { revision } = await latchkey.keys.get(id)
      expect(seen.has(revision)).toBe(!isEdited)
      seen.add(revision)
      expect((await latchkey.keys.list({ status: 'all' })).items).toContainEqual(
        expect.objectContaining({ id, revision }),
      )
    }
    await expectEdited(true)
    await latchkey.verify(key)
    await latchkey.keys.addUnits(id, 'credits', { add: 1 })
    await latchkey.keys.update(id, { name: 'CI' })
    await latchkey.keys.forgetPlaces(id)
    await expectEdited(false)
    await latchkey.keys.rotate(id, { graceSeconds: 600 })
    await expectEdited(true)
    const { secrets } = await latchkey.keys.get(id)
    await latchkey.keys.endSecret(id, secrets[1]?.kid as string)
    await expectEdited(false)
    await latchkey.keys.revoke(id)
    await expectEdited(true)
    await latchkey.keys.revoke(id)
    await expectEdited(false)
  })

  test('an edit that is there already is none: what was sent twice is answered, also on its old condition', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { id, revision: ifRevision } = await nouns.key.make(latchkey)
    const edited = await latchkey.keys.update(id, { name: 'New' }, { ifRevision })
    expect(await latchkey.keys.update(id, { name: 'New' }, { ifRevision })).toEqual(edited)
    await latchkey.keys.revoke(id, { ifRevision: edited.revision })
    await latchkey.keys.revoke(id, { ifRevision: edited.revision })
  })

  test('a plan that was deleted and made again has another revision', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const { revision: ifRevision } = await nouns.plan.make(latchkey)
    await latchkey.plans.delete('pro')
    clock.advance(1)
    await nouns.plan.make(latchkey)
    expect(await codeOf(latchkey.plans.delete('pro', { ifRevision }))).toBe('precondition_failed')
  })

  test('a condition tells nothing of what its caller may not see or change', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a', 'b'] })
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const foreign = await makeCaller(latchkey, 'globex', ['latchkey:*', '*'])
    const weak = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    for (const ifRevision of [stale, key.revision]) {
      const edit = (actor: typeof weak) =>
        codeOf(latchkey.keys.update(key.id, { name: 'X' }, { ifRevision, actor }))
      expect([await edit(foreign), await edit(weak)]).toEqual(['key_not_found', 'permission_escalation'])
    }
  })
})

onOneDatabase('SQLite', 'If-Match', (makeDatabase) => {
  async function startWithKey(): Promise<{ server: TestServer; path: string; etag: string }> {
    const server = await startTestServer(await makeDatabase())
    const made = await server.request('POST', '/v1/keys', { token: server.rootKey, body: { name: 'CI' } })
    return { server, path: `/v1/keys/${made.json.id}`, etag: made.headers.get('etag') as string }
  }

  test('each answer that is one thing which can be edited has its revision as a strong entity tag', async () => {
    const { server, path, etag } = await startWithKey()
    await using _ = server
    const token = server.rootKey
    const tagOf = async (method: string, address: string, body?: object) => {
      const { status, headers, json } = await server.request(method, address, {
        token,
        ...(body && { body }),
      })
      expect(status).toBe(200)
      expect(headers.get('etag')).toBe(`"${json.revision}"`)
      return headers.get('etag')
    }
    expect(await tagOf('GET', path)).toBe(etag)
    expect(await tagOf('PATCH', path, { name: 'CI 2' })).not.toBe(etag)
    expect(await tagOf('POST', `${path}/rotate`)).toBe(await tagOf('GET', path))
    await tagOf('GET', '/v1/keys/self')
    const acme = await tagOf('POST', '/v1/organizations', { id: 'acme', name: 'Acme' })
    expect(await tagOf('GET', '/v1/organizations/acme')).toBe(acme)
    expect(await tagOf('PATCH', '/v1/organizations/acme?wait=applied', { name: 'Acme 2' })).not.toBe(acme)
    const pro = await tagOf('POST', '/v1/plans', { name: 'pro' })
    expect(await tagOf('GET', '/v1/plans/pro')).toBe(pro)
    expect(await tagOf('PATCH', '/v1/plans/pro', { permissions: [] })).not.toBe(pro)
    for (const list of ['/v1/keys', '/v1/plans'])
      expect((await server.request('GET', list, { token })).headers.get('etag')).toBeNull()
  })

  test('is read as RFC 9110 has it: any, lists, and weak tags that match nothing', async () => {
    const { server, path, etag } = await startWithKey()
    await using _ = server
    const edit = async (ifMatch: string, address = path) => {
      const request = {
        token: server.rootKey,
        body: { name: `By ${ifMatch}` },
        headers: { 'if-match': ifMatch },
      }
      const { status, json } = await server.request('PATCH', address, request)
      return status === 200 ? 200 : json.code
    }
    for (const none of [
      '"1"',
      `W/${etag}`,
      `"1", W/${etag} ,"x y"`.replace(' y', ''),
      '""',
      `"${etag.slice(1, -1)}0"`,
    ])
      expect(await edit(none), none).toBe('precondition_failed')
    for (const faulty of [
      etag.slice(1, -1),
      `"${etag}`,
      `${etag} "1"`,
      `w/${etag}`,
      `*, ${etag}`,
      '',
      ',',
      "'1'",
      '"a b"',
    ])
      expect(await edit(faulty), faulty).toBe('invalid_input')
    expect(await edit('*', '/v1/keys/019a0000-0000-7000-8000-000000000000')).toBe('key_not_found')
    expect(await edit('"1"', '/v1/keys/019a0000-0000-7000-8000-000000000000')).toBe('key_not_found')
    expect(await edit(`, "1",,W/"2" , ${etag},`)).toBe(200)
    expect(await edit(etag)).toBe('precondition_failed')
    expect(await edit(' * ')).toBe(200)
  })

  test('guards changes, rotations and ends, and its refusal is a problem of status 412', async () => {
    const { server, path } = await startWithKey()
    await using _ = server
    await server.request('POST', '/v1/plans', { token: server.rootKey, body: { name: 'pro' } })
    for (const [method, address, body] of [
      ['PATCH', path, { name: 'X' }],
      ['POST', `${path}/rotate`, { grace_seconds: 60 }],
      ['DELETE', path],
      ['PATCH', '/v1/organizations/root', { name: 'X' }],
      ['PATCH', '/v1/plans/pro', { permissions: [] }],
      ['DELETE', '/v1/plans/pro'],
    ] as const) {
      const request = { token: server.rootKey, body, headers: { 'if-match': '"1"' } }
      const { status, headers, json } = await server.request(method, address, request)
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect([status, json.code], address).toEqual([412, 'precondition_failed'])
    }
  })

  test('the client sends it, and repeats an edit that has one', async () => {
    const { server, path } = await startWithKey()
    await using _ = server
    const client = createClient({ url: server.url, token: server.rootKey })
    const key = await client.keys.get(path.slice('/v1/keys/'.length))
    const edited = await client.keys.update(key.id, { name: 'New' }, { ifRevision: [stale, key.revision] })
    expect(edited.revision).not.toBe(key.revision)
    const old = { ifRevision: key.revision }
    for (const edit of [
      () => client.keys.update(key.id, { name: 'Newer' }, old),
      () => client.keys.update(key.id, { name: 'Newer' }, { ifRevision: [] }),
      () => client.keys.rotate(key.id, {}, old),
      () => client.keys.revoke(key.id, old),
    ])
      await expect(edit()).rejects.toMatchObject({ code: 'precondition_failed', status: 412 })
    await expect(client.keys.get(key.id, old as object)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(
      parseToken((await client.keys.rotate(key.id, {}, { ifRevision: edited.revision })).key),
    ).toBeDefined()
  })
})

test('each edit has another revision, also while the clock stands or goes back', () => {
  expect([1_000, 999, 1].map((now) => nextRevision({ revision: 1_000 }, now))).toEqual([1_001, 1_001, 1_001])
  expect(nextRevision({ revision: 1_000 }, 5_000)).toBe(5_000)
})

test('the command line makes an edit of a revision, and says what to do after that of another', async () => {
  using database = makeSqliteFolder()
  await using latchkey = await openLatchkey({ database: database.url })
  await createAcme(latchkey)
  const { id, revision } = await nouns.key.make(latchkey)
  const run = (...args: string[]) =>
    runInProcess([...args, '--database', database.url], process.cwd(), { env: {} })
  expect((await run('keys', 'get', id)).stdout).toContain(`Revision      ${revision}`)
  const edited = await run('keys', 'update', id, '--name', 'New', '--if-revision', revision, '--json')
  expect(JSON.parse(edited.stdout)).toMatchObject({ name: 'New' })
  for (const edit of [
    ['keys', 'update', id, '--name', 'Newer'],
    ['keys', 'rotate', id, '--yes'],
    ['keys', 'revoke', id, '--yes'],
  ]) {
    const refused = await run(...edit, '--if-revision', revision)
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('has been edited since it was read')
  }
})

function makeSqliteFolder(): { url: string } & Disposable {
  const { url, remove } = makeSqlite()
  return { url, [Symbol.dispose]: () => void remove() }
}
