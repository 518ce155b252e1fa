// The table of webhooks: where each leads, what it sends, and whether it arrives.
import type { WireWebhook } from '../../api.ts'
import { marked } from '../../components/foreign.tsx'
import { useRowClicks } from '../../components/row-clicks.ts'
import { RowLink } from '../../components/row-link.tsx'
import { Ago } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { shortKeyId } from '../../format/key-ids.ts'
import { disabledReasonsInShort, shownUrl } from '../../format/webhooks.ts'
import type { EndlessList } from '../../virtual-list/endless-list.ts'
import { useVirtualRows } from '../../virtual-list/virtual-rows.ts'
import { Owner, Permissions } from '../keys/list/cells.tsx'
import { WebhookStatus } from './status.tsx'

const rowRem = 3
const heading =
  'sticky top-0 z-10 h-11 border-b border-line bg-surface px-2 text-left font-medium text-muted first:rounded-tl-lg first:pl-4 last:rounded-tr-lg last:pr-4'
const cell = 'h-12 overflow-hidden border-b border-line px-2 py-0 first:pl-4 last:pr-4'
/** How wide each column is, and from which width of the table on it is there. */
const looks = {
  organization: 'hidden @3xl:table-cell w-44 @min-[90rem]:w-72',
  events: 'hidden @2xl:table-cell w-48 @min-[90rem]:w-72',
  status: 'w-34',
  delivered: 'hidden @4xl:table-cell w-36',
} as const

interface WebhookTableProps {
  list: EndlessList<WireWebhook>
  /** With a column of whose each is. */
  ofAll: boolean
}

export function WebhookTable({ list, ofAll }: WebhookTableProps) {
  const { items = [], rows, hasMore, isOld, reach } = list
  const { box, indexes, before, after } = useVirtualRows<HTMLTableSectionElement>(rows, rowRem, reach)
  useRowClicks(box)
  return (
    <table
      className="w-full table-fixed border-separate border-spacing-0"
      aria-rowcount={hasMore ? -1 : items.length + 1}
      aria-busy={isOld || list.items === undefined}
    >
      <caption className="sr-only">Webhooks</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" className={heading}>
            Webhook
          </th>
          {ofAll && (
            <th scope="col" className={`${heading} ${looks.organization}`}>
              Organization
            </th>
          )}
          <th scope="col" className={`${heading} ${looks.events}`}>
            Events
          </th>
          <th scope="col" className={`${heading} ${looks.delivered}`}>
            Last delivered
          </th>
          <th scope="col" className={`${heading} ${looks.status}`}>
            Status
          </th>
        </tr>
      </thead>
      <tbody ref={box} className={`[overflow-anchor:none] ${isOld ? 'opacity-60' : ''}`}>
        {before > 0 && <tr aria-hidden style={{ height: before }} />}
        {indexes.map((index) => {
          const webhook = items[index]
          return webhook === undefined ? (
            <SkeletonRow key={index} ofAll={ofAll} />
          ) : (
            <WebhookRow key={webhook.id} of={webhook} index={index} ofAll={ofAll} />
          )
        })}
        {after > 0 && <tr aria-hidden style={{ height: after }} />}
      </tbody>
    </table>
  )
}

interface RowProps {
  of: WireWebhook
  index: number
  ofAll: boolean
}

function WebhookRow({ of: webhook, index, ofAll }: RowProps) {
  const { id, url, description, events } = webhook
  return (
    <tr
      aria-rowindex={index + 2}
      data-opens={`/webhooks/${id}`}
      className="cursor-pointer hover:bg-hover [&:last-child>td]:border-b-0"
    >
      <td className={cell}>
        <RowLink
          href={`/webhooks/${id}`}
          className="block truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
          dir="auto"
          title={withMarks(url)}
        >
          {marked(shownUrl(url))}
        </RowLink>
        {description?.trim() ? (
          <span className="block truncate text-xs text-muted" dir="auto" title={withMarks(description)}>
            {marked(description)}
          </span>
        ) : (
          <span className="block truncate font-mono text-xs text-muted" title={id}>
            {shortKeyId(id)}
          </span>
        )}
      </td>
      {ofAll && (
        <td className={`${cell} ${looks.organization}`}>
          <Owner id={webhook.organization_id} />
        </td>
      )}
      <td className={`${cell} ${looks.events}`}>
        <Permissions permissions={events} />
      </td>
      <td className={`${cell} ${looks.delivered}`}>
        <Ago instant={webhook.last_delivered_at} never="Never yet" />
      </td>
      <td className={`${cell} ${looks.status}`}>
        <WebhookStatus of={webhook} />
        <span className="block truncate text-xs text-muted">{noteOf(webhook)}</span>
      </td>
    </tr>
  )
}

/** What there is to say of its status. */
function noteOf({ disabled_reason: reason, pending }: WireWebhook): string | undefined {
  if (reason !== null) return disabledReasonsInShort[reason]
  return pending > 0 ? `${pending.toLocaleString('en')} waiting` : undefined
}

function SkeletonRow({ ofAll }: { ofAll: boolean }) {
  const columns = ['', ...(ofAll ? [looks.organization] : []), looks.events, looks.delivered, looks.status]
  return (
    <tr aria-hidden>
      {columns.map((look) => (
        <td key={look} className={`${cell} ${look}`}>
          <span className={`block h-4 animate-pulse rounded bg-line ${look === '' ? 'w-40' : 'w-16'}`} />
        </td>
      ))}
    </tr>
  )
}
