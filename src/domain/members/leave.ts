// Members who leave: what they leave behind, and what is erased of them.
import type { Change } from '../../commit/commit.ts'
import { requirePermission, scopeOf } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import { maxSeenKeys } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import {
  type Departure,
  type Member,
  type RemoveMemberInput,
  removeMemberSchema,
} from '../../core/shapes/members.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { deleteLooseIdentities, listIdentities, unlinkIdentities } from '../../store/identities.ts'
import { deleteInvitationsOf, listPendingInvitations } from '../../store/invitations.ts'
import { deleteLooseSessions } from '../../store/member-sessions.ts'
import { changeMember, type MemberRow } from '../../store/members.ts'
import { countSeenKeys, listSeenManagementKeys } from '../../store/seen-tokens.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { endInvitation } from '../invitations/rules.ts'
import { endKey } from '../keys/revoke.ts'
import { requireKey, writeKeys } from '../keys/rules.ts'
import { requireRevision } from '../revisions.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import {
  changeMemberOf,
  getMemberRow,
  recordMember,
  requireCover,
  requireOtherOwner,
  toMember,
} from './rules.ts'

/** Counts the keys of which a member has seen a token that is still valid, and those of them that manage others. */
export async function countLeft(
  { tx, now }: Pick<Change, 'tx' | 'now'>,
  member: MemberRow,
): Promise<Pick<Departure, 'tokensSeen' | 'managementKeys'>> {
  const tokensSeen = await countSeenKeys(tx, member, now, maxSeenKeys)
  const managementKeys = (await listSeenManagementKeys(tx, member, now, maxSeenKeys)).length
  return { tokensSeen, managementKeys }
}

/** Ends the sessions of a member's identities that may act for nobody any more; tells how many. */
export async function endSessionsOf({ tx }: Change, member: MemberRow): Promise<number> {
  const identities = await listIdentities(tx, member)
  return deleteLooseSessions(
    tx,
    identities.map(({ id }) => id),
  )
}

/**
 * Removes a member for good; again, it changes nothing. Throws `invalid_input`, `member_not_found`, `permission_escalation`,
 * `last_owner`, `management_keys_left`, `precondition_failed`, `fresh_sign_in_required`.
 */
export async function removeMember(
  engine: Engine,
  id: string,
  options: CommandOptions & RemoveMemberInput,
): Promise<Departure> {
  const { managementKeys } = parseInput(removeMemberSchema, { managementKeys: options.managementKeys })
  const keyIds = managementKeys === 'revoke' ? await findManagementKeys(engine, id, options) : []
  const remove = async (change: Change, member: MemberRow): Promise<Departure> => {
    const left = await countLeft(change, member)
    if (member.removed_at !== null) return { success: true, sessionsEnded: 0, ...left }
    requireRevision(member, options)
    requireFreshSignIn(change.actor, change.now)
    await requireOtherOwner(change, member)
    if (left.managementKeys > 0 && managementKeys === undefined)
      throw new LatchkeyError(
        'management_keys_left',
        `The member has seen the tokens of ${left.managementKeys} keys with latchkey: permissions. Say whether to keep or to revoke them.`,
      )
    if (managementKeys === 'revoke') await revokeKeys(change, member, keyIds)
    const removal = { removed_at: change.now, suspended_at: null, suspended_reason: null }
    await changeMember(change.tx, member, removal, change.now)
    // By a link of before it would come back.
    const { id: memberId, organization_id, email_folded } = member
    for (const row of await listPendingInvitations(change.tx, organization_id, change.now))
      if (row.member_id === memberId || row.email_folded === email_folded) await endInvitation(change, row)
    recordMember(change, member, 'member.removed', {
      ...(left.managementKeys > 0 && { managementKeys }),
    })
    return { success: true, sessionsEnded: await endSessionsOf(change, member), ...left }
  }
  return changeMemberOf(engine, id, options, remove, { keyIds })
}

/** The keys to revoke with a member, so that the change locks them. */
async function findManagementKeys(engine: Engine, id: string, options: CommandOptions): Promise<string[]> {
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => {
      const member = await getMemberRow(db, id, scopeOf(actor))
      return listSeenManagementKeys(db, member, engine.now(), maxSeenKeys)
    },
    turnOf(actor, options),
  )
}

/** Revokes the keys that are still to be: each must be one that the change has locked. */
async function revokeKeys(change: Change, member: MemberRow, locked: readonly string[]): Promise<void> {
  const ids = await listSeenManagementKeys(change.tx, member, change.now, maxSeenKeys)
  if (ids.length === 0) return
  if (!holdsDatabase(change.actor)) requirePermission(change.actor, writeKeys)
  if (ids.length === maxSeenKeys || ids.some((id) => !locked.includes(id)))
    throw new LatchkeyError(
      'management_keys_left',
      'There are more keys than one change revokes, or one was made meanwhile. Revoke them first, or try again.',
    )
  for (const id of ids) await endKey(change, await requireKey(change, id), 'owner_left')
}

/**
 * Erases what is known of a removed member; its id, role and dates stay. Again, it changes nothing. Throws `member_not_found`,
 * `member_exists`, `permission_escalation`, `fresh_sign_in_required`.
 */
export async function eraseMember(engine: Engine, id: string, options: CommandOptions): Promise<Member> {
  return changeMemberOf(engine, id, options, async (change, member) => {
    const { tx, now } = change
    await requireCover(change, member.organization_id, 'owner')
    if (member.removed_at === null)
      throw new LatchkeyError('member_exists', 'The member is not removed. Remove it first.')
    requireFreshSignIn(change.actor, now)
    const identityIds = await unlinkIdentities(tx, member)
    await deleteLooseIdentities(tx, identityIds)
    await deleteInvitationsOf(tx, member, now)
    if (member.email === null && member.name === null && identityIds.length === 0) return toMember(member)
    const nothing = { email: null, email_folded: null, email_verified: 0, name: null, suspended_reason: null }
    const erased = await changeMember(tx, member, nothing, now)
    recordMember(change, member, 'member.erased')
    return toMember(erased)
  })
}
