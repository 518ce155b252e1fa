// People for tests: invited, signed in, and acting as members.
import type { Latchkey, LatchkeyOptions, MemberCaller, Role } from '../../src/index.ts'
import { openLatchkey } from '../../src/index.ts'

/** The address in the invitations of tests. */
export const publicUrl = 'https://keys.example.com'

/** Opens a database on which people can be invited. */
export function openWithPeople(options: LatchkeyOptions): Promise<Latchkey> {
  return openLatchkey({ publicUrl, ...options })
}

/** A person who has signed in, with the two values of its session. */
export interface SignedIn {
  caller: MemberCaller
  identityId: string
  value: string
  pageValue: string
}

/** The secret of an invitation. */
export function secretOf({ url }: { url: string | null }): string {
  return new URL(url ?? '').hash.slice(1)
}

/** What a provider says of a person with a name, whose address is its own. */
export function personOf(name: string) {
  const email = `${name}@example.com`
  return {
    ...{ provider: 'acme-okta', issuer: 'https://okta.example', subject: `sub-${name}`, label: email },
    ...{ email, emailVerified: true },
  }
}

/** Has a person join an organization and sign in. */
export async function join(
  latchkey: Latchkey,
  organizationId: string,
  role: Role,
  name = `${role}-${organizationId}`,
): Promise<SignedIn> {
  const invited = { organizationId, role, email: `${name}@example.com`, name }
  const invitation = await latchkey.invitations.create(invited)
  const { identityId } = await latchkey.invitations.accept(secretOf(invitation), personOf(name))
  return signInAs(latchkey, identityId, organizationId)
}

/** Signs a person in who acts for an organization. */
export async function signInAs(
  latchkey: Latchkey,
  identityId: string,
  organizationId: string,
): Promise<SignedIn> {
  const { value, pageValue } = await latchkey.sessions.startFor(identityId)
  const caller = await latchkey.sessions.authenticate({ value, pageValue }, { organizationId })
  if (caller?.type !== 'member') throw new Error('The person is no member.')
  return { caller, identityId, value, pageValue }
}
