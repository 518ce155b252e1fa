// What a list is narrowed to beside its search, each with a button that takes it away.
import { X } from 'lucide-react'
import { withMarks } from '../format/foreign-text.ts'
import type { FilterChip } from '../format/key-filters.ts'
import { isKeyId } from '../format/key-ids.ts'
import { marked } from './foreign.tsx'
import { useMemberName } from './member-name.tsx'

export function FilterChips({ chips }: { chips: readonly FilterChip[] }) {
  if (chips.length === 0) return null
  return (
    <ul aria-label="Filters" className="mb-3 flex flex-wrap gap-2">
      {chips.map((chip) => (
        <Chip key={`${chip.label} ${chip.value}`} of={chip} />
      ))}
    </ul>
  )
}

function Chip({ of: { label, value, isSomebody = false, remove } }: { of: FilterChip }) {
  const member = useMemberName(value, isSomebody && isKeyId(value))
  const text = member.isKnown ? member.name : value
  return (
    <li className="flex min-h-8 max-w-full items-center gap-1.5 rounded border border-line bg-sunken pl-2 text-[0.8125rem]">
      <span className="text-muted">{label}</span>
      <span className={`min-w-0 truncate ${member.isKnown ? '' : 'font-mono'}`} title={value}>
        {marked(text)}
      </span>
      <button
        type="button"
        aria-label={`Remove the filter ${label.toLowerCase()} ${withMarks(text)}`}
        className="relative flex size-8 shrink-0 items-center justify-center rounded text-muted after:absolute after:-inset-0.5 hover:bg-hover hover:text-ink"
        onClick={remove}
      >
        <X size={14} aria-hidden />
      </button>
    </li>
  )
}
