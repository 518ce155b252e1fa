// Which events a webhook sends: all, all of a kind, or single ones.
import { ChevronDown } from 'lucide-react'
import { useId, useState } from 'react'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { countChosen, eventGroups, everyEvent, withEvent, withGroup } from '../../format/webhooks.ts'

type Group = (typeof eventGroups)[number]

interface EventsFieldProps {
  value: readonly string[]
  onChange: (value: string[]) => void
  /** A sentence, where the list was refused. */
  error?: string | undefined
}

const choices = [
  { value: 'all', label: 'All' },
  { value: 'some', label: 'Some of them' },
] as const

/** A controlled list of event names and patterns such as `key.*`. What this console does not know stays in it. */
export function EventsField({ value, onChange, error }: EventsFieldProps) {
  const id = useId()
  // Kept for who looks at all of them and comes back.
  const [some, setSome] = useState<string[]>(value.includes(everyEvent) ? [] : [...value])
  const isAll = value.includes(everyEvent)
  const change = (next: string[]) => {
    setSome(next)
    onChange(next)
  }
  return (
    <fieldset aria-describedby={error === undefined ? undefined : `${id}-fault`}>
      <legend className="label mb-1">Events</legend>
      <ChoiceRow
        options={choices}
        value={isAll ? 'all' : 'some'}
        change={(next) => onChange(next === 'all' ? [everyEvent] : some)}
      />
      {!isAll && (
        <ul className="mt-2 divide-y divide-line rounded-md border border-edge">
          {eventGroups.map((group, place) => (
            <GroupRow
              key={group.pattern}
              group={group}
              value={value}
              change={change}
              isAtFault={error !== undefined && place === 0}
            />
          ))}
        </ul>
      )}
      {error !== undefined && (
        <p id={`${id}-fault`} role="alert" className="foreign mt-1 text-danger">
          {error}
        </p>
      )}
    </fieldset>
  )
}

interface GroupRowProps {
  group: Group
  value: readonly string[]
  change: (value: string[]) => void
  /** The fault of the field is told at the first of them. */
  isAtFault: boolean
}

function GroupRow({ group, value, change, isAtFault }: GroupRowProps) {
  const id = useId()
  const { pattern, label, events } = group
  const isWhole = value.includes(pattern)
  const count = countChosen(group, value)
  const [isOpen, setOpen] = useState(count > 0)
  return (
    <li className="pl-3 pr-1">
      <div className="flex items-center justify-between gap-x-2">
        <Check
          label={label}
          name={pattern}
          isOn={isWhole}
          change={(isOn) => change(withGroup(group, value, isOn))}
          isAtFault={isAtFault}
        />
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          className="flex min-h-9 shrink-0 items-center gap-1 rounded px-2 text-muted hover:bg-hover hover:text-ink"
          onClick={() => setOpen(!isOpen)}
        >
          {count > 0 && !isWhole ? `${count} of ${events.length}` : 'Single ones'}
          <span className="sr-only"> of {label}</span>
          <ChevronDown size={14} aria-hidden className={isOpen ? 'rotate-180' : ''} />
        </button>
      </div>
      <ul id={id} className={isOpen ? 'pb-2 pl-6' : 'hidden'}>
        {isOpen &&
          events.map((event) => (
            <li key={event.name}>
              <Check
                label={event.label}
                name={event.name}
                isOn={isWhole || value.includes(event.name)}
                change={(isOn) => change(withEvent(group, value, event.name, isOn))}
              />
            </li>
          ))}
      </ul>
    </li>
  )
}

interface CheckProps {
  label: string
  name: string
  isOn: boolean
  change: (isOn: boolean) => void
  isAtFault?: boolean
}

function Check({ label, name, isOn, change, isAtFault = false }: CheckProps) {
  return (
    <label className="flex min-h-9 min-w-0 cursor-pointer items-center gap-2.5 py-1">
      <input
        type="checkbox"
        className="size-4 shrink-0 accent-current"
        aria-invalid={isAtFault || undefined}
        checked={isOn}
        onChange={(event) => change(event.target.checked)}
      />
      <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
        {label}
        <span className="font-mono text-xs text-muted">{name}</span>
      </span>
    </label>
  )
}
