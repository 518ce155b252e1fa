// Follows the changes that other processes make, so that this one knows how fresh its memory is.

import {
  anyOrganization,
  type ChangeRow,
  changesPage,
  type Look,
  type OrganizationSequence,
} from '../store/changes.ts'
import type { Clock } from '../verdict/clock.ts'
import { Lease } from '../verdict/lease.ts'
import { OrganizationSequences } from './organization-sequences.ts'

/** Where changes are read from, and where this process says that it acts on them. */
export interface ChangeSource {
  /** How long to wait between two reads if no hint came; far below the lease. */
  readonly pollEveryMs: number
  /** The changes after a number, with the counter and this process's registration in the same snapshot. */
  readChanges(since: number, follower: string): Promise<Look>
  /** The number of an organization's last change as it stood after a change; undefined if the log does not show it. */
  readOrganizationSequence(organizationId: string, at: number): Promise<OrganizationSequence | undefined>
  /** Registers this process; returns the number of the last change before. */
  register(follower: string): Promise<number>
  /** Confirms all changes up to a number; false if this process is no longer registered. */
  confirm(follower: string, sequence: number): Promise<boolean>
  /** Deregisters this process. */
  deregister(follower: string): Promise<void>
  /** Calls back when there may be news; returns how to stop that. Hints may get lost. */
  listen(hint: () => void): () => void
}

/** A change: of a key, an organization, a plan, a counter, or of what only a newer program knows. */
export interface Changed {
  topic: string
  id: string
  /** {@link anyOrganization} for a plan. */
  organizationId: string
}

/** What one look at the changes showed. */
export interface News {
  /** The number of the last change that this process acts on now. */
  sequence: number
  /** What changed since the look before; undefined if nobody knows what. */
  changed: readonly Changed[] | undefined
}

/** What must be forgotten when changes come in. */
export interface Forgetful {
  /** Something changed; a topic that nobody knows is of a newer program, whose memory it is about. */
  forget(topic: string, id: string): void
  forgetAll(): void
  /** From here on it hears of each change. */
  begin(): void
}

/**
 * Reads the changes again and again, makes the memory forget what changed, and renews the lease from the
 * instant at which the read began. A barrier is confirmed before the lease is renewed: a caller that asks for one may
 * take silence for a lease that runs out.
 */
export class ChangeFollower {
  readonly lease = new Lease()
  readonly #source: ChangeSource
  readonly #memory: Forgetful
  readonly #clock: Clock
  readonly #newId: () => string
  readonly #listeners = new Set<(news: News) => void>()
  readonly #ofOrganizations = new OrganizationSequences((id) => this.#readSequenceOf(id))
  #id = ''
  /** The last change that the memory has acted on; undefined while this process is not registered. */
  #sequence: number | undefined
  /** Which database that is of, and the mark of that change in it; undefined until a look has shown them. */
  #identity: string | undefined
  #mark: string | null | undefined
  #barrierSeenAt = Number.NEGATIVE_INFINITY
  #round: Promise<void> | undefined
  #again = false
  #callOff: () => void = () => {}
  #unlisten: (() => void) | undefined
  #started: Promise<void> | undefined
  #stopped = false

  constructor(source: ChangeSource, memory: Forgetful, clock: Clock, newId: () => string) {
    this.#source = source
    this.#memory = memory
    this.#clock = clock
    this.#newId = newId
  }

  /** Whether facts read from now on may be remembered: every later change to them will be heard of. */
  get following(): boolean {
    return this.#sequence !== undefined
  }

  /** How this process is registered; undefined while it is not. */
  get id(): string | undefined {
    return this.#sequence === undefined ? undefined : this.#id
  }

  /** The number of the last change that the memory has acted on; undefined while this process is not registered. */
  get sequence(): number | undefined {
    return this.#sequence
  }

