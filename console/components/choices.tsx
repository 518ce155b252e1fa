// The filters that are filled by names: the key that something was done to or by, and the organization.

import { isKeyId } from '../format/key-ids.ts'
import { memberName } from '../format/members.ts'
import { findMembers } from '../member-queries.ts'
import { useOrganizationName } from '../organization-names.ts'
import { findKeys, findOrganizations } from '../queries.ts'
import { useSession } from '../session.ts'
import { useKeyName } from './key-name.tsx'
import { useMemberName } from './member-name.tsx'
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
  const own = useSession().self.id
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

/** Who did something: a key or a member, by name or by id, or a user of a customer page by the id that the operator gave it. */
export function ActorChoice({
  id,
  organization,
  ...rest
}: ChoiceProps & { organization: string | undefined }) {
  const { self, refusal } = useSession()
  const isId = id !== undefined && isKeyId(id)
  const member = useMemberName(id ?? '', isId)
  const key = useKeyName(isId && !member.isPending && !member.isKnown ? id : self.id)
  const readsMembers = refusal('latchkey:members:read') === undefined
  const search = {
    kind: `actors ${organization ?? ''}`,
    find: async (q: string, signal: AbortSignal) => {
      const people = readsMembers ? await findMembers(q, signal) : []
      const named = people.map((one) => ({ id: one.id, name: memberName(one), note: one.email ?? '' }))
      return [...named, ...(await findKeys(q, organization, signal))]
    },
  }
  const name = member.isKnown ? member.name : key.name
  return (
    <SearchChoice
      {...rest}
      value={id}
      name={isId ? name : undefined}
      note={id === undefined || isId ? undefined : 'The user of this id'}
      search={search}
      placeholder="A name, or any id"
    />
  )
}

const organizations = { kind: 'organizations', find: findOrganizations }

/** An organization, by its name or its id. */
export function OrganizationChoice({ id, ...rest }: ChoiceProps) {
  const { self, refusal } = useSession()
  const name = useOrganizationName(id ?? self.organization_id)
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
