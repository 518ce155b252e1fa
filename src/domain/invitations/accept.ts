// A person accepts an invitation: by its secret, and by who it is, as a provider has proved. Nobody becomes anything by being first.
import type { Change } from '../../commit/commit.ts'
import { permissionsBy } from '../../commit/live-callers.ts'
import { permissionsOfRole, requireCoverOfRole, requirePermission } from '../../core/access.ts'
import { type Caller, type MemberCaller, operator } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import type { Role } from '../../core/roles.ts'
import { type Acceptance, type ProvedPerson, personSchema } from '../../core/shapes/invitations.ts'
import { turnOfJoining } from '../../fairness/caller-turn.ts'
import { findCallers } from '../../store/callers.ts'
import { ensureIdentity, findIdentity, linkIdentity, standsAt } from '../../store/identities.ts'
import { changeInvitation, findInvitationBySecret, type InvitationRow } from '../../store/invitations.ts'
import { findKey } from '../../store/keys.ts'
import { findMember, findMemberByEmail, insertMember, type MemberRow } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { listUnendedSecrets } from '../../store/secrets.ts'
import { allDone } from '../../store/statements.ts'
import type { Tx } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { writeMembers } from '../members/rules.ts'
import { invitationEnded, invitationStatusOf, isInvitationSecret, recordInvitation } from './rules.ts'

/** A passkey proves no address: the link is the proof. */
const passkey = 'passkey'

