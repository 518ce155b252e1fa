// What is told of a key in a list, in the table and on the cards alike.
import { TriangleAlert } from 'lucide-react'
import type { WireKey } from '../../../api.ts'
import { Hint } from '../../../components/hint.tsx'
import { RowLink } from '../../../components/row-link.tsx'
import { useNow } from '../../../components/time.tsx'
import { expiryWarningMs } from '../../../format/expiries.ts'
import { isKeyId, shortKeyId } from '../../../format/key-ids.ts'
import { dayOf, fromNow, inFull } from '../../../format/times.ts'

/** A tooltip shows as many; the key's page shows all. */
const mostHinted = 24
export function NameAndHint({ apiKey: { id, name, hint } }: { apiKey: WireKey }) {
  return (
    <>
      <RowLink
        href={`/keys/${id}`}
        className="block truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
        dir="auto"
        title={name}
      >
        {name}
      </RowLink>
      <span className="block truncate font-mono text-xs text-muted">{hint}</span>
    </>
  )
}

const firstPermissions = 2

/** The first permissions, one under the other or in a line, and how many more there are. */
export function Permissions({
  permissions,
  inLine = false,
}: {
  permissions: readonly string[]
  inLine?: boolean
}) {
  const more = permissions.length - firstPermissions
  if (permissions.length === 0) return <span className="text-muted">No permissions</span>
  return (
    <span className={`flex gap-1 ${inLine ? '' : 'flex-wrap'}`}>
      {permissions.slice(0, firstPermissions).map((permission, place) => (
        <span key={permission} className={`flex min-w-0 gap-1 ${inLine ? '' : 'w-full'}`}>
          <span title={permission} className="truncate rounded bg-sunken px-1.5 font-mono text-xs leading-5">
            {permission}
          </span>
          {more > 0 && place === firstPermissions - 1 && (
            <Hint text={<AllPermissions permissions={permissions} />}>
              <button
                type="button"
                aria-label={`+${more} more: ${permissions.slice(firstPermissions, mostHinted).join(', ')}`}
                className="relative shrink-0 rounded px-1 text-xs font-medium leading-5 text-muted after:absolute after:-inset-2 hover:text-ink"
              >
                +{more}
              </button>
            </Hint>
          )}
        </span>
      ))}
    </span>
  )
}

function AllPermissions({ permissions }: { permissions: readonly string[] }) {
  return (
    <>
      {permissions.slice(0, mostHinted).map((permission) => (
        <span key={permission} className="foreign block font-mono text-xs leading-5">
          {permission}
        </span>
      ))}
      {permissions.length > mostHinted && (
        <span className="mt-1 block text-muted">and {permissions.length - mostHinted} more</span>
      )}
    </>
  )
}

export function CreatedBy({ createdBy }: { createdBy: string | null }) {
  if (createdBy === null) {
    return (
      <span
        className="text-muted"
        title="The operator, on the database: by the command line, or by a program"
      >
        <span aria-hidden>—</span>
        <span className="sr-only">The operator</span>
      </span>
    )
  }
  if (!isKeyId(createdBy)) {
    return (
      <span className="block truncate text-left" dir="auto" title={createdBy}>
        {createdBy}
      </span>
    )
  }
  return (
    <RowLink
      href={`/keys/${createdBy}`}
      title={`Key ${createdBy}`}
      className="block truncate rounded font-mono text-xs text-link underline-offset-2 hover:underline"
    >
      <span className="sr-only">Key </span>
      {shortKeyId(createdBy)}
    </RowLink>
  )
}

export function Day({ instant }: { instant: string }) {
  return (
    <time dateTime={instant} title={inFull(instant)} className="whitespace-nowrap">
      {dayOf(instant)}
    </time>
  )
}

/** When a key ends: with a warning in its last seven days. */
export function Expiry({ apiKey: { expires_at: expiresAt, status } }: { apiKey: WireKey }) {
  const now = useNow()
  if (expiresAt === null) return <span className="text-muted">Never</span>
  if (status !== 'active' || Date.parse(expiresAt) - now > expiryWarningMs) return <Day instant={expiresAt} />
  return (
    <span className="inline-flex items-center gap-1 font-medium text-warn">
      <TriangleAlert size={14} aria-hidden className="shrink-0" />
      <time dateTime={expiresAt} title={inFull(expiresAt)} className="whitespace-nowrap">
        {fromNow(expiresAt, now)}
      </time>
    </span>
  )
}

/** Whose a key is. */
export function Owner({ id }: { id: string }) {
  return (
    <RowLink
      href={`/organizations/${id}`}
      title={id}
      className="block truncate rounded text-link underline-offset-2 hover:underline"
    >
      {id}
    </RowLink>
  )
}
