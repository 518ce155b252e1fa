// Runners of jobs as several processes on one database have them: each with a store of its own, under one clock.
import { Jobs } from '../../src/jobs/jobs.ts'
import type { JobKind, Work } from '../../src/jobs/kinds.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { enqueueJob, type NewJob } from '../../src/store/jobs.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { makeClock } from './clock.ts'
import { connectDirectly, type Row } from './direct.ts'

/** They look so often, by the machine's clock: all else is by the test's. */
const pollMs = 10

/** A job as its kind gets it, where a test runs the kind itself. */
export const work: Work = {
  subject: '',
  organizationId: null,
  payload: {},
  attempt: 1,
  signal: new AbortController().signal,
  requireHeld: () => {},
}

export interface JobsStage extends AsyncDisposable {
  store: Store
  now(): number
  /** The instant at which the test's clock stands, for a statement. */
  at: ReturnType<typeof instantsOf>
  /** Moves the clocks of all: the one that the database would tell, and those by which runners judge their leases. */
  advance(milliseconds: number): void
  /** Moves the wall's clock alone. */
  setWall(milliseconds: number): void
  /** Starts a runner with a store of its own; what it warns of goes to `warnings`. */
  startRunner(kinds: Record<string, JobKind>, lengths?: { leaseMs?: number }): Promise<Jobs>
  warnings: string[]
  enqueue(...jobs: (Partial<NewJob> & Pick<NewJob, 'kind'>)[]): Promise<void>
  /** The rows of a kind, by their subject. Instants are counted from now. */
  rows(kind: string): Promise<JobShape[]>
}

export interface JobShape {
  subject: string
  owner: string | null
  lease: number
  attempts: number
  dueIn: number | null
  isFinished: boolean
}

export async function openJobsStage(database: string): Promise<JobsStage> {
  const wall = makeClock()
  let monotonic = 0
  const stack = new AsyncDisposableStack()
  const store = await openStore(database)
  stack.defer(() => store.close())
  const direct = await connectDirectly(database)
  stack.use(direct)
  const at = instantsOf(store.dialect, wall.now)
  const warnings: string[] = []
  let runners = 0
  const toShape = (row: Row): JobShape => ({
    subject: String(row.subject),
    owner: row.owner === null ? null : String(row.owner),
    lease: Number(row.lease),
    attempts: Number(row.attempts),
    dueIn: row.due_at === null ? null : Number(row.due_at) - wall.now(),
    isFinished: row.finished_at !== null,
  })
  return {
    store,
    now: wall.now,
    at,
    warnings,
    advance: (milliseconds) => {
      wall.advance(milliseconds)
      monotonic += milliseconds
    },
    setWall: (milliseconds) => wall.advance(milliseconds),
    startRunner: async (kinds, lengths) => {
      const own = await openStore(database)
      const jobs = new Jobs({
        store: own,
        clock: { ...systemClock, monotonic: () => monotonic },
        owner: `runner ${++runners}`,
        now: wall.now,
        kinds,
        warn: (message) => warnings.push(message),
        pollMs,
        ...lengths,
      })
      stack.defer(() => own.close())
      stack.defer(() => jobs.stop())
      jobs.wake()
      return jobs
    },
    enqueue: async (...jobs) => {
      await store.write(async (tx) => {
        for (const job of jobs) await enqueueJob(tx, { subject: '', afterMs: 0, ...job }, at())
      })
    },
    rows: async (kind) => {
      const rows = await direct.run(`select * from jobs where kind = '${kind}' order by subject`)
      return rows.map(toShape)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Runs a job until it has nothing more to do. */
export async function runAll(job: JobKind): Promise<void> {
  while ((await job.run(work)) !== undefined);
}
