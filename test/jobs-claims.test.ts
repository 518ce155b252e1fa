// Who has a job: one process at a time, for a lease, and nobody finishes what another has claimed since.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { jobLeaseMs } from '../src/core/bounds.ts'
import { doClaimed } from '../src/jobs/claimed-job.ts'
import { Jobs } from '../src/jobs/jobs.ts'
import type { Work } from '../src/jobs/kinds.ts'
import {
  type Claim,
  type ClaimedRow,
  claimJobs,
  finishJob,
  giveBackJob,
  renewClaim,
  retryJob,
} from '../src/store/jobs.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { type JobsStage, openJobsStage } from './setup/jobs.ts'

const subjects = (count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(4, '0'))
const claim = (stage: JobsStage, store: Store, owner: string, limit = 10) =>
  store.write((tx) =>
    claimJobs(tx, store.dialect, { kind: 'mail', owner, limit, leaseMs: jobLeaseMs }, stage.at()),
  )

onEachDatabase('a job', (makeDatabase, kind) => {
  test('of many goes to one of the claims that come at once, and each claim gets its fill', async () => {
    const database = await makeDatabase()
    await using stage = await openJobsStage(database)
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(database)))
    for (let round = 0; round < 3; round++) {
      await stage.enqueue(
        ...subjects(100).map((subject) => ({ kind: 'mail', subject: `${round} ${subject}` })),
      )
      const claims = stores.flatMap((store, i) => [
        claim(stage, store, `one of ${i}`),
        claim(stage, store, `two of ${i}`),
      ])
      const given = (await Promise.all(claims)).map((rows) => rows.map(({ subject }) => subject))
      expect(given.map((rows) => rows.length)).toEqual(claims.map(() => 10))
      expect(new Set(given.flat()).size).toBe(80)
      for (const store of stores) await claim(stage, store, 'the rest', 100)
    }
    await Promise.all(stores.map((store) => store.close()))
  })

  test('is done once by four runners that look at once, however many jobs there are', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const all = subjects(150)
    await stage.enqueue(...all.map((subject) => ({ kind: 'mail', subject })))
    const done: string[] = []
    const mail = {
      atOnce: 8,
      run: async ({ subject }: { subject: string }) => {
        await setTimeout(Math.random() * 3)
        done.push(subject)
        return undefined
      },
    }
    const runners = await Promise.all([1, 2, 3, 4].map(() => stage.startRunner({ mail })))
    await expect
      .poll(async () => (await stage.rows('mail')).filter(({ isFinished }) => !isFinished))
      .toEqual([])
    expect(done.toSorted()).toEqual(all)
    const counts = () => runners.flatMap((runner) => runner.counts())
    await expect.poll(() => counts().reduce((sum, each) => sum + each.done, 0)).toBe(150)
    expect(counts().filter(({ lost, failed }) => lost + failed > 0)).toEqual([])
  })

  test('that another owner, or the same one, has claimed since is not renewed, finished or given back by the first', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const { store, at } = stage
    await stage.enqueue({ kind: 'mail' })
    const [first] = await claim(stage, store, 'first')
    expect(await claim(stage, store, 'second')).toEqual([])
    stage.advance(jobLeaseMs - 1)
    expect(await claim(stage, store, 'second')).toEqual([])
    stage.advance(1)
    expect(await claim(stage, store, 'second')).toMatchObject([{ lease: 2, attempts: 2 }])
    const late: Claim = { kind: 'mail', subject: '', owner: 'first', lease: first?.lease ?? 0 }
    const tryAll = async (held: Claim) => [
      await store.write((tx) => renewClaim(tx, held, jobLeaseMs, at())),
      await store.write((tx) => finishJob(tx, held, {}, at())),
      await store.write((tx) => finishJob(tx, held, { afterMs: 5 }, at())),
      await store.write((tx) => retryJob(tx, held, 5, at())),
      await store.write((tx) => giveBackJob(tx, held, at())),
    ]
    const before = await stage.rows('mail')
    expect(before).toMatchObject([{ owner: 'second', lease: 2, dueIn: jobLeaseMs }])
    for (const held of [late, { ...late, owner: 'second' }, { ...late, lease: 2 }])
      expect(await tryAll(held)).toEqual([false, false, false, false, false])
    expect(await stage.rows('mail')).toEqual(before)
    expect(await store.write((tx) => finishJob(tx, { ...late, owner: 'second', lease: 2 }, {}, at()))).toBe(
      true,
    )
    expect(await stage.rows('mail')).toMatchObject([
      { owner: null, isFinished: true, attempts: 0, dueIn: null },
    ])
  })

  test('of an owner that crashed is done by another one after the lease, and not before', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail', payload: { to: 'somebody' }, organizationId: 'acme' })
    await claim(stage, stage.store, 'crashed')
    const seen: unknown[] = []
    await stage.startRunner({
      mail: {
        run: async ({ signal, requireHeld, ...work }) => {
          requireHeld()
          seen.push(work)
          return undefined
        },
      },
    })
    stage.advance(jobLeaseMs - 1)
    await setTimeout(100)
    expect(seen).toEqual([])
    stage.advance(1)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 2 }])
    expect(seen).toEqual([{ subject: '', organizationId: 'acme', payload: { to: 'somebody' }, attempt: 2 }])
  })

  test('of an owner that is paused beyond its lease is done by another one, and the late end changes nothing', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail' })
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    let isHeld: unknown
    const paused = await stage.startRunner({
      mail: {
        run: async ({ requireHeld }) => {
          await pause
          try {
            requireHeld()
          } catch (error) {
            isHeld = error
          }
          return { afterMs: 1 }
        },
      },
    })
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ owner: 'runner 1' }])
    stage.advance(jobLeaseMs)
    await stage.startRunner({ mail: { run: async () => undefined } })
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 2 }])
    goOn()
    await expect.poll(() => paused.counts()).toMatchObject([{ lost: 1, done: 0, failed: 0 }])
    expect(isHeld).toEqual(new Error('Another process has claimed the job.'))
    expect(await stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 2, attempts: 0 }])
  })

  test('whose claim is answered when its lease is over is not worked on, and is done by the next claim', async () => {
    const database = await makeDatabase()
    await using stage = await openJobsStage(database)
    await stage.enqueue({ kind: 'mail' })
    await using stack = new AsyncDisposableStack()
    const store = await openStore(database)
    stack.defer(() => store.close())
    let isLate = true
    const write: Store['write'] = async (...work) => {
      const result = await store.write(...work)
      if (isLate) stage.advance(jobLeaseMs)
      isLate = false
      return result
    }
    const attempts: number[] = []
    const run = async ({ attempt, requireHeld }: Work) => {
      requireHeld()
      attempts.push(attempt)
      return undefined
    }
    const runner = new Jobs({
      store: { read: store.read, write, dialect: store.dialect },
      clock: { ...systemClock, monotonic: stage.now },
      owner: 'late',
      now: stage.now,
      kinds: { mail: { run } },
      warn: () => {},
      pollMs: 10,
    })
    stack.defer(() => runner.stop())
    runner.wake()
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 2 }])
    expect(attempts).toEqual([2])
    await expect.poll(() => runner.counts()).toMatchObject([{ done: 1, lost: 1, failed: 0 }])
  })

  test('that goes on although its process stops is not given back: it is still worked on', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const { store, at } = stage
    await stage.enqueue({ kind: 'mail' })
    const [row] = await claim(stage, store, 'deaf')
    // Fifty times as fast.
    const clock = {
      monotonic: () => performance.now() * 50,
      after: (milliseconds: number, callback: () => void) => systemClock.after(milliseconds / 50, callback),
    }
    const stop = new AbortController()
    const context = { store, clock, at, owner: 'deaf', leaseMs: jobLeaseMs, stopping: stop.signal }
    const run = () => new Promise<never>(() => {})
    const ending = doClaimed(row as ClaimedRow, { run }, context, clock.monotonic())
    stop.abort(new Error('The process stops.'))
    expect(await ending).toEqual({ kind: 'lost' })
    expect(await stage.rows('mail')).toMatchObject([{ owner: 'deaf', lease: 1, attempts: 1 }])
  })

  test('is claimed for as long as its kind says, if that is less than any claim lasts', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'urgent' }, { kind: 'mail' })
    const { promise: never } = Promise.withResolvers<undefined>()
    const run = () => never
    await stage.startRunner({ urgent: { run, leaseMs: 3_000 }, mail: { run, leaseMs: 60_000 } })
    const claimed = { owner: 'runner 1', lease: 1 }
    await expect.poll(() => stage.rows('urgent')).toMatchObject([{ ...claimed, dueIn: 3_000 }])
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ ...claimed, dueIn: jobLeaseMs }])
  })

  test('that takes longer than a lease stays with its owner, who renews it', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail' })
    const { promise: work, resolve: end } = Promise.withResolvers<undefined>()
    let runs = 0
    const mail = {
      run: () => {
        runs++
        return work
      },
    }
    for (let i = 0; i < 2; i++) await stage.startRunner({ mail }, { leaseMs: 400 })
    await expect.poll(() => runs).toBe(1)
    for (let passed = 0; passed < 2_000; passed += 50) {
      await setTimeout(50)
      stage.advance(50)
    }
    expect(await stage.rows('mail')).toMatchObject([{ lease: 1, attempts: 1 }])
    end(undefined)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 1 }])
    expect(runs).toBe(1)
  })

  if (kind === 'PostgreSQL')
    test('whose row a transaction holds locked is passed over, and another is claimed at once', async () => {
      const database = await makeDatabase()
      await using stage = await openJobsStage(database)
      await stage.enqueue({ kind: 'mail', subject: 'a' }, { kind: 'mail', subject: 'b' })
      const other = await openStore(database)
      const wanted = { kind: 'mail', owner: 'slow', limit: 1, leaseMs: jobLeaseMs }
      await other.write(async (tx) => {
        expect(await claimJobs(tx, other.dialect, wanted, stage.at())).toHaveLength(1)
        expect(await claim(stage, stage.store, 'quick', 1)).toHaveLength(1)
      })
      await other.close()
      expect((await stage.rows('mail')).map(({ owner }) => owner).sort()).toEqual(['quick', 'slow'])
    })
})
