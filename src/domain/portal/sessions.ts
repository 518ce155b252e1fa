// Portal sessions, as an operator's backend makes, lists and ends them.
import type { Change, Requirements } from '../../commit/commit.ts'
import { writePortal } from '../../commit/live-users.ts'
import {
  requireGrantable,
  requireOwnOrganization,
  requireRoot,
  rootOrganizationId,
} from '../../core/access.ts'
import { creatorOf } from '../../core/actor.ts'
import {
  embedSessionSeconds,
  linkSessionSeconds,
  maxPortalSessionsOfUser,
  portalLinkMs,
} from '../../core/bounds.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import type { Page } from '../../core/shapes/page.ts'
import {
  type CreatePortalSessionInput,
  createPortalSessionSchema,
  type EndPortalSessionsInput,
  endPortalSessionsSchema,
  type ListPortalSessionsInput,
  listPortalSessionsSchema,
  type PortalKind,
  type PortalSession,
  type PortalSessions,
  portalUserIdSchema,
} from '../../core/shapes/portal-sessions.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { creatorTypeOf, toColumns } from '../../store/creators.ts'
import { getOrganizationRow, holdOrganization } from '../../store/organizations.ts'
import {
  endPortalSessions,
  findPortalSessions,
  forgetPortalUser,
  insertPortalSession,
  listLivePortalSessions,
  namePortalUser,
  type PortalSessionRow,
  readPortalSessionSlice,
} from '../../store/portal-sessions.ts'
import type { Db } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import { checkOptions, creationNames, listMethods } from '../calls.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { drawPortalSecret } from './secrets.ts'

/** So many sessions end in one change. */
const maxEndedAtOnce = 1_000

/** Makes the methods on portal sessions of an open Latchkey. */
export function portalSessionMethods(engine: Engine): PortalSessions<ActorOptions> {
  return {
    ...listMethods(engine, listSessions),
    create: async (input, options) => createSession(engine, input, checkOptions(options, creationNames)),
    end: async (id, options) => endSession(engine, id, checkOptions(options)),
    endAll: async (input, options) => endSessions(engine, input, checkOptions(options)),
    forgetUser: async (organizationId, userId, options) =>
      forgetUser(engine, { organizationId, userId }, checkOptions(options)),
  }
}

async function createSession(
  engine: Engine,
  input: CreatePortalSessionInput,
  options: CommandOptions,
): Promise<PortalSession> {
  const wanted = parseInput(createPortalSessionSchema, input)
  const { kind, organizationId, user, permissions } = wanted
  const actor = actorOf(options)
  requireRoot(actor, 'make portal sessions')
  if (organizationId === rootOrganizationId)
    refuseField(
      'organizationId',
      'Must be the organization of a customer: the keys of root act on all others.',
    )
  requirePrefixes(wanted.prefixes ?? [], await engine.prefixes.read())
  const secret = drawPortalSecret(kind === 'link' ? 'lkl_' : 'lkp_', engine.random)
  const url = kind === 'link' ? linkOf(engine, secret) : null
  const mayCreate = (change: Change) => {
    requireRoot(change.actor, 'make portal sessions')
    requireGrantable(change.actor, permissions, organizationId)
    // It lets somebody do what the session itself may do, elsewhere.
    requireFreshSignIn(change.actor, change.now)
  }
  const requirements: Requirements = {
    ...{ permission: writePortal, portalOf: organizationId, signal: options.signal },
    once: { request: options.once, again: mayCreate },
  }
  const session = await engine.commit(actor, requirements, async (change) => {
    const { tx, now } = change
    mayCreate(change)
    await requireOpen(engine, change, organizationId)
    const seconds = wanted.expiresInSeconds ?? defaultSeconds[kind]
    const digest = digestToken(secret)
    const row: PortalSessionRow = {
      ...{ id: newId(engine), kind, organization_id: organizationId, user_id: user.id, user_name: null },
      permissions: JSON.stringify(permissions),
      prefixes: wanted.prefixes ? JSON.stringify(wanted.prefixes) : null,
      ...{ origin: wanted.origin ?? null, return_url: wanted.returnUrl ?? null },
      ...{ scheme: wanted.scheme, lang: wanted.lang ?? null },
      link_digest: kind === 'link' ? digest : null,
      link_expires_at: kind === 'link' ? now + portalLinkMs : null,
      digest: kind === 'embed' ? digest : null,
      created_at: now,
      ...toColumns(creatorOf(change.actor)),
      kid: change.actor.type === 'key' ? change.actor.kid : null,
      ...{ expires_at: now + seconds * 1000, ended_at: null },
    }
    const live = await listLivePortalSessions(
      tx,
      { organizationId, userId: user.id, limit: maxEndedAtOnce },
      now,
    )
    await endRows(change, organizationId, live.slice(maxPortalSessionsOfUser - 1))
    await insertPortalSession(tx, row)
    const { name } = user
    if (name != null) await namePortalUser(tx, { organization_id: organizationId, id: user.id, name })
    recordSession(change, row, 'portal_session.created', { userId: user.id, kind, permissions })
    const [made] = await findPortalSessions(tx, [row.id])
    return { ...toPortalSession(made ?? row), url, token: kind === 'embed' ? secret : null }
  })
  // What was made before has another secret.
  if (session.token !== null) engine.portalReads.know(digestToken(session.token))
  return session
}

