// The roles to choose from, each with what it may do; one that may not be given says why.
import { useId } from 'react'
import { roles } from '../../../src/core/roles.ts'
import { roleLabel, roleMeaning } from '../../format/roles.ts'
import { type Grants, roleRefusal } from '../../member-rights.ts'
import { rootOrganizationId, useSession } from '../../session.ts'

interface RolesFieldProps {
  /** In which organization. */
  organization: Grants
  value: string
  change: (role: string) => void
}

export function RolesField({ organization, value, change }: RolesFieldProps) {
  const session = useSession()
  const name = useId()
  const isRoot = organization.id === rootOrganizationId
  return (
    <fieldset>
      <legend className="label mb-1">Role</legend>
      <div className="divide-y divide-line rounded-md border border-edge">
        {roles.map((role) => {
          const refusal = roleRefusal(session, organization, role)
          return (
            <label
              key={role}
              className="flex cursor-pointer items-start gap-3 px-3 py-2 has-checked:bg-sunken has-disabled:cursor-not-allowed"
            >
              <input
                type="radio"
                name={name}
                className="mt-1 shrink-0 accent-ink"
                checked={role === value}
                disabled={refusal !== undefined && role !== value}
                aria-labelledby={`${name}-${role}-name`}
                aria-describedby={`${name}-${role}`}
                onChange={() => change(role)}
              />
              <span className="min-w-0">
                <span id={`${name}-${role}-name`} className="block font-medium">
                  {roleLabel(role)}
                </span>
                <span id={`${name}-${role}`} className="block text-muted">
                  {refusal ?? roleMeaning(role, isRoot)}
                </span>
              </span>
            </label>
          )
        })}
      </div>
    </fieldset>
  )
}
