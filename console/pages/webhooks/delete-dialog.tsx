// Asks before a webhook is deleted: by where it leads, and with what is lost.
import { type FormEvent, useState } from 'react'
import type { WireWebhook } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmationField } from '../../components/confirmation-field.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
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
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isTyped && !deletion.isPending) deletion.mutate(undefined, { onSuccess: deleted })
  }
  return (
    <Dialog
      title="Delete the webhook"
      lead="This is permanent. Nothing more is sent to its URL. To stop it for a while, disable it."
      close={close}
      isTyped={typed !== ''}
    >
      <form onSubmit={submit} noValidate className="space-y-4">
        {webhook.pending > 0 && (
          <Notice
            tone="warning"
            title={`Events that wait to be sent: ${webhook.pending.toLocaleString('en')}`}
          >
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
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button
            type="submit"
            kind="danger"
            busy={deletion.isPending}
            refusal={isTyped ? undefined : 'Type the host of its URL first.'}
          >
            {deletion.isPending ? 'Deleting…' : 'Delete permanently'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
