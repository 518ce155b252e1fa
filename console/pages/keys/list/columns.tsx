// Which columns a table of keys has: what the reader has chosen, kept in this browser.
import { useId, useState } from 'react'
import { Button } from '../../../components/button.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'

/** The columns that can be chosen, beside the name, in their order. */
export const columnHeadings = {
  organization: 'Organization',
  permissions: 'Permissions',
  tags: 'Tags',
  created_by: 'Created by',
  created_at: 'Created',
  calls: 'Calls, 7 days',
  last_used_at: 'Last used',
  expires_at: 'Expires',
  status: 'Status',
} as const

export type KeyColumn = keyof typeof columnHeadings
export type KeyColumns = ReadonlySet<KeyColumn>

const all = Object.keys(columnHeadings) as KeyColumn[]
const usual: KeyColumns = new Set(all.filter((column) => column !== 'tags'))
const storedAs = 'latchkey-key-columns'

/** The columns that were chosen last, or the usual ones. */
function readColumns(): KeyColumns {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? 'null')
    return Array.isArray(stored) ? new Set(all.filter((column) => stored.includes(column))) : usual
  } catch {
    return usual
  }
}

function keepColumns(columns: KeyColumns): void {
  try {
    localStorage.setItem(storedAs, JSON.stringify([...columns]))
  } catch {
    // Without storage they are chosen for this visit.
  }
}

/** The columns, and what changes them. */
export function useColumns(): [columns: KeyColumns, change: (columns: KeyColumns) => void] {
  const [columns, setColumns] = useState(readColumns)
  return [
    columns,
    (next) => {
      keepColumns(next)
      setColumns(next)
    },
  ]
}

interface ColumnsDialogProps {
  columns: KeyColumns
  change: (columns: KeyColumns) => void
  /** Whether the list is of every organization. */
  ofAll: boolean
  close: () => void
}

export function ColumnsDialog({ columns, change, ofAll, close }: ColumnsDialogProps) {
  const id = useId()
  const toggle = (column: KeyColumn) =>
    change(new Set(all.filter((other) => (other === column) !== columns.has(other))))
  return (
    <Dialog
      title="Columns"
      lead="This browser keeps them. A column for which the window has no room is there in a wider one."
      close={close}
    >
      <fieldset>
        <legend className="sr-only">Columns that are shown</legend>
        {all
          .filter((column) => ofAll || column !== 'organization')
          .map((column) => (
            <label
              key={column}
              htmlFor={`${id}-${column}`}
              className="flex min-h-9 cursor-pointer items-center gap-2.5"
            >
              <input
                id={`${id}-${column}`}
                type="checkbox"
                className="size-4 accent-ink"
                checked={columns.has(column)}
                onChange={() => toggle(column)}
              />
              {columnHeadings[column]}
            </label>
          ))}
      </fieldset>
      <DialogActions>
        <Button onClick={() => change(usual)}>The usual ones</Button>
        <Button kind="primary" onClick={close}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  )
}
