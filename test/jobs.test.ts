// The runner of jobs: when work is done, again, or never, and that no work holds up other work.
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { jobLeaseMs } from '../src/core/bounds.ts'
import { createMetrics, renderSnapshots, sumSnapshots } from '../src/http/metrics.ts'
import { doClaimed } from '../src/jobs/claimed-job.ts'
import { maxRetryMs, retryAfterMs } from '../src/jobs/kinds.ts'
import { instantsOf } from '../src/store/instants.ts'
import { type ClaimedRow, claimJobs, enqueueJob, readDueTimes } from '../src/store/jobs.ts'
import { openStore } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { openJobsStage } from './setup/jobs.ts'

const never = () => new Promise<never>(() => {})
const minute = 60_000

onEachDatabase('work', (makeDatabase, kind) => {
  test('that fails waits longer after each attempt, and is done in the end; its attempts are told of once', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail' })
    let isBroken = true
    const runner = await stage.startRunner({
      mail: {
        retryAfterMs: (attempts) => attempts * minute,
        run: async () => {
          if (isBroken) throw new TypeError('A secret that no log may have.')
          return undefined
        },
      },
    })
    for (const attempts of [1, 2, 3, 4]) {
      const dueIn = attempts * minute
      await expect.poll(() => stage.rows('mail')).toMatchObject([{ attempts, dueIn, owner: null }])
      stage.advance(dueIn - 1)
      await setTimeout(50)
      expect(await stage.rows('mail')).toMatchObject([{ attempts, dueIn: 1 }])
      isBroken = attempts < 4
      stage.advance(1)
    }
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, attempts: 0 }])
    await expect.poll(() => runner.counts()).toMatchObject([{ kind: 'mail', done: 1, failed: 4, lost: 0 }])
    expect(stage.warnings).toHaveLength(1)
    expect(stage.warnings[0]).toMatch(/"mail".* 3 times in a row \(TypeError\)/)
  })

  test('that fails or hangs holds up neither other jobs of its kind nor other kinds', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const [bad, good] = [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]
    await stage.enqueue(...bad.map((subject) => ({ kind: 'mail', subject })))
    stage.advance(1)
    await stage.enqueue(...good.map((subject) => ({ kind: 'mail', subject })))
    await stage.enqueue({ kind: 'stuck' }, { kind: 'quick' })
    await stage.startRunner({
      stuck: { run: never },
      mail: {
        run: async ({ subject }) => {
          if (bad.includes(subject)) throw new Error('No.')
          return undefined
        },
      },
      quick: { run: async () => undefined },
    })
    await expect.poll(() => stage.rows('quick')).toMatchObject([{ isFinished: true }])
    await expect
      .poll(async () => (await stage.rows('mail')).map(({ isFinished, attempts }) => [isFinished, attempts]))
      .toEqual([...bad.map(() => [false, 1]), ...good.map(() => [true, 0])])
    expect(await stage.rows('stuck')).toMatchObject([{ owner: 'runner 1', attempts: 1 }])
  })

  test('of a kind whose jobs the database does not give out holds up no other kind', async () => {
    const database = await makeDatabase()
    await using stage = await openJobsStage(database)
    await using direct = await connectDirectly(database)
    await direct.run(
      kind === 'SQLite'
        ? `create trigger refuse before update on jobs when new.kind = 'bad' begin select raise(abort, 'No.'); end`
        : `alter table jobs add constraint refuse check (kind <> 'bad' or owner is null)`,
    )
    await stage.enqueue({ kind: 'bad' }, { kind: 'good' })
    await stage.startRunner({ bad: { run: async () => undefined }, good: { run: async () => undefined } })
    await expect.poll(() => stage.rows('good')).toMatchObject([{ isFinished: true }])
    expect(await stage.rows('bad')).toMatchObject([{ owner: null, lease: 0, attempts: 0 }])
  })

  test('that failed at once while the database is away, and then the process stops, fails nothing else', async () => {
    const database = await makeDatabase()
    await using stage = await openJobsStage(database)
    await using direct = await connectDirectly(database)
    const { store, at } = stage
    await stage.enqueue({ kind: 'mail' })
    const wanted = { kind: 'mail', owner: 'one', limit: 1, leaseMs: jobLeaseMs }
    const [row] = await store.write((tx) => claimJobs(tx, store.dialect, wanted, at()))
    // Fifty times as fast.
    const clock = {
      monotonic: () => performance.now() * 50,
      after: (milliseconds: number, callback: () => void) => systemClock.after(milliseconds / 50, callback),
    }
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    await direct.run('alter table jobs rename to jobs_away')
    const stop = new AbortController()
    const run = () => {
      throw new Error('No.')
    }
    const context = { store, clock, at, owner: 'one', leaseMs: jobLeaseMs, stopping: stop.signal }
    const ending = doClaimed(row as ClaimedRow, { run }, context, clock.monotonic())
    await setTimeout(30)
    stop.abort(new Error('The process stops.'))
    expect(await ending).toMatchObject({ kind: 'lost' })
    // Longer than what is told to end may go on.
    await setTimeout(100)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test('is done by so many at once as its kind has places, and each process has its own', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue(...Array.from({ length: 9 }, (_, i) => ({ kind: 'mail', subject: String(i) })))
    let running = 0
    const run = async () => {
      running++
      return never()
    }
    await stage.startRunner({ mail: { run, atOnce: 3 } })
    await expect.poll(() => running).toBe(3)
    await setTimeout(50)
    expect(running).toBe(3)
    const claimed = (await stage.rows('mail')).filter(({ owner }) => owner !== null)
    expect(claimed).toHaveLength(3)
    await stage.startRunner({ mail: { run, atOnce: 2 } })
    await expect.poll(() => running).toBe(5)
  })

  test('is given up after so many attempts, those included that ended with their process', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail', subject: 'fails' }, { kind: 'mail', subject: 'kills' })
    const runs: string[] = []
    const kinds = {
      mail: {
        atOnce: 2,
        maxAttempts: 2,
        retryAfterMs: () => jobLeaseMs,
        run: async ({ subject }: { subject: string }) => {
          runs.push(subject)
          if (subject === 'fails') throw new Error('No.')
          return never()
        },
      },
    }
    for (let attempt = 1; attempt <= 3; attempt++) {
      await stage.startRunner(kinds)
      await expect
        .poll(() => stage.rows('mail'))
        .toMatchObject([{ attempts: Math.min(attempt, 2), owner: null }, { attempts: attempt }])
      stage.advance(jobLeaseMs)
    }
    await expect
      .poll(() => stage.rows('mail'))
      .toMatchObject([
        { isFinished: true, attempts: 2 },
        { isFinished: true, attempts: 3 },
      ])
    expect(runs.toSorted()).toEqual(['fails', 'fails', 'kills', 'kills'])
  })

  test('that takes too long is told to end, and its place is free again though it does not', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail', subject: 'deaf' })
    let wasTold = false
    await stage.startRunner({
      mail: {
        maxRunMs: 50,
        run: async ({ subject, signal }) => {
          if (subject !== 'deaf') return undefined
          signal.addEventListener('abort', () => {
            wasTold = true
          })
          return never()
        },
      },
    })
    await expect.poll(() => wasTold).toBe(true)
    await stage.enqueue({ kind: 'mail', subject: 'next' })
    await expect
      .poll(async () => (await stage.rows('mail')).map(({ owner, isFinished }) => [owner, isFinished]))
      .toEqual([
        [null, false],
        [null, true],
      ])
  })

  test('that is asked for while it is done is done once more, and otherwise once', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    const runs: PromiseWithResolvers<undefined>[] = []
    const ask = (afterMs = 0) => stage.enqueue({ kind: 'mail', afterMs })
    for (let i = 0; i < 3; i++) await ask()
    await stage.startRunner({
      mail: {
        run: () => {
          const run = Promise.withResolvers<undefined>()
          runs.push(run)
          return run.promise
        },
      },
    })
    await expect.poll(() => runs.length).toBe(1)
    for (let i = 0; i < 3; i++) await ask()
    runs[0]?.resolve(undefined)
    await expect.poll(() => runs.length).toBe(2)
    await ask(minute)
    runs[1]?.resolve(undefined)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ owner: null, dueIn: minute }])
    await ask(2 * minute)
    expect(await stage.rows('mail')).toMatchObject([{ dueIn: minute }])
    await ask(minute / 2)
    expect(await stage.rows('mail')).toMatchObject([{ dueIn: minute / 2 }])
    stage.advance(minute / 2)
    await expect.poll(() => runs.length).toBe(3)
    runs[2]?.resolve(undefined)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true }])
    await ask()
    await expect.poll(() => runs.length).toBe(4)
    runs[3]?.resolve(undefined)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ isFinished: true, lease: 4 }])
  })

  test('that was asked for while its owner crashed is neither lost nor done before its time', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail' })
    const crashed = await stage.startRunner({ mail: { run: never } })
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ owner: 'runner 1' }])
    await stage.enqueue({ kind: 'mail', afterMs: 10 * minute })
    await crashed.stop()
    stage.advance(jobLeaseMs)
    await stage.startRunner({ mail: { run: async () => undefined } })
    await expect
      .poll(() => stage.rows('mail'))
      .toMatchObject([{ owner: null, isFinished: false, dueIn: 10 * minute - jobLeaseMs }])
  })

  test('that recurs is one job for four runners, done once each time', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    let runs = 0
    const tidy = {
      everyMs: 5 * minute,
      run: async () => {
        runs++
        await setTimeout(5)
        return undefined
      },
    }
    for (let i = 0; i < 4; i++) await stage.startRunner({ tidy })
    await expect.poll(() => stage.rows('tidy')).toMatchObject([{ subject: '', dueIn: 5 * minute, lease: 0 }])
    for (let round = 1; round <= 5; round++) {
      stage.advance(5 * minute)
      await expect.poll(() => stage.rows('tidy')).toMatchObject([{ dueIn: 5 * minute, lease: round }])
      await setTimeout(50)
      expect(runs).toBe(round)
    }
    expect(await stage.rows('tidy')).toHaveLength(1)
  })

  test('that recurs comes at its usual time though the clock was set back by days', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    let runs = 0
    await stage.startRunner({ tidy: { everyMs: 5 * minute, run: async () => void runs++ as undefined } })
    await expect.poll(() => stage.rows('tidy')).toMatchObject([{ dueIn: 5 * minute }])
    stage.setWall(-3 * 24 * 60 * minute)
    await expect.poll(() => stage.rows('tidy')).toMatchObject([{ dueIn: 5 * minute }])
    stage.advance(5 * minute)
    await expect.poll(() => runs).toBe(1)
  })

  test('under way when a process stops is finished, or given back as it was, before the stop is over', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'patient' }, { kind: 'polite' }, { kind: 'deaf' })
    let begun = 0
    const runner = await stage.startRunner({
      patient: {
        run: async ({ signal }) => {
          begun++
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return undefined
        },
      },
      polite: {
        run: async ({ signal, requireHeld }) => {
          begun++
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          requireHeld()
          return undefined
        },
      },
      deaf: {
        run: async () => {
          begun++
          return never()
        },
      },
    })
    await expect.poll(() => begun).toBe(3)
    await runner.stop()
    await expect.poll(() => stage.rows('patient')).toMatchObject([{ isFinished: true, owner: null }])
    await expect.poll(() => stage.rows('polite')).toMatchObject([{ attempts: 0, owner: null, dueIn: 0 }])
    expect(await stage.rows('deaf')).toMatchObject([{ attempts: 1, owner: 'runner 1', dueIn: jobLeaseMs }])
    await stage.enqueue({ kind: 'patient' })
    runner.wake()
    await setTimeout(50)
    expect(await stage.rows('patient')).toMatchObject([{ owner: null, dueIn: 0, lease: 1 }])
    expect(runner.counts()).toMatchObject([{ done: 1 }, { done: 0, failed: 0, lost: 0 }, { done: 0 }])
  })

  test('shows how long it has been due until somebody begins it, also while the database does not say', async () => {
    await using stage = await openJobsStage(await makeDatabase())
    await stage.enqueue({ kind: 'mail', subject: 'a' }, { kind: 'mail', subject: 'b', afterMs: 5_000 })
    const { promise: work, resolve: end } = Promise.withResolvers<undefined>()
    const runner = await stage.startRunner({ mail: { run: () => work } })
    const lag = () => runner.counts().map(({ lagMs }) => lagMs)
    await expect.poll(() => stage.rows('mail')).toMatchObject([{ attempts: 1 }, { attempts: 0 }])
    expect(lag()).toEqual([0])
    stage.advance(12_000)
    await expect.poll(lag).toEqual([7_000])
    end(undefined)
    await expect.poll(lag).toEqual([0])
  })

  test('is due by the clock of the database if no other is given', async () => {
    const store = await openStore(await makeDatabase())
    const at = instantsOf(store.dialect)
    const job = { kind: 'mail', subject: '', afterMs: 0 }
    await store.write((tx) => enqueueJob(tx, job, at()))
    const dueIn = async (instant: ReturnType<typeof at>) =>
      (await store.read((db) => readDueTimes(db, ['none', 'mail'], instant))) as [undefined, number]
    const byDatabase = await dueIn(at())
    expect(byDatabase[0]).toBeUndefined()
    expect(byDatabase[1]).toBeLessThanOrEqual(0)
    const byProcess = await dueIn(instantsOf(store.dialect, Date.now)())
    expect(Math.abs(byProcess[1])).toBeLessThan(minute)
    await store.close()
  })
})

