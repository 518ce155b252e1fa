// What changes a member that stays: its role and name, and a suspension.
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { Role } from '../../core/roles.ts'
import { type SuspendInput, suspendSchema } from '../../core/shapes/key-changes.ts'
import {
  type Departure,
  type Member,
  type UpdateMemberInput,
  updateMemberSchema,
} from '../../core/shapes/members.ts'
import { changeMember } from '../../store/members.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { requireRevision } from '../revisions.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { countLeft, endSessionsOf } from './leave.ts'
import {
  changeMemberOf,
  isSuspendedByRule,
  recordMember,
  refuseRemoved,
  requireCover,
  requireOtherOwner,
  suspendedByRule,
  toMember,
} from './rules.ts'

/**
 * Changes the role or the name of a member. Throws `invalid_input`, `member_not_found`, `member_removed`, `permission_escalation`,
 * `last_owner`, `precondition_failed`, `fresh_sign_in_required`.
 */
export async function updateMember(
  engine: Engine,
  id: string,
  input: UpdateMemberInput,
  options: CommandOptions,
): Promise<Member> {
  const { role: wanted, name: newName } = parseInput(updateMemberSchema, input)
  return changeMemberOf(engine, id, options, async (change, member) => {
    refuseRemoved(member)
    const role = wanted ?? (member.role as Role)
    const name = newName === undefined ? member.name : newName
    const isNewRole = role !== member.role
    if (!isNewRole && name === member.name) return toMember(member)
    requireRevision(member, options)
    if (isNewRole) {
      await requireCover(change, member.organization_id, role)
      requireFreshSignIn(change.actor, change.now)
      await requireOtherOwner(change, member)
    }
    const source = isNewRole ? 'manual' : member.role_source
    const changed = await changeMember(change.tx, member, { role, name, role_source: source }, change.now)
    recordMember(change, member, 'member.updated', {
      ...(isNewRole && { role: { from: member.role, to: role } }),
      ...(name !== member.name && { renamed: true }),
    })
    return toMember(changed)
  })
}

/**
 * Suspends a member until it is resumed; again, it changes nothing. Throws `invalid_input`, `member_not_found`, `member_removed`,
 * `permission_escalation`, `last_owner`, `precondition_failed`.
 */
export async function suspendMember(
  engine: Engine,
  id: string,
  input: SuspendInput | undefined,
  options: CommandOptions,
): Promise<Departure> {
  const { reason = null } = parseInput(suspendSchema, input ?? {})
  // By it a rule knows whom it may let in again.
  if (reason === suspendedByRule)
    refuseField('reason', 'Say it in other words: these are of suspensions by the rules of a provider.')
  return changeMemberOf(engine, id, options, async (change, member) => {
    refuseRemoved(member)
    const left = await countLeft(change, member)
    // Whom a rule has suspended, it lets in again: not whom somebody has.
    if (member.suspended_at !== null && !isSuspendedByRule(member))
      return { success: true, sessionsEnded: 0, ...left }
    requireRevision(member, options)
    await requireOtherOwner(change, member)
    const suspension = { suspended_at: change.now, suspended_reason: reason }
    await changeMember(change.tx, member, suspension, change.now)
    recordMember(change, member, 'member.suspended')
    return { success: true, sessionsEnded: await endSessionsOf(change, member), ...left }
  })
}

/**
 * Resumes a suspended member; one that is not suspended stays as it is. Throws `member_not_found`, `member_removed`,
 * `permission_escalation`, `precondition_failed`, `fresh_sign_in_required`.
 */
export async function resumeMember(engine: Engine, id: string, options: CommandOptions): Promise<Member> {
  return changeMemberOf(engine, id, options, async (change, member) => {
    refuseRemoved(member)
    if (member.suspended_at === null) return toMember(member)
    requireRevision(member, options)
    requireFreshSignIn(change.actor, change.now)
    const resumed = { suspended_at: null, suspended_reason: null }
    const changed = await changeMember(change.tx, member, resumed, change.now)
    recordMember(change, member, 'member.resumed')
    return toMember(changed)
  })
}
