// Sessions of people. A session is of an identity, which may stand at members of several organizations: each request says for
// which of them it acts, and is judged as the member there. What the members may do never adds up.
import type { Change } from '../../commit/commit.ts'
import { rightsOf } from '../../commit/live-callers.ts'
import { sessionEnded, unknownOrganization } from '../../core/access.ts'
import { type MemberCaller, operator } from '../../core/actor.ts'
import { freshMs, maxSessionMs, maxSessionsOfIdentity } from '../../core/bounds.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { newId } from '../../core/ids.ts'
import type { AuditAction } from '../../core/shapes/audit.ts'
import type { CallOptions } from '../../core/shapes/calls.ts'
import type { Session, SessionOptions, SessionValues } from '../../core/shapes/sessions.ts'
import { sessionLimitsAt } from '../../core/status.ts'
import { turnOf, turnOfPerson } from '../../fairness/caller-turn.ts'
import { getIdentity, markIdentityUsed } from '../../store/identities.ts'
import {
  deleteMemberSession,
  insertMemberSession,
  listIdentitySessions,
  type MemberSessionRow,
  markMemberSessionSeen,
  refreshMemberSession,
} from '../../store/member-sessions.ts'
import { listStandings, markMembersSeen, type StandingRow } from '../../store/members.ts'
import { deleteSession, type SessionRow } from '../../store/sessions.ts'
import type { Tx } from '../../store/tables.ts'
import type { Engine } from '../engine.ts'
import type { SignInOrigin, StartedSession } from './sign-in.ts'
import { shownUserAgent, toSession, unknownSession } from './told.ts'
import { areSessionValues, digestValue, drawValues, matchesPage } from './values.ts'

/** From where a person signs in. */
export interface PersonOrigin extends Omit<SignInOrigin, 'permission' | 'rootOnly'> {
  /** When the person last showed who it is, in milliseconds since 1970; now if absent. The session is fresh from then on. */
  provedAt?: number | undefined
}

/**
 * Opens a session for a person who has proved an identity; `proveOnce` uses the proof up, in the same transaction. The session that
 * the browser had before ends. Throws `invalid_input` for what is no identity, `session_ended` for one that stands at no active
 * member, `store_unavailable`.
 */
export async function startMemberSession(
  engine: Engine,
  identityId: string,
  origin: PersonOrigin = {},
  proveOnce: (change: Change) => Promise<void> = async () => {},
): Promise<StartedSession> {
  if (!isId(identityId)) refuseField('identityId', 'Must be the id of an identity, which is a UUID.')
  // Under the identity's lock: two that sign in at once are counted one after the other.
  const requirements = { permission: 'any key', identityId, turn: turnOfPerson(identityId) } as const
  const started = await engine.commit(operator, requirements, async (change) => {
    await proveOnce(change)
    return openMemberSession(engine, change, identityId, origin)
  })
  await endSessionBefore(engine, origin)
  return started
}

/**
 * Opens a session in a change that holds the lock of its identity. The session that the browser had before is left to
 * {@link endSessionBefore}. Throws `session_ended` for an identity that stands at no active member.
 */
export async function openMemberSession(
  engine: Engine,
  change: Change,
  identityId: string,
  { ip, userAgent, requestId, provedAt }: PersonOrigin,
): Promise<StartedSession> {
  const { tx, now } = change
  const values = drawValues(engine.random)
  const row: MemberSessionRow = {
    id: newId(engine),
    digest: digestValue(values.value),
    page_digest: digestValue(values.pageValue),
    identity_id: identityId,
    created_at: now,
    expires_at: now + maxSessionMs,
    last_seen_at: now,
    ip: ip ?? null,
    user_agent: shownUserAgent(userAgent),
    fresh_until: Math.min(now, provedAt ?? now) + freshMs,
  }
  const standings = await listStandings(tx, engine.mayAct, [identityId])
  const [first] = standings
  if (first === undefined) throw sessionEnded()
  const live = await listIdentitySessions(tx, identityId, sessionLimitsAt(now))
  for (const { id } of live.slice(maxSessionsOfIdentity - 1)) {
    await deleteMemberSession(tx, id, identityId)
    recordForAll(change, standings, { ...row, id }, 'session.ended')
  }
  await insertMemberSession(tx, row)
  await markIdentityUsed(tx, identityId, now)
  await markMembersSeen(tx, engine.store.dialect, membersOf(standings), now, now)
  recordForAll(change, standings, row, 'session.started', { requestId, ip })
  const { provider } = await getIdentity(tx, identityId)
  return { session: toSession(row, memberCallerOf(first, row), provider), ...values }
}

/** Ends the session that a browser had before it was given another. Throws `store_unavailable`. */
export async function endSessionBefore(
  engine: Engine,
  { previous, ip, requestId }: PersonOrigin,
): Promise<void> {
  if (previous !== undefined) await endReplacedSession(engine, previous, { ip, requestId })
}

/** Every organization for which the person acts hears of its sessions. */
function recordForAll(
  { record }: Change,
  standings: readonly StandingRow[],
  session: Pick<MemberSessionRow, 'id' | 'identity_id'>,
  action: AuditAction,
  { requestId, ip }: Pick<MemberCaller, 'requestId' | 'ip'> = {},
): void {
  for (const standing of standings) {
    const by = { ...memberCallerOf(standing, session), requestId, ip }
    record({ action, organizationId: standing.organization_id, changes: { sessionId: session.id } }, by)
  }
}

/** The member that acts by a session. */
export function memberCallerOf(
  standing: StandingRow,
  { id, identity_id }: Pick<MemberSessionRow, 'id' | 'identity_id'>,
): MemberCaller {
  return {
    type: 'member',
    memberId: standing.member_id,
    organizationId: standing.organization_id,
    identityId: identity_id,
    sessionId: id,
    ...rightsOf(standing),
  }
}

