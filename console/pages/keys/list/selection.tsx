// Which keys of a list are selected for one change of them all: some by their boxes, or all that the filters find.
import { Ban, CirclePause, CirclePlay, Tag } from 'lucide-react'
import { createContext, type ReactNode, use, useMemo, useState } from 'react'
import type { Total } from '../../../../src/core/shapes/page.ts'
import type { WireKey } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import type { BulkAction } from '../../../format/bulk-results.ts'
import { withMarks } from '../../../format/foreign-text.ts'
import { countOf } from '../../../format/limits.ts'

/** The selection of a list. */
interface Selection {
  /** Whether it is of all that the filters find, those that are not shown yet included. */
  isAll: boolean
  ids: ReadonlySet<string>
  has: (id: string) => boolean
  toggle: (id: string) => void
  /** Selects these, or none. */
  set: (ids: readonly string[]) => void
  selectAll: () => void
}

const SelectionContext = createContext<Selection | undefined>(undefined)

const none: ReadonlySet<string> = new Set()

/** `filters` says what the list is of: of another one nothing is selected. */
export function useSelection(filters: string, items: readonly WireKey[] | undefined): Selection {
  const [chosen, setChosen] = useState({ filters, isAll: false, ids: none })
  const isSame = chosen.filters === filters
  const ids = isSame ? chosen.ids : none
  const isAll = isSame && chosen.isAll
  return useMemo(() => {
    const set = (next: Iterable<string>) => setChosen({ filters, isAll: false, ids: new Set(next) })
    return {
      isAll,
      ids,
      has: (id) => isAll || ids.has(id),
      toggle: (id) => {
        // Of all, the others that are shown stay.
        const before = isAll ? (items ?? []).map((key) => key.id) : [...ids]
        set(before.includes(id) ? before.filter((other) => other !== id) : [...before, id])
      },
      set,
      selectAll: () => setChosen({ filters, isAll: true, ids: none }),
    }
  }, [filters, items, isAll, ids])
}

export function Selecting({
  selection,
  children,
}: {
  selection: Selection | undefined
  children: ReactNode
}) {
  return <SelectionContext value={selection}>{children}</SelectionContext>
}

const box = 'flex size-9 shrink-0 cursor-pointer items-center justify-center'

/** The box before the name of a key; nothing where none can be selected. */
export function SelectBox({ of: { id, name } }: { of: WireKey }) {
  const selection = use(SelectionContext)
  if (selection === undefined) return null
  return (
    <label className={`${box} -ml-2.5`}>
      <input
        type="checkbox"
        aria-label={`Select ${withMarks(name)}`}
        className="size-4 accent-ink"
        checked={selection.has(id)}
        onChange={() => selection.toggle(id)}
      />
    </label>
  )
}

/** The box above the names: of all keys that are shown so far. */
export function SelectShownBox({ keys }: { keys: readonly WireKey[] }) {
  const selection = use(SelectionContext)
  // Of a long list it is looked through once, and not in every frame in which it scrolls.
  const isEvery = useMemo(
    () => selection !== undefined && keys.length > 0 && keys.every(({ id }) => selection.has(id)),
    [keys, selection],
  )
  if (selection === undefined) return null
  const isSome = selection.ids.size > 0
  return (
    <label className={`${box} -ml-2.5`}>
      <input
        // A box that is neither on nor off is so by its property alone.
        ref={(element) => {
          if (element !== null) element.indeterminate = isSome && !isEvery
        }}
        type="checkbox"
        aria-label="Select all that are shown"
        className="size-4 accent-ink"
        checked={isEvery}
        onChange={() => selection.set(isEvery ? [] : keys.map(({ id }) => id))}
      />
    </label>
  )
}

interface SelectionBarProps {
  selection: Selection
  total: Total | undefined
  /** Whether the list has more than is shown. */
  hasMore: boolean
  act: (action: BulkAction) => void
}

/** What can be done with what is selected: at the lower edge of the window, so that the list stays where it is. */
export function SelectionBar({ selection, total, hasMore, act }: SelectionBarProps) {
  const { isAll, ids, set, selectAll } = selection
  if (!isAll && ids.size === 0) return null
  return (
    <section
      aria-label="Selected keys"
      className="sticky bottom-3 z-20 mt-3 flex flex-wrap items-center gap-2 rounded-lg border border-line bg-raised p-3 shadow-raised"
    >
      <p role="status" className="mr-auto font-medium tabular-nums">
        {isAll ? `All ${totalWords(total)} selected` : `${countOf(ids.size)} selected`}
      </p>
      {!isAll && hasMore && (
        <Button kind="quiet" onClick={selectAll}>
          Select all that the filters find
        </Button>
      )}
      <Button kind="quiet" onClick={() => set([])}>
        Clear
      </Button>
      <Button icon={<Tag size={16} aria-hidden />} onClick={() => act('tag')}>
        Tag
      </Button>
      <Button icon={<CirclePause size={16} aria-hidden />} onClick={() => act('suspend')}>
        Suspend
      </Button>
      <Button icon={<CirclePlay size={16} aria-hidden />} onClick={() => act('resume')}>
        Resume
      </Button>
      <Button icon={<Ban size={16} aria-hidden />} onClick={() => act('revoke')}>
        Revoke
      </Button>
    </section>
  )
}

function totalWords(total: Total | undefined): string {
  if (total === undefined) return 'that the filters find'
  return `${total.isMore ? 'of more than ' : ''}${countOf(total.count)}`
}
