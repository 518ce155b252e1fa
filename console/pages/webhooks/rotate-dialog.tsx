// Gives a webhook a new secret; the old one signs too for a while.
import { useState } from 'react'
import type { WireCreatedWebhook, WireWebhook } from '../../api.ts'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { isConflict } from '../../edits.ts'
import { gracePresets } from '../../format/graces.ts'
import { lengthOf } from '../../format/times.ts'
import { useRotateWebhook } from './use-webhooks.ts'

const usualGraceSeconds = 86_400
const longestGraceSeconds = 7 * 86_400
const graces = gracePresets
  .filter(({ seconds }) => seconds <= longestGraceSeconds)
  .map(({ seconds, label }) => ({ value: Number(seconds), label }))

interface RotateWebhookDialogProps {
  webhook: WireWebhook
  close: () => void
  /** Gets the answer with the new secret. */
  rotated: (webhook: WireCreatedWebhook) => void
}

export function RotateWebhookDialog({ webhook, close, rotated }: RotateWebhookDialogProps) {
  const [seconds, setSeconds] = useState(usualGraceSeconds)
  const { rotating, opened, theirs } = useRotateWebhook(webhook, rotated)
  const { error } = rotating
  return (
    <FormDialog
      title="Rotate the secret"
      lead="It gets a new one. Its URL, its events and its deliveries stay the same."
      action={{ label: theirs ? 'Rotate all the same' : 'Rotate', busyLabel: 'Rotating…' }}
      busy={rotating.isPending}
      error={error}
      submit={() => {
        rotating.mutate({ grace_seconds: seconds })
        return true
      }}
      close={close}
      isTyped={seconds !== usualGraceSeconds}
    >
      <fieldset>
        <legend className="label mb-1">Grace: how long the old secret signs too</legend>
        <ChoiceRow options={graces} value={seconds} change={setSeconds} />
        {/* Of one height, so that the buttons stay under the pointer. */}
        <p className="mt-2 min-h-15">
          {seconds === 0
            ? 'The old secret signs nothing more. Receivers that know it alone refuse every message, until they know the new one. Choose this for a secret that has leaked.'
            : `For ${lengthOf(seconds)} each message has two signatures, one by each, so that receivers can change at their own time.`}
        </p>
      </fieldset>
      <EditConflict what="webhook" opened={opened} theirs={theirs} />
      {error !== null && !isConflict(error) && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
