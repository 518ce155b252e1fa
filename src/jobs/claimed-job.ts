// One job under its claim: the claim is renewed while the work takes its time, and finished only by its holder.
import type { Instant } from '../store/instants.ts'
import { type Claim, type ClaimedRow, finishJob, giveBackJob, renewClaim, retryJob } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import { type Clock, sleep } from '../verdict/clock.ts'
import { type Again, defaultMaxRunMs, type JobKind, retryAfterMs } from './kinds.ts'

/** Several attempts at a renewal fit into a lease. */
const renewalsPerLease = 4
/** How long work may go on after it was told to end, before nobody waits for it any more. */
const graceMs = 2_000
const finishAgainMs = 500

/** What the runner gives to the work on a job. */
export interface JobContext {
  store: Pick<Store, 'write'>
  clock: Pick<Clock, 'monotonic' | 'after'>
  /** The time, for a statement. */
  at(): Instant
  owner: string
  leaseMs: number
  /** Raised when the process stops. */
  stopping: AbortSignal
}

/** How the work on a claimed job ended in this process. */
export interface Ending {
  kind: 'done' | 'failed' | 'given back' | 'lost'
  /** Why it failed. */
  error?: unknown
}

/**
 * Does the work on a job that was claimed at an instant of the monotonic clock, read before the claim was sent. Never
 * throws. The rest of a run whose claim is lost writes nothing into the job.
 */
export async function doClaimed(
  row: ClaimedRow,
  kind: JobKind,
  context: JobContext,
  claimedAt: number,
): Promise<Ending> {
  const held = new HeldClaim(row, context, claimedAt)
  try {
    if (isSpent(row, kind)) throw new Error('The process of each attempt ended before the attempt did.')
    const again = await runWithin(row, kind, held, context)
    const afterMs = again?.afterMs ?? kind.everyMs
    return await held.end('done', (tx, claim) => finishJob(tx, claim, { afterMs }, context.at()))
  } catch (error) {
    if (context.stopping.aborted) return await giveBack(held, context, error)
    return { ...(await fail(row, kind, held, context)), error }
  } finally {
    held.letGo()
  }
}

/** Whether each attempt that a job may have was begun, and none came to its end. */
function isSpent({ attempts }: ClaimedRow, { everyMs, maxAttempts }: JobKind): boolean {
  return everyMs === undefined && maxAttempts !== undefined && attempts > maxAttempts
}

/** Gives a job back, but not one that is still worked on: its claim lapses after this process has ended. */
async function giveBack(held: HeldClaim, { at }: JobContext, error: unknown): Promise<Ending> {
  if (error instanceof StillRunning) return { kind: 'lost' }
  return held.end('given back', (tx, claim) => giveBackJob(tx, claim, at()))
}

/** Work was told to end, and does not. */
class StillRunning extends Error {
  override readonly name = 'StillRunning'
}

function fail({ attempts }: ClaimedRow, kind: JobKind, held: HeldClaim, { at }: JobContext): Promise<Ending> {
  const isLast = kind.everyMs === undefined && kind.maxAttempts !== undefined && attempts >= kind.maxAttempts
  const afterMs = (kind.retryAfterMs ?? retryAfterMs)(attempts)
  return held.end('failed', (tx, claim) =>
    isLast ? finishJob(tx, claim, { isGivenUp: true }, at()) : retryJob(tx, claim, afterMs, at()),
  )
}

/** Runs the work, until it ends or, told to end, does not. */
async function runWithin(
  row: ClaimedRow,
  kind: JobKind,
  held: HeldClaim,
  { clock }: JobContext,
): Promise<Again | undefined> {
  const { signal } = held
  signal.throwIfAborted()
  const { promise: abandoned, reject: abandon } = Promise.withResolvers<never>()
  let callOff = clock.after(kind.maxRunMs ?? defaultMaxRunMs, () =>
    held.raise(new Error('The job took too long.')),
  )
  const beginGrace = () => {
    callOff()
    callOff = clock.after(graceMs, () => abandon(new StillRunning('The job was told to end.')))
  }
  signal.addEventListener('abort', beginGrace)
  try {
    const work = kind.run({
      subject: row.subject,
      organizationId: row.organization_id,
      payload: JSON.parse(row.payload),
      attempt: row.attempts,
      signal,
      requireHeld: () => held.require(),
    })
    return await Promise.race([work, abandoned])
  } finally {
    callOff()
    // The claim may be lost later: nobody waits for this run any more.
    signal.removeEventListener('abort', beginGrace)
  }
}

/** A claim, for as long as this process may believe in it. */
class HeldClaim {
  readonly #claim: Claim
  readonly #context: JobContext
  readonly #over = new AbortController()
  readonly #stop = () => this.raise(this.#context.stopping.reason)
  #heldUntil: number
  #isLost = false
  #callOff: () => void = () => {}
  #isLetGo = false

  constructor({ kind, subject, lease }: ClaimedRow, context: JobContext, claimedAt: number) {
    this.#claim = { kind, subject, lease, owner: context.owner }
    this.#context = context
    this.#heldUntil = claimedAt + context.leaseMs
    if (context.stopping.aborted) this.#stop()
    else context.stopping.addEventListener('abort', this.#stop)
    this.#renewLater()
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Tells the work to end. */
  raise(reason: unknown): void {
    this.#over.abort(reason)
  }

  /** Throws if the work must end; finds out by the clock that this process was paused for longer than the lease. */
  require(): void {
    if (this.#hasLapsed()) this.#lose()
    this.signal.throwIfAborted()
  }

  /** Writes the end of the work, again if the database is away, as long as the claim may be ours. */
  async end(kind: Ending['kind'], write: (tx: Tx, claim: Claim) => Promise<boolean>): Promise<Ending> {
    const { store, clock, stopping } = this.#context
    while (!this.#isLost) {
      try {
        const isOurs = await store.write((tx) => write(tx, this.#claim))
        return { kind: isOurs ? kind : 'lost' }
      } catch {
        // The job is taken over when its claim has lapsed.
        if (stopping.aborted || this.#hasLapsed()) break
        await sleep(clock, finishAgainMs)
      }
    }
    return { kind: 'lost' }
  }

  letGo(): void {
    this.#isLetGo = true
    this.#callOff()
    this.#context.stopping.removeEventListener('abort', this.#stop)
  }

  #hasLapsed(): boolean {
    return this.#context.clock.monotonic() >= this.#heldUntil
  }

  #lose(): void {
    this.#isLost = true
    this.raise(new Error('Another process has claimed the job.'))
  }

  #renewLater(): void {
    const { clock, leaseMs } = this.#context
    this.#callOff = clock.after(leaseMs / renewalsPerLease, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { store, clock, leaseMs, at } = this.#context
    const sentAt = clock.monotonic()
    try {
      const isOurs = await store.write((tx) => renewClaim(tx, this.#claim, leaseMs, at()))
      if (isOurs) this.#heldUntil = sentAt + leaseMs
      else if (!this.#isLetGo) this.#lose()
    } catch {
      // Another attempt comes before the lease ends.
    }
    if (this.#isLetGo || this.#isLost) return
    if (this.#hasLapsed()) this.#lose()
    else this.#renewLater()
  }
}
