// The keys that want attention: those that end soon, and those that nobody uses.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { WireKey } from '../../api.ts'
import { marked } from '../../components/foreign.tsx'
import { Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Ago } from '../../components/time.tsx'
import { useHour } from '../../components/usage/recent.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import type { KeySelection } from '../../format/key-selections.ts'
import { useOrganizationName } from '../../organization-names.ts'
import { selectedKeysQuery } from '../../queries.ts'
import type { UsageOwner } from '../../usage-queries.ts'

export function KeysToSee({ owner }: { owner: UsageOwner }) {
  return (
    <div className="grid grid-cols-1 items-start gap-x-6 md:grid-cols-2 xl:grid-cols-3">
      <Selection
        title="Expire within 7 days"
        only="expires-7d"
        owner={owner}
        none="No key expires within 7 days."
        tell={({ expires_at: at }) => <Ago instant={at} />}
      />
      <Selection
        title="Unused for 90 days"
        only="unused-90d"
        owner={owner}
        none="No key has been unused for 90 days."
        tell={({ last_used_at: at }) => <Ago instant={at} never="Never used" />}
      />
      <Selection
        title="Never used"
        only="never-used"
        owner={owner}
        none="No key waits for its first use."
        tell={({ created_at: at }) => (
          <>
            <span className="text-muted max-xl:sr-only">Created </span>
            <Ago instant={at} />
          </>
        )}
      />
    </div>
  )
}

interface SelectionProps {
  title: string
  only: KeySelection
  owner: UsageOwner
  none: string
  tell: (key: WireKey) => ReactNode
}

function Selection({ title, only, owner: { organization }, none, tell }: SelectionProps) {
  const keys = useQuery(selectedKeysQuery(only, organization, useHour()))
  const list = keys.data
  const all =
    organization === undefined ? (
      <Link to="/keys" search={{ only }} className="text-link underline underline-offset-2">
        All of them
      </Link>
    ) : (
      <Link
        to="/organizations/$organization"
        params={{ organization }}
        search={{ only }}
        className="text-link underline underline-offset-2"
      >
        All of them
      </Link>
    )
  return (
    <Section title={title} lead={list?.length === 0 ? undefined : all}>
      {list === undefined ? (
        <Unread query={keys} height="h-20" />
      ) : list.length === 0 ? (
        <p className="text-muted">{none}</p>
      ) : (
        <ul className="divide-y divide-line">
          {list.map((key) => (
            <li key={key.id} className="flex items-baseline justify-between gap-4 py-1.5">
              <div className="min-w-0">
                <Link
                  to="/keys/$key"
                  params={{ key: key.id }}
                  className="block truncate rounded text-link underline-offset-2 hover:underline"
                  dir="auto"
                  title={withMarks(key.name)}
                >
                  {marked(key.name)}
                </Link>
                {organization === undefined && <Owner id={key.organization_id} />}
              </div>
              <span className="shrink-0">{tell(key)}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Owner({ id }: { id: string }) {
  return (
    <span className="block truncate text-xs text-muted" dir="auto" title={id}>
      {marked(useOrganizationName(id) ?? id)}
    </span>
  )
}
