// What an event changed, field by field; the long ones shortened until somebody wants the whole.
import { ArrowRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { WireAuditEvent } from '../api.ts'
import { type Change, type ChangedValue, describeChanges, fieldsChanged } from '../format/audit-changes.ts'
import { inFull, inShort } from '../format/times.ts'
import { marked } from './foreign.tsx'
import { PermissionList } from './permission-list.tsx'

const fieldsShown = 5
const permissionsShown = 12
const charactersShown = 160

interface AuditChangesProps {
  event: WireAuditEvent
  /** Whether they are in sight from the beginning. */
  isOpen: boolean
}

export function AuditChanges({ event, isOpen }: AuditChangesProps) {
  const [isWhole, setWhole] = useState(false)
  const changes = describeChanges(event)
  if (changes.length === 0) return null
  const isLong = changes.length > fieldsShown || changes.some(isLongChange)
  const list = (
    <>
      <ChangeList
        changes={isWhole ? changes : changes.slice(0, fieldsShown)}
        isCreated={event.action.endsWith('.created')}
        isWhole={isWhole}
      />
      {isLong && (
        <button
          type="button"
          aria-expanded={isWhole}
          className="mt-1 min-h-9 rounded text-link hover:underline"
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Show less' : 'Show all of what changed'}
        </button>
      )}
    </>
  )
  if (isOpen) return list
  return (
    <details>
      <summary className="min-h-9 w-fit rounded py-2 text-muted hover:text-ink">
        {fieldsChanged(changes)}
      </summary>
      {list}
    </details>
  )
}

export function ChangeList({
  changes,
  isCreated,
  isWhole,
}: {
  changes: Change[]
  isCreated: boolean
  isWhole: boolean
}) {
  return (
    <dl className="mt-2 space-y-1.5 rounded-md bg-sunken px-3 py-2">
      {changes.map((change) => (
        <div
          key={`${change.label} ${change.kind === 'value' ? change.field : ''}`}
          className="grid gap-x-3 sm:grid-cols-[8rem_minmax(0,1fr)]"
        >
          <dt className="text-muted">
            {change.label}
            {change.kind === 'value' && change.field !== undefined && (
              <span className="foreign block font-mono text-xs">{marked(change.field)}</span>
            )}
          </dt>
          <dd className="min-w-0">
            {change.kind === 'permissions' ? (
              <Permissions change={change} isCreated={isCreated} />
            ) : (
              <Values change={change} isWhole={isWhole} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function isLongChange(change: Change): boolean {
  // A long list of permissions has a button of its own.
  if (change.kind === 'permissions') return false
  return [change.from, change.to].some(
    (value) => value !== undefined && value.kind !== 'instant' && value.text.length > charactersShown,
  )
}

function Permissions({
  change: { label, added, removed },
  isCreated,
}: {
  change: Change & { kind: 'permissions' }
  isCreated: boolean
}) {
  if (added.length === 0 && removed.length === 0) {
    return <span className="text-muted">{isCreated ? 'None' : 'The same ones'}</span>
  }
  if (isCreated) return <PermissionList permissions={added} label={label} most={permissionsShown} />
  return (
    <div className="space-y-1.5">
      {added.length > 0 && (
        <Labelled label="Added">
          <PermissionList permissions={added} label="Added" look="added" most={permissionsShown} />
        </Labelled>
      )}
      {removed.length > 0 && (
        <Labelled label="Removed">
          <PermissionList permissions={removed} label="Removed" look="removed" most={permissionsShown} />
        </Labelled>
      )}
    </div>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex gap-2">
      <span className="w-18 shrink-0 whitespace-nowrap py-0.5 text-muted">{label}</span>
      <div className="min-w-0">{children}</div>
    </div>
  )
}

function Values({ change: { from, to }, isWhole }: { change: Change & { kind: 'value' }; isWhole: boolean }) {
  if (from === undefined) return <Value value={to} isWhole={isWhole} />
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      <span className="sr-only">from</span>
      <Value value={from} isWhole={isWhole} isOld />
      <ArrowRight size={14} aria-hidden className="shrink-0 self-center text-muted" />
      <span className="sr-only">to</span>
      <Value value={to} isWhole={isWhole} />
    </span>
  )
}

function Value({ value, isWhole, isOld }: { value: ChangedValue; isWhole: boolean; isOld?: boolean }) {
  const tone = isOld ? 'text-muted' : 'text-ink'
  if (value.kind === 'instant') {
    return (
      <time dateTime={value.instant} title={inFull(value.instant)} className={tone}>
        {inShort(value.instant)}
      </time>
    )
  }
  if (value.kind === 'none') return <span className="text-muted">{value.text}</span>
  const text = isWhole ? value.text : shorten(value.text)
  return (
    <span
      dir="auto"
      className={`foreign ${tone} ${value.kind === 'code' ? 'font-mono text-[0.8125rem]' : ''}`}
    >
      {marked(text)}
    </span>
  )
}

function shorten(text: string): string {
  // By code points: half an emoji is no character.
  return text.length <= charactersShown ? text : `${[...text].slice(0, charactersShown).join('')}…`
}
