// What an invitation says to whoever holds its secret. To look at it uses nothing up.
import type { Role } from '../../core/roles.ts'
import type { ShownInvitation } from '../../core/shapes/sign-in.ts'
import { passkeyProvider } from '../../core/sign-in-reach.ts'
import { findInvitationBySecret } from '../../store/invitations.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { invitationEnded, invitationStatusOf, isInvitationSecret } from '../invitations/rules.ts'

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
