// The users of a portal as the database has them: a session opens something as long as it lives itself, its organization is not
// suspended, and who made it may still make it.
import { permissionsOfRole } from '../core/access.ts'
import type { Caller, LiveCaller, UserCaller } from '../core/actor.ts'
import { covers, isReserved } from '../core/permissions.ts'
import type { Role } from '../core/roles.ts'
import { hasPassed } from '../core/status.ts'
import { type CallerRow, findCallers } from '../store/callers.ts'
import { creatorTypeOf } from '../store/creators.ts'
import { findMembers, type MemberRow } from '../store/members.ts'
import { type FoundPortalSession, findPortalSession, findPortalSessions } from '../store/portal-sessions.ts'
import { allDone } from '../store/statements.ts'
import type { Db } from '../store/tables.ts'
import { permissionsBy } from './live-callers.ts'

/** What a caller must hold that makes portal sessions, for as long as they last. */
export const writePortal = 'latchkey:portal:write'

/** Those who made sessions: keys by the kids of their secrets, and members by their ids. */
interface Makers {
  keys: ReadonlyMap<string, CallerRow>
  members: ReadonlyMap<string, MemberRow>
}

/** Portal sessions by their ids, and who made them. */
export interface LiveUsers extends Makers {
  sessions: ReadonlyMap<string, FoundPortalSession>
}

/** Reads those of the callers that are users. */
export async function findLiveUsers(db: Db, callers: readonly Caller[]): Promise<LiveUsers> {
  const ids = [...new Set(callers.flatMap((caller) => (caller.type === 'user' ? caller.sessionId : [])))]
  if (ids.length === 0) return { sessions: new Map(), keys: new Map(), members: new Map() }
  const sessions = await findPortalSessions(db, ids)
  return { sessions: new Map(sessions.map((row) => [row.id, row])), ...(await findMakers(db, sessions)) }
}

/** A session, and who made it. */
export interface MadeSession {
  session: FoundPortalSession
  makers: Makers
}

/** Finds a session by the digest of its token, over or not. */
export async function findMadeSession(db: Db, digest: Uint8Array): Promise<MadeSession | undefined> {
  const session = await findPortalSession(db, 'digest', digest)
  return session && { session, makers: await findMakers(db, [session]) }
}

/** Reads who made sessions. */
export async function findMakers(db: Db, sessions: readonly FoundPortalSession[]): Promise<Makers> {
  const kids = [...new Set(sessions.flatMap(({ kid }) => kid ?? []))]
  const ids = sessions.flatMap((row) => (creatorTypeOf(row) === 'member' ? (row.created_by ?? []) : []))
  const [keys, members] = await allDone([
    kids.length === 0 ? [] : findCallers(db, kids),
    ids.length === 0 ? [] : findMembers(db, [...new Set(ids)]),
  ])
  return {
    keys: new Map(keys.map((row) => [row.kid, row])),
    members: new Map(members.map((row) => [row.id, row])),
  }
}

/** Who calls by a session at an instant; undefined if it opens nothing. */
export function toUser(row: FoundPortalSession, makers: Makers, now: number): UserCaller | undefined {
  if (row.digest === null || row.ended_at !== null || hasPassed(row.expires_at, now)) return undefined
  if (row.organization_suspended_at !== null) return undefined
  const permissions = permissionsOf(row, makers, now)
  if (permissions === undefined) return undefined
  const type = creatorTypeOf(row)
  return {
    type: 'user',
    ...{ userId: row.user_id, userName: row.user_name },
    sessionId: row.id,
    organizationId: row.organization_id,
    permissions,
    prefixes: row.prefixes === null ? null : JSON.parse(row.prefixes),
    madeBy: row.created_by === null ? null : { type: type === 'member' ? type : 'key', id: row.created_by },
  }
}

/** What the user of a session may do: of ours, no more than who made it; undefined if nobody could make it now. */
function permissionsOf(row: FoundPortalSession, makers: Makers, now: number): readonly string[] | undefined {
  const given = JSON.parse(row.permissions) as string[]
  if (row.created_by === null) return given
  const held = permissionsOfMaker(row, makers, now)
  if (held === undefined || !covers(held, writePortal)) return undefined
  return given.filter((permission) => !isReserved(permission) || covers(held, permission))
}

function permissionsOfMaker(
  { kid, created_by: id }: FoundPortalSession,
  { keys, members }: Makers,
  now: number,
): readonly string[] | undefined {
  if (kid !== null) {
    const key = keys.get(kid)
    return key?.key_id === id ? permissionsBy(key, now) : undefined
  }
  const member = members.get(id ?? '')
  if (member === undefined || member.removed_at !== null || member.suspended_at !== null) return undefined
  return permissionsOfRole(member.organization_id, member.role as Role)
}

/** A user as it is now; undefined if its session opens nothing any more. */
export function toLiveUser(
  caller: UserCaller,
  { sessions, ...makers }: LiveUsers,
  now: number,
): LiveCaller | undefined {
  const session = sessions.get(caller.sessionId)
  const user = session && toUser(session, makers, now)
  if (user?.organizationId !== caller.organizationId || user.userId !== caller.userId) return undefined
  const { requestId, ip } = caller
  return { ...user, requestId, ip, expiresAt: null, freshUntil: undefined, freshMethods: [], limitsLine: [] }
}
