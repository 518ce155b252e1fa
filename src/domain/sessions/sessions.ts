// Sessions: a browser signs in with a token once and then holds two opaque values in its place. A session is worth
// what its key is worth at that instant: it is judged anew, by what the store has, at every request.

import type { Deed } from '../../commit/audit-trail.ts'
import type { Requirements } from '../../commit/commit.ts'
import { invalidToken, requireKeyCaller, rootOrganizationId, sessionEnded } from '../../core/access.ts'
import {
  type Actor,
  type Caller,
  callerOf,
  holdsDatabase,
  type KeyCaller,
  type MemberCaller,
  system,
} from '../../core/actor.ts'
import { freshMs, maxSessionMs, maxSessionsOfKey } from '../../core/bounds.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import type { AuditAction } from '../../core/shapes/audit.ts'
import {
  type Session,
  type SessionOptions,
  type SessionValues,
  sessionOwnerSchema,
} from '../../core/shapes/sessions.ts'
import type { Verdict } from '../../core/shapes/verification.ts'
import { isSessionOver, sessionLimitsAt } from '../../core/status.ts'
import { parseToken } from '../../core/token.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findKey } from '../../store/keys.ts'
import { listStandings, type StandingRow } from '../../store/members.ts'
import {
  deleteSession,
  deleteSessions,
  insertSession,
  listKeySessions,
  markSeen,
  refreshRow,
  type SessionRow,
} from '../../store/sessions.ts'
import { type DatedRead, readWithinLease } from '../../verdict/lease.ts'
import { verify, verifyKid } from '../../verification/verify.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { unknownKey } from '../keys/rules.ts'
import {
  chooseStanding,
  endMemberSession,
  endReplacedSession,
  listMemberSessions,
  markPersonSeen,
  memberCallerOf,
} from './member-sessions.ts'
import type { FoundSession } from './reads.ts'
import type { SessionOrigin, SignInOrigin, StartedSession } from './sign-in.ts'
import { shownUserAgent, tokenSignInOff, toSession, unknownSession } from './told.ts'
import { areSessionValues, digestValue, drawValues, matchesPage } from './values.ts'

/** Being seen is written down no more often: it would be a write a request. */
const seenEveryMs = 60_000

/**
 * Opens a session for the caller that shows a token that is valid now. Of a key's more than 20 sessions, the least
 * recently seen ends. Throws `invalid_token`, `too_many_sessions`, `store_unavailable`.
 */
export async function startSession(
  engine: Engine,
  token: string,
  { ip, userAgent, requestId, previous, permission, rootOnly }: SignInOrigin = {},
): Promise<StartedSession> {
  const proof = await verify(engine.memory, token, {}, { ip, userAgent, purpose: 'management' })
  const kid = parseToken(token)?.kid
  if (!proof.valid || kid === undefined) throw invalidToken()
  const { keyId, organizationId } = proof
  if (rootOnly && organizationId !== rootOrganizationId) throw tokenSignInOff()
  const now = engine.now()
  engine.signInLimit.requireNotRefused(keyId, now)
  const replaced = previous && (await findKeySession(engine, previous, ip))
  const values = drawValues(engine.random)
  const row: SessionRow = {
    id: newId(engine),
    digest: digestValue(values.value),
    key_id: keyId,
    organization_id: organizationId,
    kid,
    created_at: now,
    expires_at: now + maxSessionMs,
    last_seen_at: now,
    ip: ip ?? null,
    user_agent: shownUserAgent(userAgent),
    page_digest: digestValue(values.pageValue),
    fresh_until: now + freshMs,
  }
  // By its token: there is no session yet.
  const caller = callerOf(proof, kid, { requestId, ip })
  // Under the key's lock: two that sign in at once are counted one after the other.
  const requirements: Requirements = {
    permission: permission ?? 'any key',
    keyId,
    leftKeyId: replaced?.keyId,
  }
  await engine.commit(caller, requirements, async ({ tx, record }) => {
    // Those that it waited for have signed in meanwhile, and count.
    await engine.signInLimit.requireRoom(tx, row, engine.now())
    const live = (await listKeySessions(tx, row, sessionLimitsAt(now))).filter(
      ({ id }) => id !== replaced?.sessionId,
    )
    const surplus = live.slice(maxSessionsOfKey - 1)
    const left = replaced ? [{ id: replaced.sessionId, organization_id: replaced.organizationId }] : []
    const deleted = await deleteSessions(tx, [...surplus, ...left])
    await insertSession(tx, engine.store.dialect, row)
    for (const { id } of surplus) record(eventOf(caller, 'session.ended', id))
    if (replaced && deleted.has(replaced.sessionId)) {
      record(eventOf(replaced, 'session.ended', replaced.sessionId), { ...replaced, requestId, ip })
    }
    record(eventOf(caller, 'session.started', row.id))
  })
  // That of a person, who has signed in by a token now.
  if (previous && replaced === undefined) await endReplacedSession(engine, previous, { ip, requestId })
  return { session: toSession(row, { ...caller, sessionId: row.id }), ...values }
}