/** An address as two are compared. No letter but those of ASCII has a case here: others only look like them. */
export function foldEmail(email: string): string {
  return email.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/**
 * Makes a person the member that an invitation is for, once; what `prove` writes of who it is goes with that. Throws `invalid_input`,
 * `invitation_ended` for every secret that is of no use, `email_not_proven`, `member_exists`, `store_unavailable`, and what `prove`
 * throws.
 */
export async function acceptInvitation(
  engine: Engine,
  secret: string,
  given: ProvedPerson,
  prove?: (change: Change, accepted: Acceptance) => Promise<void>,
): Promise<Acceptance> {
  const person = parseInput(personSchema, given)
  if (typeof secret !== 'string' || !isInvitationSecret(secret)) throw invitationEnded()
  const digest = digestToken(secret)
  const [found, known] = await engine.store.read((db) =>
    allDone([findInvitationBySecret(db, digest), findIdentity(db, person)]),
  )
  if (found === undefined) throw invitationEnded()
  const { organization_id: organizationId } = found
  const turn = turnOfJoining(organizationId)
  // A person who acts elsewhere already is locked too: what `prove` may open is of all of its organizations.
  const locked = { membersOf: organizationId, identityId: known?.id }
  const requirements = { permission: 'any key', ...locked, turn } as const
  return engine.commit(operator, requirements, async (change) => {
    const { tx, now } = change
    // It may have been used, or got another secret, meanwhile.
    const row = await findInvitationBySecret(tx, digest)
    if (row === undefined || invitationStatusOf(row, now) !== 'pending') throw invitationEnded()
    const reset = await findReset(tx, row)
    // Whom it resets may have another role by now.
    await requireInviter(tx, row, [row.role, reset?.role ?? row.role] as Role[], now)
    requireProof(row, person)
    const { sign_in } = await getOrganizationRow(tx, row.organization_id)
    const standing = { provider: person.provider, organization_id: row.organization_id, sign_in }
    if (!engine.mayAct(standing)) throw notServed()
    const identity = await ensureIdentity(tx, {
      id: newId(engine),
      ...{ provider: person.provider, issuer: person.issuer, subject: person.subject, label: person.label },
      ...{ created_at: now, last_used_at: null },
    })
    if (await standsAt(tx, identity.id, row.organization_id)) throw memberExists()
    const member = reset ?? (await joinMember(engine, change, row, person))
    await linkIdentity(tx, member, identity.id, now)
    await changeInvitation(tx, row, { accepted_at: now, member_id: member.id })
    const by = { ...actorOf(member, []), identityId: identity.id, sessionId: '' }
    recordInvitation(change, row, 'invitation.accepted', { memberId: member.id, role: member.role }, by)
    const accepted = { organizationId: row.organization_id, memberId: member.id, identityId: identity.id }
    await prove?.(change, accepted)
    return accepted
  })
}

/** The member that an invitation resets; undefined for one that makes a member. Throws `invitation_ended`. */
async function findReset(tx: Tx, row: InvitationRow): Promise<MemberRow | undefined> {
  if (row.member_id === null) return undefined
  const member = await findMember(tx, row.member_id, row.organization_id)
  if (member === undefined || member.removed_at !== null) throw invitationEnded()
  return member
}

async function joinMember(
  engine: Engine,
  { tx, now }: Change,
  row: InvitationRow,
  { provider }: Pick<ProvedPerson, 'provider'>,
): Promise<MemberRow> {
  if (await findMemberByEmail(tx, row.organization_id, row.email_folded)) throw memberExists()
  const member: MemberRow = {
    id: newId(engine),
    ...{ organization_id: row.organization_id, email: row.email, email_folded: row.email_folded },
    email_verified: provider === passkey ? row.sent : 1,
    ...{ name: row.name, role: row.role, role_source: 'manual', rule_provider: null },
    created_at: now,
    ...{ created_by: row.created_by, created_by_type: row.created_by_type, last_seen_at: null },
    ...{ suspended_at: null, suspended_reason: null, removed_at: null, revision: now },
  }
  await insertMember(tx, member)
  return member
}

/** Throws `email_not_proven` unless the person has proved that the invited address is its own. */
function requireProof(row: InvitationRow, { provider, email, emailVerified }: ProvedPerson): void {
  if (provider === passkey) return
  if (emailVerified && email !== null && foldEmail(email) === row.email_folded) return
  throw new LatchkeyError(
    'email_not_proven',
    'The invitation is for another address, or your provider does not prove that the address is yours.',
  )
}

/**
 * Throws `invitation_ended` if who has made the invitation may not give these roles any more: else somebody who leaves could have left a
 * door open.
 */
async function requireInviter(
  tx: Tx,
  row: InvitationRow,
  roles: readonly Role[],
  now: number,
): Promise<void> {
  if (row.created_by === null) return
  const { grantable_permissions } = await getOrganizationRow(tx, row.organization_id)
  const inviter = await findInviter(tx, row, now)
  try {
    if (inviter === undefined) throw invitationEnded()
    requirePermission(inviter, writeMembers, row.organization_id)
    const organization = { id: row.organization_id, grantable: JSON.parse(grantable_permissions) }
    for (const role of roles) requireCoverOfRole(inviter, organization, role)
  } catch (error) {
    if (error instanceof LatchkeyError) throw invitationEnded()
    throw error
  }
}

async function findInviter(
  tx: Tx,
  { created_by: id, created_by_type: type }: InvitationRow,
  now: number,
): Promise<Caller | undefined> {
  if (id === null) return undefined
  if (type === 'member') {
    const member = await findMember(tx, id, undefined)
    if (member === undefined || member.removed_at !== null || member.suspended_at !== null) return undefined
    const { grantable_permissions } = await getOrganizationRow(tx, member.organization_id)
    return { ...actorOf(member, JSON.parse(grantable_permissions)), identityId: '', sessionId: '' }
  }
  const key = await findKey(tx, id, undefined)
  if (key === undefined) return undefined
  const kids = (await listUnendedSecrets(tx, key)).map(({ kid }) => kid)
  const rows = kids.length === 0 ? [] : await findCallers(tx, kids)
  for (const row of rows) {
    const permissions = permissionsBy(row, now)
    if (permissions !== undefined)
      return { type: 'key', keyId: id, organizationId: row.organization_id, kid: row.kid, permissions }
  }
  return undefined
}

function actorOf(
  { id, organization_id: organizationId, role }: MemberRow,
  grantable: readonly string[],
): Omit<MemberCaller, 'identityId' | 'sessionId'> {
  const permissions = permissionsOfRole(organizationId, role as Role)
  return { type: 'member', memberId: id, organizationId, role: role as Role, permissions, grantable }
}

function notServed(): LatchkeyError {
  return new LatchkeyError('not_invited', 'Members of the organization do not sign in in this way.')
}

function memberExists(): LatchkeyError {
  return new LatchkeyError('member_exists', 'You are a member of the organization already.')
}
