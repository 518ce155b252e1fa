// The lines in which changes wait for the database: callers take turns, so that one who changes much waits for itself alone.
import { turnOf } from './authority.ts'
import { LatchkeyError } from './errors.ts'
import { FairLine, type LineBounds, type Turn } from './fair-line.ts'
import type { Caller } from './schemas.ts'
import { isRowRefused } from './store/store.ts'

/** Two batches of creations: one is written while the next comes together, and a key has half of that. */
const creationBounds: LineBounds = {
  width: 200,
  widthOfOrganization: 150,
  widthOfKey: 100,
  maxWaiting: 4_096,
  maxWaitingOfKey: 256,
  patienceMs: 5_000,
}
/** No organization has this id: the creations of all callers share transactions, and take turns as one more of them. */
const creationsTurn: Turn = { organizationId: ' creations', keyId: '' }
/** If a change failed after so long, and no other one was done meanwhile, the database does not answer. */
const unansweredMs = 500
/** Those that have waited so long meanwhile are told so at once: a change that cannot be made fails within a second. */
const waitedMs = 150

/**
 * Two lines. Each change by a caller, except a creation, waits in one of them for its transaction, and so does each batch of
 * creations. A creation waits in the other to come into a batch. What the process itself changes waits in neither.
 */
export class ChangeLines {
  readonly #transactions: FairLine
  readonly #creations = new FairLine(creationBounds, tooManyChanges)
  /** When the database last did what a transaction asked, or refused it. */
  #answeredAt = Number.NEGATIVE_INFINITY

  /** Makes the lines for so many transactions at once. */
  constructor(atOnce: number) {
    const bounds = {
      width: atOnce,
      widthOfOrganization: Math.max(1, atOnce - 1),
      widthOfKey: Math.ceil((atOnce * 2) / 3),
      maxWaiting: 4_096,
      maxWaitingOfKey: 256,
      patienceMs: 5_000,
    }
    this.#transactions = new FairLine(bounds, tooManyChanges)
  }

  /** Runs a transaction in its caller's turn. Throws `too_many_changes`, `store_unavailable`, and what it throws. */
  change<T>(caller: Caller | undefined, transact: () => Promise<T>): Promise<T> {
    return caller === undefined ? transact() : this.#run(transact, turnOf(caller))
  }

  /** Runs the transaction of a batch of creations. Throws `store_unavailable`, and what it throws. */
  createAll<T>(transact: () => Promise<T>): Promise<T> {
    return this.#run(transact, creationsTurn)
  }

  /** Runs a creation in its caller's turn. Throws `too_many_changes`, `store_unavailable`, and what it throws. */
  create<T>(caller: Caller | undefined, create: () => Promise<T>): Promise<T> {
    return caller === undefined ? create() : this.#creations.run(create, turnOf(caller))
  }

  #run<T>(transact: () => Promise<T>, turn: Turn): Promise<T> {
    return this.#transactions.run(async () => {
      const begunAt = performance.now()
      try {
        const result = await transact()
        this.#answeredAt = performance.now()
        return result
      } catch (error) {
        if (!isStoreFailure(error)) this.#answeredAt = performance.now()
        // One that waited for the locks of its own key, say, tells nothing of the others.
        else if (begunAt > this.#answeredAt && performance.now() - begunAt >= unansweredMs)
          this.#transactions.refuseOlder(waitedMs)
        throw error
      }
    }, turn)
  }
}

function isStoreFailure(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === 'store_unavailable' && !isRowRefused(error)
}

function tooManyChanges(): LatchkeyError {
  return new LatchkeyError(
    'too_many_changes',
    'This key has more changes waiting than it may; wait for their answers.',
  )
}
