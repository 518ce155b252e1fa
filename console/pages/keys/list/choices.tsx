// What a list of keys is narrowed to and sorted by, each in a choice of its own.
import { useQuery } from '@tanstack/react-query'
import { type KeySelection, keySelections } from '../../../format/key-selections.ts'
import { prefixesQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'
import type { KeySort } from './table.tsx'

const sorts: { value: KeySort; label: string }[] = [
  { value: '-created_at', label: 'Newest first' },
  { value: '-last_used_at', label: 'Last used first' },
  { value: 'last_used_at', label: 'Unused first' },
  { value: 'name', label: 'By name' },
]
const choice = 'input min-h-9 min-w-0 py-1.5 max-xl:px-2 sm:w-auto sm:max-xl:max-w-32'

interface SelectionChoiceProps {
  only: KeySelection | undefined
  change: (only: KeySelection | undefined) => void
}

export function SelectionChoice({ only, change }: SelectionChoiceProps) {
  return (
    <select
      aria-label="Use and expiry"
      className={choice}
      value={only ?? ''}
      onChange={({ target }) => change((target.value || undefined) as KeySelection | undefined)}
    >
      <option value="">Any use</option>
      {Object.entries(keySelections).map(([value, { label }]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}

interface PrefixChoiceProps {
  prefix: string | undefined
  change: (prefix: string | undefined) => void
}

/** The switch between environments; nothing where there is one alone. */
export function PrefixChoice({ prefix, change }: PrefixChoiceProps) {
  const isReadable = useSession().refusal('latchkey:keys:read') === undefined
  const { data: known = [] } = useQuery({ ...prefixesQuery(), enabled: isReadable })
  // Keys keep a prefix that new ones do not get any more.
  const prefixes = prefix === undefined || known.includes(prefix) ? known : [...known, prefix]
  if (prefixes.length < 2 && prefix === undefined) return null
  return (
    <select
      aria-label="Prefix"
      className={`${choice} font-mono`}
      value={prefix ?? ''}
      onChange={({ target }) => change(target.value || undefined)}
    >
      <option value="">Any prefix</option>
      {prefixes.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  )
}

interface SortChoiceProps {
  sort: KeySort
  changeSort: (sort: KeySort) => void
}

export function SortChoice({ sort, changeSort }: SortChoiceProps) {
  return (
    <select
      aria-label="Order"
      className={choice}
      value={sort}
      onChange={(event) => {
        const chosen = sorts.find(({ value }) => value === event.target.value)
        if (chosen) changeSort(chosen.value)
      }}
    >
      {sort === 'expires_at' && <option value={sort}>Ends first</option>}
      {sorts.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}
