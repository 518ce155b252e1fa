// The short lists of the database that this process knows: which prefixes new keys may have, and which permissions there are.
import { uncataloguedOf } from '../../core/permissions.ts'
import { readCatalogue } from '../../store/catalogue.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../verdict/clock.ts'
import { KnownList } from './known-list.ts'
import { KnownPrefixes } from './known-prefixes.ts'

/** The catalogue of permissions as this process knows it: as it was a second ago at the earliest. */
export class KnownCatalogue {
  readonly #names: KnownList<readonly string[]>

  constructor(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
    // What is frozen is taken apart once.
    this.#names = new KnownList(store, clock, async (db) =>
      Object.freeze((await readCatalogue(db)).map(({ id }) => id)),
    )
  }

  /** Of permissions, those that the catalogue does not have; see `uncataloguedOf`. Throws `store_unavailable`. */
  async lacking(permissions: readonly string[]): Promise<string[]> {
    return uncataloguedOf(await this.#names.get(), permissions)
  }

  /** Has the next one read it anew. */
  forget(): void {
    this.#names.forget()
  }
}

/** Makes both for a database. */
export function knownLists(store: Pick<Store, 'read'>, clock: Pick<Clock, 'monotonic'>) {
  return { prefixes: new KnownPrefixes(store, clock), catalogue: new KnownCatalogue(store, clock) }
}
