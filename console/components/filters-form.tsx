// The filters of a page, in a form of their own: on a phone they are folded, since what they filter comes first.
import { SlidersHorizontal } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { Button } from './button.tsx'

interface FiltersFormProps {
  /** How many filters are set. */
  count: number
  clear: () => void
  /** How many columns there are from which width on: two at first. */
  columns: string
  /** The fields. */
  children: ReactNode
}

export function FiltersForm({ count, clear, columns, children }: FiltersFormProps) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  return (
    <form
      aria-label="Filters"
      className="card mb-6 p-2 sm:p-4"
      onSubmit={(event) => event.preventDefault()}
      noValidate
    >
      <Button
        kind="quiet"
        className="w-full sm:hidden"
        icon={<SlidersHorizontal size={16} aria-hidden />}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <div
        id={id}
        className={`${isOpen ? 'grid px-2 pb-2 pt-3' : 'hidden'} grid-cols-1 gap-4 min-[22.5rem]:grid-cols-2 sm:grid sm:p-0 ${columns}`}
      >
        {children}
        {count > 0 && (
          <div className="col-span-full">
            <Button onClick={clear}>Clear the filters</Button>
          </div>
        )}
      </div>
    </form>
  )
}
