// Changes judge their caller inside their own transaction: a second process that has heard of nothing, and still
// takes a dead token for live, changes nothing by it.
import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ChangeLines } from '../src/commit/change-lines.ts'
import { Writer } from '../src/commit/commit.ts'
import { Together } from '../src/commit/together.ts'
import { operator } from '../src/core/actor.ts'
import { maxIdleMs, maxSessionMs } from '../src/core/bounds.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import { systemRandom } from '../src/domain/random.ts'
import { type KeyCaller, openLatchkey } from '../src/index.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'
import { type Fatality, fatalities, kindsOfChange, playRound } from './setup/stale-callers.ts'

/** In which a change is tried by a dead caller; at length in `torture/stale-callers.ts`. */
const rounds = 2

onEachDatabase('a change', (makeDatabase, kind) => {
  test(`by a caller that is dead in the database succeeds in no process, in ${rounds} rounds of every kind`, async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using owner = await openLatchkey({ database, now: clock.now })
    await using thief = await openLatchkey({ database, now: clock.now })
    await owner.ensureRootKey()
    await createAcme(owner)
    for (let round = 0; round < rounds; round++) {
      expect(await playRound({ owner, thief, clock, database }), `round ${round}`).toEqual([])
    }
  })

  test('is refused as at the door: by a token, by a session, and for want of a permission', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const permissions = ['latchkey:keys:read', 'latchkey:keys:write']
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'Admin', permissions })
    const byToken = await callerBy(latchkey, key.key)
    const signIn = async () =>
      (await latchkey.sessions.authenticate(await latchkey.sessions.start(key.key))) as KeyCaller
    const [bySession, other] = [await signIn(), await signIn()]
    await latchkey.sessions.end(other.sessionId as string, { actor: bySession })
    expect(await codeOf(latchkey.keys.create({ name: 'CI' }, { actor: other }))).toBe('session_ended')
    await latchkey.keys.create({ name: 'CI' }, { actor: bySession })
    await latchkey.keys.update(key.id, { permissions: ['latchkey:keys:read'] })
    for (const caller of [byToken, bySession])
      expect(await codeOf(latchkey.keys.create({ name: 'CI' }, { actor: caller }))).toBe('missing_permission')
    await latchkey.keys.rotate(key.id)
    expect(await codeOf(latchkey.keys.create({ name: 'CI' }, { actor: byToken }))).toBe('invalid_token')
    expect(await codeOf(latchkey.keys.create({ name: 'CI' }, { actor: bySession }))).toBe('session_ended')
  })

  test('by a session that is over by then is refused, be it idle or too old', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    await using direct = await connectDirectly(database)
    await createAcme(latchkey)
    const permissions = ['latchkey:keys:write']
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Admin', permissions })
    const signIn = async () =>
      (await latchkey.sessions.authenticate(await latchkey.sessions.start(key))) as KeyCaller
    const create = (actor: KeyCaller) => latchkey.keys.create({ name: 'CI' }, { actor })
    const idle = await signIn()
    clock.advance(maxIdleMs - 1)
    await create(idle)
    clock.advance(1)
    expect(await codeOf(create(idle))).toBe('session_ended')
    const old = await signIn()
    await direct.run(`update sessions set last_seen_at = ${clock.now() + maxSessionMs}`)
    clock.advance(maxSessionMs - 1)
    await create(old)
    clock.advance(1)
    expect(await codeOf(create(old))).toBe('session_ended')
  })

  test('takes a caller for what the database says of its secret, whatever else the caller says', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
    const create = (organizationId: string, permissions: string[]) =>
      latchkey.keys.create({ organizationId, name: 'K', permissions })
    const sessionBy = async (token: string) => (await latchkey.sessions.start(token)).session.id
    const own = await create('acme', ['latchkey:keys:write'])
    const olderSession = await sessionBy(own.key)
    const caller = await callerBy(latchkey, (await latchkey.keys.rotate(own.id, { graceSeconds: 60 })).key)
    const { key: theirs } = await create('globex', ['latchkey:*', '*'])
    const stranger = await callerBy(latchkey, theirs)
    const strangersSession = await sessionBy(theirs)
    const before = await readAll(database)
    const forged: [fields: Partial<KeyCaller>, code: string][] = [
      [{ organizationId: 'globex' }, 'invalid_token'],
      [{ organizationId: 'root' }, 'invalid_token'],
      [{ keyId: stranger.keyId }, 'invalid_token'],
      [{ kid: stranger.kid }, 'invalid_token'],
      [{ kid: '0000000000000000' }, 'invalid_token'],
      [{ kid: undefined as never }, 'invalid_input'],
      [{ sessionId: stranger.keyId }, 'session_ended'],
      [{ sessionId: strangersSession }, 'session_ended'],
      [{ sessionId: olderSession }, 'session_ended'],
      [{ permissions: ['*', 'latchkey:*'] }, 'permission_escalation'],
      [{ type: undefined as never }, 'invalid_input'],
      [{ type: 'member' as never }, 'invalid_input'],
    ]
    for (const [fields, code] of forged) {
      const creating = latchkey.keys.create(
        { name: 'CI', permissions: ['a'] },
        { actor: { ...caller, ...fields } },
      )
      expect(await codeOf(creating), JSON.stringify(fields)).toBe(code)
    }
    expect(await readAll(database)).toBe(before)
  })

  test('that shares a transaction and is refused once it has recorded what it does leaves no event', async () => {
    const database = await makeDatabase()
    await (await openLatchkey({ database })).close()
    const store = await openStore(database)
    const source = { now: Date.now, random: systemRandom }
    const lines = new ChangeLines(store.changesAtOnce)
    const writer = new Writer(
      store,
      { forget: () => {}, lookNow: () => {}, noteEvents: () => {} },
      source,
      lines,
    )
    const together = new Together<string, string, { id: string }>(writer, lines, {
      permission: 'any key',
      maxAtOnce: 10,
      prepare:
        async () =>
        ({ record }, name) => {
          record({ action: 'organization.created', organizationId: name })
          if (name === 'refused') throw new LatchkeyError('organization_exists', 'Refused.')
          return name
        },
      write: () => [],
      answerOf: (id) => ({ id }),
      again: () => {},
      forget: () => {},
    })
    const changes = ['one', 'refused', 'two'].map((name) => together.commit(operator, name))
    expect((await Promise.allSettled(changes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    await store.close()
    await using direct = await connectDirectly(database)
    const events = await direct.run('select organization_id as id from audit_events order by id')
    expect(events.map(({ id }) => id).sort()).toEqual(['one', 'two'])
  })

  test('whose answer is lost, and one whose caller is dead, have this process forget what may be out of date', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    await using stack = new AsyncDisposableStack()
    const store = await openStore(database)
    stack.defer(() => store.close())
    const told: unknown[] = []
    const memory = {
      forget: (...what: unknown[]) => void told.push(what),
      lookNow: () => void told.push('look'),
      noteEvents: () => void told.push('seal'),
    }
    const writerOn = ({ write }: Pick<Store, 'write'>) =>
      new Writer(
        { write, announce: store.announce, dialect: store.dialect },
        memory,
        { now: Date.now, random: systemRandom },
        new ChangeLines(store.changesAtOnce),
      )
    const losing = writerOn({
      write: async (...work) => {
        await store.write(...work)
        throw new LatchkeyError('store_unavailable', 'The answer is lost.')
      },
    })
    const change = losing.commit(operator, { permission: 'any key' }, async ({ record }) =>
      record({ action: 'key.updated', organizationId: 'acme', keyId: caller.keyId }),
    )
    expect(await codeOf(change)).toBe('store_unavailable')
    expect(told.splice(0)).toEqual([['key', caller.keyId], 'look', 'seal'])
    await latchkey.keys.revoke(caller.keyId)
    const refused = writerOn(store).commit(caller, { permission: 'any key' }, async () => {})
    expect(await codeOf(refused)).toBe('invalid_token')
    expect(told).toEqual([['key', caller.keyId], 'look'])
  })

  test('of many that are written together, a dead caller and a key that the database will not take fail alone', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await using direct = await connectDirectly(database)
    await createAcme(latchkey)
    await refuseNames(direct, kind)
    const live = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const dead = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    await latchkey.keys.revoke(dead.keyId)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => {
        const caller = i % 10 === 3 ? dead : live
        const name = i % 10 === 7 ? 'Unstorable' : `key ${i}`
        return latchkey.keys.create({ name }, { actor: caller })
      }),
    )
    const codes = outcomes.map((each) => (each.status === 'rejected' ? each.reason.code : 'created'))
    expect(codes).toEqual(
      codes.map((_, i) => ({ 3: 'invalid_token', 7: 'store_unavailable' })[i % 10] ?? 'created'),
    )
    expect((await latchkey.keys.list({ q: 'key ', limit: 1000 })).items).toHaveLength(32)
  })

  test('of many that are written together, a key of an organization that a restored database lacks fails alone', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await using direct = await connectDirectly(database)
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'lost', name: 'Lost' })
    const create = (organizationId: string) => latchkey.keys.create({ organizationId, name: 'CI' })
    await create('lost')
    for (const table of ['secrets', 'keys'])
      await direct.run(`delete from ${table} where organization_id = 'lost'`)
    await direct.run("delete from organizations where id = 'lost'")
    const outcomes = await Promise.allSettled(['acme', 'lost', 'acme'].map(create))
    const codes = outcomes.map((each) => (each.status === 'rejected' ? each.reason.code : 'created'))
    expect(codes).toEqual(['created', 'organization_not_found', 'created'])
    // Back again, and gone again: what this process remembers is never the last word.
    await latchkey.organizations.create({ id: 'lost', name: 'Lost' })
    await create('lost')
    for (const table of ['secrets', 'keys'])
      await direct.run(`delete from ${table} where organization_id = 'lost'`)
    await direct.run("delete from organizations where id = 'lost'")
    expect(await codeOf(create('lost'))).toBe('organization_not_found')
  })

  if (kind === 'PostgreSQL')
    test('of many that are written together, none waits for a key of another caller that somebody changes', async () => {
      const database = await makeDatabase()
      await using latchkey = await openLatchkey({ database })
      await using direct = await connectDirectly(database)
      await createAcme(latchkey)
      const permissions = ['latchkey:keys:write']
      const [changed, revoked, free] = [
        await makeCaller(latchkey, 'acme', permissions),
        await makeCaller(latchkey, 'acme', permissions),
        await makeCaller(latchkey, 'acme', permissions),
      ]
      const create = (actor: KeyCaller) => latchkey.keys.create({ name: 'CI' }, { actor })
      // As a process does that changes both keys, and takes its time.
      await direct.run('begin')
      for (const { keyId } of [changed, revoked])
        await direct.run(`select pg_advisory_xact_lock(hashtextextended('${keyId}', ${0x6c61_7463}))`)
      await direct.run(`update keys set revoked_at = 1 where id = '${revoked.keyId}'`)
      let settled = 0
      const waiting = [changed, revoked, changed].map((actor) => create(actor).finally(() => settled++))
      const outcomes = Promise.allSettled(waiting)
      for (let i = 0; i < 3; i++) await create(free)
      expect(settled).toBe(0)
      await direct.run('commit')
      const codes = (await outcomes).map((each) =>
        each.status === 'rejected' ? each.reason.code : 'created',
      )
      expect(codes).toEqual(['created', 'invalid_token', 'created'])
    })

  test('that waits for its turn leaves the line when its signal is raised, and is never made', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await using direct = await connectDirectly(database)
    await createAcme(latchkey)
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const change = (name: string, signal?: AbortSignal) => [
      latchkey.keys.create({ name }, { actor, signal }),
      latchkey.keys.update(actor.keyId, { name }, { actor, signal }),
    ]
    // More than the key has places in either line.
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    if (kind === 'PostgreSQL')
      await direct.run(`select pg_advisory_xact_lock(hashtextextended('${actor.keyId}', ${0x6c61_7463}))`)
    const others = Promise.allSettled(Array.from({ length: 110 }, () => change('waits')).flat())
    const stop = new AbortController()
    const stopped = Promise.allSettled(change('stopped', stop.signal))
    await setImmediate()
    const reason = new Error('Enough.')
    stop.abort(reason)
    expect(await stopped).toEqual([1, 2].map(() => ({ status: 'rejected', reason })))
    await direct.run('commit')
    expect((await others).some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await readAll(database)).not.toContain('stopped')
  })

  test('by keys that change each other at once waits for no one in a circle', async () => {
    const database = await makeDatabase()
    await using first = await openLatchkey({ database })
    await using second = await openLatchkey({ database })
    await createAcme(first)
    const permissions = ['latchkey:keys:write']
    const a = await makeCaller(first, 'acme', permissions)
    const b = await makeCaller(second, 'acme', permissions)
    for (let i = 0; i < 10; i++) {
      const crossing = [
        first.keys.update(b.keyId, { name: `b ${i}` }, { actor: a }),
        second.keys.update(a.keyId, { name: `a ${i}` }, { actor: b }),
        first.keys.create({ name: 'CI' }, { actor: b }),
        second.keys.create({ name: 'CI' }, { actor: a }),
        first.keys.update(a.keyId, { name: `self ${i}` }, { actor: a }),
        second.keys.update(b.keyId, { name: `self ${i}` }, { actor: b }),
      ]
      const outcomes = await Promise.allSettled(crossing)
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    }
    // Its own rotation, twice at once by one token: the first ends the token of the second.
    const rotations = await Promise.allSettled([
      first.keys.rotate(a.keyId, {}, { actor: a }),
      second.keys.rotate(a.keyId, {}, { actor: a }),
    ])
    expect(rotations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // Each revokes the other: one of them comes first, and the other is dead by then.
    const c = await makeCaller(first, 'acme', permissions)
    const revocations = await Promise.allSettled([
      first.keys.revoke(c.keyId, { actor: b }),
      second.keys.revoke(b.keyId, { actor: c }),
    ])
    expect(revocations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('by many callers that keep coming never keeps the revocation of their key waiting', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    let created = 0
    let isRevoked = false
    const creators = Array.from({ length: 8 }, async () => {
      for (;;) {
        const wasRevoked = isRevoked
        try {
          await latchkey.keys.create({ name: 'CI' }, { actor: caller })
          created++
        } catch {
          return
        }
        expect(wasRevoked).toBe(false)
      }
    })
    while (created < 20) await setTimeout(5)
    await latchkey.keys.revoke(caller.keyId)
    isRevoked = true
    await Promise.all(creators)
    const { items } = await latchkey.audit.list({ actor: caller.keyId, limit: 1000 })
    expect(items).toHaveLength(created)
  })
})

/** Has the database refuse keys of a name, as one of another encoding refuses characters. */
async function refuseNames(
  direct: Awaited<ReturnType<typeof connectDirectly>>,
  kind: DatabaseKind,
): Promise<void> {
  if (kind === 'SQLite') {
    await direct.run(`create trigger refuse before insert on keys when new.name = 'Unstorable'
      begin select raise(abort, 'constraint failed'); end`)
  } else await direct.run(`alter table keys add constraint refuse check (name <> 'Unstorable')`)
}

test('every fatality and every kind of change is played', () => {
  expect(fatalities satisfies readonly Fatality[]).toEqual([
    'revoked',
    'parent revoked',
    'rotated',
    'narrowed',
    'expired',
    'secret ended',
    'session ended',
  ])
  expect(kindsOfChange.length).toBeGreaterThanOrEqual(12)
})
