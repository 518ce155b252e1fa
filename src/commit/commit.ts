// The one way to change anything: a transaction that finds its caller live in itself, and writes down what was done.

import { invalidToken, type LiveCaller, requirePermission, scopeOf, sessionEnded } from '../core/access.ts'
import { refuseField } from '../core/errors.ts'
import { isId } from '../core/ids.ts'
import type { ManagementPermission } from '../core/permissions.ts'
import type { AuditAction, Caller } from '../core/schemas.ts'
import { isSessionOver } from '../core/session-limits.ts'
import type { RandomSource } from '../core/token.ts'
import { type AuditRow, insertAuditEvents } from '../store/audit.ts'
import type { LastStatements } from '../store/backend.ts'
import { type CallerRow, type CallerSessionRow, findCallerSessions, findCallers } from '../store/callers.ts'
import type { KeyLocks } from '../store/postgres-locks.ts'
import { allDone } from '../store/statements.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import { judge, nothingAsked } from '../verdict/evaluate.ts'
import { type Deed, toEvent } from './audit-trail.ts'
import type { ChangeLines } from './change-lines.ts'

/** What a change takes. */
export interface Terms {
  /** What its caller must hold; `any key` for nothing in particular. */
  permission: ManagementPermission | 'any key'
  /** The key that it changes, if it changes one: no other change by or of that key runs meanwhile. */
  keyId?: string | undefined
  /** The key of a session that it ends beside that: no change by or of that key runs meanwhile either. */
  leftKeyId?: string | undefined
}

/** A transaction whose callers can be judged. */
export interface Opened {
  readonly tx: Tx
  /** The instant at which all of it is judged, in milliseconds since 1970. */
  readonly now: number
  /**
   * Finds a caller live, and in possession of a permission; undefined for who holds the database. Throws what the door
   * throws: `invalid_token`, `session_ended`, `missing_permission`.
   */
  admit(caller: Caller | undefined, permission: Terms['permission']): LiveCaller | undefined
}

/** A change under way, of one caller who was admitted. */
export interface Change {
  readonly tx: Tx
  readonly now: number
  /** Who asks, as the database has it now; undefined for who holds the database. */
  readonly caller: LiveCaller | undefined
  /**
   * Notes what is done, by the caller unless somebody else is named: the event, and the word to all processes, are
   * written with it or not at all.
   */
  record(deed: Deed, by?: Caller): void
}

/** Which events tell of other facts of a key, so that every process must forget it. A new action must say so here. */
const changesFacts: Record<AuditAction, boolean> = {
  'organization.created': false,
  'organization.updated': false,
  'key.created': false,
  'key.updated': true,
  'key.rotated': true,
  'key.secret_ended': true,
  'key.revoked': true,
  'session.started': false,
  'session.ended': false,
  'session.refreshed': false,
}

/** What this process remembers of the database. */
export interface Forgetful {
  forgetKey(keyId: string): void
  /** Looks at once for changes if somebody waits for them. */
  lookNow(): void
}

/** The only way for a command to a transaction: nobody else has the store's `write`. */
export class Writer {
  readonly #store: Pick<Store, 'write' | 'lockKeys' | 'recordChange'>
  readonly #memory: Forgetful
  readonly #clock: { now: () => number; random: RandomSource }
  readonly #lines: ChangeLines

  constructor(
    store: Pick<Store, 'write' | 'lockKeys' | 'recordChange'>,
    memory: Forgetful,
    clock: { now: () => number; random: RandomSource },
    lines: ChangeLines,
  ) {
    this.#lines = lines
    this.#store = store
    this.#memory = memory
    this.#clock = clock
  }

