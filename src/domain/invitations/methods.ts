// Invitations to become a member: a link that is used once, within 72 hours. `accept.ts` says by whom.
import type { Change, Requirements } from '../../commit/commit.ts'
import { narrowScope, rootOrganizationId, scopeOf } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { Role } from '../../core/roles.ts'
import {
  type CreateInvitationInput,
  createInvitationSchema,
  type Invitation,
  type LibraryInvitations,
  type ListInvitationsInput,
  listInvitationsSchema,
} from '../../core/shapes/invitations.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { type InvitationRow, readInvitationSlice } from '../../store/invitations.ts'
import { findMemberByEmail } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import type { Tx } from '../../store/tables.ts'
import { checkOptions, creationNames, listMethods } from '../calls.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { addRootOrganization } from '../keys/root-key.ts'
import { readPage } from '../listing.ts'
import { getMemberRow, requireCover, requireMayManage, writeMembers } from '../members/rules.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { acceptInvitation, foldEmail } from './accept.ts'
import {
  endInvitation,
  getInvitationRow,
  invitationEnded,
  invitationStatusOf,
  makeInvitation,
  renewInvitationRow,
  toInvitation,
} from './rules.ts'
import { type Posting, requireMailer, sendInvitation, writeInvitation } from './send.ts'

/** Makes the methods on invitations of an open Latchkey. */
export function invitationMethods(engine: Engine): LibraryInvitations<ActorOptions> {
  return {
    ...listMethods(engine, listInvitations),
    create: async (input, options) => createInvitation(engine, input, checkOptions(options, creationNames)),
    get: async (id, options) => getInvitation(engine, id, checkOptions(options)),
    renew: async (id, options) => renewInvitation(engine, id, checkOptions(options)),
    revoke: async (id, options) => revokeInvitation(engine, id, checkOptions(options)),
    accept: async (secret, person) => acceptInvitation(engine, secret, person),
  }
}

async function createInvitation(
  engine: Engine,
  input: CreateInvitationInput,
  options: CommandOptions,
): Promise<Invitation> {
  const parsed = parseInput(createInvitationSchema, input)
  const { organizationId: named, email, role, name = null } = parsed
  const mailer = parsed.send ? requireMailer(engine) : undefined
  const actor = actorOf(options)
  const organizationId = named ?? (holdsDatabase(actor) ? undefined : actor.organizationId)
  if (organizationId === undefined) refuseField('organizationId', 'Name the organization that invites.')
  narrowScope(actor, organizationId)
  requireMayManage(actor, organizationId)
  let posting: Posting | undefined
  const mayInvite = async (change: Change, as: Role) => {
    requireMayManage(change.actor, organizationId)
    await requireCover(change, organizationId, as)
    requireFreshSignIn(change.actor, change.now)
  }
  const again = async (change: Change, id: string) => {
    const { role: given } = await getInvitationRow(change.tx, id, scopeOf(change.actor))
    await mayInvite(change, given as Role)
  }
  const once = { request: options.once, again }
  const requirements: Requirements = {
    ...{ permission: writeMembers, membersOf: organizationId },
    ...{ once, signal: options.signal },
  }
  const made = await engine.commit(actor, requirements, async (change) => {
    // Who holds the database may begin with an owner in place of a root key.
    if (organizationId === rootOrganizationId && holdsDatabase(change.actor))
      await addRootOrganization(change)
    await getOrganizationRow(change.tx, organizationId)
    await mayInvite(change, role)
    const invited = {
      ...{ organization_id: organizationId, email, email_folded: foldEmail(email) },
      ...{ name, role, member_id: null },
    }
    await requireNoMember(change.tx, invited)
    const invitation = await makeInvitation(engine, change, invited)
    if (mailer === undefined) return invitation
    // Last: what is refused takes none of the letters that others may send.
    mailer.limit.require(organizationId, invited.email_folded)
    posting = await writeInvitation(change, invitation)
    // What is kept for who asks again has no link: it may be on its way to its receiver.
    return { ...invitation, url: null }
  })
  if (mailer === undefined) return made
  if (posting !== undefined) return sendInvitation(engine, mailer, posting)
  const { sent } = await getInvitation(engine, made.id, { actor })
  return { ...made, sent }
}

