// Sends the events of a webhook since an instant once more.
import { useState } from 'react'
import type { WireWebhook } from '../../api.ts'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { fromLocalInput, inFull, toLocalInput } from '../../format/times.ts'
import { longestReplayDays, replayFault, replayPresets } from '../../format/webhooks.ts'
import { refusalsOf } from './fields.tsx'
import { useReplayWebhook } from './use-webhooks.ts'

type Choice = (typeof replayPresets)[number]['value'] | 'own'

const choices: { value: Choice; label: string }[] = [
  ...replayPresets,
  { value: 'own', label: 'Another time' },
]

interface ReplayDialogProps {
  webhook: WireWebhook
  close: () => void
  /** Gets the instant since which they are sent. */
  replayed: (since: string) => void
}

export function ReplayDialog({ webhook, close, replayed }: ReplayDialogProps) {
  const [choice, setChoice] = useState<Choice>(replayPresets[0].value)
  const [own, setOwn] = useState<string>()
  const [wasRead, setRead] = useState(false)
  const replay = useReplayWebhook(webhook)
  const { fields, faultOf } = refusalsOf(replay.error)
  const fault = choice === 'own' ? replayFault(own, Date.now()) : undefined
  const submit = () => {
    setRead(true)
    if (fault !== undefined) return false
    const since = choice === 'own' ? (own as string) : new Date(Date.now() - choice).toISOString()
    replay.mutate(since, { onSuccess: () => replayed(since) })
    return true
  }
  return (
    <FormDialog
      title="Send events once more"
      lead="For a receiver that has lost what it took. Each event goes under its own id, by which the receiver knows it again."
      action={{ label: 'Send once more', busyLabel: 'Sending…' }}
      busy={replay.isPending}
      error={replay.error}
      submit={submit}
      close={close}
      isTyped={choice !== replayPresets[0].value}
    >
      <fieldset>
        <legend className="label mb-1">All events since</legend>
        <ChoiceRow options={choices} value={choice} change={setChoice} />
      </fieldset>
      {choice === 'own' && (
        <Field
          label="Since"
          hint={
            own === undefined
              ? `A date and a time in your zone, at most ${longestReplayDays} days ago.`
              : inFull(own)
          }
          error={(wasRead || own !== undefined ? fault : undefined) ?? faultOf('since')}
        >
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              className="input"
              max={toLocalInput(new Date().toISOString())}
              // Uncontrolled: while parts of a date are typed, the browser has no value to hand on.
              onChange={(event) => setOwn(fromLocalInput(event.target.value))}
            />
          )}
        </Field>
      )}
      {webhook.status === 'disabled' && (
        <Notice tone="note">
          <p>The webhook is disabled: they are sent once somebody enables it, from where it stopped.</p>
        </Notice>
      )}
      {replay.error !== null && (fields.length === 0 || choice !== 'own') && (
        <ErrorNotice error={replay.error} />
      )}
    </FormDialog>
  )
}
