// What somebody else has changed while a form was open, beside what the form would change on top of that.
import type { ReactNode } from 'react'
import type { Change } from '../format/audit-changes.ts'
import { differences } from '../format/differences.ts'
import { ChangeList } from './audit-changes.tsx'
import { Notice } from './notices.tsx'

interface EditConflictProps {
  /** What it is, such as `key`. */
  what: string
  /** As the form found it. */
  opened: object
  /** As it is now; undefined if nobody has changed it. */
  theirs: object | undefined
  /** The fields that the form would change now; undefined while it cannot be sent. */
  change?: object | undefined
}

export function EditConflict({ what, opened, theirs, change }: EditConflictProps) {
  if (theirs === undefined) return null
  return (
    <div role="alert">
      <Notice tone="warning" title={`Somebody else has changed this ${what} since you opened it`}>
        <Version title="They changed" changes={differences(opened, theirs)}>
          Nothing that is shown here.
        </Version>
        {change !== undefined && (
          <Version
            title="You would change, on top of that"
            changes={differences(theirs, { ...theirs, ...change })}
          >
            Nothing: what you wanted is there already.
          </Version>
        )}
        <p>Nothing of yours is saved yet.</p>
      </Notice>
    </div>
  )
}

function Version({ title, changes, children }: { title: string; changes: Change[]; children: ReactNode }) {
  return (
    <div>
      <p className="mt-2 text-muted">{title}</p>
      {changes.length === 0 ? <p>{children}</p> : <ChangeList changes={changes} isCreated={false} isWhole />}
    </div>
  )
}