/** Throws `member_exists` for the address of a member. */
async function requireNoMember(
  tx: Tx,
  { organization_id, email_folded }: Pick<InvitationRow, 'organization_id' | 'email_folded'>,
): Promise<void> {
  if (await findMemberByEmail(tx, organization_id, email_folded))
    throw new LatchkeyError('member_exists', 'A member of the organization has this address.')
}

async function getInvitation(engine: Engine, id: string, options: CommandOptions): Promise<Invitation> {
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => toInvitation(await getInvitationRow(db, id, scopeOf(actor)), engine.now()),
    turnOf(actor, options),
  )
}

async function listInvitations(
  engine: Engine,
  input: ListInvitationsInput = {},
  options: CommandOptions,
): Promise<Page<Invitation>> {
  const { organizationId, status, limit, after } = parseInput(listInvitationsSchema, input)
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  const turn = turnOf(actor, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  const now = engine.now()
  return readPage(
    engine,
    {
      name: 'invitations',
      type: 'number',
      limit,
      after,
      turn,
      read: (db, position, bounds) =>
        readInvitationSlice(db, { scope, status, now, after: position }, bounds),
    },
    (row) => toInvitation(row, now),
  )
}

async function renewInvitation(engine: Engine, id: string, options: CommandOptions): Promise<Invitation> {
  const { mailer } = engine
  let posting: Posting | undefined
  const renewed = await changeInvitationOf(engine, id, options, async (change, row) => {
    const status = invitationStatusOf(row, change.now)
    if (status === 'accepted' || status === 'revoked') throw invitationEnded()
    requireFreshSignIn(change.actor, change.now)
    if (row.member_id === null) await requireNoMember(change.tx, row)
    // What was sent goes by mail again.
    if (row.sent === 1) mailer?.limit.require(row.organization_id, row.email_folded)
    const invitation = await renewInvitationRow(engine, change, row)
    if (row.sent === 1) posting = await writeInvitation(change, invitation)
    return invitation
  })
  return mailer === undefined || posting === undefined ? renewed : sendInvitation(engine, mailer, posting)
}

async function revokeInvitation(engine: Engine, id: string, options: CommandOptions): Promise<void> {
  await changeInvitationOf(engine, id, options, async (change, row) => {
    const status = invitationStatusOf(row, change.now)
    if (status === 'accepted') throw invitationEnded()
    if (status !== 'revoked') await endInvitation(change, row)
  })
}

/** Changes an invitation to a role that the actor covers, while nobody uses it. */
async function changeInvitationOf<T>(
  engine: Engine,
  id: string,
  options: CommandOptions,
  work: (change: Change, row: InvitationRow) => Promise<T>,
): Promise<T> {
  const actor = actorOf(options)
  const turn = turnOf(actor, options)
  const { organization_id } = await engine.store.read((db) => getInvitationRow(db, id, scopeOf(actor)), turn)
  requireMayManage(actor, organization_id)
  const requirements = {
    permission: writeMembers,
    membersOf: organization_id,
    signal: options.signal,
  } as const
  return engine.commit(actor, requirements, async (change) => {
    requireMayManage(change.actor, organization_id)
    const row = await getInvitationRow(change.tx, id, scopeOf(change.actor))
    await requireCover(change, organization_id, row.role as Role)
    if (row.member_id !== null) {
      // Whom it resets may have another role by now.
      const { role } = await getMemberRow(change.tx, row.member_id, organization_id)
      await requireCover(change, organization_id, role as Role)
    }
    return work(change, row)
  })
}
