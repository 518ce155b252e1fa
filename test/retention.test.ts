// What is deleted, when: what is due and nothing else, in small batches, by one of several processes.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { CreatedKey, Latchkey } from '../src/index.ts'
import { retention, retentionJob } from '../src/jobs/retention.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { instantsOf } from '../src/store/instants.ts'
import { enqueueJob } from '../src/store/jobs.ts'
import { deleteSession } from '../src/store/sessions.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { repository } from './setup/documents-run.ts'
import { openJobsStage, work } from './setup/jobs.ts'
import { startTestServer } from './setup/server.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

onEachDatabase('retention', (makeDatabase, kind) => {
  test('deletes what is due, in every organization, and nothing else', async () => {
    await using stage = await prepare(await makeDatabase())
    const { database, clock, latchkey, store } = stage
    const [ours, theirs] = [await makeKey(latchkey, 'acme'), await makeKey(latchkey, 'bees')]
    const started: string[] = []
    const sign = async ({ key }: CreatedKey) => started.push((await latchkey.sessions.start(key)).session.id)
    const list = async () => {
      await using direct = await connectDirectly(database)
      return (await direct.run('select id from sessions')).map(({ id }) => started.indexOf(String(id))).sort()
    }
    await sign(ours)
    await sign(theirs)
    clock.advance(hour - 1)
    await sign(ours)
    await run(store, clock)
    expect(await list()).toEqual([0, 1, 2])
    clock.advance(1)
    const before = await readAll(database)
    await run(store, clock)
    expect(await list()).toEqual([2])
    await using direct = await connectDirectly(database)
    // In use all the time, and too old all the same.
    const seenUntil = async (instant: number) =>
      direct.run(`update sessions set last_seen_at = ${instant} where id = '${started[2]}'`)
    clock.advance(12 * hour - 2)
    await seenUntil(clock.now())
    await run(store, clock)
    expect(await list()).toEqual([2])
    clock.advance(1)
    await run(store, clock)
    expect(await list()).toEqual([])
    const withoutSessions = (all: string) => JSON.stringify(JSON.parse(all).slice(0, 4))
    expect(withoutSessions(await readAll(database))).toBe(withoutSessions(before))
  })

  test('keeps jobs for a week after they are finished, and those that wait for ever', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const runner = await stage.startRunner({ mail: { run: async () => undefined } })
    const subjects = async () => (await stage.rows('mail')).map(({ subject }) => subject)
    await stage.enqueue(
      { kind: 'mail', subject: 'old' },
      { kind: 'mail', subject: 'waits', afterMs: 30 * day },
    )
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true }, { isFinished: false }])
    stage.advance(1)
    await stage.enqueue({ kind: 'mail', subject: 'new' })
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true }, {}, {}])
    await runner.stop()
    stage.advance(7 * day - 2)
    const delete_ = () => retentionJob(stage.store, systemClock, stage.now).run(work)
    await delete_()
    expect(await subjects()).toEqual(['new', 'old', 'waits'])
    stage.advance(1)
    await delete_()
    expect(await subjects()).toEqual(['new', 'waits'])
  })

  test('deletes at most a hundred rows of a kind in a transaction, and changes pass between two', async () => {
    await using stage = await prepare(await makeDatabase())
    const { clock, latchkey, store, database } = stage
    const key = await makeKey(latchkey, 'acme')
    await fillSessions(database, key, 1_050, clock.now() - 2 * hour)
    await using direct = await connectDirectly(database)
    const count = async () => Number((await direct.run('select count(*) as count from sessions'))[0]?.count)
    const sizes: number[] = []
    let last = await count()
    let isOver = false
    const write: Store['write'] = async (change, after) => {
      const result = await store.write(change, after)
      const now = await count()
      if (now < last) sizes.push(last - now)
      last = now
      return result
    }
    const deletion = retentionJob({ write, dialect: store.dialect }, systemClock, clock.now)
      .run(work)
      .finally(() => {
        isOver = true
      })
    let created = 0
    while (!isOver) {
      await latchkey.keys.create({ organizationId: 'acme', name: 'meanwhile' })
      created++
    }
    expect(await deletion).toBeUndefined()
    expect(sizes).toEqual([...Array.from({ length: 10 }, () => 100), 50])
    expect(created).toBeGreaterThan(1)
  })

  test('goes on later if it has not come to its end in ten seconds', async () => {
    await using stage = await prepare(await makeDatabase())
    const { clock, latchkey, store, database } = stage
    await fillSessions(database, await makeKey(latchkey, 'acme'), 250, clock.now() - 2 * hour)
    let monotonic = 0
    const slow = { ...systemClock, monotonic: () => (monotonic += 6_000), after: nextTick }
    expect(await retentionJob(store, slow, clock.now).run(work)).toEqual({ afterMs: 1_000 })
    expect(await retentionJob(store, systemClock, clock.now).run(work)).toBeUndefined()
  })

  test('deletes answers and deliveries at the end of their time, and none before', async () => {
    await using stage = await prepare(await makeDatabase())
    const { clock, store, database } = stage
    await using direct = await connectDirectly(database)
    const now = clock.now()
    for (const [id, until] of [
      ['over', now],
      ['kept', now + 1],
    ] as const)
      await direct.run(
        `insert into idempotent_requests (id, key_id, kept_until) values ('${id}', 'k', ${until})`,
      )
    const month = 30 * 24 * hour
    for (const [place, attemptedAt, nextAt] of [
      [1, now - month - 1, 'null'],
      [2, now - month + 1, 'null'],
      [3, now - month - 1, now],
    ] as const)
      await direct.run(
        `insert into webhook_deliveries (webhook_id, place, id, action, state, attempts, attempted_at, next_at) values ('w', ${place}, 'e', 'key.created', 'delivered', 1, ${attemptedAt}, ${nextAt})`,
      )
    await retentionJob(store, systemClock, clock.now).run(work)
    expect(await direct.run('select id from idempotent_requests')).toEqual([{ id: 'kept' }])
    const places = await direct.run('select place from webhook_deliveries order by place')
    expect(places.map(({ place }) => Number(place))).toEqual([2, 3])
  })

  if (kind === 'PostgreSQL')
    test('passes over sessions that a change has locked, so that neither waits for the other', async () => {
      await using stage = await prepare(await makeDatabase())
      const { clock, latchkey, store, database } = stage
      const key = await makeKey(latchkey, 'acme')
      await fillSessions(database, key, 3, clock.now() - 2 * hour)
      await using direct = await connectDirectly(database)
      const ids = async () => (await direct.run('select id from sessions order by id')).map(({ id }) => id)
      const [first, second] = await ids()
      const owner = { key_id: key.id, organization_id: 'acme' }
      const other = await openStore(database)
      await other.write(async (tx) => {
        await deleteSession(tx, String(second), owner)
        await run(store, clock)
        expect(await ids()).toEqual([second])
        expect(await deleteSession(tx, String(first), owner)).toBe(false)
      })
      await other.close()
      expect(await ids()).toEqual([])
    })

  test('runs in one of the processes on a database, and what it does shows in /metrics', async () => {
    await using stage = await prepare(await makeDatabase())
    const { clock, store, database } = stage
    const server = await startTestServer(database, { now: clock.now })
    await using third = await openLatchkey({ database, now: clock.now })
    const processes = [stage.latchkey, server.latchkey, third]
    await server.latchkey.sessions.start(server.rootKey)
    clock.advance(2 * hour)
    await askForRetention(store, clock)
    await using direct = await connectDirectly(database)
    await expect.poll(() => direct.run('select id from sessions')).toEqual([])
    const done = () => processes.reduce((sum, each) => sum + (each.jobCounts()[0]?.done ?? 0), 0)
    await expect.poll(done).toBe(1)
    // Each process has looked by then.
    await setTimeout(2_000)
    expect(done()).toBe(1)
    const own = server.latchkey.jobCounts()[0]?.done
    const { text } = await server.request('GET', '/metrics')
    expect(text.split('\n').filter((line) => /^latchkey_jobs.*"retention"/.test(line))).toEqual([
      `latchkey_jobs_total{kind="retention",outcome="done"} ${own}`,
      'latchkey_jobs_total{kind="retention",outcome="failed"} 0',
      'latchkey_jobs_total{kind="retention",outcome="lost"} 0',
      'latchkey_jobs_lag_seconds{kind="retention"} 0',
    ])
    await server.close()
  })

  test('under way when a process closes its database is given back, for another process to go on', async () => {
    await using stage = await prepare(await makeDatabase())
    const { clock, latchkey, store, database } = stage
    await fillSessions(database, await makeKey(latchkey, 'acme'), 6_000, clock.now() - 2 * hour)
    await askForRetention(store, clock)
    await using direct = await connectDirectly(database)
    const left = async () => Number((await direct.run('select count(*) as count from sessions'))[0]?.count)
    await expect.poll(left, { interval: 5 }).toBeLessThan(6_000)
    await latchkey.close()
    const [row] = await direct.run("select owner, attempts, due_at from jobs where kind = 'retention'")
    expect([row?.owner, Number(row?.attempts), Number(row?.due_at)]).toEqual([null, 0, clock.now()])
    expect(await left()).toBeGreaterThan(0)
    await using next = await openLatchkey({ database, now: clock.now })
    await expect.poll(left).toBe(0)
    const done = () => next.jobCounts().find(({ kind }) => kind === 'retention')?.done
    await expect.poll(done).toBe(1)
  })
})

