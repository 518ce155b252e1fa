// Who created a key: a member, one of one's own keys, a user of the operator's, or the operator.
import type { CreatorType } from '../../src/core/actor.ts'
import { withMarks } from '../format/foreign-text.ts'
import { isKeyId, shortKeyId } from '../format/key-ids.ts'
import { useSession } from '../session.ts'
import { Foreign, marked } from './foreign.tsx'
import { KeyName, useKeyName } from './key-name.tsx'
import { MemberName, useMemberName } from './member-name.tsx'
import { RowLink } from './row-link.tsx'
import { useSettled } from './settled.ts'

interface CreatorProps {
  createdBy: string | null
  /** What kind of creator it is; null or absent if nobody said. */
  type?: CreatorType | null
}

/** Told in a list of facts. */
export function Creator({ createdBy, type }: CreatorProps) {
  const { isRoot } = useSession()
  // Of some deeds nobody said what kind of actor did them.
  const isAsked = type === undefined && createdBy !== null && isKeyId(createdBy)
  const { isKnown, isPending } = useMemberName(createdBy ?? '', isAsked)
  if (createdBy === null) return <TheOperator />
  if (isPending) return <span className="font-mono text-xs">{shortKeyId(createdBy)}</span>
  if (type === 'member' || isKnown) return <MemberName id={createdBy} />
  // Operators may call their users by UUIDs too.
  if (type === 'user')
    return (
      <>
        <span className="text-muted">user</span> <Foreign text={createdBy} />
      </>
    )
  if (!isKeyId(createdBy)) return <Foreign text={createdBy} />
  return <KeyName id={createdBy} unknown={isRoot ? <Foreign text={createdBy} /> : <TheOperator />} />
}

/** Told in a row of a list, cut where there is no room. */
export function CreatorInRow({ createdBy, type }: CreatorProps) {
  if (createdBy === null) return <TheOperator />
  if (type === 'member') return <MemberInRow id={createdBy} />
  if (type !== 'user' && isKeyId(createdBy)) return <CreatingKey id={createdBy} />
  return (
    <span
      className="block truncate text-left"
      dir="auto"
      title={type === 'user' ? `User ${withMarks(createdBy)}` : withMarks(createdBy)}
    >
      {marked(createdBy)}
    </span>
  )
}

function MemberInRow({ id }: { id: string }) {
  const { name, isKnown } = useMemberName(id)
  if (!isKnown)
    return (
      <span className="block truncate text-left" title={id}>
        {name}
      </span>
    )
  return (
    <RowLink
      href={`/members/${id}`}
      title={`${withMarks(name)} (${id})`}
      className="block truncate rounded text-left text-link underline-offset-2 hover:underline"
      dir="auto"
    >
      {marked(name)}
    </RowLink>
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
