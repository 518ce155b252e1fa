// The prefixes of new keys as this process knows them.
import { readPrefixes } from '../../store/prefixes.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../verdict/clock.ts'

type List = readonly [string, ...string[]]

/** What a database has of which nobody has said anything. */
const plain: List = ['re']
/** What was read is believed for so long. */
const believedMs = 1_000

/** The prefixes as this process knows them. */
export class KnownPrefixes {
  readonly #store: Pick<Store, 'read'>
  readonly #clock: Pick<Clock, 'monotonic'>
  #known: { list: List; readAt: number } | undefined

  constructor(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
    this.#store = store
    this.#clock = clock
  }

  /** The prefixes, the default first, as they were a second ago at the earliest. Throws `store_unavailable`. */
  async read(): Promise<List> {
    const now = this.#clock.monotonic()
    if (this.#known === undefined || now - this.#known.readAt >= believedMs)
      this.#known = { list: prefixesOf(await this.#store.read(readPrefixes)), readAt: now }
    return this.#known.list
  }

  /** Has the next one read them anew. */
  forget(): void {
    this.#known = undefined
  }
}

/** The prefixes of what is kept. */
export function prefixesOf([first, ...others]: readonly string[]): List {
  return first === undefined ? plain : [first, ...others]
}
