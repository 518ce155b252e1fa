// The runner of jobs: work that nobody waits for, done by whichever process claims it first; one runner a process.
//
// A job is a row of the table `jobs`, in one of these states:
//
// | state    | owner | due_at                    | is entered                                       | is left                               |
// | -------- | ----- | ------------------------- | ------------------------------------------------ | ------------------------------------- |
// | waiting  | none  | later: its next time      | asked for; done, with a next time; failed        | its time comes                        |
// | due      | none  | now or before             | its time has come; given back by a process that stops | a process claims it              |
// | claimed  | one   | later: the lease's end    | claimed: `lease` and `attempts` count one more   | done; failed; given back; or the owner does not renew its lease |
// | lapsed   | one   | before: the lease's end   | the owner was paused, cut off or killed          | a process claims it; or the owner goes on, and nobody has |
// | finished | none  | none                      | done, without a next time; given up              | asked for again; or deleted a week later |
//
// What holds of it, as long as the database keeps what it has committed:
//
// 1. One claim gives a job to one process: on PostgreSQL a claim passes over the rows that another one has locked, and on
//    SQLite changes come one after the other. Each claim has another number.
// 2. Only the claim that came last renews or finishes a job: both statements name its owner and its number.
// 3. A job is done at least once for each time that it was asked for, and twice if its owner was silent for a lease.
//
// A runner looks for work every few seconds, by one statement that probes an index once for each kind. It looks at once
// when a job ends in this process, and when {@link Jobs.wake} says that there is one. Each kind has places of its
// own, so that none waits for another.
import { jobLeaseMs, jobPollMs } from '../core/bounds.ts'
import type { JobCounts } from '../core/job-counts.ts'
import { instantsOf } from '../store/instants.ts'
import { bringForward, claimJobs, enqueueJob, readDueTimes } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../verdict/clock.ts'
import { doClaimed, type Ending, type JobContext } from './claimed-job.ts'
import { type JobKind, maxRetryMs } from './kinds.ts'

/** A command that ends sooner does no work. */
const firstLookMs = 1_000
/** How long to wait after looks that failed, at the most. */
const maxPauseMs = 60_000
/** What could not be claimed although it is due is looked at again so soon. */
const claimAgainMs = 500
/** How long an orderly stop waits for what is being done. */
const stopMs = 1_500
/** A job that failed so often in a row is told of once. */
const toldAttempts = 3

/** What a runner works with. */
export interface JobsOptions {
  store: Pick<Store, 'read' | 'write' | 'dialect'>
  clock: Pick<Clock, 'monotonic' | 'after'>
  /** Names the runner: no other one has the same name. */
  owner: string
  kinds: Readonly<Record<string, JobKind>>
  /** Hears of work that fails again and again. */
  warn: (message: string) => void
  /** Milliseconds since 1970; the database's clock if absent, which is one for all processes. For tests. */
  now?: (() => number) | undefined
  /** Other lengths than those of a server, in milliseconds. For tests. */
  pollMs?: number
  leaseMs?: number
}

/** One kind of work in this process. */
interface Line {
  name: string
  kind: JobKind
  running: Set<Promise<void>>
  counts: Record<Ending['kind'], number>
  /** In how many milliseconds the first job is due that nobody has claimed, as of an instant of the monotonic clock. */
  due: { inMs: number; of: number } | undefined
}

