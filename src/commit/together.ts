// Changes that share a transaction: those that come while others are being written, so that one fsync makes them all
// durable. Each is judged by itself, and none fails for another.
import { type Actor, holdsDatabase } from '../core/actor.ts'
import { isRowRefused } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import type { ChangeLines } from './change-lines.ts'
import type { Change, Opened, Requirements, Writer } from './commit.ts'
import { GroupCommit } from './group-commit.ts'

/**
 * Judges one change and says what to write; throws what refuses it. It records what is done, and sends no statement:
 * others are under way, and must not fail for it.
 */
type Judge<Wanted, Made> = (change: Change, wanted: Wanted) => Made

/** A kind of change of which many can share a transaction. */
export interface Kind<Wanted, Made> {
  permission: Requirements['permission']
  /** How many share a transaction at most. */
  maxAtOnce: number
  /** Reads, by the transaction, what all of them are judged by. */
  prepare(tx: Tx, wanted: readonly Wanted[]): Promise<Judge<Wanted, Made>>
  /** The statements that write those that are made, all sent at once. */
  write(tx: Tx, made: readonly Made[]): Promise<unknown>[]
  /** Forgets what it remembers of the database, which has refused what was judged by that. */
  forget(): void
}

interface Waiting<Wanted, Made> {
  actor: Actor
  wanted: Wanted
  /** By the monotonic clock. */
  askedAt: number
  resolve: (made: Made) => void
  reject: (error: unknown) => void
}

/** What became of each in a transaction; `held` if its caller's key was another's. */
type Outcomes<Wanted, Made> = Map<Waiting<Wanted, Made>, { made: Made } | { error: unknown } | 'held'>

/** Runs a transaction in somebody's turn. */
type RunInTurn = <T>(transact: () => Promise<T>) => Promise<T>

/** The changes of one kind that are on their way into one database. */
export class Together<Wanted, Made> {
  readonly #writer: Pick<Writer, 'transact'>
  readonly #lines: ChangeLines
  readonly #kind: Kind<Wanted, Made>
  readonly #batches: GroupCommit<Waiting<Wanted, Made>>

  constructor(writer: Pick<Writer, 'transact'>, lines: ChangeLines, kind: Kind<Wanted, Made>) {
    this.#writer = writer
    this.#lines = lines
    this.#kind = kind
    this.#batches = new GroupCommit((batch) => this.#writeInTime(batch), kind.maxAtOnce)
  }

  /**
   * Makes one change; resolves when it is durable. Throws `invalid_token`, `session_ended`, `missing_permission`,
   * `too_many_changes`, `store_unavailable`, the reason of a signal that is raised before it comes into a batch, and what
   * the kind's judge throws.
   */
  commit(actor: Actor, wanted: Wanted, signal?: AbortSignal): Promise<Made> {
    const join = () => {
      const { promise, resolve, reject } = Promise.withResolvers<Made>()
      this.#batches.add({ actor, wanted, askedAt: performance.now(), resolve, reject })
      return promise
    }
    return this.#lines.join(actor, join, signal)
  }

  /** Writes a batch without those that waited for one before it which the database did not answer. */
  async #writeInTime(batch: Waiting<Wanted, Made>[]): Promise<void> {
    const inTime = batch.filter(({ askedAt, reject }) => {
      const refusal = this.#lines.refusalOf(askedAt)
      if (refusal) reject(refusal)
      return refusal === undefined
    })
    if (inTime.length === 0) return
    const held = await this.#write(inTime, { passesOver: true }, (transact) => this.#lines.batch(transact))
    // No batch waits for them, nor does the next one: each key's changes wait by themselves, in its own turn.
    for (const ofKey of Map.groupBy(held, ({ actor }) =>
      holdsDatabase(actor) ? '' : actor.keyId,
    ).values()) {
      const [{ actor }] = ofKey as [Waiting<Wanted, Made>]
      void this.#write(ofKey, {}, (transact) => this.#lines.change(actor, transact))
    }
  }

  /** Writes a batch; gives those whose callers' keys others hold. If the database refuses a row, it is written again in halves. */
  async #write(
    batch: Waiting<Wanted, Made>[],
    locking: { passesOver?: true },
    run: RunInTurn,
    isAgain = false,
  ): Promise<Waiting<Wanted, Made>[]> {
    const actors = batch.map(({ actor }) => actor)
    const work = async (opened: Opened) => {
      const wanted = batch.map((waiting) => waiting.wanted)
      return this.#judge(batch, opened, await this.#kind.prepare(opened.tx, wanted))
    }
    try {
      const outcomes = await run(() =>
        this.#writer.transact(actors, locking, work, (tx, outcomes) =>
          this.#kind.write(tx, madeIn(outcomes)),
        ),
      )
      for (const [waiting, outcome] of outcomes) {
        if (outcome === 'held') continue
        if ('made' in outcome) waiting.resolve(outcome.made)
        else waiting.reject(outcome.error)
      }
      return batch.filter((waiting) => outcomes.get(waiting) === 'held')
    } catch (error) {
      if (!isRowRefused(error) || (batch.length === 1 && isAgain)) {
        for (const { reject } of batch) reject(error)
        return []
      }
      // What was remembered may be wrong: the database was restored, say. Then each is judged by what is there now.
      this.#kind.forget()
      // One of them cannot be stored: the others must not pay for it.
      const half = Math.ceil(batch.length / 2)
      const held = await this.#write(batch.slice(0, half), locking, run, true)
      if (half < batch.length) held.push(...(await this.#write(batch.slice(half), locking, run, true)))
      return held
    }
  }

  #judge(
    batch: readonly Waiting<Wanted, Made>[],
    opened: Opened,
    judge: Judge<Wanted, Made>,
  ): Outcomes<Wanted, Made> {
    const outcomes: Outcomes<Wanted, Made> = new Map()
    for (const waiting of batch) {
      if (opened.isHeld(waiting.actor)) {
        outcomes.set(waiting, 'held')
        continue
      }
      try {
        const made = opened.attempt(() =>
          judge(opened.begin(waiting.actor, this.#kind.permission), waiting.wanted),
        )
        outcomes.set(waiting, { made })
      } catch (error) {
        outcomes.set(waiting, { error })
      }
    }
    return outcomes
  }
}

function madeIn<Wanted, Made>(outcomes: Outcomes<Wanted, Made>): Made[] {
  return [...outcomes.values()].flatMap((outcome) =>
    outcome !== 'held' && 'made' in outcome ? [outcome.made] : [],
  )
}
