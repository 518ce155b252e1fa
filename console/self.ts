// Who is signed in: a key, or a person who acts as the member of an organization.
import { clearActingFor, readActingFor, writeActingFor } from './acting-for.ts'
import { ApiError, call, type WireKey, type WireOrganizationDetails, type WireOwnMember } from './api.ts'
import { readPageValue } from './page-value.ts'

/** What stands for passkeys in place of a provider. */
export const passkeyProvider = 'passkey'

/** Who is signed in, as far as a key and a member are alike. */
interface Someone {
  id: string
  /** What it is called: a person without a name by its address. */
  name: string
  organization_id: string
  permissions: readonly string[]
  /** Until when it may act; null for no end. */
  expires_at: string | null
  /** What it may grant besides what it holds. */
  grantable: readonly string[]
}

/** Who is signed in. */
export type Self = Someone & ({ type: 'key' } | { type: 'member'; member: WireOwnMember })

/** Makes what pages know of a key that is signed in. */
export function selfOfKey({ id, name, organization_id, permissions, expires_at }: WireKey): Self {
  return { type: 'key', id, name, organization_id, permissions, expires_at, grantable: [] }
}

/** Reads who is signed in: a person acts for the organization that this tab has chosen. Throws {@link ApiError}. */
export async function readSelf(signal?: AbortSignal): Promise<Self> {
  const given = signal && { signal }
  if (readActingFor() !== undefined) {
    try {
      return await readMember(given)
    } catch (error) {
      // No member there any more, or somebody else has signed in.
      if (!hasCode(error, 'organization_not_found', 'member_not_found')) throw error
      clearActingFor()
    }
  }
  try {
    return selfOfKey(await call<WireKey>('GET', '/v1/keys/self', given))
  } catch (error) {
    const [first] = error instanceof ApiError ? error.organizations : []
    // Of several the first, until the person chooses another one.
    if (first !== undefined) writeActingFor(first.id)
    // A key alone has a key of its own; without the page's value nobody is signed in.
    else if (!hasCode(error, 'missing_token') || readPageValue() === undefined) throw error
    return readMember(given)
  }
}

async function readMember(given: { signal: AbortSignal } | undefined): Promise<Self> {
  const member = await call<WireOwnMember>('GET', '/v1/members/self', given)
  const { id, organization_id: organization, permissions } = member
  writeActingFor(organization)
  const { grantable_permissions: grantable } = await call<WireOrganizationDetails>(
    'GET',
    `/v1/organizations/${encodeURIComponent(organization)}`,
    given,
  )
  const name = member.name ?? member.email ?? 'A member without a name'
  return {
    ...{ type: 'member', id, name, organization_id: organization, permissions, expires_at: null, grantable },
    member,
  }
}

function hasCode(error: unknown, ...codes: ApiError['code'][]): boolean {
  return error instanceof ApiError && codes.includes(error.code)
}

/** The provider by which a person signed in last, which need not be listed; undefined for a key, and for passkeys alone. */
export function lastProviderOf(self: Self): string | undefined {
  if (self.type === 'key') return undefined
  const usedAt = ({ last_used_at: at, created_at: since }: WireOwnMember['identities'][number]) => at ?? since
  const [last] = self.member.identities
    .filter(({ provider }) => provider !== passkeyProvider)
    .sort((a, b) => usedAt(b).localeCompare(usedAt(a)))
  return last?.provider
}