describe('the wait for another attempt', () => {
  test('doubles from two seconds to five minutes, and no two are quite the same', () => {
    for (let attempts = 1; attempts <= 2_000; attempts++) {
      const longest = Math.min(maxRetryMs, 2_000 * 2 ** (attempts - 1))
      const wait = retryAfterMs(attempts)
      expect(wait).toBeLessThanOrEqual(longest)
      expect(wait).toBeGreaterThanOrEqual(0.8 * longest)
    }
    expect(new Set(Array.from({ length: 10 }, () => retryAfterMs(5))).size).toBeGreaterThan(1)
  })
})

describe('the metrics of work', () => {
  test('of several processes are the sum of their runs and the longest wait, and a run that ended stays counted', async () => {
    const snapshots = await Promise.all(
      [1, 2].map(async (i) => {
        const metrics = createMetrics()
        metrics.watchJobs(() => [{ kind: 'mail', done: 10 * i, failed: i, lost: 0, lagMs: 1_500 * i }])
        return metrics.take()
      }),
    )
    const text = await renderSnapshots([await sumSnapshots(snapshots)])
    expect(text.split('\n').filter((line) => line.startsWith('latchkey_jobs'))).toEqual([
      'latchkey_jobs_total{kind="mail",outcome="done"} 30',
      'latchkey_jobs_total{kind="mail",outcome="failed"} 3',
      'latchkey_jobs_total{kind="mail",outcome="lost"} 0',
      'latchkey_jobs_lag_seconds{kind="mail"} 3',
    ])
  })
})
