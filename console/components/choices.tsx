// The filters that are filled by names: the key that something was done to or by, and the organization.

import { isKeyId } from '../format/key-ids.ts'
import { useOrganizationName } from '../organization-names.ts'
import { findKeys, findOrganizations } from '../queries.ts'
import { useSession } from '../session.ts'
import { useKeyName } from './key-name.tsx'
import { SearchChoice } from './search-choice.tsx'

interface ChoiceProps {
  label: string
  /** What stands in the address. */
  id: string | undefined
  change: (id: string | undefined) => void
  error: string | undefined
  isFirst?: boolean
}

/** A key, by its name or its id. */
export function KeyChoice({ id, organization, ...rest }: ChoiceProps & { organization: string | undefined }) {
  const own = useSession().key.id
  const isId = id !== undefined && isKeyId(id)
  const { name } = useKeyName(isId ? id : own)
  const search = {
    kind: `keys ${organization ?? ''}`,
    find: (q: string, signal: AbortSignal) => findKeys(q, organization, signal),
  }
  return (
    <SearchChoice
      {...rest}
      value={id}
      name={isId ? name : undefined}
      search={search}
      placeholder="Its name or id"
    />
  )
}

const organizations = { kind: 'organizations', find: findOrganizations }

/** An organization, by its name or its id. */
export function OrganizationChoice({ id, ...rest }: ChoiceProps) {
  const { key, refusal } = useSession()
  const name = useOrganizationName(id ?? key.organization_id)
  const maySearch = refusal('latchkey:organizations:read') === undefined
  return (
    <SearchChoice
      {...rest}
      value={id}
      name={id === undefined || name === id ? undefined : name}
      search={maySearch ? organizations : undefined}
      placeholder={maySearch ? 'Its name or id' : 'Its id'}
    />
  )
}
