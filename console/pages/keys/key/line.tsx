// The line of a key as a tree: the keys of which it is a child, and its own children, as they are asked for.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronDown, ChevronRight, Plus } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { maxLineLength } from '../../../../src/core/bounds.ts'
import type { WireKey } from '../../../api.ts'
import { Button, IconButton, LinkButton } from '../../../components/button.tsx'
import { marked } from '../../../components/foreign.tsx'
import { KeyName } from '../../../components/key-name.tsx'
import { ErrorNotice, Notice, Unread } from '../../../components/notices.tsx'
import { Section } from '../../../components/page.tsx'
import { Status } from '../../../components/status.tsx'
import { withMarks } from '../../../format/foreign-text.ts'
import { childrenQuery, keyQuery, organizationQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

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
          <Row of={key} isCurrent isRefused={endedAmong(ancestors) !== undefined} />
          {!isLast && (
            <Children of={key} place={place} areRefused={endedAmong([...ancestors, key]) !== undefined} />
          )}
        </li>
      </Above>
    </Section>
  )
}

/** The keys above, each within the one above it; as many as are read yet. */
function Above({ ancestors, children, look, isRefused = false }: AboveProps) {
  const [first, ...others] = ancestors
  if (first === undefined) return <ul className={look}>{children}</ul>
  return (
    <ul className={look}>
      <li>
        <Row of={first} isRefused={isRefused} />
        <Above ancestors={others} look={inner} isRefused={isRefused || endedAmong([first]) !== undefined}>
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
  /** Whether a key above them is not valid. */
  isRefused?: boolean
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

/** Of keys from the first of a line on: the one with which the others are refused, whatever they are themselves. */
function endedAmong(keys: readonly WireKey[]): WireKey | undefined {
  return keys.find(({ status }) => status !== 'active')
}

const endings = { suspended: 'is suspended', expired: 'has expired', revoked: 'is revoked' } as const

/** Tells of what is above a key and not valid, with which it is refused: its organization, or a key; of nothing otherwise. */
export function RefusedAbove({ of: key }: { of: WireKey }) {
  const { organization_id: id } = key
  const isReadable = useSession().readsOrganization(id)
  const organization = useQuery({ ...organizationQuery(id), enabled: isReadable }).data
  const ended = endedAmong(useAncestors(key))
  if (organization !== undefined && organization.suspended_at !== null)
    return (
      <div className="mb-6">
        <Notice tone="warning" title="Its organization is suspended">
          <p>
            Its tokens are refused with all others of{' '}
            <Link
              to="/organizations/$organization"
              params={{ organization: id }}
              className="text-link underline underline-offset-2"
            >
              {marked(organization.name)}
            </Link>
            .
          </p>
        </Notice>
      </div>
    )
  if (ended === undefined || ended.status === 'active') return null
  return (
    <div className="mb-6">
      <Notice tone="warning" title={`A key of which it is a child ${endings[ended.status]}`}>
        <p>
          Its tokens are refused with those of <KeyName id={ended.id} known={ended.name} />.
        </p>
      </Notice>
    </div>
  )
}

/** Tells before a key ends that its children do; nothing of one without any. */
export function RefusedWithIt({ of: { id } }: { of: WireKey }) {
  const { data } = useInfiniteQuery(childrenQuery(id))
  const hasSome = data?.pages.some(({ items }) => items.some(({ status }) => status === 'active'))
  return hasSome ? <p>Its children are refused with it.</p> : null
}

interface RowProps {
  of: WireKey
  isCurrent?: boolean
  /** Whether a key above it is not valid. */
  isRefused: boolean
}

function Row({ of: { id, name, hint, status }, isCurrent = false, isRefused }: RowProps) {
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
      {isRefused && status === 'active' && (
        <span className="text-xs text-muted">Refused with a key above it</span>
      )}
    </div>
  )
}

interface ChildrenProps {
  of: WireKey
  /** That of the key in its line. */
  place: number
  /** Whether the key is not valid, or one above it. */
  areRefused: boolean
}

/** The children of a key; those of each of them when somebody opens it. */
function Children({ of: { id, name }, place, areRefused }: ChildrenProps) {
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
            <Child key={child.id} of={child} place={place + 1} isRefused={areRefused} />
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

function Child({ of: child, place, isRefused }: { of: WireKey; place: number; isRefused: boolean }) {
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
        <Row of={child} isRefused={isRefused} />
      </div>
      {mayHaveSome && (
        <div id={id} hidden={!isOpen}>
          {isOpen && (
            <Children of={child} place={place} areRefused={isRefused || child.status !== 'active'} />
          )}
        </div>
      )}
    </li>
  )
}
