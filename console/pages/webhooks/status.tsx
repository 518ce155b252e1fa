// What state a webhook is in, and what became of an event that it sends.
import { CircleCheck, CircleOff, CircleX, Hourglass, TriangleAlert, Unplug } from 'lucide-react'
import type { WireDelivery, WireWebhook } from '../../api.ts'
import { Pill } from '../../components/pill.tsx'

export function WebhookStatus({ of: { status, disabled_reason: reason } }: { of: WireWebhook }) {
  if (status === 'active') {
    return (
      <Pill tone="good" icon={CircleCheck}>
        Active
      </Pill>
    )
  }
  if (status === 'failing') {
    return (
      <Pill tone="warn" icon={TriangleAlert}>
        Failing
      </Pill>
    )
  }
  // By itself: somebody has to see to it.
  const isByItself = reason !== 'by_hand'
  return (
    <Pill tone={isByItself ? 'danger' : 'quiet'} icon={isByItself ? Unplug : CircleOff}>
      Disabled
    </Pill>
  )
}

const looks = {
  pending: { tone: 'warn', icon: Hourglass, word: 'Pending' },
  delivered: { tone: 'good', icon: CircleCheck, word: 'Delivered' },
  failed: { tone: 'danger', icon: CircleX, word: 'Failed' },
} as const

export function DeliveryState({ state }: { state: WireDelivery['state'] }) {
  const { tone, icon, word } = looks[state]
  return (
    <Pill tone={tone} icon={icon}>
      {word}
    </Pill>
  )
}
