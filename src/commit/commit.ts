// The one way to change anything. A change is one transaction:
//
// 1. It locks the keys that it depends on, and finds its actor live by what the database has then.
// 2. The work reads and writes by that transaction alone, and records what it did.
// 3. With the commit go, in this order: what the work leaves for last, the audit events, and the change log, from
//    whose first statement on every other change waits for this one.
// 4. Afterwards this process forgets what changed, and has the others look.
//
// Of what comes together many changes may share a transaction; see `together.ts`.

import { logChanges } from '../coherence/change-log.ts'
import { invalidToken, requirePermission, scopeOf, sessionEnded } from '../core/access.ts'
import {
  type Actor,
  type Anonymous,
  holdsDatabase,
  type LiveActor,
  type ProviderActor,
} from '../core/actor.ts'
import { isId } from '../core/id-form.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { IdSource } from '../core/ids.ts'
import type { ManagementPermission } from '../core/permissions.ts'
import type { AuditAction } from '../core/shapes/audit.ts'
import { everyProvider, type MayAct } from '../core/sign-in-reach.ts'
import type { Turn } from '../fairness/fair-line.ts'
import { type AuditRow, insertAuditEvents } from '../store/audit.ts'
import type { LastStatements } from '../store/backend.ts'
import { anyOrganization, type LoggedChange, type Topic } from '../store/changes.ts'
import type { AnsweredRow } from '../store/idempotent-requests.ts'
import { queueEvents } from '../store/sealed-log.ts'
import { allDone } from '../store/statements.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import { type Deed, toEvent } from './audit-trail.ts'
import { type Locking, lockCallers, lockedAlone, lockedNamesOf } from './caller-locks.ts'
import type { ChangeLines } from './change-lines.ts'
import { Claims } from './claims.ts'
import {
  findLiveKeys,
  findLiveMembers,
  type LiveKeys,
  type LiveMembers,
  toLiveKey,
  toLiveMember,
} from './live-callers.ts'
import { findLiveUsers, type LiveUsers, toLiveUser } from './live-users.ts'

/** What a change takes. */
export interface Requirements {
  /** What its actor must hold; `any key` for nothing in particular. */
  permission: ManagementPermission | 'any key'
  /** The key that it changes, if it changes one: no other change by or of that key runs meanwhile. */
  keyId?: string | undefined
  /** The keys that it changes, if they are several: the same of each. */
  keyIds?: readonly string[] | undefined
  /** The key of a session that it ends beside that: no change by or of that key runs meanwhile either. */
  leftKeyId?: string | undefined
  /** The organization that it suspends, if it suspends one: no change by a key or member of that organization runs meanwhile. */
  suspendedId?: string | undefined
  /** The organization whose members it changes, if it changes some: no other such change, and none by one of them, runs meanwhile. */
  membersOf?: string | undefined
  /** The identity of a session that it ends: no change by that identity runs meanwhile. */
  identityId?: string | undefined
  /** The organization whose portal sessions it makes or ends: no other such change, and none by one of them, runs meanwhile. */
  portalOf?: string | undefined
  /** The request that it comes from, if that is to be done once; its result is then what it answers. */
  once?: Once | undefined
  /** Takes the change out of its line if it is raised before the change has begun. */
  signal?: AbortSignal | undefined
  /** In whose turn it waits if the process makes it for somebody who is no caller yet. */
  turn?: Turn | undefined
}

/** A change that is made once for each of its requests. */
export interface Once {
  /** Undefined for a request without an Idempotency-Key. */
  request: IdempotentRequest | undefined
  /** Judges a caller that asks again for the answer with which something was made: it may have lost the right to. */
  again(change: Change, madeId: string): Promise<void> | void
}

/** A change under way, of one actor who was admitted. */
export interface Change {
  readonly tx: Tx
  /** The instant at which all of it is judged, in milliseconds since 1970. */
  readonly now: number
  /** Who acts, as the database has it now. */
  readonly actor: LiveActor
  /**
   * Notes what is done, by the actor unless somebody else is named: the event, and the word to all processes, are
   * written with it or not at all.
   */
  record(deed: Deed, by?: Actor | Anonymous | ProviderActor): void
  /** Has the log tell every process of something that is no event. */
  announce(change: LoggedChange): void
}

/** A transaction for the changes of several actors. */
export interface Opened {
  readonly tx: Tx
  /** The instant at which all of it is judged, in milliseconds since 1970. */
  readonly now: number
  /** Tells whether another change holds the key of an actor, which then cannot begin here. */
  isHeld(actor: Actor): boolean
  /**
   * Begins the change of one of the actors, found live and in possession of a permission. Throws what the door throws:
   * `invalid_token`, `session_ended`, `missing_permission`.
   */
  begin(actor: Actor, permission: Requirements['permission']): Change
  /** Runs what may refuse one of the changes: if it throws, what it recorded is not done. */
  attempt<T>(work: () => T): T
}