describe('the list of what is deleted', () => {
  const read = (path: string) => readFileSync(join(repository, path), 'utf8')

  test('names every table of which the store deletes rows', () => {
    const store = globSync('src/store/*.ts', { cwd: repository }).map(read).join('\n')
    const named = [
      ...store.matchAll(
        /(?:\.deleteFrom\(|deleteFound\(\s*tx,\s*dialect,\s*)['`]([\w${}]+)['`]|delete from (\w+)|updateTable\('(last_uses)'/g,
      ),
    ]
    const ofUsage = ['hours', 'days', 'texts', 'places'].map((table) => `usage_${table}`)
    const deleting = named.flatMap(([, name, plain, emptied]) =>
      // One function deletes of several.
      name?.startsWith('usage_$') ? ofUsage : [name ?? plain ?? emptied],
    )
    expect(deleting.length).toBeGreaterThan(4)
    expect([...new Set(deleting)].sort()).toEqual([...new Set(retention.map(({ table }) => table))].sort())
  })

  test('stands in the documents as it is', () => {
    const documents = globSync('docs/**/*.md', { cwd: repository }).map(read)
    const [page] = documents.filter((text) => /^#+ What is deleted, and when$/m.test(text))
    const lines = (page ?? '').split('\n').filter((line) => retention.some(({ rows }) => line.includes(rows)))
    expect(lines).toEqual(retention.map(({ rows, kept, by }) => `| ${rows} | ${kept} | ${by} |`))
  })
})

onOneDatabase('SQLite', 'a process that only passes by', (makeDatabase) => {
  test('asks for no work in the background, and waits for none', async () => {
    const database = await makeDatabase()
    await (await openLatchkey({ database })).close()
    await using direct = await connectDirectly(database)
    expect(await direct.run('select * from jobs')).toEqual([])
  })
})

async function prepare(database: string) {
  const clock = makeClock()
  const latchkey = await openLatchkey({ database, now: clock.now })
  const store = await openStore(database)
  for (const id of ['acme', 'bees']) await latchkey.organizations.create({ id, name: id })
  const close = async () => {
    await Promise.all([latchkey.close(), store.close()])
  }
  return { database, clock, latchkey, store, [Symbol.asyncDispose]: close }
}

/** Has the job done at the next look. */
function askForRetention(store: Store, { now }: { now: () => number }): Promise<void> {
  const job = { kind: 'retention', subject: '', afterMs: 0 }
  return store.write((tx) => enqueueJob(tx, job, instantsOf(store.dialect, now)()))
}

function makeKey(latchkey: Latchkey, organizationId: string): Promise<CreatedKey> {
  return latchkey.keys.create({ organizationId, name: 'CI' })
}

function run(store: Store, clock: { now: () => number }): Promise<unknown> {
  return retentionJob(store, systemClock, clock.now).run(work)
}

function nextTick(_: number, callback: () => void): () => void {
  const immediate = setImmediate(callback)
  return () => clearImmediate(immediate)
}

let made = 0

/** Writes sessions of a key that were last seen at an instant. */
async function fillSessions(
  database: string,
  { id, organizationId, hint }: CreatedKey,
  count: number,
  seenAt: number,
): Promise<void> {
  await using direct = await connectDirectly(database)
  const columns =
    'id, digest, key_id, organization_id, kid, created_at, expires_at, last_seen_at, fresh_until'
  for (let left = count; left > 0; left -= 500) {
    const rows = Array.from({ length: Math.min(left, 500) }, () => {
      const number = (++made).toString(16).padStart(12, '0')
      const digest = database.startsWith('sqlite:') ? `x'${number}'` : `'\\x${number}'`
      const instants = [seenAt - minute, seenAt + 11 * hour, seenAt, seenAt]
      return `('00000000-0000-7000-8000-${number}', ${digest}, '${id}', '${organizationId}', '${hint}', ${instants})`
    })
    await direct.run(`insert into sessions (${columns}) values ${rows.join(', ')}`)
  }
}
