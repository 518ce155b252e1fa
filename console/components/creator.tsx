// Who created a key: one of one's own keys, a user of the operator's, or the operator.

import { withMarks } from '../format/foreign-text.ts'
import { isKeyId, shortKeyId } from '../format/key-ids.ts'
import { useSession } from '../session.ts'
import { Foreign, marked } from './foreign.tsx'
import { KeyName, useKeyName } from './key-name.tsx'
import { RowLink } from './row-link.tsx'
import { useSettled } from './settled.ts'

/** Told in a list of facts. */
export function Creator({ createdBy }: { createdBy: string | null }) {
  const { isRoot } = useSession()
  if (createdBy === null) return <TheOperator />
  // Operators may call their users by UUIDs too.
  if (!isKeyId(createdBy)) return <Foreign text={createdBy} />
  return <KeyName id={createdBy} unknown={isRoot ? <Foreign text={createdBy} /> : <TheOperator />} />
}

/** Told in a row of a list, cut where there is no room. */
export function CreatorInRow({ createdBy }: { createdBy: string | null }) {
  if (createdBy === null) return <TheOperator />
  if (isKeyId(createdBy)) return <CreatingKey id={createdBy} />
  return (
    <span className="block truncate text-left" dir="auto" title={withMarks(createdBy)}>
      {marked(createdBy)}
    </span>
  )
}

function CreatingKey({ id }: { id: string }) {
  const { isRoot } = useSession()
  const { name, isUnknown } = useKeyName(id, { mayAsk: useSettled() })
  if (isUnknown && !isRoot) return <TheOperator />
  if (isUnknown) {
    return (
      <span className="block truncate font-mono text-xs" title={id}>
        {shortKeyId(id)}
      </span>
    )
  }
  return (
    <RowLink
      href={`/keys/${id}`}
      title={`${name === undefined ? 'Key' : withMarks(name)} (${id})`}
      className={`block truncate rounded text-left text-link underline-offset-2 hover:underline ${name === undefined ? 'font-mono text-xs' : ''}`}
      dir="auto"
    >
      {name === undefined ? shortKeyId(id) : marked(name)}
    </RowLink>
  )
}

/** An organization sees no key of the operator's, nor who holds the database. */
function TheOperator() {
  return <span title="Whoever runs this Latchkey">The operator</span>
}
