// A member that has lost what it signed in by: it is invited anew, and what it had opens nothing any more.
import { refuseField } from '../../core/errors.ts'
import type { Invitation } from '../../core/shapes/invitations.ts'
import { deleteLooseIdentities, unlinkIdentities } from '../../store/identities.ts'
import { deleteLooseSessions } from '../../store/member-sessions.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { changeMemberOf, recordMember, refuseRemoved, requireOtherOwner } from '../members/rules.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { makeInvitation } from './rules.ts'

/**
 * Takes the identities from a member, ends its sessions, and invites it. Throws `member_not_found`, `member_removed`,
 * `permission_escalation`, `last_owner`, `too_many_invitations`, `fresh_sign_in_required`, `public_url_missing`.
 */
export async function resetMember(engine: Engine, id: string, options: CommandOptions): Promise<Invitation> {
  return changeMemberOf(engine, id, options, async (change, member) => {
    refuseRemoved(member)
    const { email, email_folded } = member
    if (email === null || email_folded === null) refuseField('id', 'The member has no address to invite.')
    requireFreshSignIn(change.actor, change.now)
    await requireOtherOwner(change, member)
    const identityIds = await unlinkIdentities(change.tx, member)
    await deleteLooseSessions(change.tx, identityIds)
    await deleteLooseIdentities(change.tx, identityIds)
    recordMember(change, member, 'member.reset')
    const { organization_id, name, role } = member
    return makeInvitation(engine, change, {
      ...{ organization_id, email, email_folded, name, role },
      member_id: member.id,
    })
  })
}
