// Who waits for the next event of a log: all of a process by one look at how far their logs go.
import { maxWaits, maxWaitsOfKey, maxWaitsOfLog } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { readHeads } from '../../store/sealed-log.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../verdict/clock.ts'

const lookEveryMs = 200

interface Waiter {
  log: string
  /** It waits for the log to be larger. */
  size: number
  wake: () => void
}

/** Where somebody waits, for what and how long. */
export interface Wait {
  log: string
  size: number
  /** The key that asks; undefined for who holds the database. */
  keyId: string | undefined
  milliseconds: number
  signal?: AbortSignal | undefined
}

/** The waiters of one process. */
export class LogWatch {
  readonly #store: Pick<Store, 'read' | 'dialect'>
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiters = new Set<Waiter>()
  readonly #countByKey = new Map<string | undefined, number>()
  readonly #countByLog = new Map<string, number>()
  #isLooking = false
  #isClosed = false

  constructor(store: Pick<Store, 'read' | 'dialect'>, clock: Pick<Clock, 'after'>) {
    this.#store = store
    this.#clock = clock
  }

  /** Resolves once a log has grown, the time is over, or the signal is raised. Throws `too_many_streams`. */
  async wait({ log, size, keyId, milliseconds, signal }: Wait): Promise<void> {
    const isFull =
      this.#waiters.size >= maxWaits ||
      (this.#countByKey.get(keyId) ?? 0) >= maxWaitsOfKey ||
      (this.#countByLog.get(log) ?? 0) >= maxWaitsOfLog
    if (isFull) {
      throw new LatchkeyError(
        'too_many_streams',
        `A key waits for events ${maxWaitsOfKey} times at once at most, those of an organization are waited for ${maxWaitsOfLog} times, and all in a process ${maxWaits} times.`,
      )
    }
    if (signal?.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { log, size, wake: () => resolve() }
    this.#waiters.add(waiter)
    count(this.#countByKey, keyId, 1)
    count(this.#countByLog, log, 1)
    const callOff = this.#clock.after(milliseconds, resolve)
    signal?.addEventListener('abort', waiter.wake)
    this.#lookLater()
    try {
      await promise
    } finally {
      callOff()
      signal?.removeEventListener('abort', waiter.wake)
      this.#waiters.delete(waiter)
      count(this.#countByKey, keyId, -1)
      count(this.#countByLog, log, -1)
    }
  }

  /** Whether nobody waits any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Lets everybody go, now and from now on: the process stops. */
  close(): void {
    this.#isClosed = true
    for (const { wake } of this.#waiters) wake()
  }

  #lookLater(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#clock.after(lookEveryMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const logs = [...new Set([...this.#waiters].map(({ log }) => log))]
    if (logs.length > 0) {
      const { dialect } = this.#store
      // A database that is away tells nothing: who waits hears of that when its time is over.
      const heads = await this.#store.read((db) => readHeads(db, dialect, logs)).catch(() => [])
      const sizes = new Map(heads.map(({ log, size }) => [log, size]))
      for (const { log, size, wake } of this.#waiters) if ((sizes.get(log) ?? 0) > size) wake()
    }
    this.#isLooking = false
    if (this.#waiters.size > 0) this.#lookLater()
  }
}

function count<Name>(counts: Map<Name, number>, name: Name, change: number): void {
  const next = (counts.get(name) ?? 0) + change
  if (next > 0) counts.set(name, next)
  else counts.delete(name)
}