  /**
   * Makes a change in one transaction. Its caller is found live in it, by the secret or the session by which it asks
   * and with its permissions as they are then: a read may be judged from memory, a change never. Until the commit
   * nobody can change the caller's key, so that a revocation that was acknowledged is never followed by a change of
   * the revoked. Afterwards this process forgets the keys that changed, and has the others look; also where the
   * change failed, since a commit whose answer was lost may have taken place. Throws `invalid_token`,
   * `session_ended`, `missing_permission`, `too_many_changes`, `store_unavailable`, and what the work throws.
   */
  async commit<T>(
    caller: Caller | undefined,
    { permission, keyId, leftKeyId }: Terms,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    const events: AuditRow[] = []
    // An id of another form is no key's: it locks nothing, and PostgreSQL takes no text with a zero byte.
    const target = keyId === undefined || !isId(keyId) ? undefined : { id: keyId, scope: scopeOf(caller) }
    try {
      return await this.#lines.change(caller, () =>
        this.transact(
          [caller],
          { target, left: leftKeyId },
          async ({ tx, now, admit }) => {
            const live = admit(caller, permission)
            const record = (deed: Deed, by: Caller | undefined = live) =>
              void events.push(toEvent(this.#clock, by, deed))
            return work({ tx, now, caller: live, record })
          },
          (tx) => this.#write(tx, events),
        ),
      )
    } finally {
      this.#forget(changedKeys(events))
    }
  }

  /**
   * Opens a transaction, at once, for the changes of several callers, each to be admitted by itself. The last statements
   * go out together with the commit. Throws `store_unavailable`, and what the work throws.
   */
  transact<T>(
    callers: readonly (Caller | undefined)[],
    { target, left }: Omit<KeyLocks, 'callers'>,
    work: (opened: Opened) => Promise<T>,
    last: LastStatements<T>,
  ): Promise<T> {
    const known = callers.filter((caller) => caller !== undefined)
    for (const caller of known) requireSecret(caller)
    return this.#store.write(async (tx) => {
      // One behind the other without waiting: the connection keeps their order, and the second sees what was
      // committed when the first had its locks.
      const [, rows, sessions] = await allDone([
        known.length > 0 || target !== undefined
          ? this.#store.lockKeys(tx, { callers: known.map(({ keyId }) => keyId), target, left })
          : undefined,
        findRows(tx, known),
        findSessions(tx, known),
      ])
      const now = this.#clock.now()
      return work({
        tx,
        now,
        admit: (caller, permission) => {
          if (caller === undefined) return undefined
          const live = toLive(caller, rows.get(caller.kid), sessions, now)
          if (live === undefined) {
            // What is remembered here let it through: it is out of date.
            this.#forget([caller.keyId])
            throw caller.sessionId === undefined ? invalidToken() : sessionEnded()
          }
          if (permission !== 'any key') requirePermission(live, permission)
          return live
        },
      })
    }, last)
  }

  #write(tx: Tx, events: readonly AuditRow[]): Promise<unknown>[] {
    if (events.length === 0) return []
    const written = insertAuditEvents(tx, events)
    // Last: from here on every other change waits for this one.
    return [written, ...changedKeys(events).flatMap((keyId) => this.#store.recordChange(tx, keyId))]
  }

  #forget(keyIds: readonly string[]): void {
    for (const keyId of keyIds) this.#memory.forgetKey(keyId)
    if (keyIds.length > 0) this.#memory.lookNow()
  }
}

/** Makes a change: see {@link Writer.commit}. */
export type Commit = Writer['commit']

function requireSecret(caller: Caller): void {
  if (typeof caller.kid !== 'string')
    refuseField('caller.kid', 'Not a caller: latchkey.authenticate(token) gives one.')
}

async function findRows(tx: Tx, callers: readonly Caller[]): Promise<Map<string, CallerRow>> {
  if (callers.length === 0) return new Map()
  const kids = [...new Set(callers.map(({ kid }) => kid))]
  return new Map((await findCallers(tx, kids)).map((row) => [row.kid, row]))
}

async function findSessions(tx: Tx, callers: readonly Caller[]): Promise<Map<string, CallerSessionRow>> {
  const ids = [...new Set(callers.flatMap(({ sessionId }) => sessionId ?? []))]
  if (ids.length === 0) return new Map()
  return new Map((await findCallerSessions(tx, ids)).map((row) => [row.id, row]))
}

/** The caller as it is now; undefined where its secret, its key or its session opens nothing any more. */
function toLive(
  caller: Caller,
  row: CallerRow | undefined,
  sessions: ReadonlyMap<string, CallerSessionRow>,
  now: number,
): LiveCaller | undefined {
  if (row?.key_id !== caller.keyId || row.organization_id !== caller.organizationId) return undefined
  const permissions: string[] = JSON.parse(row.permissions)
  const terms = {
    organizationId: row.organization_id,
    permissions,
    isEnded: row.ended_at !== null,
    graceEndsAt: row.grace_ends_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
  if (judge(terms, nothingAsked, now) !== undefined) return undefined
  if (caller.sessionId === undefined)
    return { ...caller, permissions, expiresAt: row.expires_at, freshUntil: undefined }
  const session = sessions.get(caller.sessionId)
  if (session?.key_id !== row.key_id || session.kid !== row.kid || isSessionOver(session, now))
    return undefined
  return { ...caller, permissions, expiresAt: row.expires_at, freshUntil: session.fresh_until }
}

function changedKeys(events: readonly AuditRow[]): string[] {
  const keyIds = events.map((event) => (changesFacts[event.action as AuditAction] ? event.key_id : null))
  return [...new Set(keyIds)].filter((keyId) => keyId !== null)
}