/** Does the work of all kinds in the background of one process. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #context: JobContext
  readonly #lines: readonly Line[]
  readonly #stopping = new AbortController()
  #callOff: () => void = () => {}
  #round: Promise<void> | undefined
  #again = false
  #failedLooks = 0

  constructor(options: JobsOptions) {
    const { store, clock, owner, now, kinds, leaseMs = jobLeaseMs } = options
    this.#options = options
    const at = instantsOf(store.dialect, now)
    this.#context = { store, clock, owner, at, leaseMs, stopping: this.#stopping.signal }
    this.#lines = Object.entries(kinds).map(([name, kind]) => ({
      name,
      kind,
      running: new Set(),
      counts: { done: 0, failed: 0, 'given back': 0, lost: 0 },
      due: undefined,
    }))
  }

  /** Begins to look for work, a moment from now. */
  start(): void {
    this.#lookIn(firstLookMs * (1 + Math.random()))
  }

  /** Looks for work now: there may be some that this process has asked for. */
  wake(): void {
    this.#again = true
    if (this.#round !== undefined || this.#isStopping) return
    this.#callOff()
    this.#round = this.#lookAgain().then((pauseMs) => {
      this.#round = undefined
      if (this.#again) this.wake()
      // Of many processes that wait for the same instant, one comes first.
      else this.#lookIn(pauseMs * (1 + Math.random() / 4))
    })
  }

  /**
   * Claims nothing more, tells the work under way to end, and waits for that. What ends is finished or given back; what
   * does not keeps its claim until that lapses, so that it is never done twice at once. Never throws.
   */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The process is stopping.'))
    this.#callOff()
    const ended = async () => {
      await this.#round
      await Promise.all(this.#lines.flatMap(({ running }) => [...running]))
    }
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const callOff = this.#options.clock.after(stopMs, resolve)
    await Promise.race([ended(), late])
    callOff()
  }

  /** What this process has done of each kind. */
  counts(): JobCounts[] {
    const now = this.#options.clock.monotonic()
    return this.#lines.map(({ name, counts: { done, failed, lost }, due }) => {
      const lagMs = due === undefined ? 0 : Math.max(0, now - due.of - due.inMs)
      return { kind: name, done, failed, lost, lagMs }
    })
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #lookIn(milliseconds: number): void {
    if (!this.#isStopping) this.#callOff = this.#options.clock.after(milliseconds, () => this.wake())
  }

  /** Looks until nobody has asked for another look meanwhile; tells how long to wait until the next one. */
  async #lookAgain(): Promise<number> {
    const { pollMs = jobPollMs } = this.#options
    let pauseMs = pollMs
    while (this.#again && !this.#isStopping) {
      this.#again = false
      try {
        pauseMs = await this.#look(pollMs)
        this.#failedLooks = 0
      } catch {
        // The database is away. The lag shows it, and so does everything else that asks the database.
        this.#failedLooks++
        pauseMs = Math.min(maxPauseMs, pollMs * 2 ** Math.min(this.#failedLooks, 10))
      }
    }
    return pauseMs
  }

  async #look(pollMs: number): Promise<number> {
    const { store, clock } = this.#options
    const lookedAt = clock.monotonic()
    const names = this.#lines.map(({ name }) => name)
    const dueTimes = await store.read((db) => readDueTimes(db, names, this.#context.at()))
    let pauseMs = pollMs
    for (const [index, line] of this.#lines.entries()) {
      const dueIn = dueTimes[index]
      line.due = dueIn === undefined ? undefined : { inMs: dueIn, of: lookedAt }
      try {
        await this.#keepRecurring(line, dueIn)
        if (dueIn !== undefined && dueIn <= 0 && !this.#isStopping) await this.#claim(line)
      } catch {
        // No other kind waits for this one, which the next look tries again. Its lag shows it.
        pauseMs = Math.min(pauseMs, claimAgainMs)
      }
      const nextIn = dueIn ?? line.kind.everyMs ?? pollMs
      if (nextIn > 0) pauseMs = Math.min(pauseMs, nextIn)
    }
    return pauseMs
  }

  /** Sees to it that there is a job of work that recurs, and that its next time is no later than it can be. */
  async #keepRecurring({ name, kind: { everyMs } }: Line, dueIn: number | undefined): Promise<void> {
    if (everyMs === undefined) return
    const { store, leaseMs, at } = this.#context
    const maxMs = Math.max(everyMs, maxRetryMs) + leaseMs
    if (dueIn === undefined) {
      await store.write((tx) => enqueueJob(tx, { kind: name, subject: '', afterMs: everyMs }, at()))
    } else if (dueIn > maxMs) await store.write((tx) => bringForward(tx, name, everyMs, at()))
  }

  async #claim(line: Line): Promise<void> {
    const { store } = this.#options
    const { clock, owner, at } = this.#context
    const leaseMs = Math.min(this.#context.leaseMs, line.kind.leaseMs ?? Number.POSITIVE_INFINITY)
    const limit = (line.kind.atOnce ?? 1) - line.running.size
    if (limit <= 0) return
    const claimedAt = clock.monotonic()
    const wanted = { kind: line.name, owner, limit, leaseMs }
    const rows = await store.write((tx) => claimJobs(tx, store.dialect, wanted, at()))
    if (rows.length < limit) line.due = undefined
    for (const row of rows) {
      const running = doClaimed(row, line.kind, { ...this.#context, leaseMs }, claimedAt).then((ending) => {
        line.running.delete(running)
        line.counts[ending.kind]++
        if (ending.kind === 'failed' && row.attempts === toldAttempts) this.#tell(line.name, ending.error)
        this.wake()
      })
      line.running.add(running)
    }
  }

  #tell(name: string, error: unknown): void {
    // Its code or its class: a message could have what was worked on.
    const { code, name: errorName } = error as { code?: unknown; name?: string }
    const reason = typeof code === 'string' ? code : errorName
    this.#options.warn(
      `The background job "${name}" failed ${toldAttempts} times in a row (${reason}). Latchkey tries it again, and counts its failures in latchkey_jobs_total.`,
    )
  }
}
