// Adds keys to the database: those that come while others are being written share one transaction, so that one
// fsync makes them all durable. Each is judged by itself, and none fails for another.

import type { ChangeLines } from '../../commit/change-lines.ts'
import type { Opened, Writer } from '../../commit/commit.ts'
import { GroupCommit } from '../../commit/group-commit.ts'
import { type LiveCaller, unknownOrganization } from '../../core/access.ts'
import type { Caller } from '../../core/schemas.ts'
import { type AuditRow, insertAuditEvents } from '../../store/audit.ts'
import { insertKeys, type NewKeyRow } from '../../store/keys.ts'
import { existingOrganizations } from '../../store/organizations.ts'
import { insertSecrets, type NewSecretRow } from '../../store/secrets.ts'
import { isRowRefused } from '../../store/store.ts'
import type { Tx } from '../../store/tables.ts'

/** All that a new key is in the database: its row, its first secret's, and the event that tells of it. */
export interface NewKey {
  key: NewKeyRow
  secret: NewSecretRow
  event: AuditRow
}

/** A key to add, and on whose word. */
export interface Creation {
  caller: Caller | undefined
  created: NewKey
  /** Throws what refuses it to the caller as it is inside the transaction. */
  judge(caller: LiveCaller | undefined, now: number): void
}

interface Waiting extends Creation {
  /** By the monotonic clock. */
  askedAt: number
  resolve: () => void
  reject: (error: unknown) => void
}

/** Well below the parameters that a statement may have: 16 a row on PostgreSQL's 65,535. */
const mostAtOnce = 100
const mostOrganizations = 10_000

/** The keys on their way into one database. */
export class Creations {
  readonly #writer: Pick<Writer, 'transact'>
  readonly #lines: Pick<ChangeLines, 'createAll' | 'refusalOf'>
  /** Organizations that were there once, and so still are: none is ever deleted. */
  readonly #organizations = new Set<string>()
  readonly #batches = new GroupCommit<Waiting>((batch) => this.#writeInTime(batch), mostAtOnce)

  constructor(writer: Pick<Writer, 'transact'>, lines: Pick<ChangeLines, 'createAll' | 'refusalOf'>) {
    this.#writer = writer
    this.#lines = lines
  }

  /**
   * Resolves when the key is durable. Throws `invalid_token`, `session_ended`, `missing_permission`, what its judge
   * throws, `organization_not_found`, `store_unavailable`.
   */
  add(creation: Creation): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#batches.add({ ...creation, askedAt: performance.now(), resolve, reject })
    return promise
  }

  /** Writes a batch without those that waited for one before it which the database did not answer. */
  async #writeInTime(batch: Waiting[]): Promise<void> {
    const inTime = batch.filter(({ askedAt, reject }) => {
      const refusal = this.#lines.refusalOf(askedAt)
      if (refusal) reject(refusal)
      return refusal === undefined
    })
    if (inTime.length > 0) await this.#write(inTime)
  }

  async #write(batch: Waiting[]): Promise<void> {
    try {
      const callers = batch.map(({ caller }) => caller)
      const work = async (opened: Opened) => {
        await this.#findOrganizations(opened.tx, batch)
        return this.#judge(batch, opened)
      }
      const { refused } = await this.#lines.createAll(() =>
        this.#writer.transact(callers, {}, work, (tx, { admitted }) => insertNewKeys(tx, admitted)),
      )
      for (const waiting of batch) {
        const error = refused.get(waiting)
        if (error === undefined) waiting.resolve()
        else waiting.reject(error)
      }
    } catch (error) {
      if (batch.length > 1 && isRowRefused(error)) {
        // One of them cannot be stored: the others must not pay for it.
        const half = batch.length >> 1
        await this.#write(batch.slice(0, half))
        await this.#write(batch.slice(half))
        return
      }
      for (const { reject } of batch) reject(error)
    }
  }

  /** Gives those that may be made, and for each other one why not. */
  #judge(batch: Waiting[], opened: Opened): { admitted: NewKey[]; refused: Map<Waiting, unknown> } {
    const refused = new Map<Waiting, unknown>()
    for (const waiting of batch) {
      try {
        waiting.judge(opened.admit(waiting.caller, 'latchkey:keys:write'), opened.now)
        if (!this.#organizations.has(waiting.created.key.organization_id)) throw unknownOrganization()
      } catch (error) {
        refused.set(waiting, error)
      }
    }
    const admitted = batch.filter((waiting) => !refused.has(waiting)).map(({ created }) => created)
    return { admitted, refused }
  }

  /** By the transaction: a read by itself may take longer than a change. */
  async #findOrganizations(tx: Tx, batch: Waiting[]): Promise<void> {
    if (this.#organizations.size > mostOrganizations) this.#organizations.clear()
    const wanted = new Set(batch.map(({ created }) => created.key.organization_id))
    const unknown = [...wanted].filter((id) => !this.#organizations.has(id))
    if (unknown.length === 0) return
    for (const id of await existingOrganizations(tx, unknown)) this.#organizations.add(id)
  }
}

/** The statements that insert new keys of organizations that are there. */
export function insertNewKeys(tx: Tx, created: readonly NewKey[]): Promise<unknown>[] {
  if (created.length === 0) return []
  return [
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
  ]
}
