// A member that has lost what it signed in by: it is invited anew, and what it had opens nothing any more.
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type Invitation, type ResetMemberInput, resetMemberSchema } from '../../core/shapes/invitations.ts'
import { deleteLooseIdentities, unlinkIdentities } from '../../store/identities.ts'
import { deleteLooseSessions } from '../../store/member-sessions.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { changeMemberOf, recordMember, refuseRemoved, requireOtherOwner } from '../members/rules.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { foldEmail } from './accept.ts'
import { makeInvitation } from './rules.ts'
import { type Posting, requireMailer, sendInvitation, writeInvitation, writeNotice } from './send.ts'

/**
 * Takes the identities from a member, ends its sessions, and invites it. Its address is told by mail, if mail is set up. Throws
 * `invalid_input`, `member_not_found`, `member_removed`, `permission_escalation`, `last_owner`, `too_many_invitations`,
 * `fresh_sign_in_required`, `public_url_missing`, `mail_missing`, `too_many_mails`.
 */
export async function resetMember(
  engine: Engine,
  id: string,
  input: ResetMemberInput | undefined,
  options: CommandOptions,
): Promise<Invitation> {
  const { send } = parseInput(resetMemberSchema, input ?? {})
  const mailer = send ? requireMailer(engine) : engine.mailer
  let posting: Posting | undefined
  const reset = await changeMemberOf(engine, id, options, async (change, member) => {
    refuseRemoved(member)
    const { email, email_folded } = member
    if (email === null || email_folded === null) refuseField('id', 'The member has no address to invite.')
    requireFreshSignIn(change.actor, change.now)
    await requireOtherOwner(change, member)
    if (send) mailer?.limit.require(member.organization_id, email_folded)
    const identityIds = await unlinkIdentities(change.tx, member)
    await deleteLooseSessions(change.tx, identityIds)
    await deleteLooseIdentities(change.tx, identityIds)
    recordMember(change, member, 'member.reset')
    const { organization_id, name, role } = member
    const invitation = await makeInvitation(engine, change, {
      ...{ organization_id, email, email_folded, name, role },
      member_id: member.id,
    })
    posting = await (send ? writeInvitation : writeNotice)(change, invitation)
    return invitation
  })
  if (mailer === undefined || posting === undefined) return reset
  if (send) return sendInvitation(engine, mailer, posting)
  const { organizationId, email } = reset
  const isTold =
    mailer.limit.allowsNotice(organizationId, foldEmail(email)) &&
    (await mailer.send(organizationId, posting.letter))
  if (!isTold) mailer.tellUntold(id)
  return reset
}
