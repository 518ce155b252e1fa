// The limits of a key or an organization in a form: a row each.
import { Plus, Trash2 } from 'lucide-react'
import { useId } from 'react'
import {
  draftFault,
  type LimitDraft,
  type LimitRefusal,
  mostLimits,
  newDraft,
  type RowFault,
  spanLabel,
  spans,
} from '../format/limits.ts'
import { Button, IconButton } from './button.tsx'
import { type Described, MoreOfLimit } from './more-of-limit.tsx'

interface LimitsFieldProps {
  value: LimitDraft[]
  onChange: (value: LimitDraft[]) => void
  hint: string
  /** Whether what is wrong is shown: once it was tried to send it. */
  isTold: boolean
  /** What the server refused. */
  refusals?: readonly LimitRefusal[]
  label?: string
}

/** Controlled rows: `draftsAreFaulty` tells whether they can be sent. */
export function LimitsField({
  value,
  onChange,
  hint,
  isTold,
  refusals = [],
  label = 'Limits',
}: LimitsFieldProps) {
  const id = useId()
  const refusalOf = ({ name }: LimitDraft) => refusals.find((refusal) => refusal.name === name.trim())
  const others = refusals.filter(({ name }) => !value.some((row) => row.name.trim() === name))
  const replace = (row: LimitDraft) => onChange(value.map((other) => (other.id === row.id ? row : other)))
  return (
    <fieldset aria-describedby={`${id}-hint`}>
      <legend className="label mb-1">
        {label}
        <span className="font-normal text-muted"> (optional)</span>
      </legend>
      {value.length > 0 && (
        <ul className="mb-2 space-y-3">
          {value.map((row) => (
            <LimitRow
              key={row.id}
              of={row}
              fault={(isTold ? draftFault(row, value) : undefined) ?? refusalOf(row)}
              change={replace}
              remove={() => onChange(value.filter((other) => other.id !== row.id))}
            />
          ))}
        </ul>
      )}
      <Button
        icon={<Plus size={16} aria-hidden />}
        refusal={value.length >= mostLimits ? `There are at most ${mostLimits} limits.` : undefined}
        onClick={() => onChange([...value, newDraft()])}
      >
        Add a limit
      </Button>
      {others.map(({ reason }) => (
        <p key={reason} role="alert" className="foreign mt-1 text-danger">
          {reason}
        </p>
      ))}
      <p id={`${id}-hint`} className="mt-1 text-muted">
        {hint}
      </p>
    </fieldset>
  )
}

interface LimitRowProps {
  of: LimitDraft
  fault: { field: RowFault['field'] | undefined; reason: string } | undefined
  change: (row: LimitDraft) => void
  remove: () => void
}

const plain = { autoComplete: 'off', autoCapitalize: 'off', spellCheck: false }

function LimitRow({ of: row, fault, change, remove }: LimitRowProps) {
  const id = useId()
  const described: Described = (field) =>
    fault?.field === field ? { 'aria-invalid': true as const, 'aria-describedby': `${id}-fault` } : {}
  const isKnown = spans.some(({ options }) => options.some(({ value }) => value === row.span))
  return (
    <li className="@container rounded-md border border-line p-3">
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)_2.25rem] items-end gap-x-2 gap-y-3 @xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)_minmax(0,3fr)_2.25rem]">
        <label className="col-span-2 block @xl:col-span-1">
          <span className="mb-1 block text-xs text-muted">Name</span>
          <input
            {...plain}
            {...described('name')}
            className="input font-mono"
            maxLength={32}
            placeholder="requests"
            value={row.name}
            onChange={(event) => change({ ...row, name: event.target.value })}
          />
        </label>
        <label className="order-3 block @xl:order-none">
          <span className="mb-1 block text-xs text-muted">Units</span>
          <input
            {...plain}
            {...described('units')}
            className="input tabular-nums"
            inputMode="numeric"
            placeholder="100"
            value={row.units}
            onChange={(event) => change({ ...row, units: event.target.value })}
          />
        </label>
        <label className="order-4 col-span-2 block @xl:order-none @xl:col-span-1">
          <span className="mb-1 block text-xs text-muted">Per</span>
          <select
            className="input h-[2.375rem] px-2 py-1.5 max-md:h-[2.625rem]"
            value={row.span}
            onChange={(event) => change({ ...row, span: event.target.value })}
          >
            {!isKnown && <option value={row.span}>{spanLabel(row.span)}</option>}
            {spans.map(({ group, options }) => (
              <optgroup key={group} label={group}>
                {options.map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <IconButton
          className="order-2 @xl:order-none"
          label={row.name.trim() === '' ? 'Remove this limit' : `Remove the limit ${row.name.trim()}`}
          icon={<Trash2 size={16} aria-hidden />}
          onClick={remove}
        />
      </div>
      <MoreOfLimit of={row} fault={fault?.field} described={described} change={change} />
      {fault !== undefined && (
        <p id={`${id}-fault`} role="alert" className="foreign mt-2 text-danger">
          {fault.reason}
        </p>
      )}
    </li>
  )
}