const defaultSeconds: Record<PortalKind, number> = { link: linkSessionSeconds, embed: embedSessionSeconds }

/** Throws `public_url_missing`: no address ever comes from a request. */
function linkOf({ publicUrl }: Engine, secret: string): string {
  if (publicUrl === undefined)
    throw new LatchkeyError(
      'public_url_missing',
      'The links of the customers’ page need the public address of the server. Set LATCHKEY_PUBLIC_URL, or --public-url, to it.',
    )
  // In the fragment, which no browser sends: no proxy and no log has it.
  return `${publicUrl}/portal#${secret}`
}

function requirePrefixes(wanted: readonly string[], allowed: readonly string[]): void {
  const i = wanted.findIndex((prefix) => !allowed.includes(prefix))
  if (i >= 0) refuseField(`prefixes[${i}]`, `Must be one of ${allowed.join(', ')}.`)
}

/** Throws `organization_not_found`, `organization_suspended`. Until the change is made, nobody suspends the organization. */
async function requireOpen(engine: Engine, { tx }: Change, organizationId: string): Promise<void> {
  const organization = await holdOrganization(tx, engine.store.dialect, organizationId)
  if (organization.suspended_at === null) return
  throw new LatchkeyError(
    'organization_suspended',
    'The organization is suspended, so that its users see no keys. Resume it first.',
  )
}

