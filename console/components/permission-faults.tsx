// What is wrong with a list of permissions, one by one.
import type { PermissionFault } from '../format/permission-list.ts'
import { marked } from './foreign.tsx'

/** Shows the faults that were found; where there are none, why the whole was refused. */
export function PermissionFaults({
  id,
  faults,
  error,
}: {
  id: string
  faults: readonly PermissionFault[]
  error: string | undefined
}) {
  if (faults.length === 0 && error === undefined) return null
  return (
    <div id={id} role="alert" className="foreign mt-1 space-y-0.5 text-danger">
      {faults.length === 0 && <p>{error}</p>}
      {faults.map(({ permission, reason }) => (
        <p key={permission ?? reason}>
          {permission !== undefined && (
            <code className="font-mono text-[0.8125rem]">{marked(permission)}: </code>
          )}
          {reason}
        </p>
      ))}
    </div>
  )
}
