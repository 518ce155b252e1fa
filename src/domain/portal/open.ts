// How the customers' page comes to its session: by a link, once, and from then on by the session's token.
import { findMakers, toUser } from '../../commit/live-users.ts'
import { operator, type UserCaller } from '../../core/actor.ts'
import type { OpenedPortal, PortalOrigin } from '../../core/shapes/portal.ts'
import { hasPassed } from '../../core/status.ts'
import {
  type FoundPortalSession,
  findPortalSessions,
  openPortalSession,
} from '../../store/portal-sessions.ts'
import { readWithinLease } from '../../verdict/lease.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { drawPortalSecret, isLinkSecret, isPortalToken, linkOver, originNotAllowed } from './secrets.ts'
import { recordSession } from './sessions.ts'

/**
 * Opens the session of a link, once. Throws `invalid_token` for every secret that is of no use, `origin_not_allowed`,
 * `store_unavailable`.
 */
export async function openLink(
  engine: Engine,
  secret: string,
  { origin, ip, requestId }: PortalOrigin = {},
): Promise<OpenedPortal> {
  if (typeof secret !== 'string' || !isLinkSecret(secret)) throw linkOver()
  const found = await engine.portalLinkReads.find(engine.store, digestToken(secret), ip)
  if (found === undefined) throw linkOver()
  requireOrigin(engine, found, origin)
  const { organization_id: organizationId } = found
  const token = drawPortalSecret('lkp_', engine.random)
  const requirements = {
    permission: 'any key',
    portalOf: organizationId,
    // In the turn of its organization: links are opened by strangers.
    turn: { organizationId, keyId: ' portal' },
  } as const
  const opened = await engine.commit(operator, requirements, async (change) => {
    const { tx, now } = change
    const [row] = await findPortalSessions(tx, [found.id])
    if (row === undefined || row.link_digest === null || hasPassed(row.link_expires_at, now)) throw linkOver()
    const digest = digestToken(token)
    const user = toUser({ ...row, digest }, await findMakers(tx, [row]), now)
    if (user === undefined) throw linkOver()
    await openPortalSession(tx, row, digest)
    recordSession(change, row, 'portal_session.opened', {}, { ...user, ip, requestId })
    return { token, expiresAt: new Date(row.expires_at) }
  })
  engine.portalReads.know(digestToken(token))
  return opened
}

/**
 * Finds the user of a session by its token; undefined if it opens nothing, for every reason alike. Reads the store each time, never
 * memory, so that the end of a session, of who made it and of its organization holds at once in every process. Throws
 * `origin_not_allowed`, `store_unavailable`.
 */
export async function authenticateUser(
  engine: Engine,
  token: string,
  { origin, ip, requestId }: PortalOrigin = {},
): Promise<UserCaller | undefined> {
  if (typeof token !== 'string' || !isPortalToken(token)) return undefined
  const { found, user } = await readWithinLease(engine.memory.clock, async () => {
    const begunAt = engine.memory.clock.monotonic()
    const made = await engine.portalReads.find(engine.store, digestToken(token), ip)
    return made === undefined
      ? { begunAt }
      : { begunAt, found: made.session, user: toUser(made.session, made.makers, engine.now()) }
  })
  if (found === undefined || user === undefined) return undefined
  requireOrigin(engine, found, origin)
  return { ...user, ip, requestId }
}

/** Throws `origin_not_allowed` for a page of another origin than the session is for. A browser names none to a page's own. */
function requireOrigin(
  { publicUrl }: Engine,
  row: Pick<FoundPortalSession, 'kind' | 'origin'>,
  origin: string | undefined,
): void {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin
  const wanted = row.kind === 'link' ? own : row.origin
  const isSilent = origin === undefined && wanted === own
  if (!isSilent && origin !== wanted) throw originNotAllowed()
}
