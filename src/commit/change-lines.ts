// The lines in which changes wait for the database: callers take turns, so that one who changes much waits for itself alone.

import { type Actor, holdsDatabase } from '../core/actor.ts'
import { LatchkeyError } from '../core/errors.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import { FairLine, type LineBounds, type Turn, tooSlow } from '../fairness/fair-line.ts'
import { isRowRefused } from '../store/store.ts'

/** Two batches: one is written while the next comes together, and a key has half of that. */
const joiningBounds: LineBounds = {
  width: 200,
  widthOfOrganization: 150,
  widthOfKey: 100,
  maxWaiting: 4_096,
  maxWaitingOfKey: 256,
  patienceMs: 5_000,
}
/** No organization has this id: the batches of all actors take turns as one more of them. */
const batchTurn: Turn = { organizationId: ' batches', keyId: '' }
/** If a change failed after so long, and no other one was answered of late, the database does not answer. */
const unansweredMs = 500
/** Those that have waited so long meanwhile are told so at once: a change that cannot be made fails within a second. */
const waitedMs = 150

/**
 * Two lines. Each change by a caller waits in one of them for its transaction, and so does each batch of changes that share
 * one. A change that shares one waits in the other to come into a batch. What the process itself changes waits in neither, unless it acts
 * for people who sign in.
 */
export class ChangeLines {
  readonly #transactions: FairLine
  readonly #joining = new FairLine(joiningBounds, tooManyChanges)
  /** When the database last did what a transaction asked, or refused it, and when it last left one without an answer. */
  #answeredAt = Number.NEGATIVE_INFINITY
  #unansweredAt = Number.NEGATIVE_INFINITY

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

  /**
   * Runs a transaction in its actor's turn, or in `turn` if the process itself acts for somebody who is no caller yet. Those that
   * need the same `alone` wait here for each other, not on connections and for no longer than the database has them wait. Throws
   * `too_many_changes`, `store_unavailable`, the reason of a signal that is raised before its turn comes, and what it throws.
   */
  async change<T>(
    actor: Actor,
    transact: () => Promise<T>,
    {
      signal,
      turn,
      alone,
    }: { signal?: AbortSignal | undefined; turn?: Turn | undefined; alone?: string | undefined } = {},
  ): Promise<T> {
    if (!holdsDatabase(actor)) return this.#run(transact, { ...turnOf(actor, { signal }), alone })
    if (turn === undefined) return transact()
    try {
      return await this.#run(transact, { ...turn, alone })
    } catch (error) {
      // No key has made them.
      throw error instanceof LatchkeyError && error.code === 'too_many_changes' ? tooSlow() : error
    }
  }

  /** Has a change that shares a transaction come into a batch, in its actor's turn. Throws the same. */
  join<T>(actor: Actor, change: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return holdsDatabase(actor) ? change() : this.#joining.run(change, turnOf(actor, { signal }))
  }

  /** Runs the transaction of a batch. Throws `store_unavailable`, and what that throws. */
  batch<T>(transact: () => Promise<T>): Promise<T> {
    return this.#run(transact, batchTurn)
  }

  /**
   * Tells what to answer to one that has waited since an instant, by the monotonic clock, if the database answers nobody;
   * undefined if it may go on.
   */
  refusalOf(askedAt: number): LatchkeyError | undefined {
    if (this.#unansweredAt <= this.#answeredAt || performance.now() - askedAt < waitedMs) return undefined
    return tooSlow()
  }

  #run<T>(transact: () => Promise<T>, turn: Turn): Promise<T> {
    const askedAt = performance.now()
    return this.#transactions.run(async () => {
      const refusal = this.refusalOf(askedAt)
      if (refusal) throw refusal
      const begunAt = performance.now()
      try {
        const result = await transact()
        this.#answeredAt = performance.now()
        return result
      } catch (error) {
        if (!isStoreFailure(error)) this.#answeredAt = performance.now()
        else if (performance.now() - begunAt >= unansweredMs) this.#noteUnanswered(begunAt)
        throw error
      }
    }, turn)
  }

  /** One that waited for the locks of its own key, say, tells nothing of the others: they were answered meanwhile. */
  #noteUnanswered(begunAt: number): void {
    const now = performance.now()
    if (now - this.#answeredAt < waitedMs) return
    this.#unansweredAt = now
    if (begunAt < this.#answeredAt) return
    this.#transactions.refuseOlder(waitedMs)
    this.#joining.refuseOlder(waitedMs)
  }
}

function isStoreFailure(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === 'store_unavailable' && !isRowRefused(error)
}

function tooManyChanges(): LatchkeyError {
  return new LatchkeyError(
    'too_many_changes',
    'Too many changes by this key are waiting. Wait for their answers.',
  )
}
