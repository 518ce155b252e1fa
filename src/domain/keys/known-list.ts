// A short list of the database as this process knows it, for changes that need it before they begin.
import { LatchkeyError } from '../../core/errors.ts'
import type { Store } from '../../store/store.ts'
import type { Db } from '../../store/tables.ts'
import type { Clock } from '../../verdict/clock.ts'

/** What was read is believed for so long. */
const believedMs = 1_000
/** A change waits so long for a list: a database that is away is told of sooner than a long list would be given up. */
const waitMs = 2_000

/** Such a list: as it was a second ago at the earliest. */
export class KnownList<List> {
  readonly #store: Pick<Store, 'read'>
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #query: (db: Db) => Promise<List>
  #known: { list: List; readAt: number } | undefined
  #reading: Promise<List> | undefined

  constructor(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>, query: (db: Db) => Promise<List>) {
    this.#store = store
    this.#clock = clock
    this.#query = query
  }

  /** The list. Throws `store_unavailable`. */
  async get(): Promise<List> {
    const now = this.#clock.monotonic()
    if (this.#known !== undefined && now - this.#known.readAt < believedMs) return this.#known.list
    this.#reading ??= this.#read(now)
    return within(this.#reading)
  }

  /** Has the next one read it anew. */
  forget(): void {
    this.#known = undefined
    this.#reading = undefined
  }

  #read(readAt: number): Promise<List> {
    const reading = this.#store.read(this.#query).then(
      (list) => {
        // One that began before somebody had it forgotten may be older.
        if (this.#reading === reading) this.#known = { list, readAt }
        this.#end(reading)
        return list
      },
      (error) => {
        this.#end(reading)
        throw error
      },
    )
    return reading
  }

  #end(reading: Promise<List>): void {
    if (this.#reading === reading) this.#reading = undefined
  }
}

async function within<List>(reading: Promise<List>): Promise<List> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new LatchkeyError('store_unavailable', 'The database did not answer in time. Try again.')),
    waitMs,
  )
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}
