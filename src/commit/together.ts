// Changes that share a transaction: those that come while others are being written, so that one fsync makes them all
// durable. Each is judged by itself, and none fails for another.
import type { Actor } from '../core/actor.ts'
import { isRowRefused } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import type { ChangeLines } from './change-lines.ts'
import type { Change, Opened, Requirements, Writer } from './commit.ts'
import { GroupCommit } from './group-commit.ts'

/** A kind of change of which many can share a transaction. */
export interface Kind<Wanted, Made> {
  permission: Requirements['permission']
  /** How many share a transaction at most. */
  maxAtOnce: number
  /** Reads, by the transaction, what all of them are judged by. */
  prepare(tx: Tx, wanted: readonly Wanted[]): Promise<void>
  /**
   * Judges one and says what to write; throws what refuses it. It records what is done, and sends no statement: others
   * are under way, and must not fail for it.
   */
  judge(change: Change, wanted: Wanted): Made
  /** The statements that write those that are made, all sent at once. */
  write(tx: Tx, made: readonly Made[]): Promise<unknown>[]
}

interface Waiting<Wanted, Made> {
  actor: Actor
  wanted: Wanted
  /** By the monotonic clock. */
  askedAt: number
  resolve: (made: Made) => void
  reject: (error: unknown) => void
}

type Outcomes<Wanted, Made> = Map<Waiting<Wanted, Made>, { made: Made } | { error: unknown }>

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
   * `too_many_changes`, `store_unavailable`, and what the kind's judge throws.
   */
  commit(actor: Actor, wanted: Wanted): Promise<Made> {
    return this.#lines.join(actor, () => {
      const { promise, resolve, reject } = Promise.withResolvers<Made>()
      this.#batches.add({ actor, wanted, askedAt: performance.now(), resolve, reject })
      return promise
    })
  }

  /** Writes a batch without those that waited for one before it which the database did not answer. */
  async #writeInTime(batch: Waiting<Wanted, Made>[]): Promise<void> {
    const inTime = batch.filter(({ askedAt, reject }) => {
      const refusal = this.#lines.refusalOf(askedAt)
      if (refusal) reject(refusal)
      return refusal === undefined
    })
    if (inTime.length > 0) await this.#write(inTime)
  }

  async #write(batch: Waiting<Wanted, Made>[]): Promise<void> {
    const actors = batch.map(({ actor }) => actor)
    const work = async (opened: Opened) => {
      await this.#kind.prepare(
        opened.tx,
        batch.map(({ wanted }) => wanted),
      )
      return this.#judge(batch, opened)
    }
    try {
      const outcomes = await this.#lines.batch(() =>
        this.#writer.transact(actors, {}, work, (tx, outcomes) => this.#kind.write(tx, madeIn(outcomes))),
      )
      for (const [waiting, outcome] of outcomes) {
        if ('made' in outcome) waiting.resolve(outcome.made)
        else waiting.reject(outcome.error)
      }
    } catch (error) {
      if (batch.length > 1 && isRowRefused(error)) {
        // One of them cannot be stored: the others must not pay for it.
        const half = batch.length >> 1
        await this.#write(batch.slice(0, half))
        await this.#write(batch.slice(half))
        return
      }
      for (const { reject } of batch) reject(error)
    }
  }

  #judge(batch: Waiting<Wanted, Made>[], opened: Opened): Outcomes<Wanted, Made> {
    const outcomes: Outcomes<Wanted, Made> = new Map()
    for (const waiting of batch) {
      try {
        const made = opened.attempt(() =>
          this.#kind.judge(opened.begin(waiting.actor, this.#kind.permission), waiting.wanted),
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
  return [...outcomes.values()].flatMap((outcome) => ('made' in outcome ? [outcome.made] : []))
}
