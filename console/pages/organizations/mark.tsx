// Marks the operator's own organization among the customers'.
import { rootOrganizationId } from '../../session.ts'

export function OperatorMark({ id }: { id: string }) {
  if (id !== rootOrganizationId) return null
  return (
    <span
      title="Its keys may act on every organization"
      className="min-w-0 truncate rounded-full bg-note-soft px-2 py-0.5 text-xs font-medium text-link"
    >
      <span className="max-sm:hidden">The operator’s own</span>
      <span className="sm:hidden">Yours</span>
    </span>
  )
}
