// What the commands on invitations share: how one is made, who may make it, and what is told of it.
import type { Change } from '../../commit/commit.ts'
import { type Actor, creatorOf } from '../../core/actor.ts'
import { invitationMs, maxPendingInvitations } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { newId } from '../../core/ids.ts'
import type { Role } from '../../core/roles.ts'
import type { Scope } from '../../core/scope.ts'
import type { AuditAction } from '../../core/shapes/audit.ts'
import type { Invitation } from '../../core/shapes/invitations.ts'
import { hasPassed } from '../../core/status.ts'
import { creatorTypeOf, toColumns } from '../../store/creators.ts'
import {
  changeInvitation,
  findInvitation,
  type InvitationRow,
  insertInvitation,
  listPendingInvitations,
} from '../../store/invitations.ts'
import type { Db } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'

const secretPrefix = 'lki_'
const secretBytes = 32

/** Tells whether a text has the form of an invitation's secret; any other opens nothing, without asking a database. */
export function isInvitationSecret(text: string): boolean {
  return /^lki_[A-Za-z0-9_-]{43}$/.test(text)
}

/** Whom an invitation is for. */
export type Invited = Pick<
  InvitationRow,
  'organization_id' | 'email' | 'email_folded' | 'name' | 'role' | 'member_id'
>

/** Makes an invitation, whose secret only its answer has. The one before it for the same address ends. */
export async function makeInvitation(engine: Engine, change: Change, invited: Invited): Promise<Invitation> {
  const { secret, url } = drawSecret(engine)
  await makeRoom(change, invited)
  const row: InvitationRow = {
    ...invited,
    id: newId(engine),
    digest: digestToken(secret),
    sent: 0,
    created_at: change.now,
    ...toColumns(creatorOf(change.actor)),
    expires_at: change.now + invitationMs,
    accepted_at: null,
    revoked_at: null,
  }
  await insertInvitation(change.tx, row)
  recordInvitation(change, row, 'invitation.created', { role: row.role })
  return { ...toInvitation(row, change.now), url }
}

/** Gives an invitation another secret, by which alone it can be used from now on. Who renews it stands for it. */
export async function renewInvitationRow(
  engine: Engine,
  change: Change,
  row: InvitationRow,
): Promise<Invitation> {
  const { secret, url } = drawSecret(engine)
  await makeRoom(change, row)
  const renewed = await changeInvitation(change.tx, row, {
    digest: digestToken(secret),
    sent: 0,
    expires_at: change.now + invitationMs,
    revoked_at: null,
    ...toColumns(creatorOf(change.actor)),
  })
  recordInvitation(change, row, 'invitation.renewed', { role: row.role })
  return { ...toInvitation(renewed, change.now), url }
}

/** Throws `public_url_missing`: no address ever comes from a request. */
function drawSecret({ publicUrl, random }: Engine): { secret: string; url: string } {
  if (publicUrl === undefined)
    throw new LatchkeyError(
      'public_url_missing',
      'Invitations need the public address of the server. Set LATCHKEY_PUBLIC_URL, or --public-url, to it.',
    )
  const bytes = random(new Uint8Array(secretBytes))
  const secret = secretPrefix + Buffer.from(bytes).toString('base64url')
  // In the fragment, which no browser sends: no proxy and no log has it.
  return { secret, url: `${publicUrl}/invitation#${secret}` }
}

/** Ends the pending invitation for the same address. Throws `too_many_invitations`. */
async function makeRoom(change: Change, { organization_id, email_folded }: Invited): Promise<void> {
  const pending = await listPendingInvitations(change.tx, organization_id, change.now)
  const same = pending.filter((row) => row.email_folded === email_folded)
  if (pending.length - same.length >= maxPendingInvitations)
    throw new LatchkeyError(
      'too_many_invitations',
      `The organization has ${maxPendingInvitations} pending invitations. Revoke some, or wait until they expire.`,
    )
  for (const row of same) await endInvitation(change, row)
}

/** Ends an invitation that is pending. */
export async function endInvitation(change: Change, row: InvitationRow): Promise<void> {
  await changeInvitation(change.tx, row, { revoked_at: change.now })
  recordInvitation(change, row, 'invitation.revoked')
}

/** Records what becomes of an invitation: ids and roles, never a name or an address. */
export function recordInvitation(
  { record }: Pick<Change, 'record'>,
  row: Pick<InvitationRow, 'id' | 'organization_id'>,
  action: AuditAction,
  changes: Record<string, unknown> = {},
  by?: Actor,
): void {
  record({ action, organizationId: row.organization_id, changes: { invitationId: row.id, ...changes } }, by)
}

/** Reads an invitation of a scope. Throws `invitation_not_found`. */
export async function getInvitationRow(db: Db, id: string, scope: Scope): Promise<InvitationRow> {
  const invitation = isId(id) ? await findInvitation(db, id, scope) : undefined
  if (invitation === undefined) throw new LatchkeyError('invitation_not_found', 'No invitation has this id.')
  return invitation
}

/** Whether an invitation can be used at an instant, and why not. */
export function invitationStatusOf(row: InvitationRow, now: number): Invitation['status'] {
  if (row.accepted_at !== null) return 'accepted'
  if (row.revoked_at !== null) return 'revoked'
  return hasPassed(row.expires_at, now) ? 'expired' : 'pending'
}

// One sentence for all of them: nobody learns which secret once opened something.
export function invitationEnded(): LatchkeyError {
  return new LatchkeyError(
    'invitation_ended',
    'The invitation is unknown, was used, was revoked or has expired. Ask an owner to invite you again.',
  )
}

/** An invitation as it is told, without its secret. */
export function toInvitation(row: InvitationRow, now: number): Invitation {
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  return {
    id: row.id,
    organizationId: row.organization_id,
    email: row.email,
    name: row.name,
    role: row.role as Role,
    status: invitationStatusOf(row, now),
    sent: row.sent === 1,
    url: null,
    expiresAt: new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    acceptedAt: instant(row.accepted_at),
    revokedAt: instant(row.revoked_at),
    memberId: row.member_id,
  }
}
