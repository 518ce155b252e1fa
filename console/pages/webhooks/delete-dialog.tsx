// Asks before a webhook is deleted: by where it leads, and with what is lost.
import { useState } from 'react'
import type { WireWebhook } from '../../api.ts'
import { ConfirmationField } from '../../components/confirmation-field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { isTypedRight } from '../../format/foreign-text.ts'
import { hostOf } from '../../format/webhooks.ts'
import { useDeleteWebhook } from './use-webhooks.ts'

interface DeleteWebhookDialogProps {
  webhook: WireWebhook
  close: () => void
  deleted: () => void
}

export function DeleteWebhookDialog({ webhook, close, deleted }: DeleteWebhookDialogProps) {
  const [typed, setTyped] = useState('')
  const deletion = useDeleteWebhook(webhook)
  const host = hostOf(webhook.url)
  const isTyped = isTypedRight(typed, host)
  const submit = () => {
    deletion.mutate(undefined, { onSuccess: deleted })
    return true
  }
  return (
    <FormDialog
      title="Delete the webhook"
      lead="This is permanent. Nothing more is sent to its URL. To stop it for a while, disable it."
      action={{
        label: 'Delete permanently',
        busyLabel: 'Deleting…',
        isPermanent: true,
        refusal: isTyped ? undefined : 'Type the host of its URL first.',
      }}
      busy={deletion.isPending}
      error={deletion.error}
      submit={submit}
      close={close}
      isTyped={typed !== ''}
    >
      {webhook.pending > 0 && (
        <Notice tone="warning" title={`Events that wait to be sent: ${webhook.pending.toLocaleString('en')}`}>
          <p>They are never sent.</p>
        </Notice>
      )}
      <ConfirmationField
        label={`Type ${host} to confirm`}
        value={typed}
        change={setTyped}
        className="font-mono"
      />
      {deletion.isError && <ErrorNotice error={deletion.error} />}
    </FormDialog>
  )
}
