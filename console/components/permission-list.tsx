// Permissions side by side, each in its own box; many of them only when somebody wants to see them all.
import { useState } from 'react'

interface PermissionListProps {
  permissions: readonly string[]
  /** What the list is, for who reads by ear. */
  label: string
  look?: 'plain' | 'added' | 'removed'
  /** How many are shown at first. */
  most?: number
}

const looks = {
  plain: 'border-line bg-sunken text-ink',
  added: 'border-transparent bg-good-soft text-good',
  removed: 'border-transparent bg-danger-soft text-danger line-through',
} as const

export function PermissionList({ permissions, label, look = 'plain', most = 24 }: PermissionListProps) {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? permissions : permissions.slice(0, most)
  return (
    <>
      <ul aria-label={label} className="flex flex-wrap gap-1.5">
        {shown.map((permission) => (
          <li
            key={permission}
            className={`rounded border px-1.5 py-0.5 font-mono text-[0.8125rem] [overflow-wrap:anywhere] ${looks[look]}`}
          >
            {permission}
          </li>
        ))}
      </ul>
      {permissions.length > most && (
        <button
          type="button"
          aria-expanded={isWhole}
          className="min-h-9 rounded text-link hover:underline"
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Show fewer' : `Show all ${permissions.length}`}
        </button>
      )}
    </>
  )
}
