// What Latchkey tells by itself, under a clock that the test moves: processes do the work when the test says so, and nobody else
// does.
import { ChangeLines } from '../../src/commit/change-lines.ts'
import { type Commit, Writer } from '../../src/commit/commit.ts'
import { noticesJob } from '../../src/domain/events/notices.ts'
import { systemRandom } from '../../src/domain/random.ts'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { openStore } from '../../src/store/store.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { createAcme } from './acme.ts'
import { makeClock } from './clock.ts'
import { connectDirectly } from './direct.ts'
import { runAll, work } from './jobs.ts'

export const hour = 3_600_000
export const day = 24 * hour

/** It waits for nothing. */
const quickClock = {
  monotonic: systemClock.monotonic,
  after: (_: number, work: () => void) => {
    const immediate = setImmediate(work)
    return () => clearImmediate(immediate)
  },
}

/** A process that tells when it is asked to, by a clock. */
export async function openTeller(database: string, now: () => number, clock = quickClock) {
  const store = await openStore(database)
  const memory = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
  const writer = new Writer(
    store,
    memory,
    { now, random: systemRandom },
    new ChangeLines(store.changesAtOnce),
  )
  let [beforeLock, flush] = [async () => {}, async () => {}]
  const commit: Commit = async (...args) => {
    await beforeLock()
    return writer.commit(...args)
  }
  const at = instantsOf(store.dialect, now)
  const job = noticesJob({ store, commit, now, at, flush: () => flush() }, clock)
  return {
    /** Does all that is due. Something may happen between its look and its transaction, or when it writes the uses it has noted. */
    tell: async (meanwhile = async () => {}, write = async () => {}) => {
      ;[beforeLock, flush] = [meanwhile, write]
      await runAll(job)
    },
    /** Does all that is due; tells in how many runs. */
    tellInRuns: async () => {
      for (let runs = 1; ; runs++) if ((await job.run(work)) === undefined) return runs
    },
    close: () => store.close(),
  }
}

/** An event, as far as tests compare it. */
export interface ToldEvent {
  action: string
  keyId: string
  changes: Record<string, unknown>
}

export async function openNoticeStage(database: string) {
  const clock = makeClock()
  const stack = new AsyncDisposableStack()
  const direct = await connectDirectly(database)
  stack.use(direct)
  /** Opens for less than the second after which a process looks for work. */
  const change = async <T>(work: (latchkey: Latchkey) => Promise<T>): Promise<T> => {
    await using latchkey = await openLatchkey({ database, now: clock.now })
    return await work(latchkey)
  }
  const startProcess = async () => {
    const teller = await openTeller(database, clock.now)
    stack.defer(teller.close)
    return teller.tell
  }
  await change(createAcme)
  const tell = await startProcess()
  return {
    clock,
    direct,
    change,
    startProcess,
    tell,
    /** Does all that is due by a process for which each page takes as long as a run may; tells in how many runs. */
    tellSlowly: async () => {
      let monotonic = 0
      const slow = { ...quickClock, monotonic: () => (monotonic += 4_000) }
      const teller = await openTeller(database, clock.now, slow)
      stack.defer(teller.close)
      return teller.tellInRuns()
    },
    /** Makes a key that expires in so many milliseconds. */
    createKey: (expiresInMs?: number) =>
      change((latchkey) =>
        latchkey.keys.create({
          organizationId: 'acme',
          name: 'CI',
          ...(expiresInMs !== undefined && { expiresAt: clock.in(expiresInMs) }),
        }),
      ),
    /** What was told, in its order. */
    events: () => listTold(direct),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export async function listTold({
  run,
}: Pick<Awaited<ReturnType<typeof connectDirectly>>, 'run'>): Promise<ToldEvent[]> {
  const rows = await run(
    "select action, key_id, changes, actor from audit_events where actor_type = 'system' order by id",
  )
  return rows.map(({ action, key_id, changes, actor }) => {
    if (actor !== null) throw new Error('An event of nobody names an actor.')
    return { action: String(action), keyId: String(key_id), changes: JSON.parse(String(changes)) }
  })
}

/** What was told, in short. */
export function inShort(events: readonly ToldEvent[]): string[] {
  return events.map(({ action, changes }) =>
    [action, changes.days_before ?? changes.threshold_percent].filter((part) => part !== undefined).join(' '),
  )
}
