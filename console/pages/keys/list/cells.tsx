// What is told of a key in a list, in the table and on the cards alike.
import { TriangleAlert } from 'lucide-react'
import type { WireKey } from '../../../api.ts'
import { marked } from '../../../components/foreign.tsx'
import { Hint } from '../../../components/hint.tsx'
import { RowLink } from '../../../components/row-link.tsx'
import { useSettled } from '../../../components/settled.ts'
import { useNow } from '../../../components/time.tsx'
import { decoyInShort } from '../../../format/decoys.ts'
import { expiryWarningMs } from '../../../format/expiries.ts'
import { exposureInShort } from '../../../format/exposures.ts'
import { withMarks } from '../../../format/foreign-text.ts'
import { isKeyId, shortKeyId } from '../../../format/key-ids.ts'
import { breachesInWords } from '../../../format/policies.ts'
import { dayOf, fromNow, inFull } from '../../../format/times.ts'
import { useOrganizationName } from '../../../organization-names.ts'

/** A tooltip shows as many; the key's page shows all. */
const mostHinted = 24
export function NameAndHint({
  apiKey: { id, name, hint, decoy, exposure, broken_rules = [] },
}: {
  apiKey: WireKey
}) {
  const breaches = broken_rules.length === 0 ? '' : `Breaks the policy: ${breachesInWords(broken_rules)}`
  return (
    <>
      <RowLink
        href={`/keys/${id}`}
        className="block truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
        dir="auto"
        title={withMarks(name)}
      >
        {marked(name)}
      </RowLink>
      <span className="block truncate text-xs text-muted" title={breaches || undefined}>
        {/* First: what is too long for its column is cut at the end. */}
        {exposure && <span className="font-medium text-danger">{exposureInShort(exposure)} · </span>}
        {decoy && (
          <span className={decoy.tries > 0 ? 'font-medium text-danger' : ''}>{decoyInShort(decoy)} · </span>
        )}
        <span className="font-mono">{hint}</span>
        {breaches && <span className="text-warn"> · {breaches}</span>}
      </span>
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
    <span className={`flex ${inLine ? 'gap-1' : 'flex-wrap gap-x-1 gap-y-0.5'}`}>
      {permissions.slice(0, firstPermissions).map((permission, place) => (
        <span key={permission} className={`flex min-w-0 gap-1 ${inLine ? '' : 'w-full'}`}>
          <span
            title={permission}
            className="truncate rounded bg-sunken px-1.5 font-mono text-xs leading-4.5"
          >
            {permission}
          </span>
          {more > 0 && place === firstPermissions - 1 && (
            <Hint text={<AllPermissions permissions={permissions} />}>
              <button
                type="button"
                aria-label={`+${more} more: ${permissions.slice(firstPermissions, mostHinted).join(', ')}`}
                className="relative shrink-0 rounded px-1 text-xs font-medium leading-4.5 text-muted after:absolute after:-inset-2 hover:text-ink"
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

/** Tags, as permissions are told. */
export function Tags({ tags }: { tags: readonly string[] }) {
  return tags.length === 0 ? <span className="text-muted">None</span> : <Permissions permissions={tags} />
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

/** Whose a key is: the organization's name, with its id under it or beside it. */
export function Owner({ id, inLine = false }: { id: string; inLine?: boolean }) {
  const name = useOrganizationName(id, useSettled())
  const text = name ?? id
  const hasId = text !== id
  return (
    <span className={inLine ? 'flex min-w-0 items-baseline gap-2' : 'block'}>
      <RowLink
        href={`/organizations/${id}`}
        title={hasId ? `${withMarks(text)} (${id})` : id}
        className="block truncate rounded text-left text-link underline-offset-2 hover:underline"
        dir="auto"
      >
        {marked(text)}
      </RowLink>
      {hasId && (
        <span className="block min-w-0 shrink-[2] truncate font-mono text-xs text-muted" title={id}>
          {isKeyId(id) ? shortKeyId(id) : id}
        </span>
      )}
    </span>
  )
}