/** A key that asks by a session. */
type KeySessionCaller = KeyCaller & { sessionId: string }

/**
 * Finds the caller of a session by its values; undefined if they are not valid, for every reason alike: one of them is
 * unknown, or its session ended, too old, idle, of a secret that is not valid any more, or of a person who is no member any more.
 * Reads the store each time, never memory, so that the end of a session, of its key or of its member holds at once in every
 * process. Throws `store_unavailable`, and for a person `organization_required`, `organization_not_found`.
 */
export async function authenticateSession(
  engine: Engine,
  values: SessionValues,
  { ip, organizationId }: SessionOrigin = {},
): Promise<Caller | undefined> {
  if (!areSessionValues(values)) return undefined
  let isNoted = false
  const { found, verdict, standings } = await readWithinLease(engine.memory.clock, async () => {
    const reading = await readSession(engine, values, ip)
    // Within the lease too: what is written here may wait for others, and the verdict ages meanwhile.
    if (!isNoted && (reading.verdict?.valid || reading.standings?.length)) {
      isNoted = true
      await noteSeen(engine, reading)
    }
    return reading
  })
  if (found?.of === 'key' && verdict?.valid)
    return { ...callerOf(verdict, found.row.kid, { ip }), sessionId: found.row.id }
  if (found?.of !== 'member' || !standings?.length) return undefined
  return { ...memberCallerOf(chooseStanding(standings, organizationId), found.row), ip }
}

/** The same of a session of a key; undefined for one of a person, too. */
async function findKeySession(
  engine: Engine,
  values: SessionValues,
  ip: string | undefined,
): Promise<KeySessionCaller | undefined> {
  try {
    const caller = await authenticateSession(engine, values, { ip })
    return caller?.type === 'key' ? (caller as KeySessionCaller) : undefined
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'organization_required') return undefined
    throw error
  }
}

/** What the store has of a session, of its secret or its members, and when that began to be read. */
interface SessionReading extends DatedRead {
  found?: FoundSession
  verdict?: Verdict
  standings?: StandingRow[]
}

/** Reads the session of two values; nothing if it is over, or if they are not both its own. */
async function readSession(
  engine: Engine,
  values: SessionValues,
  ip: string | undefined,
): Promise<SessionReading> {
  const { store, memory } = engine
  const begunAt = memory.clock.monotonic()
  const found = await engine.sessionReads.find(store, digestValue(values.value), ip)
  if (found === undefined || !matchesPage(values.pageValue, found.row.page_digest)) return { begunAt }
  if (isSessionOver(found.row, engine.now())) return { begunAt }
  if (found.of === 'member') {
    const { identity_id: identityId } = found.row
    return {
      begunAt,
      found,
      standings: await store.read((db) => listStandings(db, engine.mayAct, [identityId])),
    }
  }
  const { kid, key_id: keyId } = found.row
  return { begunAt, found, verdict: await verifyKid(memory, kid, { keyId, ip, purpose: 'management' }) }
}

/**
 * Makes the sign-in of a session fresh again, for the caller that shows a valid token of the session's key beside
 * its values. Throws `invalid_token` for a token of another key, `session_ended`, `too_many_sessions`,
 * `store_unavailable`.
 */
export async function refreshSession(
  engine: Engine,
  token: string,
  values: SessionValues,
  { ip, requestId }: Pick<SignInOrigin, 'ip' | 'requestId'> = {},
): Promise<Session> {
  const session = await findKeySession(engine, values, ip)
  if (session === undefined) throw sessionEnded()
  const proof = await verify(engine.memory, token, {}, { ip, purpose: 'management' })
  const kid = parseToken(token)?.kid
  if (!proof.valid || kid === undefined) throw invalidToken()
  if (proof.keyId !== session.keyId) {
    throw new LatchkeyError('invalid_token', 'The token does not belong to the key that is signed in.')
  }
  const caller = { ...session, ip, requestId }
  const owner = ownerOf(caller)
  const now = engine.now()
  engine.signInLimit.requireNotRefused(caller.keyId, now)
  // By its token, which proves more than the session does.
  const asker: KeyCaller = { ...caller, kid, sessionId: undefined }
  const requirements = { permission: 'any key', keyId: caller.keyId } as const
  const row = await engine.commit(asker, requirements, async ({ tx, record }) => {
    await engine.signInLimit.requireRoom(tx, owner, engine.now())
    const change = { fresh_until: now + freshMs }
    const refreshed = await refreshRow(tx, session.sessionId, owner, change)
    if (refreshed === undefined) throw sessionEnded()
    record(eventOf(caller, 'session.refreshed', session.sessionId))
    return refreshed
  })
  return toSession(row, caller)
}

