// Sends invitations by mail, after the transaction that makes them: no lock is held while a mail server thinks. Of an invitation
// that was sent nobody but its receiver ever has the link. If it was not sent, it stands all the same, and who made it hands it over.
import type { Change } from '../../commit/commit.ts'
import { holdsDatabase, system } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { Invitation } from '../../core/shapes/invitations.ts'
import { changeInvitation, findInvitationBySecret, type InvitationRow } from '../../store/invitations.ts'
import { findMember } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { type InvitationLetter, invitationLetter, type Letter, resetLetter } from '../mail/letters.ts'
import type { Mailer } from '../mail/mailer.ts'
import { recordInvitation } from './rules.ts'

/** An invitation with its link, and the letter that has it. */
export interface Posting {
  invitation: Invitation
  letter: Letter
}

/** Throws `mail_missing`: what nobody can send is not made. */
export function requireMailer({ mailer }: Pick<Engine, 'mailer'>): Mailer {
  if (mailer !== undefined) return mailer
  throw new LatchkeyError(
    'mail_missing',
    'Nobody has told Latchkey how to send mail. Set LATCHKEY_SMTP_URL, or invite without sending.',
  )
}

/** Writes the letter of an invitation that its maker has just made, with its link. */
export async function writeInvitation(change: Change, invitation: Invitation): Promise<Posting> {
  const told = await readLetter(change, invitation)
  const url = linkOf(invitation)
  const letter =
    invitation.memberId === null ? invitationLetter({ ...told, url }) : resetLetter({ ...told, url })
  return { invitation, letter }
}

/** Writes to the address of a member that it was reset, without the link: who made it hands it over. */
export async function writeNotice(change: Change, invitation: Invitation): Promise<Posting> {
  return { invitation, letter: resetLetter({ ...(await readLetter(change, invitation)), url: undefined }) }
}

/**
 * Sends an invitation, and tells what came of it: `sent` without a link, or the link. Throws `store_unavailable`.
 */
export async function sendInvitation(
  engine: Engine,
  mailer: Mailer,
  { invitation, letter }: Posting,
): Promise<Invitation> {
  const { organizationId } = invitation
  if (!(await mailer.send(organizationId, letter))) return invitation
  const digest = digestToken(new URL(linkOf(invitation)).hash.slice(1))
  await engine.commit(system, { permission: 'any key', membersOf: organizationId }, async (change) => {
    const row = await findInvitationBySecret(change.tx, digest)
    // Renewed meanwhile, the letter has a link that opens nothing.
    if (row !== undefined) await markSent(change, row)
  })
  return { ...invitation, sent: true, url: null }
}

async function markSent(change: Change, row: InvitationRow): Promise<void> {
  await changeInvitation(change.tx, row, { sent: 1 })
  recordInvitation(change, row, 'invitation.sent')
}

function linkOf({ url }: Invitation): string {
  if (url === null) throw new LatchkeyError('internal', 'An invitation without its link cannot be sent.')
  return url
}

async function readLetter(
  { tx, actor }: Change,
  { organizationId, email, name, role, expiresAt }: Invitation,
): Promise<Omit<InvitationLetter, 'url'>> {
  const { name: organizationName } = await getOrganizationRow(tx, organizationId)
  // Who of the operator's people has done it is not told to others.
  const isColleague =
    !holdsDatabase(actor) && actor.type === 'member' && actor.organizationId === organizationId
  const member = isColleague ? await findMember(tx, actor.memberId, organizationId) : undefined
  return { to: email, name, role, expiresAt, organizationName, inviter: member?.email ?? undefined }
}