async function listSessions(
  engine: Engine,
  input: ListPortalSessionsInput = {},
  options: CommandOptions,
): Promise<Page<PortalSession>> {
  const { organizationId, userId, limit, after } = parseInput(listPortalSessionsSchema, input)
  const actor = actorOf(options)
  requireRoot(actor, 'list portal sessions')
  const turn = turnOf(actor, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  return readPage(
    engine,
    {
      ...{ name: 'portal-sessions', type: 'string', limit, after, turn },
      read: (db, position, bounds) =>
        readPortalSessionSlice(db, { scope: organizationId, userId, after: position }, bounds),
    },
    toPortalSession,
  )
}

async function endSession(engine: Engine, id: string, options: CommandOptions): Promise<void> {
  const actor = actorOf(options)
  requireRoot(actor, 'end portal sessions')
  const row = await engine.store.read((db) => getSession(db, id), turnOf(actor, options))
  await changeSessions(engine, row.organization_id, options, async (change) => {
    const found = await getSession(change.tx, id)
    if (isLive(found, change.now)) await endRows(change, found.organization_id, [found])
  })
}

async function endSessions(
  engine: Engine,
  input: EndPortalSessionsInput,
  options: CommandOptions,
): Promise<void> {
  const { organizationId, userId } = parseInput(endPortalSessionsSchema, input)
  requireMeant(input)
  // An organization may have many: each thousand is a change of its own, which lets others in between.
  let ended = maxEndedAtOnce
  while (ended === maxEndedAtOnce)
    ended = await changeSessions(engine, organizationId, options, (change) =>
      endLive(change, organizationId, userId),
    )
}

/** Throws `invalid_input` for a user who is named by nothing: a program whose variable is empty would end everybody's sessions. */
function requireMeant(input: EndPortalSessionsInput): void {
  if ('userId' in input && input.userId === undefined)
    refuseField('userId', 'Is undefined. Leave it out to end the sessions of the whole organization.')
}

async function forgetUser(
  engine: Engine,
  input: { organizationId: string; userId: string },
  options: CommandOptions,
): Promise<void> {
  const actor = actorOf(options)
  requireRoot(actor, 'forget portal users')
  // Of an organization that is not there no user is, whatever it is called.
  requireOwnOrganization(input.organizationId, actor)
  await engine.store.read((db) => getOrganizationRow(db, input.organizationId), turnOf(actor, options))
  const { organizationId, userId } = parseInput(portalUserIdSchema, input)
  await changeSessions(engine, organizationId, options, async (change) => {
    await endLive(change, organizationId, userId)
    if (!(await forgetPortalUser(change.tx, organizationId, userId))) return
    change.record({ action: 'portal_user.forgotten', organizationId, changes: { userId } })
  })
}

/** Changes sessions of an organization while none of them changes anything. */
async function changeSessions<T>(
  engine: Engine,
  organizationId: string,
  options: CommandOptions,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const actor = actorOf(options)
  requireRoot(actor, 'end portal sessions')
  const requirements = { permission: writePortal, portalOf: organizationId, signal: options.signal } as const
  return engine.commit(actor, requirements, async (change) => {
    requireRoot(change.actor, 'end portal sessions')
    await getOrganizationRow(change.tx, organizationId)
    return work(change)
  })
}

/** Ends sessions of an organization, or of one of its users, at most {@link maxEndedAtOnce}; tells how many. */
async function endLive(change: Change, organizationId: string, userId: string | undefined): Promise<number> {
  const which = { organizationId, userId, limit: maxEndedAtOnce }
  const live = await listLivePortalSessions(change.tx, which, change.now)
  await endRows(change, organizationId, live)
  return live.length
}

async function endRows(
  change: Change,
  organizationId: string,
  rows: readonly PortalSessionRow[],
): Promise<void> {
  await endPortalSessions(
    change.tx,
    organizationId,
    change.now,
    rows.map(({ id }) => id),
  )
  for (const row of rows) recordSession(change, row, 'portal_session.ended', { userId: row.user_id })
}

function isLive({ ended_at, expires_at }: PortalSessionRow, now: number): boolean {
  return ended_at === null && expires_at > now
}

async function getSession(db: Db, id: string): Promise<PortalSessionRow> {
  const [row] = isId(id) ? await findPortalSessions(db, [id]) : []
  if (row === undefined) throw new LatchkeyError('portal_session_not_found', 'No portal session has this id.')
  return row
}

/** Records what becomes of a session: ids, never a name. */
export function recordSession(
  { record }: Pick<Change, 'record'>,
  row: Pick<PortalSessionRow, 'id' | 'organization_id'>,
  action: 'portal_session.created' | 'portal_session.opened' | 'portal_session.ended',
  changes: Record<string, unknown>,
  by?: Parameters<Change['record']>[1],
): void {
  record(
    { action, organizationId: row.organization_id, changes: { portalSessionId: row.id, ...changes } },
    by,
  )
}

/** A session as it is told, without its secrets. */
function toPortalSession(row: PortalSessionRow): PortalSession {
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  return {
    id: row.id,
    kind: row.kind as PortalKind,
    organizationId: row.organization_id,
    user: { id: row.user_id, name: row.user_name },
    permissions: JSON.parse(row.permissions),
    prefixes: row.prefixes === null ? null : JSON.parse(row.prefixes),
    origin: row.origin,
    returnUrl: row.return_url,
    scheme: row.scheme as PortalSession['scheme'],
    lang: row.lang,
    url: null,
    urlExpiresAt: instant(row.link_expires_at),
    token: null,
    expiresAt: new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    endedAt: instant(row.ended_at),
  }
}
