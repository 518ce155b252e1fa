// The sealer: every event gets its place in the logs once and for ever, whoever seals, and wherever that is cut off.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { newId } from '../src/core/ids.ts'
import { systemRandom } from '../src/domain/random.ts'
import { SealBell, sealAll, sealingJob, sealSome } from '../src/jobs/sealing.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { sweepUnqueued } from '../src/store/sealed-log.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { makeSchema } from './setup/schema-fixture.ts'
import { checkLog } from './setup/sealed-log.ts'

const random = systemRandom

/** A store whose transactions fail, or wait, before a statement, counted from 1. */
function interrupted(store: Store, at: number, interrupt: () => Promise<void> | void): Store {
  let count = 0
  return {
    ...store,
    write: (change, last) =>
      store.write(async (tx) => {
        const pending: (Promise<void> | void)[] = []
        const result = await change(
          tx.withPlugin({
            transformQuery: ({ node }) => {
              if (++count === at) pending.push(interrupt())
              return node
            },
            transformResult: async ({ result }) => {
              await Promise.all(pending)
              return result
            },
          }),
        )
        return result
      }, last),
  }
}

onEachDatabase('sealing', (makeDatabase) => {
  test('numbers every event, by its organization and in all, soon after it was recorded', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await using direct = await connectDirectly(database)
    const root = await latchkey.ensureRootKey()
    const actor = await callerBy(latchkey, root?.key as string)
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' }, { actor })
    for (let round = 0; round < 3; round++) {
      const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' }, { actor })
      await latchkey.keys.create({ organizationId: 'bees', name: 'CI' })
      await latchkey.keys.update(id, { name: `CI ${round}` })
    }
    await expect
      .poll(async () => direct.run('select arrival from audit_queue'), { timeout: 10_000 })
      .toEqual([])
    const { roots, actions } = await checkLog(direct, true)
    expect([...roots].map(([log, { length }]) => [log, length])).toEqual([
      ['', 13],
      ['root', 2],
      ['acme', 7],
      ['bees', 4],
    ])
    expect(actions.slice(-3)).toEqual(['key.created', 'key.created', 'key.updated'])
    // Each text has a salt of its own: equal ones would tell that two texts are equal.
    const salts = (await direct.run('select details_salt, origin_salt from audit_log'))
      .flatMap(({ details_salt, origin_salt }) => [details_salt, origin_salt])
      .filter((salt) => salt !== null)
    expect(salts.length).toBeGreaterThan(13)
    expect(new Set(salts).size).toBe(salts.length)
    for (const salt of salts) expect(salt).toMatch(/^[\w-]{22}$/)
  })

  test('tells an organization nothing of who acted from outside of it', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    const root = await latchkey.ensureRootKey()
    const actor = {
      ...(await callerBy(latchkey, root?.key as string)),
      requestId: 'req-1',
      ip: '203.0.113.7',
    }
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create(
      { organizationId: 'acme', name: 'CI', permissions: ['latchkey:keys:write'] },
      { actor },
    )
    const own = { ...(await callerBy(latchkey, key)), ip: '203.0.113.8' }
    await latchkey.keys.create({ name: 'Own' }, { actor: own })
    const store = await openStore(database)
    await sealAll({ store, random })
    await store.close()
    await using direct = await connectDirectly(database)
    const rows = await direct.run(
      "select leaf, origin_salt from audit_log where organization_id = 'acme' order by sequence",
    )
    const leaves = rows.map(({ leaf }) => JSON.parse(String(leaf)))
    expect(leaves.map(({ actor_type, origin }) => [actor_type, origin === null])).toEqual([
      ['operator', true],
      ['operator', false],
      ['key', true],
    ])
    expect(rows.map(({ origin_salt }) => origin_salt === null)).toEqual([true, false, true])
    // Nothing that may have to be erased is in a leaf.
    expect(JSON.stringify(leaves)).not.toMatch(/203\.0\.113|req-1|"Acme"|"Own"/)
    await checkLog(direct, true)
  })

  test('looks once a second where nothing happens, and at once when its own process records something', async () => {
    const database = await makeDatabase()
    {
      await using latchkey = await openLatchkey({ database })
      await createAcme(latchkey)
    }
    await using direct = await connectDirectly(database)
    await using stack = new AsyncDisposableStack()
    const store = await openStore(database)
    stack.defer(() => store.close())
    await sealAll({ store, random })
    const bell = new SealBell()
    const [pauses, over] = [[] as number[], new AbortController()]
    let elapsedMs = 0
    const clock = {
      now: Date.now,
      monotonic: () => elapsedMs,
      after: (milliseconds: number, goOn: () => void) => {
        pauses.push(milliseconds)
        if (pauses.length === 5) over.abort(new Error('The test is over.'))
        // The third one does not end by itself.
        if (pauses.length === 3) return () => {}
        const timer = setImmediate(() => {
          elapsedMs += milliseconds
          goOn()
        })
        return () => clearImmediate(timer)
      },
    }
    const job = sealingJob({ store, random }, clock, bell)
    const work = { subject: '', organizationId: null, payload: null, attempt: 1, signal: over.signal }
    const run = job.run({ ...work, requireHeld: () => over.signal.throwIfAborted() })
    await expect.poll(() => pauses).toEqual([1_000, 1_000, 1_000])
    const columns = 'id, at, action, organization_id, changes'
    await direct.run(
      `insert into audit_events (${columns}) values ('${newId({ now: Date.now, random })}', 0, 'organization.updated', 'acme', '{}')`,
    )
    await direct.run(
      "insert into audit_queue (event_id) select id from audit_events where action = 'organization.updated'",
    )
    bell.ring()
    await expect(run).rejects.toThrow('The test is over.')
    expect(pauses).toEqual([1_000, 1_000, 1_000, 200, 200])
  })

  test('puts what was made possible behind what made it so, whatever the clocks of processes say', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    const monotonic = () => 0
    await using ahead = await openLatchkey({ database, monotonic, now: () => Date.now() + 3_600_000 })
    await using behind = await openLatchkey({ database, monotonic })
    await createAcme(ahead)
    const { id } = await ahead.keys.create({ organizationId: 'acme', name: 'CI' })
    await behind.keys.update(id, { name: 'Deploys' })
    await behind.events.read()
    const { actions } = await checkLog(direct, true)
    expect(actions).toEqual(['organization.created', 'key.created', 'key.updated'])
  })

  test('goes on wherever it was cut off, and a sealer that comes late changes nothing', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    const store = await openStore(database)
    await using latchkey = await openLatchkey({ database })
    // No other sealer.
    await latchkey.close()
    await using writer = await openLatchkey({ database, monotonic: () => 0 })
    await createAcme(writer)
    let seen = await checkLog(direct, false)
    let isCutOff = true
    for (let statement = 1; isCutOff; statement++) {
      await writer.keys.create({ organizationId: 'acme', name: `CI ${statement}` })
      isCutOff = false
      const cut = () => {
        isCutOff = true
        throw new Error('Cut off.')
      }
      await sealAll({ store: interrupted(store, statement, cut), random }).catch(() => {})
      seen = await checkLog(direct, !isCutOff, seen)
      if (!isCutOff) expect(statement).toBeGreaterThan(6)
    }
    await store.close()
  })

  test('by several at once seals each event once', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    const stores = await Promise.all([1, 2, 3].map(() => openStore(database)))
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    let isOver = false
    const sealers = stores.map(async (store) => {
      while (!isOver) await sealSome({ store, random }).catch(() => {})
    })
    const create = async () => {
      for (let i = 0; i < 40; i++) await latchkey.keys.create({ organizationId: 'acme', name: `CI ${i}` })
    }
    await Promise.all([create(), create(), create()])
    isOver = true
    await Promise.all(sealers)
    await sealAll({ store: stores[0] as Store, random })
    const { roots } = await checkLog(direct, true)
    expect(roots.get('acme')).toHaveLength(121)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('begins with the events of before, in their order, and takes in what older programs record beside it', async () => {
    const database = await makeDatabase('nothing')
    await makeSchema(database, 17)
    await using direct = await connectDirectly(database)
    const idOf = (at: number, number: number) => {
      const hex = at.toString(16).padStart(12, '0')
      return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(number).padStart(12, '0')}`
    }
    const record = (id: string, at: number, changes = '{}') =>
      direct.run(
        `insert into audit_events (id, at, action, organization_id, changes) values ('${id}', ${at}, 'organization.updated', 'old', '${changes}')`,
      )
    const begin = Date.now() - 3_600_000
    for (let i = 0; i < 1_200; i++) await record(idOf(begin + i, i), begin + i)
    // Half of a surrogate pair, as no input has it any more.
    await record(idOf(begin + 1_200, 0), begin + 1_200, String.raw`{"name":"\ud800"}`)
    const store = await openStore(database)
    await using latchkey = await openLatchkey({ database, monotonic: () => 0 })
    await createAcme(latchkey)
    // It was amid a change when the tables were made, and comes after what is newer.
    await record(idOf(begin + 600, 999_999), begin + 600)
    await sealAll({ store, random })
    const sealed = await direct.run('select event_id from audit_log order by position')
    expect(sealed.map(({ event_id }) => event_id).slice(0, 1_202)).toEqual(
      (await direct.run("select id from audit_events where organization_id = 'old' order by id")).map(
        ({ id }) => id,
      ),
    )
    const missed = idOf(Date.now() - 1_000_000, 1)
    await record(missed, Date.now())
    // It may be queued yet: its change may be under way.
    const young = idOf(Date.now() - 60_000, 1)
    await record(young, Date.now())
    await store.close()
    {
      await using sealer = await openLatchkey({ database })
      await expect
        .poll(() => direct.run(`select position from audit_log where event_id = '${missed}'`), {
          timeout: 10_000,
        })
        .toHaveLength(1)
      await sealer.close()
    }
    expect(await direct.run(`select position from audit_log where event_id = '${young}'`)).toEqual([])
    await direct.run(`insert into audit_queue (event_id) values ('${young}')`)
    await latchkey.events.read()
    await checkLog(direct, true)
    const raw = Buffer.from(String.raw`{"name":"\ud800"}`).toString('base64url')
    expect(raw).toMatch(/^[\w-]+$/)
  })

  test('goes on if something waits that is sealed already', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    await using latchkey = await openLatchkey({ database, monotonic: () => 0 })
    await createAcme(latchkey)
    await latchkey.events.read()
    const again = 'insert into audit_queue (event_id) select event_id from audit_log where position = 1'
    await direct.run(again)
    await latchkey.events.read()
    expect(await direct.run('select * from audit_queue')).toEqual([])
    await direct.run(again)
    await latchkey.organizations.update('acme', { name: 'Renamed' })
    await latchkey.events.read()
    expect(await direct.run('select * from audit_queue')).toEqual([])
    await checkLog(direct, false)
  })

  test('queues once what an older program recorded, however many processes look for it at once', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    const id = '0192f0c1-0000-7000-8000-000000000000'
    await direct.run(
      `insert into audit_events (id, at, action, organization_id, changes) values ('${id}', 1, 'organization.updated', 'acme', '{}')`,
    )
    const queued = id.replace(/.$/, '1')
    await direct.run(
      `insert into audit_events (id, at, action, organization_id, changes) values ('${queued}', 1, 'organization.updated', 'acme', '{}')`,
    )
    await direct.run(`insert into audit_queue (event_id) values ('${queued}')`)
    const stores = [await openStore(database), await openStore(database)] as const
    const { promise: secondCame, resolve: letFirstEnd } = Promise.withResolvers<void>()
    const first = stores[0].write(async (tx) => {
      await sweepUnqueued(tx, 10, 'f')
      await secondCame
    })
    const second = stores[1].write((tx) => sweepUnqueued(tx, 10, 'f'))
    // On PostgreSQL it has read by then what the first one has not committed.
    await setTimeout(200)
    letFirstEnd()
    await Promise.all([first, second])
    expect(await direct.run('select event_id from audit_queue order by arrival')).toEqual([
      { event_id: queued },
      { event_id: id },
    ])
    for (const store of stores) await store.close()
  })
})
