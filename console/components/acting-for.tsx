// For which organization one acts, if there are several to choose from; and who acts as nobody in particular.
import { Link } from '@tanstack/react-router'
import { UserRound } from 'lucide-react'
import { useId } from 'react'
import { withMarks } from '../format/foreign-text.ts'
import { actFor, useSession } from '../session.ts'

/** The organizations of a person who has several. To choose another one loads its first page. */
export function OrganizationSwitch() {
  const id = useId()
  const { self } = useSession()
  if (self.type !== 'member' || self.member.organizations.length < 2) return null
  return (
    <div className="px-3 pb-2">
      <label htmlFor={id} className="sr-only">
        Organization
      </label>
      <select
        id={id}
        className="input font-medium"
        value={self.organization_id}
        onChange={({ target }) => actFor(target.value)}
      >
        {self.member.organizations.map((organization) => (
          <option key={organization.id} value={organization.id}>
            {withMarks(organization.name)}
          </option>
        ))}
      </select>
    </div>
  )
}

/** A line above every page for a key of the operator's: what it does has nobody's name. */
export function RootKeyLine() {
  const { self, isRoot, refusal } = useSession()
  if (self.type !== 'key' || !isRoot) return null
  const mayInvite = refusal('latchkey:members:write') === undefined
  return (
    <p className="flex items-start gap-x-2 border-b border-line bg-note-soft px-4 py-1 text-sm sm:px-6 lg:px-8 lg:py-2">
      <UserRound size={16} aria-hidden className="mt-0.5 shrink-0 text-link" />
      <span>
        You act as the root key:{' '}
        {mayInvite ? (
          <Link
            to="/settings/members"
            search={{ invite: 'self' }}
            className="whitespace-nowrap text-link underline underline-offset-2"
          >
            sign in as yourself
          </Link>
        ) : (
          'ask an owner to invite you, and sign in as yourself.'
        )}
      </span>
    </p>
  )
}
