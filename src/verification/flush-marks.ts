// Says, while a secret waits for silence, that each use which this process has noted is written: `store/grace-evidence.ts`.
import {
  type FlushRound,
  markFlush,
  readFlushRound,
  removeFlushMark,
  type Watcher,
} from '../store/grace-evidence.ts'
import type { Instant } from '../store/instants.ts'
import type { Store } from '../store/store.ts'

/** What the marks work with. */
export interface FlushMarksOptions {
  store: Pick<Store, 'execute' | 'write'>
  /** Names this process, as in its batches. */
  source: string
  /** Milliseconds since 1970, by the clock of this process. */
  now(): number
  /** The time in a statement. */
  at(): Instant
  /** As what this process follows the changes; undefined if it does not. */
  follower(): string | undefined
}

/** The marks of one process. */
export class FlushMarks {
  readonly #options: FlushMarksOptions
  readonly #watcher: Watcher
  #sequence = 0
  #hasVerifiers = false
  #hadVerifiers = false
  #hasMarked = false

  constructor(options: FlushMarksOptions) {
    this.#options = options
    this.#watcher = { since: options.now(), restoredAt: 0 }
  }

  /** What this process knows of the time before, as the one that watches. */
  get watcher(): Watcher {
    return { ...this.#watcher }
  }

  /** Notes that a verifier elsewhere is served: it may report uses late. True for the first one of all. */
  noteVerifier(): boolean {
    const isFirst = !this.#hadVerifiers
    this.#hadVerifiers = this.#hasVerifiers = true
    return isFirst
  }

  /** Writes what is noted, and then, if somebody waits for it, that this is done. Throws what the writing throws. */
  async around(write: () => Promise<void>): Promise<void> {
    const round = await this.#begin()
    const follower = this.#options.follower() ?? ''
    await write()
    if (!round?.isAwaited) return
    const { store, source } = this.#options
    const hasVerifiers = this.#hasVerifiers
    this.#hasVerifiers = false
    this.#hasMarked = true
    try {
      await markFlush(store, { source, follower, until: round.now, hasVerifiers })
    } catch {
      // The next round marks it.
      this.#hasVerifiers ||= hasVerifiers
    }
  }

  /** Takes the mark away after the last flush: nothing is left to be written. */
  async close(): Promise<void> {
    const { store, source } = this.#options
    if (this.#hasMarked) await removeFlushMark(store, source).catch(() => {})
  }

  async #begin(): Promise<FlushRound | undefined> {
    const { store, at } = this.#options
    try {
      const round = await store.execute((db) => readFlushRound(db, at()))
      if (round.sequence < this.#sequence) this.#watcher.since = this.#watcher.restoredAt = round.now
      this.#sequence = round.sequence
      return round
    } catch {
      // What is to be written fails too, or is not marked.
      return undefined
    }
  }
}
