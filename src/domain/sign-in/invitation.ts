// An invitation, for whoever holds its secret: to look at it uses nothing up, and by a way to sign in it is accepted.
import type { Change } from '../../commit/commit.ts'
import type { Role } from '../../core/roles.ts'
import type { ProvedPerson } from '../../core/shapes/invitations.ts'
import type { ShownInvitation } from '../../core/shapes/sign-in.ts'
import { passkeyProvider } from '../../core/sign-in-reach.ts'
import { findInvitationBySecret } from '../../store/invitations.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { acceptInvitation } from '../invitations/accept.ts'
import { invitationEnded, invitationStatusOf, isInvitationSecret } from '../invitations/rules.ts'
import { endSessionBefore, openMemberSession, type PersonOrigin } from '../sessions/member-sessions.ts'
import type { StartedSession } from '../sessions/sign-in.ts'
import { asStranger } from './refusals.ts'

/** Shows an invitation that is pending. Throws `invitation_ended` for every secret that is of no use. */
export async function showInvitation(engine: Engine, secret: string): Promise<ShownInvitation> {
  if (!isInvitationSecret(secret)) throw invitationEnded()
  const now = engine.now()
  return engine.store.read(async (db) => {
    const row = await findInvitationBySecret(db, digestToken(secret))
    if (row === undefined || invitationStatusOf(row, now) !== 'pending') throw invitationEnded()
    const { id, name, sign_in } = await getOrganizationRow(db, row.organization_id)
    const standing = { provider: passkeyProvider, organization_id: id, sign_in }
    return {
      organization: { id, name },
      email: row.email,
      name: row.name,
      role: row.role as Role,
      expiresAt: new Date(row.expires_at),
      providers: engine.providers.shown({ organizationId: id }),
      passkeys: engine.passkeys && engine.mayAct(standing),
    }
  })
}

/** A person who has become a member, and is signed in. */
interface Joined {
  organizationId: string
  memberId: string
  session: StartedSession
}

/**
 * Accepts an invitation and opens the session of the person, in one transaction, with what `prove` writes. Throws what
 * `acceptInvitation` throws, and `not_invited` for a member that may not act.
 */
export async function acceptAndSignIn(
  engine: Engine,
  secret: string,
  person: ProvedPerson,
  origin: PersonOrigin,
  prove: (change: Change, identityId: string) => Promise<void>,
): Promise<Joined> {
  const opened: StartedSession[] = []
  const { organizationId, memberId } = await acceptInvitation(
    engine,
    secret,
    person,
    async (change, { identityId }) => {
      await prove(change, identityId)
      opened[0] = await openMemberSession(engine, change, identityId, origin)
    },
  ).catch((error: unknown) => {
    throw asStranger(error)
  })
  await endSessionBefore(engine, origin)
  return { organizationId, memberId, session: opened[0] as StartedSession }
}
