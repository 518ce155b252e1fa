// What the wildcards among typed permissions cover, and how wildcards work.

import { coveredInUse, permissionFault, wildcardMeaning } from '../format/permission-list.ts'
import type { PermissionInUse } from '../queries.ts'

const mostShown = 5

const rules = [
  ['emails:*', 'everything under emails: emails:send, emails:templates:read'],
  ['emails:*:read', 'any one segment in the middle: emails:templates:read'],
  ['*', 'everything but latchkey:…, the permissions that manage Latchkey itself'],
] as const

/** For each wildcard among `permissions` what it stands for, with those in use that it covers. */
export function Wildcards({
  permissions,
  inUse,
}: {
  permissions: readonly string[]
  inUse: readonly PermissionInUse[]
}) {
  const wildcards = [...new Set(permissions)].filter(
    (permission) => permission.includes('*') && permissionFault(permission) === undefined,
  )
  return (
    <>
      {wildcards.length > 0 && (
        <ul className="mt-2 space-y-1 text-muted">
          {wildcards.map((wildcard) => (
            <li key={wildcard}>
              <code className="code">{wildcard}</code> covers {wildcardMeaning(wildcard)}.{' '}
              <Covered permissions={coveredInUse(wildcard, inUse)} />
            </li>
          ))}
        </ul>
      )}
      <details className="mt-2 text-muted">
        <summary className="w-fit rounded py-2 hover:text-ink">How wildcards work</summary>
        <dl className="mb-1 ml-4 grid gap-x-4 gap-y-1.5 sm:grid-cols-[auto_1fr]">
          {rules.map(([wildcard, meaning]) => (
            <div key={wildcard} className="contents">
              <dt>
                <code className="code">{wildcard}</code>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p className="ml-4">An empty list grants nothing.</p>
      </details>
    </>
  )
}

function Covered({ permissions }: { permissions: readonly string[] }) {
  if (permissions.length === 0) return <>It covers none of those in use.</>
  const more = permissions.length - mostShown
  return (
    <>
      In use now:{' '}
      {permissions.slice(0, mostShown).map((permission, i) => (
        <span key={permission}>
          {i > 0 && ', '}
          <code className="font-mono text-[0.8125rem] text-ink [overflow-wrap:anywhere]">{permission}</code>
        </span>
      ))}
      {more > 0 && ` and ${more} more`}.
    </>
  )
}
