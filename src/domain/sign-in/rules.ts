// Members whom a provider's rules make: judged at every sign-in. A rule joins, gives the role, and suspends whom none fits any more. It
// touches no member that it has not made, and never an owner.
import type { Change } from '../../commit/commit.ts'
import { operator, type ProviderActor } from '../../core/actor.ts'
import { newId } from '../../core/ids.ts'
import type { ProviderRule, ProviderSettings } from '../../core/provider-settings.ts'
import { turnOfJoining } from '../../fairness/caller-turn.ts'
import { ensureIdentity, findIdentity, type IdentityRow, linkIdentity } from '../../store/identities.ts'
import {
  changeMember,
  findMemberByEmail,
  insertMember,
  listMembersOfIdentity,
  type MemberRow,
} from '../../store/members.ts'
import { findOrganization } from '../../store/organizations.ts'
import type { Db } from '../../store/tables.ts'
import type { Engine } from '../engine.ts'
import { foldEmail } from '../invitations/accept.ts'
import { endSessionsOf } from '../members/leave.ts'
import { isSuspendedByRule, recordMember, suspendedByRule } from '../members/rules.ts'
import type { Claims } from './client.ts'
import { findRule, type SignedInPerson } from './person.ts'

/** Has the rules of a provider hold for a person who has signed in: in one transaction for each organization, if anything changes. */
export async function applyRules(
  engine: Engine,
  provider: ProviderSettings,
  person: SignedInPerson,
  claims: Claims,
  requestId: string | undefined,
): Promise<void> {
  const rule = findRule(provider, claims, person)
  const found = await engine.store.read(async (db) => {
    const identity = await findIdentity(db, person)
    const members = identity === undefined ? [] : await listMembersOfIdentity(db, identity.id)
    return members.map(({ organization_id }) => organization_id)
  })
  const organizationIds = new Set([...found, ...(rule ? [rule.organization_id] : [])])
  const by: ProviderActor = { type: 'provider', providerId: provider.id, requestId }
  for (const organizationId of [...organizationIds].sort()) {
    const own = rule?.organization_id === organizationId ? rule : undefined
    const plan = await engine.store.read((db) => decide(db, provider, organizationId, own, person))
    if (plan.does === undefined) continue
    const turn = turnOfJoining(organizationId)
    const requirements = { permission: 'any key', membersOf: organizationId, turn } as const
    await engine.commit(operator, requirements, async (change) => {
      // Whoever had the lock before may have changed it all.
      const { does, member } = await decide(change.tx, provider, organizationId, own, person)
      if (does === 'join' && own) await joinByRule(engine, change, own, { provider, person, by })
      if (does === 'follow' && own && member) await followRule(change, member, own, by)
      if (does === 'suspend' && member) await suspendByRule(change, member, by)
    })
  }
}

/** What a rule does in an organization, and to whom. */
interface Decision {
  does: 'join' | 'follow' | 'suspend' | undefined
  member?: MemberRow
}

/** Decides what is to be done; `rule` is the one that the person fulfils there, if it does. */
async function decide(
  db: Db,
  { id: providerId }: ProviderSettings,
  organizationId: string,
  rule: ProviderRule | undefined,
  person: SignedInPerson,
): Promise<Decision> {
  const identity = await findIdentity(db, person)
  const members = identity === undefined ? [] : await listMembersOfIdentity(db, identity.id)
  const here = members.filter((member) => member.organization_id === organizationId)
  const member = here.find(({ removed_at }) => removed_at === null)
  if (member !== undefined) {
    if (member.role_source !== 'rule' || member.rule_provider !== providerId || member.role === 'owner')
      return { does: undefined }
    if (rule === undefined) return { does: member.suspended_at === null ? 'suspend' : undefined, member }
    const isBack = isSuspendedByRule(member)
    return { does: isBack || member.role !== rule.role ? 'follow' : undefined, member }
  }
  // Who was removed is not let in again by a rule: only by an invitation.
  if (rule === undefined || here.length > 0) return { does: undefined }
  if ((await findOrganization(db, organizationId)) === undefined) return { does: undefined }
  // The same address with another subject is another person.
  const folded = person.emailVerified && person.email !== null ? foldEmail(person.email) : undefined
  const isTaken = folded !== undefined && (await findMemberByEmail(db, organizationId, folded)) !== undefined
  return { does: isTaken ? undefined : 'join' }
}

interface Joining {
  provider: ProviderSettings
  person: SignedInPerson
  by: ProviderActor
}

async function joinByRule(
  engine: Engine,
  change: Change,
  rule: ProviderRule,
  { provider, person, by }: Joining,
): Promise<void> {
  const { tx, now } = change
  const identity = await ensureIdentity(tx, { ...identityOf(person), id: newId(engine), created_at: now })
  // An address that is not proven would keep the one out whose own it is.
  const email = person.emailVerified ? person.email : null
  const member: MemberRow = {
    ...{ id: newId(engine), organization_id: rule.organization_id, email, name: person.name },
    ...{ email_folded: email === null ? null : foldEmail(email), email_verified: email === null ? 0 : 1 },
    ...{ role: rule.role, role_source: 'rule', rule_provider: provider.id, created_at: now },
    ...{ created_by: null, created_by_type: null, last_seen_at: null, removed_at: null, revision: now },
    ...{ suspended_at: null, suspended_reason: null },
  }
  await insertMember(tx, member)
  await linkIdentity(tx, member, identity.id, now)
  recordMember(change, member, 'member.joined', { role: rule.role, provider: provider.id }, by)
}

async function followRule(
  change: Change,
  member: MemberRow,
  { role }: ProviderRule,
  by: ProviderActor,
): Promise<void> {
  const resumes = isSuspendedByRule(member)
  const state = resumes ? { suspended_at: null, suspended_reason: null } : {}
  await changeMember(change.tx, member, { role, ...state }, change.now)
  if (resumes) recordMember(change, member, 'member.resumed', {}, by)
  if (member.role !== role)
    recordMember(change, member, 'member.updated', { role: { from: member.role, to: role } }, by)
}

async function suspendByRule(change: Change, member: MemberRow, by: ProviderActor): Promise<void> {
  const suspension = { suspended_at: change.now, suspended_reason: suspendedByRule }
  await changeMember(change.tx, member, suspension, change.now)
  recordMember(change, member, 'member.suspended', {}, by)
  await endSessionsOf(change, member)
}

/** A person as a row has it, but for the id. */
export function identityOf(person: SignedInPerson): Omit<IdentityRow, 'id' | 'created_at'> {
  const { provider, issuer, subject, label } = person
  return { provider, issuer, subject, label, last_used_at: null }
}
