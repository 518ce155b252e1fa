// The table of webhooks: where each leads, what it sends, and whether it arrives.
import type { WireWebhook } from '../../api.ts'
import { marked } from '../../components/foreign.tsx'
import { ListCell, type ListColumn, ListRow, ListTable, useTableRows } from '../../components/list-table.tsx'
import { RowLink } from '../../components/row-link.tsx'
import { Ago } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { shortKeyId } from '../../format/key-ids.ts'
import { disabledReasonsInShort, shownUrl } from '../../format/webhooks.ts'
import type { EndlessList } from '../../virtual-list/endless-list.ts'
import { Owner, Permissions } from '../keys/list/cells.tsx'
import { WebhookStatus } from './status.tsx'

const looks = {
  organization: 'hidden @3xl:table-cell w-44 @min-[90rem]:w-72',
  events: 'hidden @2xl:table-cell w-48 @min-[90rem]:w-72',
  delivered: 'hidden @4xl:table-cell w-36',
  status: 'w-34',
} as const
const columnsOfAll: ListColumn[] = [
  { id: 'webhook', heading: 'Webhook', look: '' },
  { id: 'organization', heading: 'Organization', look: looks.organization },
  { id: 'events', heading: 'Events', look: looks.events },
  { id: 'delivered', heading: 'Last delivered', look: looks.delivered },
  { id: 'status', heading: 'Status', look: looks.status },
]
const columns = columnsOfAll.filter(({ id }) => id !== 'organization')

interface WebhookTableProps {
  list: EndlessList<WireWebhook>
  /** With a column of whose each is. */
  ofAll: boolean
}

export function WebhookTable({ list, ofAll }: WebhookTableProps) {
  const drawn = useTableRows(list)
  return (
    <ListTable
      caption="Webhooks"
      list={list}
      drawn={drawn}
      columns={ofAll ? columnsOfAll : columns}
      row={(index) => {
        const webhook = list.items?.[index]
        return webhook && <WebhookRow key={webhook.id} of={webhook} index={index} ofAll={ofAll} />
      }}
    />
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
    <ListRow index={index} opens={`/webhooks/${id}`}>
      <ListCell look="">
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
      </ListCell>
      {ofAll && (
        <ListCell look={looks.organization}>
          <Owner id={webhook.organization_id} />
        </ListCell>
      )}
      <ListCell look={looks.events}>
        <Permissions permissions={events} />
      </ListCell>
      <ListCell look={looks.delivered}>
        <Ago instant={webhook.last_delivered_at} never="Never yet" />
      </ListCell>
      <ListCell look={looks.status}>
        <WebhookStatus of={webhook} />
        <span className="block truncate text-xs text-muted">{noteOf(webhook)}</span>
      </ListCell>
    </ListRow>
  )
}

/** What there is to say of its status. */
function noteOf({ disabled_reason: reason, pending }: WireWebhook): string | undefined {
  if (reason !== null) return disabledReasonsInShort[reason]
  return pending > 0 ? `${pending.toLocaleString('en')} waiting` : undefined
}
