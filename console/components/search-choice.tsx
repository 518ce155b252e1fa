// A field that takes an id and is filled by names: what fits what is typed is searched for and offered in a list.
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { asTyped } from '../format/foreign-text.ts'
import { isKeyId } from '../format/key-ids.ts'
import type { SearchOption } from '../queries.ts'
import { SearchOptions } from './search-options.tsx'

interface SearchChoiceProps {
  label: string
  /** The id that is chosen, or what was given in place of one; undefined for none. */
  value: string | undefined
  /** The name of what is chosen, as far as it is known. */
  name: string | undefined
  change: (id: string | undefined) => void
  /** Finds what fits a text; `kind` is under which name queries keep it. Undefined for who may not search. */
  search: { kind: string; find: (q: string, signal: AbortSignal) => Promise<SearchOption[]> } | undefined
  placeholder: string
  /** What is told of a value that has no name. */
  note?: string | undefined
  /** What is wrong with the value. */
  error?: string | undefined
  /** Whether `/` leads to it. */
  isFirst?: boolean
}

const pauseMs = 200
const none: SearchOption[] = []

/** A combobox (WAI-ARIA 1.2) whose list the server finds. A whole id needs no search. */
export function SearchChoice({ label, value, name, change, search, ...rest }: SearchChoiceProps) {
  const id = useId()
  // Undefined while nothing is typed: then it shows what is chosen.
  const [typed, setTyped] = useState<string>()
  const [isOpen, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  // Enter was pressed before the list came.
  const [isAwaited, setAwaited] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const text = (typed ?? '').trim()
  const q = usePaused(text, isAwaited ? 0 : pauseMs)
  const isSearched = search !== undefined && isOpen && q !== '' && !isKeyId(q)
  const found = useQuery({
    queryKey: [search?.kind, 'choice', q],
    queryFn: ({ signal }) => search?.find(q, signal) ?? none,
    enabled: isSearched,
    retry: false,
  })
  const isSettled = q === text && !(isSearched && found.isPending)
  const isExpanded = isSearched && q === text && found.data !== undefined
  const options = isExpanded ? (found.data ?? none) : none

  const [valueBefore, setValueBefore] = useState(value)
  // What was chosen has come, or the address changed by itself: back, or cleared.
  if (valueBefore !== value) {
    setValueBefore(value)
    setTyped(undefined)
  }
  useLayoutEffect(() => {
    if (active >= 0)
      box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const choose = (next: string | undefined) => {
    setOpen(false)
    setActive(-1)
    setAwaited(false)
    setTyped(next === value ? undefined : next)
    if (next !== value) change(next)
  }
  /** Takes what is typed: nothing, the one thing that is called so, else the text itself. */
  const take = () => {
    if (typed === undefined) return
    const same = options.filter((one) => one.id === text || asTyped(one.name) === asTyped(text))
    const exact = same.find((one) => one.id === text) ?? (same.length === 1 ? same[0] : undefined)
    choose(exact?.id ?? (text === '' ? undefined : text))
  }
  const enter = () => {
    const picked = options[active] ?? (options.length === 1 ? options[0] : undefined)
    if (picked !== undefined) choose(picked.id)
    else if (!isSettled) setAwaited(true)
    // One of several is to be chosen, unless it is called just so.
    else if (options.length < 2 || options.some((one) => one.id === text)) take()
  }
  useEffect(() => {
    if (!isAwaited || !isSettled) return
    setAwaited(false)
    enter()
  })
  const press = (event: KeyboardEvent) => {
    const { key } = event
    if ((key === 'ArrowDown' || key === 'ArrowUp') && options.length > 0) {
      const from = active < 0 && key === 'ArrowUp' ? options.length : active
      setActive((from + (key === 'ArrowDown' ? 1 : -1) + options.length) % options.length)
    } else if (key === 'Escape' && isExpanded) setOpen(false)
    else if (key === 'Enter') enter()
    else return
    event.preventDefault()
  }
  const { placeholder, note, error, isFirst = false } = rest
  const isNamed = typed === undefined && value !== undefined && name !== undefined
  return (
    <div>
      <label htmlFor={id} className="label mb-1">
        {label}
      </label>
      <div ref={box} className="relative">
        <input
          id={id}
          role="combobox"
          aria-expanded={isExpanded}
          aria-controls={`${id}-options`}
          aria-autocomplete="list"
          aria-activedescendant={isExpanded && active >= 0 ? `${id}-option-${active}` : undefined}
          aria-describedby={`${id}-told`}
          aria-invalid={error === undefined ? undefined : true}
          className="input"
          dir="auto"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={placeholder}
          maxLength={256}
          {...(isFirst && { 'data-shortcut': '/' })}
          value={typed ?? (isNamed ? asTyped(name) || value : (value ?? ''))}
          onChange={({ target }) => {
            setTyped(target.value)
            setOpen(true)
            setActive(-1)
          }}
          onFocus={({ target }) => target.select()}
          onKeyDown={press}
          onBlur={take}
        />
        {isExpanded && (
          <SearchOptions id={id} label={label} options={options} active={active} pick={choose} />
        )}
      </div>
      <div id={`${id}-told`} className="mt-1 empty:hidden">
        {error !== undefined && (
          <p role="alert" className="text-danger">
            {error}
          </p>
        )}
        {note !== undefined && typed === undefined && error === undefined && (
          <p className="text-muted">{note}</p>
        )}
        {isNamed && error === undefined && <p className="foreign font-mono text-xs text-muted">{value}</p>}
      </div>
      <span role="status" className="sr-only">
        {isExpanded && `${options.length} found`}
      </span>
    </div>
  )
}

/** A text once it has not changed for a while. */
export function usePaused(text: string, pauseMs: number): string {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text, pauseMs])
  return paused
}
