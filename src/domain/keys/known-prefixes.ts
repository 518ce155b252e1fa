// The prefixes of new keys as this process knows them.
import { readPrefixes } from '../../store/prefixes.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../verdict/clock.ts'
import { KnownList } from './known-list.ts'

type List = readonly [string, ...string[]]

/** What a database has of which nobody has said anything. */
const plain: List = ['re']

/** The prefixes as this process knows them. */
export class KnownPrefixes {
  readonly #list: KnownList<List>

  constructor(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
    this.#list = new KnownList(store, clock, async (db) => prefixesOf(await readPrefixes(db)))
  }

  /** The prefixes, the default first, as they were a second ago at the earliest. Throws `store_unavailable`. */
  async read(): Promise<List> {
    return this.#list.get()
  }

  /** Has the next one read them anew. */
  forget(): void {
    this.#list.forget()
  }
}

/** The prefixes of what is kept. */
export function prefixesOf([first, ...others]: readonly string[]): List {
  return first === undefined ? plain : [first, ...others]
}
