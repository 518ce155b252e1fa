// What a process can say of the work that it does in the background.

/** One kind of work, as one process has done it since it began. */
export interface JobCounts {
  /** What is done: `retention`, for instance. */
  kind: string
  /** How many runs ended as they should. */
  done: number
  /** How many failed. */
  failed: number
  /** How many lost their claim, to a pause or a database that was away for longer than a lease. */
  lost: number
  /** How long the first job that nobody has claimed has been due, in milliseconds; 0 if none is. */
  lagMs: number
}
