// The people of the stage: who runs it, who works at Acme, who has left, and who is still to come.
import type { Latchkey, Role } from '../../src/index.ts'
import { personOf, secretOf } from '../setup/people.ts'

const hour = 3_600_000
const day = 24 * hour

/** Somebody who may sign in, by the identity, and as which member they act at Acme, or at the operator's. */
export interface StagePerson {
  identityId: string
  memberId: string
}

export interface People {
  /** Owner at the operator's, and a viewer at Acme: acts for two organizations. */
  operator: StagePerson
  owner: StagePerson
  developer: StagePerson
  viewer: StagePerson
  auditor: StagePerson
  /** Was removed, and has seen tokens. */
  leaver: StagePerson
}

const names = {
  operator: 'Grace Hopper',
  owner: 'Ada Lovelace',
  developer: 'Linus Torvalds',
  viewer: 'Margaret Hamilton',
  auditor: 'Katherine Johnson',
  leaver: 'Kevin Mitnick',
} as const

/** Has people join; `at` sets the clock so long before now. */
export async function addPeople(latchkey: Latchkey, at: (ago: number) => void): Promise<People> {
  const { invitations, members, sessions, keys } = latchkey
  const join = async (ago: number, who: string, organizationId: string, role: Role, name?: string) => {
    at(ago)
    const person = personOf(who)
    const invitation = await invitations.create({ organizationId, role, email: person.email, name })
    const { identityId, memberId } = await invitations.accept(secretOf(invitation), person)
    return { identityId, memberId }
  }
  const callerOf = async ({ identityId }: StagePerson, organizationId: string) => {
    const actor = await sessions.authenticate(await sessions.startFor(identityId), { organizationId })
    if (actor === undefined) throw new Error('Nobody is signed in.')
    return { actor }
  }
  const operator = await join(80 * day, 'grace', 'root', 'owner', names.operator)
  await join(70 * day, 'grace', 'acme', 'viewer', names.operator)
  await join(78 * day, 'alan', 'root', 'developer')
  await latchkey.organizations.update('acme', { grantablePermissions: ['emails:*', 'domains:*'] })
  const owner = await join(75 * day, 'ada', 'acme', 'owner', names.owner)
  const developer = await join(50 * day, 'linus', 'acme', 'developer', names.developer)
  const viewer = await join(40 * day, 'margaret', 'acme', 'viewer', names.viewer)
  const auditor = await join(39 * day, 'katherine', 'acme', 'auditor', names.auditor)
  const leaver = await join(38 * day, 'kevin', 'acme', 'admin', names.leaver)
  const idle = await join(37 * day, 'dennis', 'acme', 'developer', 'Dennis Ritchie')
  const forgotten = await join(36 * day, 'jane', 'acme', 'viewer', 'Jane Doe')
  at(20 * day)
  const leaving = await callerOf(leaver, 'acme')
  await keys.create({ name: 'Kevin’s script', permissions: ['emails:send'] }, leaving)
  await keys.create(
    { name: 'Kevin’s dashboard', permissions: ['latchkey:keys:read', 'latchkey:usage:read'] },
    leaving,
  )
  at(6 * day)
  const owning = await callerOf(owner, 'acme')
  await members.remove(leaver.memberId, { managementKeys: 'keep', ...owning })
  await members.remove(forgotten.memberId, owning)
  at(5 * day)
  await members.erase(forgotten.memberId, await callerOf(owner, 'acme'))
  await members.suspend(idle.memberId, { reason: 'On leave until March' }, await callerOf(owner, 'acme'))
  at(30 * hour)
  const inviting = await callerOf(owner, 'acme')
  await invitations.create({ email: 'barbara@acme.example', role: 'admin', name: 'Barbara Liskov' }, inviting)
  await invitations.create({ email: 'hedy@acme.example', role: 'viewer' }, inviting)
  at(3 * hour)
  await keys.create(
    { name: 'Reports of Linus', permissions: ['emails:read'] },
    await callerOf(developer, 'acme'),
  )
  return { operator, owner, developer, viewer, auditor, leaver }
}
