// What a kind of work says of itself, and what its work gets to see of a job.

/** A job that this process has claimed, as the work on it sees it. */
export interface Work {
  readonly subject: string
  /** Null for work of no organization. */
  readonly organizationId: string | null
  /** What it was asked for with. */
  readonly payload: unknown
  /** 1 for the first attempt since it last succeeded. */
  readonly attempt: number
  /** Raised when the work must end: the process stops, the claim is lost, or the run takes too long. */
  readonly signal: AbortSignal
  /** Throws if the work must end. The work asks before each step that changes anything. */
  requireHeld(): void
}

/** When the job is to be done again; of work that recurs, no later than usual. */
export interface Again {
  afterMs: number
}

/**
 * A kind of work. A run may be cut off at any instant, and its job is then done again: what it does must come to the same
 * when it is done twice.
 */
export interface JobKind {
  /**
   * Does the work. Without an answer the job is done again at its usual time, or never. What it throws is a failure, and
   * the job waits for its next attempt.
   */
  run(work: Work): Promise<Again | undefined>
  /** How long after a run the next one comes, of work of which there is one job for all processes, without end. */
  everyMs?: number
  /** How many of its jobs a process does at once, 1 if absent: no kind waits for another. */
  atOnce?: number
  /**
   * How long a claim lasts that is not renewed, in milliseconds, and so how long the work waits for a process that froze; as long as
   * any claim if absent.
   */
  leaseMs?: number
  /** How long a run may take; a minute if absent. */
  maxRunMs?: number
  /** After so many attempts it is given up; if absent, never. */
  maxAttempts?: number
  /** How long to wait after a number of attempts in a row; {@link retryAfterMs} if absent. */
  retryAfterMs?(attempts: number): number
}

export const defaultMaxRunMs = 60_000
const firstRetryMs = 2_000
/** The longest wait for another attempt. */
export const maxRetryMs = 300_000

/** Twice as long after each attempt, from two seconds to five minutes, a fifth of it at random. */
export function retryAfterMs(attempts: number): number {
  const milliseconds = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 30))
  return milliseconds * (0.8 + 0.2 * Math.random())
}
