// Changes that share a transaction: those that come while others are being written, so that one fsync makes them all
// durable. Each is judged by itself, and none fails for another.
import { type Actor, callerNameOf, holdsDatabase } from '../core/actor.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { AnsweredRow } from '../store/idempotent-requests.ts'
import { allDone } from '../store/statements.ts'
import { isRowRefused } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import type { ChangeLines } from './change-lines.ts'
import type { Claim } from './claims.ts'
import type { Change, Once, Opened, Requirements, Writer } from './commit.ts'
import { GroupCommit } from './group-commit.ts'

/**
 * Judges one change and says what to write; throws what refuses it. It records what is done, and sends no statement:
 * others are under way, and must not fail for it.
 */
type Judge<Wanted, Made> = (change: Change, wanted: Wanted) => Made

/** What a judge throws of a change for which others hold what it would have to wait for: it goes on in a transaction of its own. */
export const heldByAnother = Symbol('held by another')

/** A kind of change of which many can share a transaction. */
export interface Kind<Wanted, Made, Answer extends object> {
  permission: Requirements['permission']
  /** How many share a transaction at most. */
  maxAtOnce: number
  /** Reads, by the transaction, what all of them are judged by; `passesOver`: it waits for no lock, and so throws {@link heldByAnother}. */
  prepare(tx: Tx, wanted: readonly Wanted[], passesOver: boolean): Promise<Judge<Wanted, Made>>
  /** The statements that write those that are made, all sent at once. */
  write(tx: Tx, made: readonly Made[]): Promise<unknown>[]
  /** What is answered to who has made one. */
  answerOf(made: Made, wanted: Wanted, now: number): Answer
  /** Judges a caller that asks again for what it was answered. */
  again: Once['again']
  /** Forgets what it remembers of the database, which has refused what was judged by that. */
  forget(): void
}

interface Waiting<Wanted, Answer> {
  actor: Actor
  wanted: Wanted
  /** Its claim, if it is to be made once. */
  claim: Claim | undefined
  /** By the monotonic clock. */
  askedAt: number
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

/** What one came to: it was made, was made before, or is refused, if not by what another one held. */
type Outcome<Made, Answer> =
  | { made: Made; answer: Answer }
  | { answer: Answer }
  | { error: unknown; isClaimed?: true }
/** What became of each in a transaction, at an instant. */
interface Outcomes<Wanted, Made, Answer> {
  now: number
  of: Map<Waiting<Wanted, Answer>, Outcome<Made, Answer>>
}

/** Runs a transaction in somebody's turn. */
type RunInTurn = <T>(transact: () => Promise<T>) => Promise<T>

/** The changes of one kind that are on their way into one database. */
export class Together<Wanted, Made, Answer extends object> {
  readonly #writer: Pick<Writer, 'transact' | 'claims'>
  readonly #lines: ChangeLines
  readonly #kind: Kind<Wanted, Made, Answer>
  readonly #batches: GroupCommit<Waiting<Wanted, Answer>>

  constructor(
    writer: Pick<Writer, 'transact' | 'claims'>,
    lines: ChangeLines,
    kind: Kind<Wanted, Made, Answer>,
  ) {
    this.#writer = writer
    this.#lines = lines
    this.#kind = kind
    this.#batches = new GroupCommit((batch) => this.#writeInTime(batch), kind.maxAtOnce)
  }

