// Keys where there is no room for a table: each on a card of its own.
import type { ReactNode } from 'react'
import type { WireKey } from '../../../api.ts'
import { CreatorInRow } from '../../../components/creator.tsx'
import { useRowClicks } from '../../../components/row-clicks.ts'
import { Status } from '../../../components/status.tsx'
import { Ago } from '../../../components/time.tsx'
import type { EndlessList } from '../../../virtual-list/endless-list.ts'
import { useVirtualRows } from '../../../virtual-list/virtual-rows.ts'
import { Day, Expiry, NameAndHint, Owner, Permissions } from './cells.tsx'

const ownCardRem = 12
const cardOfAllRem = 13.5

interface KeyCardsProps {
  caption: string
  list: EndlessList<WireKey>
  /** With whose each key is. */
  ofAll: boolean
}

export function KeyCards({ caption, list, ofAll }: KeyCardsProps) {
  const { items = [], rows, hasMore, isOld, reach } = list
  const heightRem = ofAll ? cardOfAllRem : ownCardRem
  const { box, indexes, before, after } = useVirtualRows<HTMLUListElement>(rows, heightRem, reach)
  useRowClicks(box)
  return (
    <ul
      ref={box}
      aria-label={caption}
      aria-busy={isOld || list.items === undefined}
      className={`[overflow-anchor:none] ${isOld ? 'opacity-60' : ''}`}
      style={{ paddingTop: before, paddingBottom: after }}
    >
      {indexes.map((index) => {
        const key = items[index]
        return (
          <li
            key={key?.id ?? index}
            aria-setsize={hasMore ? -1 : items.length}
            aria-posinset={index + 1}
            aria-hidden={key === undefined || undefined}
            data-opens={key && `/keys/${key.id}`}
            className="cursor-pointer overflow-hidden border-b border-line px-4 py-3 last:border-b-0"
            style={{ height: `${heightRem}rem` }}
          >
            {key === undefined ? <Skeleton /> : <KeyCard apiKey={key} ofAll={ofAll} />}
          </li>
        )
      })}
    </ul>
  )
}

function KeyCard({ apiKey, ofAll }: { apiKey: WireKey; ofAll: boolean }) {
  return (
    <>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <NameAndHint apiKey={apiKey} />
        </div>
        <Status status={apiKey.status} />
      </div>
      <div className="mt-2 h-6">
        <Permissions permissions={apiKey.permissions} inLine />
      </div>
      <dl className="mt-2 space-y-1">
        {ofAll && (
          <Line label="Organization">
            <Owner id={apiKey.organization_id} inLine />
          </Line>
        )}
        <Line label="Last used">
          <Ago instant={apiKey.last_used_at} never="Never used" />
        </Line>
        <Line label="Expires">
          <Expiry apiKey={apiKey} />
        </Line>
        <Line label="Created">
          <Day instant={apiKey.created_at} />
        </Line>
        <Line label="Created by">
          <CreatorInRow createdBy={apiKey.created_by} type={apiKey.created_by_type} />
        </Line>
      </dl>
    </>
  )
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex h-5 items-center gap-3">
      <dt className="w-24 shrink-0 text-muted">{label}</dt>
      <dd className="min-w-0 truncate">{children}</dd>
    </div>
  )
}

function Skeleton() {
  return (
    <div className="animate-pulse space-y-3">
      <div className="h-4 w-40 rounded bg-line" />
      <div className="h-3 w-56 rounded bg-line" />
      <div className="h-5 w-32 rounded bg-line" />
      <div className="h-14 w-48 rounded bg-line" />
    </div>
  )
}