/**
 * Chooses for which organization a person acts. Throws `organization_required` if none is named and there are several,
 * `organization_not_found` for one of which it is no active member.
 */
export function chooseStanding(
  standings: readonly StandingRow[],
  organizationId: string | undefined,
): StandingRow {
  const named =
    organizationId === undefined
      ? standings
      : standings.filter((standing) => standing.organization_id === organizationId)
  const [first, second] = named
  if (first === undefined) throw unknownOrganization()
  if (second !== undefined && second.organization_id !== first.organization_id)
    throw new LatchkeyError(
      'organization_required',
      'You are a member of several organizations. Name the one that you act for as Latchkey-Organization.',
      { organizations: standings.map(({ organization_id: id, organization_name: name }) => ({ id, name })) },
    )
  return first
}

/** Notes that a person was seen, and as whom. */
export async function markPersonSeen(
  { store }: Pick<Engine, 'store'>,
  tx: Tx,
  row: MemberSessionRow,
  standings: readonly StandingRow[],
  at: number,
  since: number,
): Promise<void> {
  await markMemberSessionSeen(tx, row, at, since)
  await markMembersSeen(tx, store.dialect, membersOf(standings), at, since)
}

function membersOf(standings: readonly StandingRow[]) {
  return standings.map(({ member_id: id, organization_id }) => ({ id, organization_id }))
}

/** Lists the live sessions of the person who asks, newest first. Throws `invalid_input` if it names a key. */
export async function listMemberSessions(
  engine: Engine,
  actor: MemberCaller,
  options: CallOptions & SessionOptions,
): Promise<Session[]> {
  requireOwn(options)
  const { identityId } = actor
  return engine.store.read(
    async (db) => {
      const { provider } = await getIdentity(db, identityId)
      const rows = await listIdentitySessions(db, identityId, sessionLimitsAt(engine.now()))
      return rows
        .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
        .map((row) => toSession(row, actor, provider))
    },
    turnOf(actor, options),
  )
}

/** Ends a session of the person who asks; `self` is the one that asks. Throws `session_not_found`, `invalid_input`. */
export async function endMemberSession(
  engine: Engine,
  id: string,
  actor: MemberCaller,
  options: CallOptions & SessionOptions,
): Promise<void> {
  requireOwn(options)
  const { identityId } = actor
  const wanted = id === 'self' ? actor.sessionId : id
  if (!isId(wanted)) throw unknownSession()
  // The identity's own lock: no change by the session that ends comes after its end.
  const requirements = { permission: 'any key', identityId, signal: options.signal } as const
  await engine.commit(actor, requirements, async (change) => {
    const standings = await listStandings(change.tx, engine.mayAct, [identityId])
    if (!(await deleteMemberSession(change.tx, wanted, identityId))) throw unknownSession()
    recordForAll(change, standings, { id: wanted, identity_id: identityId }, 'session.ended', actor)
  })
}

/**
 * Makes the sign-in of a member's session fresh for ten minutes, if `prove` does not throw: it sees to it that the person is who it was.
 * Tells until when. Throws `session_ended`.
 */
export async function freshenMemberSession(
  engine: Engine,
  actor: MemberCaller,
  prove: (change: Change) => Promise<void>,
): Promise<Date> {
  const { identityId, sessionId } = actor
  return engine.commit(actor, { permission: 'any key', identityId }, async (change) => {
    await prove(change)
    const freshUntil = change.now + freshMs
    if (!(await refreshMemberSession(change.tx, sessionId, identityId, freshUntil))) throw sessionEnded()
    const standings = await listStandings(change.tx, engine.mayAct, [identityId])
    recordForAll(change, standings, { id: sessionId, identity_id: identityId }, 'session.refreshed', actor)
    return new Date(freshUntil)
  })
}

/**
 * Ends the session that a browser had before it signed in anew, if its values are those of one: of a person, or of a key by which it
 * was signed in.
 */
export async function endReplacedSession(
  engine: Engine,
  values: SessionValues,
  { ip, requestId }: Pick<SignInOrigin, 'ip' | 'requestId'>,
): Promise<void> {
  if (!areSessionValues(values)) return
  const found = await engine.sessionReads.find(engine.store, digestValue(values.value), ip)
  if (found === undefined || !matchesPage(values.pageValue, found.row.page_digest)) return
  if (found.of === 'key') return endSessionOfKey(engine, found.row, { ip, requestId })
  const { id, identity_id: identityId } = found.row
  const requirements = { permission: 'any key', identityId, turn: turnOfPerson(identityId) } as const
  await engine.commit(operator, requirements, async (change) => {
    const standings = await listStandings(change.tx, engine.mayAct, [identityId])
    if (await deleteMemberSession(change.tx, id, identityId))
      recordForAll(change, standings, found.row, 'session.ended', { requestId, ip })
  })
}

async function endSessionOfKey(
  engine: Engine,
  row: SessionRow,
  origin: Pick<SignInOrigin, 'ip' | 'requestId'>,
): Promise<void> {
  const { id: sessionId, key_id: keyId, organization_id: organizationId, kid } = row
  const requirements = { permission: 'any key', keyId, turn: { organizationId, keyId } } as const
  await engine.commit(operator, requirements, async ({ tx, record }) => {
    const by = { type: 'key', keyId, organizationId, kid, permissions: [], sessionId, ...origin } as const
    if (await deleteSession(tx, sessionId, row))
      record({ action: 'session.ended', organizationId, keyId, changes: { sessionId } }, by)
  })
}

function requireOwn({ keyId }: SessionOptions): void {
  if (keyId !== undefined)
    refuseField('keyId', 'A member reaches its own sessions only. Leave this field out.')
}