/** Of which events the log tells every process, and under which topic. A new action must say so here. */
const topics: Record<AuditAction, Topic | undefined> = {
  'organization.created': undefined,
  'organization.updated': 'organization',
  'organization.suspended': 'organization',
  'organization.resumed': 'organization',
  'key.created': undefined,
  'key.updated': 'key',
  'key.rotated': 'key',
  'key.token_replayed': undefined,
  'key.secret_ended': 'key',
  'key.grace_ended': 'key',
  'key.expiring': undefined,
  'key.expired': undefined,
  'key.dormant': undefined,
  'key.decoy_tried': undefined,
  'key.suspended': 'key',
  'key.resumed': 'key',
  'key.revoked': 'key',
  'key.exposed': 'key',
  'key.exposure_cleared': 'key',
  'key.places_forgotten': undefined,
  'key.prefixes_set': undefined,
  'key.permissions_described': undefined,
  'session.started': undefined,
  'session.ended': undefined,
  'session.refreshed': undefined,
  'limit.reached': undefined,
  'limit.units_added': 'limit',
  'limit.units_lost': undefined,
  'limit.overdrawn': undefined,
  'plan.created': undefined,
  'plan.updated': 'plan',
  'plan.deleted': 'plan',
  'policy.set': undefined,
  'member.updated': undefined,
  'member.suspended': undefined,
  'member.resumed': undefined,
  'member.reset': undefined,
  'member.removed': undefined,
  'member.erased': undefined,
  'member.identity_added': undefined,
  'member.identity_removed': undefined,
  'member.joined': undefined,
  'invitation.created': undefined,
  'invitation.renewed': undefined,
  'invitation.sent': undefined,
  'invitation.revoked': undefined,
  'invitation.accepted': undefined,
  'portal_session.created': undefined,
  'portal_session.opened': undefined,
  'portal_session.ended': undefined,
  'portal_user.forgotten': undefined,
  'log.signer_added': undefined,
  'log.checkpoint': undefined,
  'log.erased': undefined,
  'webhook.created': undefined,
  'webhook.updated': undefined,
  'webhook.rotated': undefined,
  'webhook.replayed': undefined,
  'webhook.retried': undefined,
  'webhook.deleted': undefined,
  'webhook.disabled': undefined,
  'log.restored': undefined,
}

/** What this process remembers of the database. */
export interface Forgetful {
  forget(topic: Topic, id: string): void
  /** Looks at once for changes if somebody waits for them. */
  lookNow(): void
  /** Hears that events were recorded, which are to be sealed. */
  noteEvents(): void
}

type CommitStore = Pick<Store, 'write' | 'announce' | 'dialect'>

/** The only way for a command to a transaction: nobody else has the store's `write`. */
export class Writer {
  readonly #store: CommitStore
  readonly #memory: Forgetful
  readonly #source: IdSource
  readonly #lines: ChangeLines
  readonly #mayAct: MayAct
  readonly claims: Claims

  /** `mayAct` tells whose word lets people act; without it, everybody's who has proved who somebody is. */
  constructor(
    store: CommitStore,
    memory: Forgetful,
    source: IdSource,
    lines: ChangeLines,
    mayAct: MayAct = everyProvider,
  ) {
    this.#store = store
    this.#memory = memory
    this.#source = source
    this.#lines = lines
    this.#mayAct = mayAct
    this.claims = new Claims(store.dialect, source.random)
  }

