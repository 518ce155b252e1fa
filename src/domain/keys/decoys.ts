// Decoys: keys that open nothing, planted where only a thief finds them. Whoever tries one gets the answer to a token that nobody
// made; here is what is told of it.
//
// The first try is told of at once, and those that follow once a minute, with how many there were. Why a flood of tries costs no
// more than one of unknown tokens:
// 1. A try adds one to a number in memory. Only a decoy that was not tried for a minute takes a place there, and the places are
//    bounded: in all, and for each organization, so that none takes those of the others.
// 2. A decoy has one event a minute, however many processes hear of tries: who writes it finds the row of the key not told of for
//    so long. Another keeps its count until then.
// 3. One transaction is under way at a time, and tells of some of them at most.
import type { Commit } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import { decoyEventEveryMs, maxTriedDecoys, maxTriedDecoysOfOrganization } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { CallContext } from '../../core/shapes/verification.ts'
import { addTries } from '../../store/decoys.ts'
import type { KeyRow } from '../../store/keys.ts'
import type { Clock } from '../../verdict/clock.ts'
import { type Asked, callContextOf } from '../../verdict/question.ts'
import type { Decoy, Memory } from '../../verification/read-through.ts'

/** How many decoys a transaction tells of: others wait for it on SQLite. */
const maxAtOnce = 100
/** After this a database that took no events is asked again. */
const retryMs = 1_000

/** Tries of a decoy that nothing was told of yet. */
interface Tried {
  organizationId: string
  count: number
  lastAt: number
  /** What is known of the last one. */
  context: CallContext | undefined
  /** From when on it may be told, by the monotonic clock. */
  dueAt: number
}

/** Hears of tries, and tells the log. */
export class DecoyTries {
  readonly #clock: Clock
  readonly #commit: Commit
  readonly #tried = new Map<string, Tried>()
  /** How many decoys of each organization are among them. */
  readonly #ofOrganizations = new Map<string, number>()
  #isWriting = false
  #wakesAt = Number.POSITIVE_INFINITY
  #callOff: () => void = () => {}
  #written: Promise<void> = Promise.resolve()

  constructor(memory: Pick<Memory, 'clock' | 'onTry'>, commit: Commit) {
    this.#clock = memory.clock
    this.#commit = commit
    memory.onTry = (decoy, asked) => this.#note(decoy, asked)
  }

  /** Notes that a decoy was tried, by what is asked of its token. */
  #note({ keyId, organizationId }: Decoy, asked: Asked): void {
    const known = this.#tried.get(keyId) ?? this.#begin(keyId, organizationId)
    if (known === undefined) return
    known.count++
    known.lastAt = this.#clock.now()
    // How another organization's API is called is none of its business.
    known.context = isForeign(asked, organizationId) ? undefined : callContextOf(asked)
    this.#wakeAt(known.dueAt)
  }

  /** Tells what was not told yet, as far as the database takes it. */
  async close(): Promise<void> {
    this.#callOff()
    await this.#written
    for (const tried of this.#tried.values()) tried.dueAt = Number.NEGATIVE_INFINITY
    // Also within a minute: nobody remembers them after that.
    await this.#write(0).catch(() => {})
    this.#callOff()
  }

  #begin(keyId: string, organizationId: string): Tried | undefined {
    const ofOrganization = this.#ofOrganizations.get(organizationId) ?? 0
    if (this.#tried.size >= maxTriedDecoys || ofOrganization >= maxTriedDecoysOfOrganization) return undefined
    this.#ofOrganizations.set(organizationId, ofOrganization + 1)
    const dueAt = Number.NEGATIVE_INFINITY
    const tried = { organizationId, count: 0, lastAt: 0, context: undefined, dueAt }
    this.#tried.set(keyId, tried)
    return tried
  }

  #end(keyId: string, { organizationId }: Tried): void {
    this.#tried.delete(keyId)
    const rest = (this.#ofOrganizations.get(organizationId) ?? 1) - 1
    if (rest > 0) this.#ofOrganizations.set(organizationId, rest)
    else this.#ofOrganizations.delete(organizationId)
  }

  #wakeAt(instant: number): void {
    if (this.#isWriting || instant >= this.#wakesAt) return
    this.#callOff()
    this.#wakesAt = instant
    const waitMs = Math.max(0, instant - this.#clock.monotonic())
    this.#callOff = this.#clock.after(waitMs, () => {
      this.#wakesAt = Number.POSITIVE_INFINITY
      this.#written = this.#write().catch(() => {})
    })
  }

  /** Writes what is due, and lets go of the decoys that nobody has tried since they were told of. */
  async #write(everyMs = decoyEventEveryMs): Promise<void> {
    this.#isWriting = true
    try {
      for (;;) {
        const now = this.#clock.monotonic()
        const due = [...this.#tried].filter(([, { dueAt }]) => dueAt <= now)
        for (const [keyId, tried] of due) if (tried.count === 0) this.#end(keyId, tried)
        // In one order: a change of many keys locks them in that of their ids too.
        const some = due.filter(([, { count }]) => count > 0).slice(0, maxAtOnce)
        if (some.length === 0) break
        some.sort(([one], [other]) => (one < other ? -1 : 1))
        await this.#tell(some, now, everyMs)
      }
    } finally {
      this.#isWriting = false
      let next = Number.POSITIVE_INFINITY
      for (const { dueAt } of this.#tried.values()) next = Math.min(next, dueAt)
      if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next)
    }
  }

  async #tell(
    some: readonly [keyId: string, tried: Tried][],
    monotonic: number,
    everyMs: number,
  ): Promise<void> {
    const counted = some.map(([keyId, tried]) => ({ keyId, tried, ...tried }))
    try {
      const told = await this.#commit(system, { permission: 'any key' }, async ({ tx, now, record }) => {
        const written: Tried[] = []
        for (const { keyId, tried, count, lastAt, context } of counted) {
          const decoy = await addTries(tx, { keyId, count, lastAt }, now, everyMs)
          if (decoy === undefined) continue
          written.push(tried)
          const { ip = null, userAgent = null, operation = null } = context ?? {}
          const changes = { tries: count, triesInAll: decoy.tries, ip, userAgent, operation }
          record({ action: 'key.decoy_tried', organizationId: decoy.organizationId, keyId, changes })
        }
        return new Set(written)
      })
      for (const { tried, count } of counted) {
        if (told.has(tried)) tried.count -= count
        tried.dueAt = monotonic + decoyEventEveryMs
      }
    } catch (error) {
      for (const { tried } of counted) tried.dueAt = monotonic + retryMs
      throw error
    }
  }
}

function isForeign({ organizationId }: Asked, own: string): boolean {
  return organizationId !== undefined && organizationId !== own
}

/** Throws `decoy_key`. */
export function refuseDecoy(key: Pick<KeyRow, 'decoy_tries'>, what: string): void {
  if (key.decoy_tries === null) return
  throw new LatchkeyError('decoy_key', `The key is a decoy, which opens nothing. ${what}`)
}
