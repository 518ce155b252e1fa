// One change of many keys: exactly those that are meant, each judged as if it were the only one.
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { type BulkChangeInput, type Caller, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const nothing = '0192f0c1-0000-7000-8000-000000000000'
const none = { unchanged: 0, skipped: [], failures: [], left: 0, stoppedBy: null, isDryRun: false }

onEachDatabase('a change of many keys', (makeDatabase) => {
  async function open(): Promise<{ latchkey: Latchkey; database: string; make: typeof makeKey }> {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const makeKey = (fields: object = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', ...fields })
    return { latchkey, database, make: makeKey }
  }
  const tagsOf = async (latchkey: Latchkey) =>
    (await latchkey.keys.list({ status: 'all', sort: 'name' })).items.map(({ name, tags }) => [name, ...tags])

  test('suspends and resumes what is meant, as far as the caller may', async () => {
    const { latchkey, make } = await open()
    const ids = [(await make()).id, (await make()).id, (await make()).id]
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const bulk = (action: 'suspend' | 'resume', options: object = {}) =>
      latchkey.keys.bulk({ action, ids, expect: 3 }, options)
    await latchkey.keys.suspend(ids[0] as string)
    expect(await bulk('suspend', { actor })).toEqual({ ...none, matched: 3, changed: 2, unchanged: 1 })
    expect(await bulk('resume', { actor })).toMatchObject({
      changed: 2,
      failures: [{ id: ids[0], code: 'root_organization_required' }],
    })
    expect(await bulk('resume')).toEqual({ ...none, matched: 3, changed: 1, unchanged: 2 })
    expect((await latchkey.audit.list({ action: 'key.resumed' })).items).toHaveLength(3)
    await latchkey.close()
  })

  test('revokes what is meant, with an event each, and a dry run does not', async () => {
    const { latchkey, make } = await open()
    const keys = [await make({ tags: ['old'] }), await make({ tags: ['old'] }), await make({ tags: ['new'] })]
    const codes = () => Promise.all(keys.map(async ({ key }) => (await latchkey.verify(key)).code))
    const change: BulkChangeInput = { action: 'revoke', filter: { tag: ['old'] } }
    const events = async () => (await latchkey.audit.list({ action: 'key.revoked' })).items
    const dry = await latchkey.keys.bulk({ ...change, dryRun: true })
    expect(dry).toEqual({ ...none, matched: 2, changed: 2, isDryRun: true })
    expect([await codes(), await events()]).toEqual([['valid', 'valid', 'valid'], []])
    expect(await refusalOf(latchkey.keys.bulk({ ...change, expect: 3 }))).toMatchObject({
      code: 'unexpected_count',
      message: '2 keys are meant, and 3 were expected. Nothing was done.',
    })
    expect(await codes()).toEqual(['valid', 'valid', 'valid'])
    expect(await latchkey.keys.bulk({ ...change, expect: 2 })).toEqual({ ...none, matched: 2, changed: 2 })
    expect(await codes()).toEqual(['revoked', 'revoked', 'valid'])
    expect((await events()).map(({ keyId }) => keyId).sort()).toEqual(
      keys
        .slice(0, 2)
        .map(({ id }) => id)
        .sort(),
    )
    // They are not active any more; by their ids they are meant still, and stay as they are.
    expect(await codeOf(latchkey.keys.bulk({ ...change, expect: 2 }))).toBe('unexpected_count')
    const ids = keys.slice(0, 2).map(({ id }) => id)
    const again = await latchkey.keys.bulk({ action: 'revoke', ids, expect: 2 }, { wait: 'applied' })
    expect(again).toMatchObject({
      ...none,
      matched: 2,
      changed: 0,
      unchanged: 2,
      applied: { confirmed: true },
    })
    await latchkey.close()
  })

  test('means no key by its rest that a list does not show, because it was used a moment ago', async () => {
    const { latchkey, make } = await open()
    const { id, key } = await make()
    const since = new Date(Date.now() + 3_600_000)
    const filters = [{ neverUsed: true }, { unusedSince: new Date() }, { unusedSince: since }]
    await latchkey.verify(key)
    for (const [i, filter] of filters.entries()) {
      const { matched } = await latchkey.keys.bulk({ action: 'revoke', filter, dryRun: true })
      expect([i, matched]).toEqual([i, i === 2 ? 1 : 0])
      expect((await latchkey.keys.list(filter)).items.map((one) => one.id)).toEqual(i === 2 ? [id] : [])
    }
    await latchkey.close()
  })

  test('gives tags and takes them, so that keys are found by them', async () => {
    const { latchkey, make } = await open()
    const full = Array.from({ length: 16 }, (_, i) => `t${String(i).padStart(2, '0')}`)
    const ids: string[] = []
    for (const [name, tags] of [
      ['a', ['x', 'y']],
      ['b', []],
      ['c', full],
      ['d', ['z']],
    ] as const)
      ids.push((await make({ name, tags })).id)
    await latchkey.keys.revoke(ids[3] as string)
    const tag = { action: 'tag' as const, addTags: ['z', 'y'], removeTags: ['x'] }
    const result = await latchkey.keys.bulk({ ...tag, ids, expect: 4 })
    expect(result).toMatchObject({ ...none, matched: 4, changed: 2, failures: [{}, {}] })
    expect(result.failures.map(({ id, code }) => [ids.indexOf(id), code])).toEqual([
      [2, 'invalid_input'],
      [3, 'key_revoked'],
    ])
    expect(await tagsOf(latchkey)).toEqual([
      ['a', 'y', 'z'],
      ['b', 'y', 'z'],
      ['c', ...full],
      ['d', 'z'],
    ])
    const found = async (tag: string) => (await latchkey.keys.list({ tag: [tag], sort: 'name' })).items.length
    expect([await found('x'), await found('y'), await found('z')]).toEqual([0, 2, 2])
    const same = await latchkey.keys.bulk({ ...tag, ids: ids.slice(0, 2), expect: 2 })
    expect(same).toEqual({ ...none, matched: 2, changed: 0, unchanged: 2 })
    await latchkey.close()
  })

  test('suspends and resumes, each with its reason, and revokes for one', async () => {
    const { latchkey, make } = await open()
    const keys = [await make({ tags: ['a'] }), await make({ tags: ['a'] })]
    const codes = () => Promise.all(keys.map(async ({ key }) => (await latchkey.verify(key)).code))
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    const filter = { tag: ['a'] }
    const reason = 'Unpaid invoice'
    const [one = '', other = ''] = keys.map(({ id }) => id)
    await latchkey.keys.bulk({ action: 'suspend', ids: [one], expect: 1, reason })
    const own = { action: 'suspend', filter, expect: 1 } as const
    expect(await latchkey.keys.bulk(own, { actor: caller })).toMatchObject({ changed: 1, failures: [] })
    expect(await codes()).toEqual(['suspended', 'suspended'])
    expect(await latchkey.keys.get(one)).toMatchObject({ status: 'suspended', suspendedReason: reason })
    // What the root organization has suspended only its keys resume.
    const resume = { action: 'resume', filter: { ...filter, status: 'suspended' }, expect: 2 } as const
    const resumed = await latchkey.keys.bulk(resume, { actor: caller })
    expect(resumed).toMatchObject({ changed: 1, failures: [{ id: one, code: 'root_organization_required' }] })
    expect(await codes()).toEqual(['suspended', 'valid'])
    expect(await latchkey.keys.bulk({ ...resume, expect: 1 })).toMatchObject({ changed: 1 })
    const why: BulkChangeInput = { action: 'revoke', ids: [one, other], expect: 2, reason: 'owner_left' }
    expect(await latchkey.keys.bulk(why)).toMatchObject({ changed: 2 })
    expect(await latchkey.keys.get(other)).toMatchObject({ revocationReason: 'owner_left' })
    await latchkey.close()
  })

  test('reaches no key of others, none that may do more than the caller, and not the caller', async () => {
    const { latchkey, make } = await open()
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:*', 'emails:send'])
    const [own, foreign, mighty] = [
      await make({ permissions: ['emails:send'] }),
      await make({ organizationId: 'globex' }),
      await make({ permissions: ['files:*'] }),
    ]
    const ids = [mighty.id, own.id, foreign.id, caller.keyId, nothing, 'x\0']
    const result = await latchkey.keys.bulk({ action: 'revoke', ids, expect: 6 }, { actor: caller })
    expect(result).toMatchObject({ matched: 6, changed: 1, unchanged: 0, skipped: [caller.keyId], left: 0 })
    expect(new Set(result.failures.map(({ id, code }) => `${id} ${code}`))).toEqual(
      new Set([
        `${foreign.id} key_not_found`,
        `${mighty.id} permission_escalation`,
        `${nothing} key_not_found`,
        'x\0 key_not_found',
      ]),
    )
    const statuses = async () => (await latchkey.keys.list({ status: 'revoked' })).items.map(({ id }) => id)
    expect(await statuses()).toEqual([own.id])
    // The others' keys are none of its list either.
    const all = await latchkey.keys.bulk({ action: 'revoke', filter: {}, dryRun: true }, { actor: caller })
    expect(all).toMatchObject({ matched: 2, skipped: [caller.keyId], failures: [{ id: mighty.id }] })
    const other = latchkey.keys.bulk(
      { action: 'revoke', filter: { organizationId: 'globex' }, dryRun: true },
      { actor: caller },
    )
    expect(await codeOf(other)).toBe('organization_not_found')
    const reader = await makeCaller(latchkey, 'acme', ['latchkey:keys:read'])
    const refused = latchkey.keys.bulk({ action: 'revoke', ids: [own.id], expect: 1 }, { actor: reader })
    expect(await codeOf(refused)).toBe('missing_permission')
    await latchkey.close()
  })

  test('leaves one root key that can change keys, also if all are meant', async () => {
    const { latchkey } = await open()
    await latchkey.ensureRootKey()
    await latchkey.createRootKey()
    const roots = (await latchkey.keys.list({ organizationId: 'root' })).items.map(({ id }) => id)
    const result = await latchkey.keys.bulk({ action: 'revoke', ids: roots, expect: roots.length })
    expect(result).toMatchObject({ changed: roots.length - 1, failures: [{ code: 'last_root_key' }] })
    await latchkey.close()
  })

  test('takes more than one transaction for many', async () => {
    const { latchkey, database } = await open()
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', 520, Date.now())
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Admin',
      permissions: ['latchkey:*', '*'],
    })
    const caller: Caller = await callerBy(latchkey, key)
    const filter = { status: 'all', permission: 'emails:send' } as const
    const change = {
      action: 'tag' as const,
      filter,
      addTags: ['seen'],
      expect: 520,
    } satisfies BulkChangeInput
    const result = await latchkey.keys.bulk(change, { actor: caller })
    // Those that are revoked take no tags.
    expect(result).toMatchObject({ ...none, matched: 520, changed: 468, failures: { length: 52 } })
    expect(
      (await latchkey.keys.list({ tag: ['seen'], status: 'all', limit: 1, count: true })).total?.count,
    ).toBe(468)
    await latchkey.close()
  })

  test('ends the sessions of the keys that it ends, and of no other, and gives each a revision of its own', async () => {
    const { latchkey, database, make } = await open()
    const keys = [await make(), await make(), await make(), await make({ organizationId: 'globex' })]
    const ids = keys.map(({ id }) => id)
    await using direct = await connectDirectly(database)
    // As a program leaves a key that knows no terms.
    await direct.run(`update keys set terms_revision = 1 where id = '${ids[0]}'`)
    const sessions = await Promise.all(keys.map(({ key }) => latchkey.sessions.start(key)))
    const areOpen = async () =>
      Promise.all(
        sessions.map(async (values) => (await latchkey.sessions.authenticate(values)) !== undefined),
      )
    const some = (action: BulkChangeInput['action'], ...places: number[]) =>
      latchkey.keys.bulk({ action, ids: places.map((i) => ids[i] as string), expect: places.length })
    await latchkey.keys.bulk({ action: 'tag', ids, addTags: ['a'], expect: 4 })
    expect(await areOpen()).toEqual([true, true, true, true])
    expect(await some('suspend', 0, 1)).toMatchObject({ changed: 2 })
    expect(await areOpen()).toEqual([false, false, true, true])
    expect(await some('resume', 0)).toMatchObject({ changed: 1 })
    expect(await some('revoke', 1, 3)).toMatchObject({ changed: 2 })
    expect(await areOpen()).toEqual([false, false, true, false])
    const revisions = await Promise.all(ids.map(async (id) => Number((await latchkey.keys.get(id)).revision)))
    const unwritten = await direct.run('select id from keys where terms_revision <> revision')
    expect(unwritten).toEqual([{ id: ids[0] }])
    const [resumed = 0, revoked = 0, tagged = 0] = revisions
    expect([resumed > tagged, revoked > tagged]).toEqual([true, true])
    await latchkey.keys.bulk({ action: 'tag', ids: ids.slice(2, 3), removeTags: ['a'], expect: 1 })
    const late = latchkey.keys.suspend(ids[2] as string, {}, { ifRevision: String(tagged) })
    expect(await codeOf(late)).toBe('precondition_failed')
    expect(
      (await latchkey.keys.list({ tag: ['a'], status: 'all' })).items.map(({ id }) => id).sort(),
    ).toEqual([ids[0], ids[1], ids[3]].sort())
    await latchkey.close()
  })

  test('is heard of key by key, in a log without a gap that keeps ten thousand changes', async () => {
    const { latchkey, database, make } = await open()
    await using direct = await connectDirectly(database)
    const made = [await make(), await make({ organizationId: 'globex' }), await make(), await make()]
    await latchkey.keys.suspend(made[3]?.id as string)
    await direct.run(`insert into changes (sequence, topic, subject_id, organization_id, organization_sequence, mark)
      with recursive counted(n) as (select 2 union all select n + 1 from counted where n < 10000)
      select n + (select value - 1 from change_counter), 'key', 'n' || n, 'x', n, 'x' from counted`)
    await direct.run('update change_counter set value = value + 9999')
    const ids = made.map(({ id }) => id)
    expect(await latchkey.keys.bulk({ action: 'revoke', ids, expect: 4 })).toMatchObject({ changed: 4 })
    const [log] = await direct.run(`select cast(count(*) as integer) as count, count(distinct mark) as marks,
      min(sequence) - (select value from change_counter) as first, max(sequence) - (select value from change_counter) as last
      from changes where topic is not null`)
    expect([log?.count, Number(log?.marks), Number(log?.first), Number(log?.last)]).toEqual([
      10_000, 5, -9_999, 0,
    ])
    const told = `select subject_id, organization_id, organization_sequence from changes where mark <> 'x' order by sequence`
    const rows = (await direct.run(told)).map((row) => [
      row.subject_id,
      row.organization_id,
      Number(row.organization_sequence),
    ])
    const before = rows.length - 4
    expect(
      rows
        .map(([id]) => id)
        .slice(before)
        .sort(),
    ).toEqual([...ids].sort())
    for (const [organizationId, last] of [
      ['acme', 4],
      ['globex', 1],
    ] as const) {
      const numbers = rows
        .slice(before)
        .filter((row) => row[1] === organizationId)
        .map((row) => row[2])
      const count = organizationId === 'acme' ? 3 : 1
      expect(numbers).toEqual(Array.from({ length: count }, (_, i) => last - count + 1 + i))
    }
    await latchkey.close()
  })

  test('is refused in every wrong shape, and changes nothing', async () => {
    const { latchkey, make } = await open()
    const { id } = await make({ tags: ['a'] })
    const many = Array.from({ length: 10_001 }, (_, i) => `${nothing}${i}`)
    const tag = { action: 'tag', ids: [id], expect: 1 }
    for (const [path, input] of [
      ['', { action: 'revoke', expect: 1 }],
      ['', { action: 'revoke', ids: [id], filter: {}, expect: 1 }],
      ['expect', { action: 'revoke', ids: [id] }],
      ['expect', { action: 'revoke', ids: [id], dryRun: false }],
      ['expect', { action: 'revoke', ids: [id], expect: '1' }],
      ['expect', { action: 'revoke', ids: [id], expect: -1 }],
      ['ids[1]', { action: 'revoke', ids: [id, id], expect: 2 }],
      ['ids[0]', { action: 'revoke', ids: [1], expect: 1 }],
      ['ids', { action: 'revoke', ids: [], expect: 0 }],
      ['ids', { action: 'revoke', ids: id, expect: 1 }],
      ['ids', { action: 'revoke', ids: many, expect: 10_001 }],
      ['action', { action: 'delete', ids: [id], expect: 1 }],
      ['action', { ids: [id], expect: 1 }],
      ['filter.limit', { action: 'revoke', filter: { limit: 1 }, expect: 1 }],
      ['filter.tag[0]', { action: 'revoke', filter: { tag: ['A'] }, expect: 1 }],
      ['', { ...tag }],
      ['', { ...tag, addTags: [] }],
      ['', { action: 'revoke', ids: [id], expect: 1, addTags: ['a'] }],
      ['reason', { action: 'revoke', ids: [id], expect: 1, reason: 'Unpaid' }],
      ['reason', { action: 'resume', ids: [id], expect: 1, reason: 'Paid' }],
      ['addTags[0]', { ...tag, addTags: ['A'] }],
      ['addTags', { ...tag, addTags: many.slice(0, 17).map((_, i) => `t${i}`) }],
      ['dryRun', { ...tag, addTags: ['b'], dryRun: 'yes' }],
      ['sure', { ...tag, addTags: ['b'], sure: true }],
    ] as [string, object][]) {
      const { code, errors } = await refusalOf(latchkey.keys.bulk(input as never))
      const what = JSON.stringify(input).slice(0, 200)
      expect([code, errors?.[0]?.path], what).toEqual(['invalid_input', path])
    }
    expect(await latchkey.keys.get(id)).toMatchObject({ status: 'active', tags: ['a'] })
    await latchkey.close()
  })
})

