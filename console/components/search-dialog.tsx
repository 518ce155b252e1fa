// One search for everything: by name, id, kid or hint, and by a pasted token, which is read here and never sent on.
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react'
import { isKid } from '../../src/core/token.ts'
import { withMarks } from '../format/foreign-text.ts'
import { foreignIn, readSearch } from '../format/found-by.ts'
import { TokenSearchNotice, useTokenSearch } from '../pages/keys/list/token-search.tsx'
import { pagesOf } from '../places.ts'
import { type Found, findAnything } from '../search-queries.ts'
import { useSession } from '../session.ts'
import { focusMark } from './autofocus.ts'
import { Dialog } from './dialog.tsx'
import { marked } from './foreign.tsx'
import { usePaused } from './search-choice.tsx'

const none: Found[] = []

export function SearchDialog({ close }: { close: () => void }) {
  const session = useSession()
  const router = useRouter()
  const id = useId()
  const [typed, setTyped] = useState('')
  // Of a token that was pasted, its public part.
  const [kid, setKid] = useState<string>()
  const [active, setActive] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const tokens = useTokenSearch(session.isRoot ? undefined : session.self.organization_id, setKid)
  const text = typed.trim()
  const q = usePaused(text, 150)
  const isAsked = kid !== undefined || q.length > 1
  const found = useQuery({
    queryKey: ['keys', 'anything', kid ?? '', q],
    queryFn: ({ signal }) => findAnything(session, kid === undefined ? { q } : { kid }, signal),
    enabled: isAsked,
    gcTime: 0,
    retry: false,
  })
  const pages =
    kid === undefined
      ? pagesOf(session)
          .filter(({ label }) => label.toLowerCase().includes(text.toLowerCase()))
          .map(({ label, link }) => ({
            kind: 'Page' as const,
            name: label,
            note: '',
            href: router.buildLocation(link).href,
          }))
      : []
  const options = [...(isAsked ? (found.data ?? none) : none), ...pages]
  const at = Math.min(active, options.length - 1)
  useLayoutEffect(() => {
    if (at >= 0) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const type = (next: string) => {
    setActive(0)
    setKid(undefined)
    tokens.tell(undefined)
    const read = readSearch(next)
    const foreign = read === undefined ? foreignIn(next) : undefined
    if (read !== undefined && 'kid' in read) setKid(read.kid)
    else if (read === undefined && isKid(next.trim())) setKid(next.trim())
    else if (read !== undefined && 'part' in read) tokens.tell('part')
    else if (foreign !== undefined) void tokens.look(foreign)
    else return setTyped(next)
    // Nothing of a token stays on the page.
    setTyped('')
  }
  const open = (option: Found | undefined) => {
    if (option === undefined) return
    close()
    void router.navigate({ href: option.href })
  }
  const press = (event: KeyboardEvent) => {
    const { key } = event
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      if (options.length > 0)
        setActive((at + (key === 'ArrowDown' ? 1 : -1) + options.length) % options.length)
    } else if (key === 'Enter') open(options[at])
    // The list is open as long as the window is: both close at once.
    else if (key === 'Escape') close()
    else return
    event.preventDefault()
  }
  const isSearching = isAsked && (found.isFetching || q !== text)
  return (
    <Dialog title="Search" close={close}>
      <div className="relative">
        <Search
          size={16}
          aria-hidden
          className="pointer-events-none absolute left-3 top-1/2 -translate-y-1/2 text-muted"
        />
        <input
          {...focusMark}
          role="combobox"
          aria-label="Name, id, or token"
          aria-expanded={options.length > 0}
          aria-controls={`${id}-options`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          aria-describedby={`${id}-hint`}
          className="input pl-9"
          dir="auto"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={4096}
          placeholder="Name, id, or token"
          value={typed}
          onChange={({ target }) => type(target.value)}
          onKeyDown={press}
        />
      </div>
      <p id={`${id}-hint`} className="mb-3 mt-1 text-muted">
        {kid === undefined
          ? 'A pasted token is read here, and not sent: only its public part is looked for.'
          : `Looking for the token with the public part ${kid}.`}
      </p>
      <TokenSearchNotice told={tokens.told} />
      <div
        ref={list}
        id={`${id}-options`}
        role="listbox"
        aria-label="What was found"
        className="-mx-2 max-h-80 overflow-y-auto"
      >
        {options.map((option, index) => (
          <div
            key={`${option.href} ${option.kind}`}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="flex cursor-pointer items-baseline gap-3 rounded-md px-2 py-2 hover:bg-hover aria-selected:bg-sunken"
            onMouseDown={(event) => {
              event.preventDefault()
              open(option)
            }}
          >
            <span className="w-24 shrink-0 text-xs text-muted">{option.kind}</span>
            <span className="min-w-0 grow truncate font-medium" dir="auto" title={withMarks(option.name)}>
              {marked(option.name)}
            </span>
            <span className="min-w-0 max-w-44 truncate text-xs text-muted" title={withMarks(option.note)}>
              {marked(option.note)}
            </span>
          </div>
        ))}
      </div>
      <p role="status" className="mt-2 min-h-5 text-muted">
        {isSearching ? 'Searching…' : found.isError ? 'The search failed. Try again.' : told(options.length)}
      </p>
    </Dialog>
  )
}

function told(count: number): string {
  return count === 0 ? 'Nothing found.' : `${count} found. Enter opens the marked one.`
}
