// What wants attention: at most five lines, each a number and a way to what it counts.
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Hourglass, type LucideIcon, Moon, Siren, Sparkles, UserX } from 'lucide-react'
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
  return (
    <Section title="Needs attention">
      {failed !== undefined ? (
        <Unread query={failed} height="h-20" />
      ) : (
        // All of them, those of which there is none too: so nothing moves when the numbers come.
        <ul className="grid gap-x-4 gap-y-1 sm:grid-cols-3 xl:grid-cols-5">
          {lines.map((line, index) => (
            <li key={line.words[1]}>
              <KeysLink organization={organization} search={line.search}>
                <Told line={line} told={counts[index]?.data} />
              </KeysLink>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Told({
  line: { icon: Icon, isUrgent = false, words },
  told,
}: {
  line: Line
  told: { count: number; isMore: boolean } | undefined
}) {
  const isNone = told === undefined || told.count === 0
  const look = isNone ? 'text-muted' : isUrgent ? 'text-danger' : 'text-ink'
  return (
    <>
      <Icon size={18} aria-hidden className={`mt-1 shrink-0 ${look}`} />
      <span className="min-w-0 max-sm:flex max-sm:items-baseline max-sm:gap-2">
        <span className={`text-xl leading-7 font-semibold tabular-nums sm:block ${look}`}>
          {told === undefined ? '\u2013' : `${countOf(told.count)}${told.isMore ? '+' : ''}`}
        </span>{' '}
        <span className={`underline-offset-2 group-hover:underline ${isNone ? 'text-muted' : ''}`}>
          {told?.count === 1 ? words[0] : words[1]}
        </span>
      </span>
    </>
  )
}

interface KeysLinkProps {
  organization: string | undefined
  search: KeySearch
  children: ReactNode
}

/** A way to the keys that a line counts. */
function KeysLink({ organization, search, children }: KeysLinkProps) {
  const look = 'group flex items-start gap-2.5 rounded-md p-2 -mx-2 hover:bg-hover'
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
