// The list under a field that is filled by names. The field keeps the focus.
import type { SearchOption } from '../queries.ts'
import { Foreign } from './foreign.tsx'

interface SearchOptionsProps {
  /** The field's id, from which those of the list and its options are made. */
  id: string
  label: string
  options: readonly SearchOption[]
  /** The option that Enter takes; -1 for none. */
  active: number
  pick: (id: string) => void
}

export function SearchOptions({ id, label, options, active, pick }: SearchOptionsProps) {
  return (
    <div
      id={`${id}-options`}
      role="listbox"
      aria-label={`${label}: what fits`}
      className="absolute left-0 top-full z-20 mt-1 max-h-72 w-full min-w-64 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-raised"
    >
      {options.map((option, index) => (
        <div
          key={option.id}
          id={`${id}-option-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          className="cursor-pointer rounded px-2 py-1 hover:bg-hover aria-selected:bg-sunken aria-selected:outline-2 aria-selected:-outline-offset-2 aria-selected:outline-link"
          // Chosen before the field could lose the focus, which would close the list.
          onMouseDown={(event) => {
            event.preventDefault()
            pick(option.id)
          }}
        >
          <Foreign text={option.name} className="block font-medium" />
          <span className="foreign block font-mono text-xs text-muted">{option.note}</span>
        </div>
      ))}
      {options.length === 0 && (
        <div role="option" tabIndex={-1} aria-selected={false} aria-disabled className="px-2 py-1 text-muted">
          Nothing has that in its name.
        </div>
      )}
    </div>
  )
}
