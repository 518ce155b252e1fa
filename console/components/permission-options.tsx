// The list under the input for permissions: what may complete what is typed. The input keeps the focus.
import type { PermissionOption } from '../format/permission-list.ts'

interface PermissionOptionsProps {
  /** The input's id, from which those of the list and its options are made. */
  id: string
  options: readonly PermissionOption[]
  /** The option that Enter takes; -1 for none. */
  active: number
  /** Those that the signed-in key may not grant. */
  withheld: readonly string[]
  pick: (permission: string) => void
}

export function PermissionOptions({ id, options, active, withheld, pick }: PermissionOptionsProps) {
  return (
    <div
      id={`${id}-options`}
      role="listbox"
      aria-label="Matching permissions"
      className="absolute inset-x-0 top-full z-20 mt-1 max-h-72 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-raised"
    >
      {options.map(({ permission, note }, index) => {
        const off = withheld.includes(permission)
        return (
          <div
            key={permission}
            id={`${id}-option-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            aria-disabled={off || undefined}
            className="flex min-h-9 cursor-pointer flex-wrap items-center justify-between gap-x-4 rounded px-2 py-1 hover:bg-hover aria-selected:bg-sunken aria-selected:outline-2 aria-selected:-outline-offset-2 aria-selected:outline-link aria-disabled:cursor-not-allowed"
            // Picked before the input could lose the focus, which would close the list.
            onMouseDown={(event) => {
              event.preventDefault()
              pick(permission)
            }}
          >
            <span
              className={`min-w-0 font-mono text-[0.8125rem] [overflow-wrap:anywhere] ${off ? 'text-muted line-through' : ''}`}
            >
              {permission}
            </span>
            <span className="text-xs text-muted tabular-nums">{off ? 'You may not grant it' : note}</span>
          </div>
        )
      })}
    </div>
  )
}
