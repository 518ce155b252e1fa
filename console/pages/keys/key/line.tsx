// The line of a key as a tree: the keys of which it is a child, and its own children, as they are asked for.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronDown, ChevronRight, Plus } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { maxLineLength } from '../../../../src/core/bounds.ts'
import type { WireKey } from '../../../api.ts'
import { Button, IconButton, LinkButton } from '../../../components/button.tsx'
import { marked } from '../../../components/foreign.tsx'
import { ErrorNotice, Unread } from '../../../components/notices.tsx'
import { Section } from '../../../components/page.tsx'
import { Status } from '../../../components/status.tsx'
import { withMarks } from '../../../format/foreign-text.ts'
import { childrenQuery, keyQuery } from '../../../queries.ts'

interface LineProps {
  of: WireKey
  /** Why it may have no further child. */
  refusal: string | undefined
}

export function Line({ of: key, refusal }: LineProps) {
  const ancestors = useAncestors(key)
  const place = ancestors.length + 1
  const isLast = place >= maxLineLength
  return (
    <Section
      title="Parents and children"
      lead="A child may do no more than its parent, draws from the limits of its parent too, and ends with it."
      actions={
        <LinkButton
          icon={<Plus size={16} aria-hidden />}
          to="/organizations/$organization/new-key"
          params={{ organization: key.organization_id }}
          search={{ parent: key.id }}
          refusal={
            refusal ??
            (isLast ? `A line has at most ${maxLineLength} keys, and this is its last.` : undefined)
          }
        >
          New child
        </LinkButton>
      }
    >
      <Above ancestors={ancestors}>
        <li>
          <Row of={key} isCurrent />
          {!isLast && <Children of={key} place={place} />}
        </li>
      </Above>
    </Section>
  )
}

/** The keys above, each within the one above it; as many as are read yet. */
function Above({ ancestors, children, look }: AboveProps) {
  const [first, ...others] = ancestors
  if (first === undefined) return <ul className={look}>{children}</ul>
  return (
    <ul className={look}>
      <li>
        <Row of={first} />
        <Above ancestors={others} look={inner}>
          {children}
        </Above>
      </li>
    </ul>
  )
}

interface AboveProps {
  ancestors: readonly WireKey[]
  children: ReactNode
  look?: string
}

const inner = 'ml-4 border-l border-line pl-4'

/** The keys of which a key is a child, the first of the line first. Each tells of the next. */
function useAncestors({ parent_id: id }: WireKey): WireKey[] {
  const parent = useAncestor(id)
  const grandparent = useAncestor(parent?.parent_id ?? null)
  const first = useAncestor(grandparent?.parent_id ?? null)
  return [first, grandparent, parent].filter((key) => key !== undefined)
}

function useAncestor(id: string | null): WireKey | undefined {
  return useQuery({ ...keyQuery(id ?? ''), enabled: id !== null }).data
}

function Row({ of: { id, name, hint, status }, isCurrent = false }: { of: WireKey; isCurrent?: boolean }) {
  return (
    <div className="flex min-h-9 min-w-0 flex-wrap items-center gap-x-3 gap-y-1 py-1">
      {isCurrent ? (
        <strong aria-current="true" className="foreign font-medium" dir="auto">
          {marked(name)}
        </strong>
      ) : (
        <Link
          to="/keys/$key"
          params={{ key: id }}
          dir="auto"
          className="foreign rounded text-link underline decoration-line underline-offset-2 hover:decoration-current"
        >
          {marked(name)}
        </Link>
      )}
      <span className="foreign font-mono text-xs text-muted">{hint}</span>
      <Status status={status} />
    </div>
  )
}

/** The children of a key; those of each of them when somebody opens it. `place` is that of the key in its line. */
function Children({ of: { id, name }, place }: { of: WireKey; place: number }) {
  const list = useInfiniteQuery(childrenQuery(id))
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list
  if (data === undefined) return <Unread query={list} height="ml-4 h-9" />
  const items = data.pages.flatMap((page) => page.items)
  return (
    <>
      {items.length === 0 && !hasNextPage && (
        <p className="ml-4 flex h-9 items-center pl-4 text-muted">No children.</p>
      )}
      {items.length > 0 && (
        <ul aria-label={`Children of ${withMarks(name)}`} className={inner}>
          {items.map((child) => (
            <Child key={child.id} of={child} place={place + 1} />
          ))}
        </ul>
      )}
      {isFetchNextPageError && <ErrorNotice error={list.error} />}
      {hasNextPage && (
        <Button className="mt-1 ml-8" busy={isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {isFetchingNextPage ? 'Loading…' : 'Show older children'}
        </Button>
      )}
    </>
  )
}

function Child({ of: child, place }: { of: WireKey; place: number }) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const mayHaveSome = place < maxLineLength
  const Arrow = isOpen ? ChevronDown : ChevronRight
  return (
    <li>
      <div className="flex min-w-0 items-start gap-1">
        {mayHaveSome && (
          <IconButton
            label={`${isOpen ? 'Hide' : 'Show'} the children of ${withMarks(child.name)}`}
            icon={<Arrow size={16} aria-hidden />}
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          />
        )}
        <Row of={child} />
      </div>
      {mayHaveSome && (
        <div id={id} hidden={!isOpen}>
          {isOpen && <Children of={child} place={place} />}
        </div>
      )}
    </li>
  )
}
