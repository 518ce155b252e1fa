// Which permissions of a key no call needs, and the way to take them away.
import { useQuery } from '@tanstack/react-query'
import type { WireKey } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { PermissionList } from '../../../components/permission-list.tsx'
import { neededPermissionsQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

interface NeededPermissionsProps {
  of: WireKey
  /** Why nothing may be changed. */
  refusal: string | undefined
  /** Opens the form with these permissions in it. */
  narrow: (permissions: string[]) => void
}

/** Nothing for a key that needs all that it holds, or that nobody uses. */
export function NeededPermissions({ of: key, refusal, narrow }: NeededPermissionsProps) {
  const isReadable = useSession().refusal('latchkey:usage:read') === undefined
  const { data } = useQuery({
    ...neededPermissionsQuery(key.id),
    enabled: isReadable && key.permissions.length > 0 && key.status !== 'revoked',
  })
  if (data === undefined || data.suggested.length === 0) return null
  const { unused, suggested, complete } = data
  const isNarrower = key.permissions.some((permission) => !suggested.includes(permission))
  if (!isNarrower) return null
  return (
    <div className="mt-3 space-y-2 border-t border-line pt-3">
      {unused.length > 0 && (
        <>
          <p className="text-muted">Never used in the last 90 days</p>
          <PermissionList permissions={unused} label="Permissions never used" most={8} />
        </>
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <p className="min-w-0 grow basis-56 text-muted">
          {complete
            ? 'Its calls needed no more than '
            : 'Its calls, as far as they are known, needed no more than '}
          {suggested.length === 1 ? (
            <code className="code">{suggested[0]}</code>
          ) : (
            `${suggested.length} permissions`
          )}
          .
        </p>
        <Button refusal={refusal} onClick={() => narrow(suggested)}>
          <span>
            Narrow<span className="sr-only"> the permissions</span> to{' '}
            {suggested.length === 1 ? 'it' : 'these'}…
          </span>
        </Button>
      </div>
    </div>
  )
}