onOneDatabase('SQLite', 'a change of many keys', (makeDatabase) => {
  test('tells what it did and what it did not come to, if its caller may go no further', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', 1_020, Date.now())
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:*', '*'], { name: 'Admin' })
    // Somebody revokes it while the second transaction is under way; 102 are revoked already.
    await direct.run(`create trigger late after update of revoked_at on keys
      when (select count(*) from keys where revoked_at is not null) = 802
      begin update keys set revoked_at = 1 where id = '${actor.keyId}'; end`)
    const change = { action: 'revoke', filter: { permission: 'emails:send', status: 'all' } } as const
    const result = await latchkey.keys.bulk({ ...change, expect: 1_020 }, { actor })
    expect(result).toMatchObject({ matched: 1_020, failures: [], left: 20, stoppedBy: 'invalid_token' })
    expect(result.changed + result.unchanged).toBe(1_000)
    const again = latchkey.keys.bulk({ ...change, expect: 1_020 }, { actor })
    expect(await codeOf(again)).toBe('invalid_token')
  })

  test('means at most ten thousand, however many fit', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', 10_001, Date.now())
    const change = { action: 'revoke', filter: { status: 'all' }, dryRun: true } as const
    const { code, errors } = await refusalOf(latchkey.keys.bulk(change))
    expect([code, errors?.[0]?.path]).toEqual(['invalid_input', 'filter'])
  })

  test('is the same over HTTP and by the client', async () => {
    await using server = await startTestServer(await makeDatabase())
    const client = createClient({ url: server.url, token: server.rootKey })
    const { id } = await client.keys.create({ name: 'CI', organizationId: 'root', tags: ['a'] })
    const change: BulkChangeInput = { action: 'tag', addTags: ['b'], filter: { tag: ['a'], neverUsed: true } }
    expect(await client.keys.bulk({ ...change, dryRun: true })).toEqual({
      ...none,
      matched: 1,
      changed: 1,
      isDryRun: true,
    })
    expect(await client.keys.bulk({ ...change, expect: 1 }, { wait: 'applied' })).toMatchObject({
      changed: 1,
      applied: { confirmed: true },
    })
    expect(await client.keys.get(id)).toMatchObject({ tags: ['a', 'b'] })
    const { status, json } = await server.request('POST', '/v1/keys/bulk', {
      token: server.rootKey,
      body: { action: 'revoke', ids: [id], expect: 2 },
    })
    expect([status, json.code]).toEqual([409, 'unexpected_count'])
    const long = { action: 'revoke', ids: ['x'.repeat(1024 * 1024)], expect: 1 }
    const tooLong = await server.request('POST', '/v1/keys/bulk', { token: server.rootKey, body: long })
    expect(tooLong.status).toBe(413)
  })
})
