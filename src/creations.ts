// Adds keys to the database: those that come while others are being written share one transaction, so that one
// fsync makes them all durable.
import { unknownOrganization } from './authority.ts'
import { type AuditRow, insertAuditEvents } from './store/audit.ts'
import { insertKeys, type NewKeyRow } from './store/keys.ts'
import { existingOrganizations } from './store/organizations.ts'
import { insertSecrets, type NewSecretRow } from './store/secrets.ts'
import type { Store } from './store/store.ts'
import type { Tx } from './store/tables.ts'

/** All that a new key is in the database: its row, its first secret's, and the event that tells of it. */
export interface NewKey {
  key: NewKeyRow
  secret: NewSecretRow
  event: AuditRow
}

interface Waiting {
  created: NewKey
  resolve: () => void
  reject: (error: unknown) => void
}

/** Well below the parameters that a statement may have: 16 a row on PostgreSQL's 65,535. */
const mostAtOnce = 100
const mostOrganizations = 10_000

/** The keys on their way into one database. */
export class Creations {
  readonly #store: Pick<Store, 'read' | 'write'>
  /** Organizations that were there once, and so still are: none is ever deleted. */
  readonly #organizations = new Set<string>()
  #waiting: Waiting[] = []
  #writing = false

  constructor(store: Pick<Store, 'read' | 'write'>) {
    this.#store = store
  }

  /** Resolves when the key is durable. Throws `organization_not_found`, `store_unavailable`. */
  add(created: NewKey): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ created, resolve, reject })
    if (!this.#writing) void this.#writeAll()
    return promise
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    // Who asked in the same turn of the event loop comes along.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, mostAtOnce))
    this.#writing = false
  }

  async #write(batch: Waiting[]): Promise<void> {
    try {
      await this.#findOrganizations(batch)
      const known = batch.filter(({ created }) => this.#organizations.has(created.key.organization_id))
      const keys = known.map(({ created }) => created)
      if (keys.length > 0) await this.#store.write((tx) => insertNewKeys(tx, keys))
      for (const { resolve } of known) resolve()
      for (const { reject } of batch) reject(unknownOrganization())
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async #findOrganizations(batch: Waiting[]): Promise<void> {
    if (this.#organizations.size > mostOrganizations) this.#organizations.clear()
    const wanted = new Set(batch.map(({ created }) => created.key.organization_id))
    const unknown = [...wanted].filter((id) => !this.#organizations.has(id))
    if (unknown.length === 0) return
    const found = await this.#store.read((db) => existingOrganizations(db, unknown))
    for (const id of found) this.#organizations.add(id)
  }
}

/** Inserts new keys of organizations that are there, in the caller's transaction. */
export async function insertNewKeys(tx: Tx, created: NewKey[]): Promise<void> {
  // Sent one behind the other without waiting: the connection keeps their order.
  await Promise.all([
    insertKeys(
      tx,
      created.map(({ key }) => key),
    ),
    insertSecrets(
      tx,
      created.map(({ secret }) => secret),
    ),
    insertAuditEvents(
      tx,
      created.map(({ event }) => event),
    ),
  ])
}