  /**
   * Makes one change; resolves when it is durable. Throws `invalid_token`, `session_ended`, `missing_permission`,
   * `too_many_changes`, `store_unavailable`, the reason of a signal that is raised before it comes into a batch, what the
   * kind's judge throws, and if it is made once what `claims.ts` throws.
   */
  commit(
    actor: Actor,
    wanted: Wanted,
    { signal, once }: { signal?: AbortSignal | undefined; once?: IdempotentRequest | undefined } = {},
  ): Promise<Answer> {
    return this.#writer.claims.run(actor, once, (claim) => {
      const join = () => {
        const { promise, resolve, reject } = Promise.withResolvers<Answer>()
        this.#batches.add({ actor, wanted, claim, askedAt: performance.now(), resolve, reject })
        return promise
      }
      return this.#lines.join(actor, join, signal)
    })
  }

  /** Writes a batch without those that waited for one before it which the database did not answer. */
  async #writeInTime(batch: Waiting<Wanted, Answer>[]): Promise<void> {
    const inTime = batch.filter(({ askedAt, reject }) => {
      const refusal = this.#lines.refusalOf(askedAt)
      if (refusal) reject(refusal)
      return refusal === undefined
    })
    if (inTime.length === 0) return
    const held = await this.#write(inTime, { passesOver: true }, (transact) => this.#lines.batch(transact))
    // No batch waits for them, nor does the next one: each caller's changes wait by themselves, in its own turn.
    for (const ofKey of Map.groupBy(held, ({ actor }) =>
      holdsDatabase(actor) ? '' : callerNameOf(actor),
    ).values()) {
      const [{ actor }] = ofKey as [Waiting<Wanted, Answer>]
      void this.#write(ofKey, {}, (transact) => this.#lines.change(actor, transact))
    }
  }

  /** Writes a batch; gives those whose callers' keys others hold. If the database refuses a row, it is written again in halves. */
  async #write(
    batch: Waiting<Wanted, Answer>[],
    locking: { passesOver?: true },
    run: RunInTurn,
    isAgain = false,
  ): Promise<Waiting<Wanted, Answer>[]> {
    const actors = batch.map(({ actor }) => actor)
    const work = async (opened: Opened) => {
      const wanted = batch.map((waiting) => waiting.wanted)
      // First of all: what is found is not made again.
      const found = await this.#claim(batch, opened)
      const judge = await this.#kind.prepare(opened.tx, wanted, locking.passesOver === true)
      return this.#judge(
        batch.filter((waiting) => !found.has(waiting)),
        opened,
        judge,
        found,
      )
    }
    try {
      const outcomes = await run(() =>
        this.#writer.transact(actors, locking, work, (tx, outcomes) => this.#lastStatements(tx, outcomes)),
      )
      for (const [waiting, outcome] of outcomes.of) {
        if (isHeld(outcome)) continue
        if ('answer' in outcome) waiting.resolve(outcome.answer)
        else waiting.reject(outcome.error)
      }
      return batch.filter((waiting) => isHeld(outcomes.of.get(waiting)))
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

  /** Claims what is to be made once, and answers those that were made before. */
  async #claim(
    batch: readonly Waiting<Wanted, Answer>[],
    { tx, now, isHeld, begin }: Opened,
  ): Promise<Map<Waiting<Wanted, Answer>, Outcome<Made, Answer>>> {
    const claiming = batch.filter(({ actor, claim }) => claim !== undefined && !isHeld(actor))
    const claims = claiming.map(({ claim }) => claim as Claim)
    const found = await this.#writer.claims.claim(tx, claims, now)
    const answers = claiming.map(async (waiting): Promise<[typeof waiting, Outcome<Made, Answer>][]> => {
      const row = found.get(waiting.claim as Claim)
      if (row === undefined) return []
      try {
        const change = begin(waiting.actor, this.#kind.permission)
        const answer = (waiting.claim as Claim).open(row) as Answer
        await this.#kind.again(change, (row as AnsweredRow).made_id)
        return [[waiting, { answer }]]
      } catch (error) {
        return [[waiting, { error }]]
      }
    })
    return new Map((await allDone(answers)).flat())
  }

  #lastStatements(tx: Tx, { now, of }: Outcomes<Wanted, Made, Answer>): Promise<unknown>[] {
    const made: Made[] = []
    const answered: { claim: Claim; answer: Answer }[] = []
    const refused: Claim[] = []
    for (const [{ claim }, outcome] of of) {
      if ('made' in outcome) {
        made.push(outcome.made)
        if (claim) answered.push({ claim, answer: outcome.answer })
      } else if ('isClaimed' in outcome && claim) refused.push(claim)
    }
    return [...this.#kind.write(tx, made), ...this.#writer.claims.finish(tx, answered, refused, now)]
  }

  #judge(
    batch: readonly Waiting<Wanted, Answer>[],
    opened: Opened,
    judge: Judge<Wanted, Made>,
    found: Map<Waiting<Wanted, Answer>, Outcome<Made, Answer>>,
  ): Outcomes<Wanted, Made, Answer> {
    const of = new Map(found)
    for (const waiting of batch) {
      const { actor, wanted } = waiting
      if (opened.isHeld(actor)) {
        of.set(waiting, { error: heldByAnother })
        continue
      }
      try {
        const outcome = opened.attempt(() => {
          const made = judge(opened.begin(actor, this.#kind.permission), wanted)
          return { made, answer: this.#kind.answerOf(made, wanted, opened.now) }
        })
        of.set(waiting, outcome)
      } catch (error) {
        of.set(waiting, { error, isClaimed: true })
      }
    }
    return { now: opened.now, of }
  }
}

function isHeld(outcome: object | undefined): boolean {
  return outcome !== undefined && 'error' in outcome && outcome.error === heldByAnother
}
