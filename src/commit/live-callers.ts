// The callers of a change as the database has them, inside its transaction: keys with their secrets, and members with their
// sessions.
import { permissionsOfRole } from '../core/access.ts'
import type { Caller, KeyCaller, LiveCaller, MemberCaller } from '../core/actor.ts'
import type { Role } from '../core/roles.ts'
import type { MayAct } from '../core/sign-in-reach.ts'
import { isSessionOver } from '../core/status.ts'
import { noLimits, readLimits } from '../core/stored-limits.ts'
import { type CallerRow, type CallerSessionRow, findCallerSessions, findCallers } from '../store/callers.ts'
import { findMemberSessions } from '../store/member-sessions.ts'
import { listStandings, type StandingRow } from '../store/members.ts'
import { allDone } from '../store/statements.ts'
import type { Db, Tx } from '../store/tables.ts'
import { evaluate } from '../verdict/evaluate.ts'
import { networksOf } from '../verdict/facts.ts'
import { bindToLine } from '../verdict/line.ts'

/** Keys that call, by the kids of their secrets, and the sessions of keys by which some do. */
export interface LiveKeys {
  rows: ReadonlyMap<string, CallerRow>
  sessions: ReadonlyMap<string, CallerSessionRow>
}

/** Members that call, and their sessions. */
export interface LiveMembers {
  standings: readonly StandingRow[]
  sessions: ReadonlyMap<string, Omit<CallerSessionRow, 'key_id' | 'kid'> & { identity_id: string }>
}

/** Reads those of the callers that are keys. */
export async function findLiveKeys(tx: Tx, callers: readonly Caller[]): Promise<LiveKeys> {
  const keys = callers.filter((caller) => caller.type === 'key')
  const kids = [...new Set(keys.map(({ kid }) => kid))]
  const sessionIds = [...new Set(keys.flatMap(({ sessionId }) => sessionId ?? []))]
  const [rows, sessions] = await allDone([
    kids.length === 0 ? [] : findCallers(tx, kids),
    sessionIds.length === 0 ? [] : findCallerSessions(tx, sessionIds),
  ])
  return {
    rows: new Map(rows.map((row) => [row.kid, row])),
    sessions: new Map(sessions.map((row) => [row.id, row])),
  }
}

/** Reads those of the callers that are members. */
export async function findLiveMembers(
  db: Db,
  mayAct: MayAct,
  callers: readonly Caller[],
): Promise<LiveMembers> {
  const members = callers.filter((caller) => caller.type === 'member')
  if (members.length === 0) return { standings: [], sessions: new Map() }
  const [sessions, standings] = await allDone([
    findMemberSessions(db, [...new Set(members.map(({ sessionId }) => sessionId))]),
    listStandings(
      db,
      mayAct,
      [...new Set(members.map(({ identityId }) => identityId))],
      [...new Set(members.map(({ memberId }) => memberId))],
    ),
  ])
  return { standings, sessions: new Map(sessions.map((row) => [row.id, row])) }
}

/** A key as it is now; undefined if its secret, itself or its session is not valid any more. */
export function toLiveKey(
  caller: KeyCaller,
  { rows, sessions }: LiveKeys,
  now: number,
): LiveCaller | undefined {
  const row = rows.get(caller.kid)
  if (row?.key_id !== caller.keyId || row.organization_id !== caller.organizationId) return undefined
  const terms = termsOf(row)
  if (evaluate(terms, { ip: caller.ip }, now) !== undefined) return undefined
  const { permissions, expiresAt } = terms
  const live = { ...caller, permissions, expiresAt, limitsLine: limitsLineOf(row) }
  if (caller.sessionId === undefined) return { ...live, freshUntil: undefined, freshMethods: [] }
  const session = sessions.get(caller.sessionId)
  if (session?.key_id !== row.key_id || session.kid !== row.kid || isSessionOver(session, now))
    return undefined
  return { ...live, freshUntil: session.fresh_until, freshMethods: ['token'] }
}

/**
 * What a key may do by a secret, wherever that is used from; undefined if the secret, the key, its line or its organization is not
 * valid any more.
 */
export function permissionsBy(row: CallerRow, now: number): readonly string[] | undefined {
  const { bounds, ...terms } = termsOf(row)
  const anywhere = { ...terms, allowedIps: null, bounds: bounds && { ...bounds, ips: [] } }
  return evaluate(anywhere, {}, now) === undefined ? terms.permissions : undefined
}

/** What a secret is judged by. */
function termsOf(row: CallerRow) {
  const own = {
    permissions: JSON.parse(row.permissions) as string[],
    isEnded: row.ended_at !== null,
    graceEndsAt: row.grace_ends_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    suspendedAt: row.suspended_at,
    notBefore: row.not_before,
  }
  return {
    organizationId: row.organization_id,
    ...bindToLine(own, row.ancestors, networksOf),
    allowedIps: row.allowed_ips === null ? null : networksOf(row.allowed_ips),
    organization: { suspendedAt: row.organization_suspended_at },
  }
}

/** The keys whose limits bind what a caller creates: itself, if it has any, and those from which it draws. */
function limitsLineOf({ key_id, limits, plan_key_limits, limits_from, second, third }: CallerRow): string[] {
  const isLimited = [limits, plan_key_limits ?? noLimits].some((list) => readLimits(list).limits.length > 0)
  const line = [limits_from, second, third].filter((id) => id !== null)
  return isLimited ? [key_id, ...line] : line
}

/** A member as it is now; undefined if it, its organization or its session is not valid any more. */
export function toLiveMember(
  caller: MemberCaller,
  { standings, sessions }: LiveMembers,
  now: number,
): LiveCaller | undefined {
  const { memberId, identityId, organizationId } = caller
  const session = sessions.get(caller.sessionId)
  if (session?.identity_id !== identityId || isSessionOver(session, now)) return undefined
  const standing = standings.find((row) => row.member_id === memberId && row.identity_id === identityId)
  if (standing?.organization_id !== organizationId) return undefined
  return {
    ...caller,
    ...rightsOf(standing),
    expiresAt: null,
    freshUntil: session.fresh_until,
    freshMethods: [
      ...(standing.has_provider ? (['provider'] as const) : []),
      ...(standing.has_passkey ? (['passkey'] as const) : []),
    ],
    limitsLine: [],
  }
}

/** What a member may do and grant, as its organization and its role say. */
export function rightsOf({
  organization_id,
  grantable_permissions,
  role,
}: StandingRow): Pick<MemberCaller, 'role' | 'permissions' | 'grantable'> {
  return {
    role: role as Role,
    permissions: permissionsOfRole(organization_id, role as Role),
    grantable: JSON.parse(grantable_permissions),
  }
}
