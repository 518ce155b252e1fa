// Permissions side by side, each in its own box.

interface PermissionListProps {
  permissions: readonly string[]
  /** What the list is, for who reads by ear. */
  label: string
  look?: 'plain' | 'added' | 'removed'
}

const looks = {
  plain: 'border-line bg-sunken text-ink',
  added: 'border-transparent bg-good-soft text-good',
  removed: 'border-transparent bg-danger-soft text-danger line-through',
} as const

export function PermissionList({ permissions, label, look = 'plain' }: PermissionListProps) {
  return (
    <ul aria-label={label} className="flex flex-wrap gap-1.5">
      {permissions.map((permission) => (
        <li
          key={permission}
          className={`rounded border px-1.5 py-0.5 font-mono text-[0.8125rem] [overflow-wrap:anywhere] ${looks[look]}`}
        >
          {permission}
        </li>
      ))}
    </ul>
  )
}
