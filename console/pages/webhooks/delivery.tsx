// One event that a webhook sends: what became of it in a line, and all of that for who opens it.
import { ChevronRight, RotateCw } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import type { WireDelivery, WireWebhook } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { Ago, useNow } from '../../components/time.tsx'
import { auditActions } from '../../format/audit-actions.ts'
import { exactly, fromNow } from '../../format/times.ts'
import { outcomeOf } from '../../format/webhooks.ts'
import { Answer } from './answer.tsx'
import { DeliveryState } from './status.tsx'
import { useRetryDelivery } from './use-webhooks.ts'

interface DeliveryRowProps {
  of: WireWebhook
  delivery: WireDelivery
  /** Why it may not be sent again. */
  refusal: string | undefined
}

export function DeliveryRow({ of: webhook, delivery, refusal }: DeliveryRowProps) {
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const retry = useRetryDelivery(webhook, delivery)
  const { type, attempts, attempted_at: attemptedAt } = delivery
  const isDisabled = webhook.status === 'disabled'
  return (
    <li className="border-t border-line py-1 first:border-t-0">
      <div className="flex items-start gap-2">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          className="grid min-h-9 min-w-0 grow grid-cols-[1rem_minmax(0,1fr)] items-center gap-x-3 rounded py-1.5 text-left hover:bg-hover"
          onClick={() => setOpen(!isOpen)}
        >
          <ChevronRight size={16} aria-hidden className={`text-muted ${isOpen ? 'rotate-90' : ''}`} />
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1 lg:grid lg:grid-cols-[14rem_7rem_minmax(0,1fr)_auto]">
            <span className="min-w-0 font-mono text-[0.8125rem] font-medium [overflow-wrap:anywhere]">
              {type}
            </span>
            <span>
              <DeliveryState state={delivery.state} />
            </span>
            <span className="text-muted tabular-nums">
              {attempts === 0 ? 'Not tried yet' : outcomeOf(delivery)}
              {attempts > 1 && `, attempt ${attempts}`}
              <Next of={delivery} isDisabled={isDisabled} />
            </span>
            <span className="text-muted">{attemptedAt !== null && <Ago instant={attemptedAt} />}</span>
          </span>
        </button>
        <Button
          kind="quiet"
          icon={<RotateCw size={16} aria-hidden />}
          refusal={refusal}
          busy={retry.isPending}
          onClick={() => retry.mutate()}
        >
          <span className="max-sm:sr-only">
            Send again
            <span className="sr-only">
              {' '}
              {type}, number {delivery.sequence}
            </span>
          </span>
        </Button>
      </div>
      {/* There for the button, which names it. */}
      <div id={id}>{isOpen && <Details of={delivery} isDisabled={isDisabled} />}</div>
      {retry.isError && (
        <div className="mb-2">
          <ErrorNotice title="It is not sent again" error={retry.error} />
        </div>
      )}
    </li>
  )
}

/** When it is tried again: an event of a disabled webhook waits for that to end. */
function Next({ of: { next_attempt_at: at }, isDisabled }: { of: WireDelivery; isDisabled: boolean }) {
  const now = Math.max(useNow(), Date.now())
  if (at === null) return null
  return (
    <>
      {' '}
      ·{' '}
      {isDisabled ? 'waits until it is enabled' : `again ${Date.parse(at) <= now ? 'now' : fromNow(at, now)}`}
    </>
  )
}

function Details({ of: delivery, isDisabled }: { of: WireDelivery; isDisabled: boolean }) {
  const { id, type, sequence, attempts, attempted_at: attemptedAt, next_attempt_at: nextAt } = delivery
  const words = Object.hasOwn(auditActions, type)
    ? auditActions[type as keyof typeof auditActions]
    : undefined
  return (
    <dl className="mb-3 mt-1 grid gap-x-4 gap-y-1.5 rounded-md bg-sunken p-3 sm:grid-cols-[8rem_minmax(0,1fr)]">
      {words !== undefined && <Detail label="Event">{words}</Detail>}
      <Detail label="Message id">
        <span className="flex flex-wrap items-center gap-x-4">
          <span className="foreign font-mono text-xs">{id}</span>
          <CopyButton kind="quiet" text={id} label="Copy the message id" iconOnly />
        </span>
      </Detail>
      <Detail label="Place in the log">{sequence.toLocaleString('en')}</Detail>
      <Detail label="Attempts">{attempts}</Detail>
      {attemptedAt !== null && (
        <Detail label="Last attempt">
          <time dateTime={attemptedAt}>{exactly(attemptedAt)}</time>
        </Detail>
      )}
      {nextAt !== null && (
        <Detail label="Next attempt">
          {isDisabled ? 'Once the webhook is enabled' : <time dateTime={nextAt}>{exactly(nextAt)}</time>}
        </Detail>
      )}
      {attempts > 0 && <Detail label="Outcome">{outcomeOf(delivery)}</Detail>}
      {delivery.error !== null && (
        <Detail label="Error">
          <span className="foreign">{delivery.error}</span>
        </Detail>
      )}
      {attempts > 0 && delivery.http_status !== null && (
        <Detail label="Answer">
          <Answer text={delivery.answer} />
        </Detail>
      )}
    </dl>
  )
}

function Detail({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 max-sm:-mt-1 max-sm:mb-1">{children}</dd>
    </div>
  )
}