  /**
   * Makes a change in one transaction. Its actor is found live in it, by the secret or the session by which it asks
   * and with its permissions as they are then: a read may be judged from memory, a change never. Until the commit
   * nobody can change the actor's key, so that a revocation that was acknowledged is never followed by a change of
   * the revoked. Throws `invalid_token`, `session_ended`, `missing_permission`, `too_many_changes`,
   * `store_unavailable`, the reason of the signal, what the work throws, and if it is made once what `claims.ts` throws.
   */
  async commit<T>(
    actor: Actor,
    {
      permission,
      keyId,
      keyIds = keyId === undefined ? [] : [keyId],
      leftKeyId,
      suspendedId,
      membersOf,
      identityId,
      portalOf,
      once,
      signal,
      turn,
    }: Requirements,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    // An id of another form is no key's: it locks nothing, and PostgreSQL takes no text with a zero byte.
    const targets = { ids: keyIds.filter(isId), scope: scopeOf(actor) }
    return this.claims.run(actor, once?.request, async (claim) => {
      const workOnce = async (opened: Opened) => {
        const change = opened.begin(actor, permission)
        const found = claim && (await this.claims.claim(opened.tx, [claim], change.now)).get(claim)
        if (claim === undefined || found === undefined) return { change, made: await work(change) }
        const made = claim.open(found) as T
        await once?.again(change, (found as AnsweredRow).made_id)
        return { change, made, isAgain: true }
      }
      const answer: LastStatements<Awaited<ReturnType<typeof workOnce>>> = (tx, { change, made, isAgain }) =>
        claim === undefined || isAgain
          ? []
          : this.claims.finish(tx, [{ claim, answer: made as object }], [], change.now)
      // Who may not suspend an organization keeps none waiting.
      const organizationId = targets.scope === undefined ? suspendedId : undefined
      const locking = { targets, left: leftKeyId, organizationId, membersOf, identityId, portalOf }
      const transact = () => this.transact([actor], locking, workOnce, answer)
      const alone = lockedAlone(locking)
      return (await this.#lines.change(actor, transact, { signal, turn, alone })).made
    })
  }

  /**
   * Opens a transaction, at once, for the changes of several actors. The last statements go out with the commit, before
   * what the changes recorded. In any case, what they recorded is forgotten: a commit whose answer was lost may
   * have taken place. Throws `store_unavailable`, and what the work throws.
   */
  async transact<T>(
    actors: readonly Actor[],
    locking: Locking,
    work: (opened: Opened) => Promise<T>,
    last: LastStatements<T> = () => [],
  ): Promise<T> {
    const callers = actors.filter((actor) => !holdsDatabase(actor))
    const events: AuditRow[] = []
    const logged: LoggedChange[] = []
    try {
      return await this.#store.write(
        async (tx) => {
          // One behind the other without waiting: the connection keeps their order, and the second sees what was
          // committed when the first had its locks.
          const [held, keys, members, users] = await allDone([
            lockCallers(tx, this.#store.dialect, callers, locking),
            findLiveKeys(tx, callers),
            findLiveMembers(tx, this.#mayAct, callers),
            findLiveUsers(tx, callers),
          ])
          const now = this.#source.now()
          const isHeld = (actor: Actor) =>
            held !== undefined && !holdsDatabase(actor) && lockedNamesOf(actor).some((name) => held.has(name))
          return work({
            tx,
            now,
            isHeld,
            begin: (actor, permission) => {
              if (isHeld(actor)) throw new TypeError('Another change holds the key of this actor.')
              const live = this.#admit(actor, permission, { keys, members, users }, now)
              const announce = (change: LoggedChange) => void logged.push(change)
              const record = (deed: Deed, by: Actor | Anonymous | ProviderActor = live) => {
                events.push(toEvent(this.#source, by, deed))
                const change = toLogged(deed)
                if (change !== undefined) announce(change)
              }
              return { tx, now, actor: live, record, announce }
            },
            attempt: (work) => {
              const [recorded, announced] = [events.length, logged.length]
              try {
                return work()
              } catch (error) {
                events.length = recorded
                logged.length = announced
                throw error
              }
            },
          })
        },
        (tx, result) => [...last(tx, result), ...this.#writeTrail(tx, events, logged)],
      )
    } finally {
      for (const { topic, id } of logged) this.#memory.forget(topic, id)
      if (logged.length > 0) this.#memory.lookNow()
      if (events.length > 0) this.#memory.noteEvents()
    }
  }

  #admit(
    actor: Actor,
    permission: Requirements['permission'],
    { keys, members, users }: { keys: LiveKeys; members: LiveMembers; users: LiveUsers },
    now: number,
  ): LiveActor {
    if (holdsDatabase(actor)) return actor
    const live =
      actor.type === 'key'
        ? toLiveKey(actor, keys, now)
        : actor.type === 'member'
          ? toLiveMember(actor, members, now)
          : toLiveUser(actor, users, now)
    if (live === undefined) {
      // What is remembered here let it through: it is out of date.
      if (actor.type === 'key') this.#memory.forget('key', actor.keyId)
      this.#memory.lookNow()
      throw actor.sessionId === undefined ? invalidToken() : sessionEnded()
    }
    if (permission !== 'any key') requirePermission(live, permission)
    return live
  }

  #writeTrail(tx: Tx, events: readonly AuditRow[], logged: readonly LoggedChange[]): Promise<unknown>[] {
    const { dialect } = this.#store
    const written =
      events.length === 0 ? [] : [insertAuditEvents(tx, dialect, events), queueEvents(tx, dialect, events)]
    // Last: from here on every other change waits for this one.
    return logged.length === 0 ? written : [...written, ...logChanges(this.#store, tx, eachOnce(logged))]
  }
}

/** Makes a change: see {@link Writer.commit}. */
export type Commit = Writer['commit']

/** What the log must tell of a deed. */
function toLogged({ action, organizationId, keyId, subject = keyId }: Deed): LoggedChange | undefined {
  const topic = topics[action]
  if (topic === undefined || subject === undefined) return undefined
  return { topic, id: subject, organizationId: topic === 'plan' ? anyOrganization : organizationId }
}

function eachOnce(changes: readonly LoggedChange[]): LoggedChange[] {
  return [...new Map(changes.map((change) => [`${change.topic} ${change.id}`, change])).values()]
}
