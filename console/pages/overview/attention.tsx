// What wants attention: at most five lines, each a number and a way to what it counts.
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, Hourglass, type LucideIcon, Moon, Siren, Sparkles, UserX } from 'lucide-react'
import type { ReactNode } from 'react'
import { keyCountQuery } from '../../attention-queries.ts'
import { Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { useHour } from '../../components/usage/recent.tsx'
import { countOf } from '../../format/limits.ts'
import type { KeySearch } from '../../searches.ts'
import type { UsageOwner } from '../../usage-queries.ts'

interface Line {
  search: KeySearch
  icon: LucideIcon
  isUrgent?: boolean
  /** Of one key, and of several. */
  words: readonly [one: string, more: string]
}

const lines: readonly Line[] = [
  {
    ...{ search: { exposed: true }, icon: Siren, isUrgent: true },
    words: ['key marked as leaked', 'keys marked as leaked'],
  },
  {
    ...{ search: { creator: 'gone' }, icon: UserX },
    words: ['key of somebody who has left', 'keys of people who have left'],
  },
  {
    ...{ search: { only: 'expires-7d' }, icon: Hourglass },
    words: ['key ends within 7 days', 'keys end within 7 days'],
  },
  {
    ...{ search: { only: 'unused-90d' }, icon: Moon },
    words: ['key unused for 90 days', 'keys unused for 90 days'],
  },
  {
    ...{ search: { only: 'never-used' }, icon: Sparkles },
    words: ['key never used', 'keys never used'],
  },
]

export function NeedsAttention({ owner: { organization } }: { owner: UsageOwner }) {
  const hour = useHour()
  const counts = useQueries({
    queries: lines.map(({ search }) => keyCountQuery(search, organization, hour)),
  })
  const failed = counts.find(({ error, data }) => error !== null && data === undefined)
  const isPending = counts.some(({ data }) => data === undefined)
  const found = lines.flatMap((line, index) => {
    const told = counts[index]?.data
    return told === undefined || told.count === 0 ? [] : [{ ...line, ...told }]
  })
  return (
    <Section title="Needs attention">
      {failed !== undefined ? (
        <Unread query={failed} height="h-20" />
      ) : isPending ? (
        <div role="status" className="h-20 animate-pulse rounded bg-sunken">
          <span className="sr-only">Loading</span>
        </div>
      ) : found.length === 0 ? (
        <p className="flex items-center gap-2 text-muted">
          <CircleCheck size={18} aria-hidden className="shrink-0 text-good" /> Nothing: no key ends soon, and
          none is left over.
        </p>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {found.map(({ search, icon: Icon, isUrgent, words: [one, more], count, isMore }) => (
            <li key={more}>
              <KeysLink organization={organization} search={search}>
                <Icon
                  size={17}
                  aria-hidden
                  className={`shrink-0 self-center ${isUrgent ? 'text-danger' : 'text-muted'}`}
                />
                <span
                  className={`min-w-8 text-right text-base font-semibold tabular-nums ${isUrgent ? 'text-danger' : ''}`}
                >
                  {countOf(count)}
                  {isMore && '+'}
                </span>
                <span className="text-link underline-offset-2 group-hover:underline">
                  {count === 1 ? one : more}
                </span>
              </KeysLink>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

interface KeysLinkProps {
  organization: string | undefined
  search: KeySearch
  children: ReactNode
}

/** A way to the keys that a line counts. */
function KeysLink({ organization, search, children }: KeysLinkProps) {
  const look = 'group flex items-baseline gap-3 rounded py-2'
  return organization === undefined ? (
    <Link to="/keys" search={search} className={look}>
      {children}
    </Link>
  ) : (
    <Link to="/organizations/$organization" params={{ organization }} search={search} className={look}>
      {children}
    </Link>
  )
}
