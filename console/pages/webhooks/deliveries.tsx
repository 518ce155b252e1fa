// What became of each event that a webhook sends, the newest first.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { History, Send } from 'lucide-react'
import type { ListPage, WireDelivery, WireWebhook } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { MoreButton } from '../../components/more-button.tsx'
import { EmptyState, NotRenewed, Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Segments } from '../../components/segments.tsx'
import { deliveriesQuery } from '../../queries.ts'
import { DeliveryRow } from './delivery.tsx'

const atOnce = 50
/** While one is on its way, and otherwise. */
const soonMs = 1_000
/** With what comes before it, such as the name that is looked up. */
const longestTryMs = 20_000
const renewMs = 5_000
/** Each page that was asked for is asked for anew. */
const renewManyMs = 30_000

const states = [
  { value: 'all', label: 'All' },
  { value: 'pending', label: 'Pending' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'failed', label: 'Failed' },
] as const

interface DeliveriesProps {
  of: WireWebhook
  refusal: string | undefined
  replay: () => void
}

export function Deliveries({ of: webhook, refusal, replay }: DeliveriesProps) {
  const { state } = useSearch({ from: '/webhooks/$webhook' })
  const navigate = useNavigate({ from: '/webhooks/$webhook' })
  const isDisabled = webhook.status === 'disabled'
  const list = useInfiniteQuery({
    ...deliveriesQuery(webhook.id, state, atOnce),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.pages.length > 1 ? renewManyMs : intervalOf(data?.pages[0], isDisabled),
  })
  const items = list.data?.pages.flatMap((page) => page.items)
  return (
    <Section
      title="Deliveries"
      lead="What became of each event, the newest first. Those that are over are kept for 30 days."
      actions={
        <Button icon={<History size={16} aria-hidden />} refusal={refusal} onClick={replay}>
          Send events once more
        </Button>
      }
    >
      <div className="mb-3 flex">
        <Segments
          label="State"
          options={states}
          value={state ?? 'all'}
          change={(next) => void navigate({ search: next === 'all' ? {} : { state: next }, replace: true })}
        />
      </div>
      {items === undefined ? (
        <Unread query={list} height="h-40" />
      ) : items.length === 0 ? (
        <EmptyState
          icon={<Send size={22} />}
          title={state === undefined ? 'No event was sent yet' : `No event is ${state}`}
        >
          {state === undefined
            ? 'Each event stands here once it was tried. A test does not: its answer shows at once.'
            : 'Choose another state to see the others.'}
        </EmptyState>
      ) : (
        <ul aria-label="Deliveries">
          {items.map((delivery) => (
            <DeliveryRow key={delivery.id} of={webhook} delivery={delivery} refusal={refusal} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <MoreButton
          busy={list.isFetchingNextPage}
          isStopped={list.isFetchNextPageError}
          more={() => void list.fetchNextPage({ cancelRefetch: false })}
        >
          Show older ones
        </MoreButton>
      )}
      <NotRenewed list={{ items, error: list.error, retry: () => void list.refetch() }} />
    </Section>
  )
}

/** Soon, while something is tried at the moment. What is due for longer waits for a receiver that asked for time. */
function intervalOf(page: ListPage<WireDelivery> | undefined, isDisabled: boolean): number {
  const now = Date.now()
  const isUnderWay = page?.items.some(({ next_attempt_at: at }) => {
    const inMs = at === null ? Number.POSITIVE_INFINITY : Date.parse(at) - now
    return inMs <= soonMs && inMs > -longestTryMs
  })
  return isUnderWay && !isDisabled ? soonMs : renewMs
}
