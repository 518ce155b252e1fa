// The dialog that changes where a webhook leads, what it sends, and what it is for.
import { useState } from 'react'
import type { WireWebhook } from '../../api.ts'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { mergeList } from '../../format/merges.ts'
import { draftFaults, refusalsOf, type WebhookDraft, WebhookFields } from './fields.tsx'
import { useEditWebhook } from './use-webhooks.ts'

interface EditWebhookDialogProps {
  webhook: WireWebhook
  close: () => void
}

/** Sends what is changed in it, and nothing that others changed meanwhile. */
export function EditWebhookDialog({ webhook, close }: EditWebhookDialogProps) {
  // As the form found it: it is read anew while the form is open.
  const [opened] = useState(webhook)
  const [draft, setDraft] = useState<WebhookDraft>({ ...opened, description: opened.description ?? '' })
  const [wasRead, setRead] = useState(false)
  const { save, isPending, error, theirs } = useEditWebhook(opened)
  const { fields, faultOf } = refusalsOf(error)
  const url = draft.url.trim()
  const description = draft.description.trim() === '' ? null : draft.description
  const hasEvents = [...draft.events].sort().join() !== [...opened.events].sort().join()
  const isChanged = url !== opened.url || hasEvents || description !== opened.description
  const bodyOf = (now: WireWebhook) => ({
    ...(url !== opened.url && { url }),
    ...(hasEvents && { events: mergeList(opened.events, draft.events, now.events) }),
    ...(description !== opened.description && { description }),
  })
  const faults = draftFaults(draft)
  const isFaulty = Object.values(faults).some((fault) => fault !== undefined)
  const submit = () => {
    setRead(true)
    if (isFaulty) return false
    if (isChanged) save(bodyOf, close)
    else close()
    return true
  }
  return (
    <FormDialog
      title="Edit the webhook"
      lead="What waits to be sent goes to the new URL."
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      <WebhookFields
        value={draft}
        onChange={setDraft}
        faultOf={(field) => (wasRead ? faults[field as keyof WebhookDraft] : undefined) ?? faultOf(field)}
      />
      <EditConflict
        what="webhook"
        opened={opened}
        theirs={theirs}
        change={theirs && !isFaulty ? bodyOf(theirs) : undefined}
      />
      {error !== null && fields.length === 0 && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
