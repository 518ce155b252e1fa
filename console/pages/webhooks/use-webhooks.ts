// What can be done to a webhook, and what it shows anew afterwards.
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  call,
  type WireCreatedWebhook,
  type WireDelivery,
  type WireWebhook,
  type WireWebhookTest,
} from '../../api.ts'
import { type Edit, isConflict, useEdit } from '../../edits.ts'
import { useOnce } from '../../once.ts'
import { webhookQuery } from '../../queries.ts'

/** What is sent of a new webhook. */
export interface WebhookInput {
  url: string
  events: string[]
  description: string | null
  organization_id?: string
  source_organization_id?: string
}

/** Makes a webhook; `show` gets the answer with its secret, which is kept nowhere else. */
export function useCreateWebhook(show: (created: WireCreatedWebhook) => void) {
  const client = useQueryClient()
  const make = useOnce()
  return useMutation({
    mutationFn: async (body: WebhookInput): Promise<void> => {
      show(await make<WireCreatedWebhook>('/v1/webhooks', body))
    },
    onSuccess: () => void showAnew(client),
    // What is remembered of a mutation holds on to the page that shows the secret.
    gcTime: 0,
  })
}

export function useEditWebhook(webhook: WireWebhook): Edit<WireWebhook> {
  const known = useKnow()
  return useEdit({ opened: webhook, address: addressOf(webhook), known })
}

/** Gives it a new secret; `show` gets the answer with it. */
export function useRotateWebhook(webhook: WireWebhook, show: (rotated: WireCreatedWebhook) => void) {
  const client = useQueryClient()
  const [opened] = useState(webhook)
  const [theirs, setTheirs] = useState<WireWebhook>()
  const { revision: ifRevision } = theirs ?? opened
  const make = useOnce()
  const rotating = useMutation({
    mutationFn: async (body: { grace_seconds: number }): Promise<void> => {
      const rotated = await make<WireCreatedWebhook>(`${addressOf(webhook)}/rotate`, body, ifRevision).catch(
        async (error) => {
          // A secret that somebody else got meanwhile must not end unseen.
          if (isConflict(error)) setTheirs(await call<WireWebhook>('GET', addressOf(webhook)))
          throw error
        },
      )
      show(rotated)
    },
    onSettled: () => void showAnew(client),
    gcTime: 0,
  })
  return { rotating, opened, theirs }
}

export function useDeleteWebhook(webhook: WireWebhook) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call('DELETE', addressOf(webhook)),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['webhooks', 'list'] })
      void client.invalidateQueries({ queryKey: ['audit-log'] })
    },
  })
}

export function useTestWebhook(webhook: WireWebhook) {
  return useMutation({
    mutationFn: () => call<WireWebhookTest>('POST', `${addressOf(webhook)}/test`),
  })
}

export function useReplayWebhook(webhook: WireWebhook) {
  const known = useKnow()
  return useMutation({
    mutationFn: (since: string) =>
      call<WireWebhook>('POST', `${addressOf(webhook)}/replay`, { body: { since } }),
    onSuccess: known,
  })
}

export function useRetryDelivery(webhook: WireWebhook, { id }: WireDelivery) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<WireDelivery>('POST', `${addressOf(webhook)}/deliveries/${id}/retry`),
    onSuccess: () => showAnew(client),
  })
}

/** Takes in what the server answered, and has all else renewed. */
function useKnow(): (changed: WireWebhook) => void {
  const client = useQueryClient()
  return (changed) => {
    // At once: a form that is opened before it is read anew would be made of the one before this very change.
    client.setQueryData(webhookQuery(changed.id).queryKey, changed)
    void showAnew(client)
  }
}

function addressOf({ id }: WireWebhook): string {
  return `/v1/webhooks/${encodeURIComponent(id)}`
}

function showAnew(client: QueryClient): Promise<unknown> {
  return Promise.all(
    ['webhooks', 'deliveries', 'audit-log'].map((name) => client.invalidateQueries({ queryKey: [name] })),
  )
}
