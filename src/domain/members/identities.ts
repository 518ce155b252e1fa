// The identities by which a member signs in, as it changes them itself.
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { parseInput } from '../../core/input.ts'
import {
  type Identity,
  type UpdateOwnIdentityInput,
  updateOwnIdentitySchema,
} from '../../core/shapes/members.ts'
import {
  deleteLooseIdentities,
  labelIdentity,
  listIdentities,
  unlinkIdentity,
} from '../../store/identities.ts'
import { deleteLooseSessions } from '../../store/member-sessions.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { getMemberRow, recordMember, toIdentity, unknownMember } from './rules.ts'

/**
 * Takes an identity from the member that asks: it signs in by it no more, and sessions end that may act for nobody any more. Throws
 * `member_not_found` for who is none, `identity_not_found`, `last_identity`, `fresh_sign_in_required`.
 */
export async function removeOwnIdentity(engine: Engine, id: string, options: CommandOptions): Promise<void> {
  const actor = actorOf(options)
  if (actor.type !== 'member') throw unknownMember()
  const { memberId, organizationId } = actor
  const requirements = { permission: 'any key', membersOf: organizationId, signal: options.signal } as const
  await engine.commit(actor, requirements, async (change) => {
    const member = await getMemberRow(change.tx, memberId, organizationId)
    const identities = await listIdentities(change.tx, member)
    requireOwn(identities, id)
    requireFreshSignIn(change.actor, change.now)
    if (identities.length === 1)
      throw new LatchkeyError('last_identity', 'You sign in by this identity alone. Add another one first.')
    await unlinkIdentity(change.tx, member, id)
    await deleteLooseSessions(change.tx, [id])
    await deleteLooseIdentities(change.tx, [id])
    recordMember(change, member, 'member.identity_removed', { identityId: id })
  })
}

/**
 * Gives an identity of the member that asks another label. Throws `invalid_input`, `member_not_found` for who is none,
 * `identity_not_found`.
 */
export async function updateOwnIdentity(
  engine: Engine,
  id: string,
  input: UpdateOwnIdentityInput,
  options: CommandOptions,
): Promise<Identity> {
  const { label } = parseInput(updateOwnIdentitySchema, input)
  const actor = actorOf(options)
  if (actor.type !== 'member') throw unknownMember()
  const { memberId, organizationId } = actor
  const requirements = { permission: 'any key', membersOf: organizationId, signal: options.signal } as const
  return engine.commit(actor, requirements, async (change) => {
    const member = await getMemberRow(change.tx, memberId, organizationId)
    requireOwn(await listIdentities(change.tx, member), id)
    recordMember(change, member, 'member.updated', { identityId: id, renamed: true })
    return toIdentity(await labelIdentity(change.tx, id, label))
  })
}

function requireOwn(identities: readonly { id: string }[], id: string): void {
  if (!isId(id) || !identities.some((identity) => identity.id === id))
    throw new LatchkeyError('identity_not_found', 'You have no identity of this id here.')
}