  /**
   * The number of an organization's last change that the memory has acted on: it counts the changes of the organization, of
   * its own keys and of all plans. Undefined while this process is not registered, and until {@link findSequenceOf} has
   * found it.
   */
  sequenceOf(organizationId: string): number | undefined {
    if (this.#sequence === undefined) return undefined
    const own = this.#ofOrganizations.get(organizationId)
    const ofPlans = this.#ofOrganizations.get(anyOrganization)
    return own === undefined || ofPlans === undefined ? undefined : own + ofPlans
  }

  /** The same, read from the database if it is not known yet. Throws `store_unavailable`. */
  async findSequenceOf(organizationId: string): Promise<number | undefined> {
    const known = this.sequenceOf(organizationId)
    if (known !== undefined) return known
    const ids = [organizationId, anyOrganization].filter((id) => this.#ofOrganizations.get(id) === undefined)
    await Promise.all(ids.map((id) => this.#ofOrganizations.find(id)))
    return this.sequenceOf(organizationId)
  }

  /** When, by the monotonic clock, a look last showed a barrier; -Infinity for never. */
  get barrierSeenAt(): number {
    return this.#barrierSeenAt
  }

  /** Calls back after each look that showed a change; returns how to stop that. */
  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Looks at once if a reader waits for news, for a change that this process made itself. */
  lookNow(): void {
    if (this.#listeners.size > 0) this.#wake()
  }

  /** Begins to follow, at the first call; resolves when the first attempt to register has succeeded or failed. */
  start(): Promise<void> {
    this.#started ??= this.#begin()
    return this.#started
  }

  /** Ends the following, and the lease with it. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unlisten?.()
    this.#callOff()
    await this.#round
    this.lease.drop()
    // Where the database is away, the next barrier evicts this process.
    if (this.following) await this.#source.deregister(this.#id).catch(() => {})
    this.#sequence = undefined
  }

  async #begin(): Promise<void> {
    if (this.#stopped) return
    this.#unlisten = this.#source.listen(() => this.#wake())
    this.#wake()
    await this.#round
  }

  #wake(): void {
    this.#again = true
    if (this.#round || this.#stopped) return
    this.#callOff()
    this.#round = this.#run().finally(() => {
      this.#round = undefined
      if (!this.#stopped) this.#callOff = this.#clock.after(this.#source.pollEveryMs, () => this.#wake())
    })
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        await this.#follow()
      } catch {
        // The lease was not renewed and runs out: from then on each verification asks the database itself.
        return
      }
    }
  }

  async #follow(): Promise<void> {
    if (this.#sequence === undefined) await this.#register()
    const since = this.#sequence as number
    // Read before the question is sent: a change that is acknowledged after this instant may be missing in the answer.
    const monotonic = this.#clock.monotonic()
    const now = this.#clock.now()
    const { rows, provenMsAgo } = await this.#source.readChanges(since, this.#id)
    const first = rows[0]
    if (first === undefined) throw new Error('The database has no change counter. Restore it from a backup.')
    if (first.registered === 0) return this.#startOver()
    if (this.#isElsewhere(first)) return this.#moveOver()
    const missed = first.sequence === null ? first.last !== since : first.sequence !== since + 1
    // The log was cut, or the database is an older one: nothing is known of what came between.
    if (missed) this.#memory.forgetAll()
    else
      for (const { topic, subject_id } of rows)
        if (topic !== null && subject_id !== null) this.#memory.forget(topic, subject_id)
    const sequence = missed ? first.last : (rows.at(-1)?.sequence ?? since)
    const barrier = rows.some((row) => row.sequence !== null && row.topic === null)
    if (barrier) this.#barrierSeenAt = monotonic
    if ((missed || barrier) && !(await this.#source.confirm(this.#id, sequence))) return this.#startOver()
    this.#remember(sequence, rows)
    if (missed) this.#ofOrganizations.clear()
    else this.#ofOrganizations.hear(rows)
    if (first.sequence !== null || missed) this.#tell(missed ? undefined : rows)
    // Counted from the proof: before it, another server may have taken over and acknowledged changes.
    if (rows.length < changesPage) this.lease.confirm(monotonic - provenMsAgo, now - provenMsAgo)
    else this.#again = true
  }

  async #register(): Promise<void> {
    this.#id = this.#newId()
    this.#memory.forgetAll()
    this.#identity = undefined
    this.#mark = undefined
    this.#ofOrganizations.clear()
    this.#sequence = await this.#source.register(this.#id)
    this.#memory.begin()
    this.#tell(undefined)
  }

  /** Reads the number at the very change that the memory has acted on, from a history that has the same change there. */
  async #readSequenceOf(organizationId: string): Promise<number | undefined> {
    // The first look after registering shows the mark.
    if (this.#sequence !== undefined && this.#mark === undefined) await this.#round
    const [sequence, mark] = [this.#sequence, this.#mark]
    if (sequence === undefined || mark === undefined) return undefined
    const read = await this.#source.readOrganizationSequence(organizationId, sequence)
    return read?.mark === mark ? read.value : undefined
  }

  /**
   * Tells whether another database answers than the one before: restored, or replaced, or a server that another
   * one has taken over from. Its counter may have gone past ours; the mark of our change is another all the same.
   */
  #isElsewhere({ identity, since_mark }: ChangeRow): boolean {
    return (
      (this.#identity !== undefined && identity !== this.#identity) ||
      (this.#mark !== undefined && since_mark !== this.#mark)
    )
  }

  #remember(sequence: number, rows: readonly ChangeRow[]): void {
    const [first, last] = [rows[0], rows.at(-1)]
    this.#identity = first?.identity
    if (last?.sequence === sequence) this.#mark = last.mark
    else if (sequence === this.#sequence) this.#mark = first?.since_mark
    else this.#mark = undefined
    this.#sequence = sequence
  }

  #tell(rows: readonly ChangeRow[] | undefined): void {
    const sequence = this.#sequence as number
    const changed = rows?.flatMap(({ topic, subject_id: id, organization_id: organizationId }) =>
      topic !== null && id !== null && organizationId !== null ? [{ topic, id, organizationId }] : [],
    )
    for (const listener of this.#listeners) listener({ sequence, changed })
  }

  /** Follows another database anew; there it may be registered as well, and the next barrier would wait for it. */
  async #moveOver(): Promise<void> {
    const id = this.#id
    this.#startOver()
    await this.#source.deregister(id)
  }

  /** Evicted as unresponsive, or on a database that was restored: clears the cache, and registers again. */
  #startOver(): void {
    this.lease.drop()
    this.#memory.forgetAll()
    this.#ofOrganizations.clear()
    this.#sequence = undefined
    this.#again = true
  }
}