/** Whose sessions, and who asks for them. */
type SessionsAsked = CommandOptions & SessionOptions

/**
 * Lists the live sessions of the calling key, newest first; the operator names the key. Throws
 * `key_not_found`, `invalid_input`, `store_unavailable`.
 */
export async function listSessions(engine: Engine, options: SessionsAsked = {}): Promise<Session[]> {
  const actor = actorOf(options)
  if (actor.type === 'member') return listMemberSessions(engine, actor, options)
  const turn = turnOf(actor, options)
  const owner = await findOwner(engine, actor, options)
  const rows = await engine.store.read(
    (db) => listKeySessions(db, owner, sessionLimitsAt(engine.now())),
    turn,
  )
  return rows
    .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
    .map((row) => toSession(row, actor))
}

/**
 * Ends a session of the calling key permanently; the operator names the key; `self` is the one
 * that asks. Throws `session_not_found`, for a foreign id and for one that has ended too, `key_not_found`,
 * `invalid_input`, `store_unavailable`.
 */
export async function endSession(engine: Engine, id: string, options: SessionsAsked = {}): Promise<void> {
  const actor = actorOf(options)
  if (actor.type === 'member') return endMemberSession(engine, id, actor, options)
  const owner = await findOwner(engine, actor, options)
  const wanted = id === 'self' && !holdsDatabase(actor) ? actor.sessionId : id
  if (wanted === undefined || !isId(wanted)) throw unknownSession()
  // The key's own lock: no change by the session that ends comes after its end.
  const requirements = { permission: 'any key', keyId: owner.key_id, signal: options.signal } as const
  await engine.commit(actor, requirements, async ({ tx, record }) => {
    if (!(await deleteSession(tx, wanted, owner))) throw unknownSession()
    record(eventOf(toIds(owner), 'session.ended', wanted))
  })
}

/** The key whose sessions are meant. Throws `invalid_input` for a caller that names another than its own. */
async function findOwner(
  engine: Engine,
  actor: Exclude<Actor, MemberCaller>,
  options: SessionsAsked,
): Promise<OwnerIds> {
  const { keyId } = parseInput(sessionOwnerSchema, { keyId: options.keyId })
  if (!holdsDatabase(actor)) {
    const caller = requireKeyCaller(actor)
    if (keyId === undefined || keyId === caller.keyId) return ownerOf(caller)
    refuseField('keyId', 'A key reaches its own sessions only. Leave this field out.')
  }
  if (keyId === undefined) refuseField('keyId', 'Name the key that owns the sessions.')
  const key = await engine.store.read((db) => findKey(db, keyId, undefined), turnOf(actor, options))
  if (key === undefined) throw unknownKey()
  return { key_id: key.id, organization_id: key.organization_id }
}

async function noteSeen(engine: Engine, { found, standings = [] }: SessionReading): Promise<void> {
  const at = engine.now()
  if (found === undefined || at - found.row.last_seen_at < seenEveryMs) return
  const since = at - seenEveryMs
  try {
    await engine.commit(system, { permission: 'any key' }, ({ tx }) =>
      found.of === 'key'
        ? markSeen(tx, found.row, at, since)
        : markPersonSeen(engine, tx, found.row, standings, at, since),
    )
  } catch (error) {
    // A database that can be read and not written, such as on a full disk, must not lock out the operator.
    if (!(error instanceof LatchkeyError)) throw error
  }
}

/** What became of a session. No key has changed by it, so that nobody has anything to forget. */
function eventOf({ organizationId, keyId }: KeyIds, action: AuditAction, sessionId: string): Deed {
  return { action, organizationId, keyId, changes: { sessionId } }
}

type KeyIds = Pick<KeyCaller, 'keyId' | 'organizationId'>
type OwnerIds = Pick<SessionRow, 'key_id' | 'organization_id'>

function ownerOf({ keyId, organizationId }: KeyIds): OwnerIds {
  return { key_id: keyId, organization_id: organizationId }
}

function toIds({ key_id: keyId, organization_id: organizationId }: OwnerIds): KeyIds {
  return { keyId, organizationId }
}
