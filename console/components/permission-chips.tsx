// The permissions in a list so far, each with a button that takes it out.
import { TriangleAlert, X } from 'lucide-react'
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react'
import { withMarks } from '../format/foreign-text.ts'
import { marked } from './foreign.tsx'

interface PermissionChipsProps {
  permissions: readonly string[]
  /** Those that something is wrong with. */
  faulty: readonly string[]
  remove: (permission: string) => void
  /** Where the focus goes when no chip is left. */
  focusInput: () => void
}

export function PermissionChips({ permissions, faulty, remove, focusInput }: PermissionChipsProps) {
  const list = useRef<HTMLUListElement>(null)
  const focusAt = useRef<number>(undefined)
  useLayoutEffect(() => {
    const index = focusAt.current
    if (index === undefined) return
    focusAt.current = undefined
    const buttons = list.current?.querySelectorAll('button') ?? []
    const next = buttons[Math.min(index, buttons.length - 1)]
    if (next) next.focus()
    else focusInput()
  })
  const removeAt = (index: number) => {
    focusAt.current = index
    remove(permissions[index] as string)
  }
  const press = (event: KeyboardEvent, index: number) => {
    if (event.key !== 'Delete' && event.key !== 'Backspace') return
    event.preventDefault()
    removeAt(index)
  }
  return (
    <ul ref={list} className="contents" aria-label="Permissions so far">
      {permissions.map((permission, index) => {
        const isFaulty = faulty.includes(permission)
        return (
          <li
            key={permission}
            className={`flex min-h-8 max-w-full items-center gap-1.5 rounded border pl-2 font-mono text-[0.8125rem] ${isFaulty ? 'border-danger/40 bg-danger-soft text-danger' : 'border-line bg-sunken text-ink'}`}
          >
            {isFaulty && <TriangleAlert size={14} aria-hidden className="shrink-0" />}
            <span className="min-w-0 [overflow-wrap:anywhere]">{marked(permission)}</span>
            <button
              type="button"
              aria-label={`Remove ${withMarks(permission)}${isFaulty ? ', which is invalid' : ''}`}
              className="relative flex size-8 shrink-0 items-center justify-center rounded text-muted after:absolute after:-inset-0.5 hover:bg-hover hover:text-ink"
              onClick={() => removeAt(index)}
              onKeyDown={(event) => press(event, index)}
            >
              <X size={14} aria-hidden />
            </button>
          </li>
        )
      })}
    </ul>
  )
}
