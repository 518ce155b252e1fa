// The short lists of the database that this process knows: which prefixes new keys may have, and which permissions there are.
import { uncataloguedOf } from '../../core/permissions.ts'
import { readCatalogue } from '../../store/catalogue.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../verdict/clock.ts'
import { KnownPrefixes } from './known-prefixes.ts'

/** What was read is believed for so long. */
const believedMs = 1_000

/** The catalogue of permissions as this process knows it: as it was a second ago at the earliest. */
export class KnownCatalogue {
  readonly #store: Pick<Store, 'read'>
  readonly #clock: Pick<Clock, 'monotonic'>
  #known: { names: readonly string[]; readAt: number } | undefined

  constructor(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
    this.#store = store
    this.#clock = clock
  }

  /** Of permissions, those that the catalogue does not have; see `uncataloguedOf`. Throws `store_unavailable`. */
  async lacking(permissions: readonly string[]): Promise<string[]> {
    const now = this.#clock.monotonic()
    if (this.#known === undefined || now - this.#known.readAt >= believedMs) {
      const names = (await this.#store.read(readCatalogue)).map(({ id }) => id)
      // What is frozen is taken apart once.
      this.#known = { names: Object.freeze(names), readAt: now }
    }
    return uncataloguedOf(this.#known.names, permissions)
  }

  /** Has the next one read it anew. */
  forget(): void {
    this.#known = undefined
  }
}

/** Makes both for a database. */
export function knownLists(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
  return { prefixes: new KnownPrefixes(store, clock), catalogue: new KnownCatalogue(store, clock) }
}
