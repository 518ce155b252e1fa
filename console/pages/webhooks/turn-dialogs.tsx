// Disables a webhook, and enables it again: from where it stopped, or with what comes.
import { useState } from 'react'
import { dayMs } from '../../../src/core/periods.ts'
import type { WireWebhook } from '../../api.ts'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { useNow } from '../../components/time.tsx'
import { fromNow, inShort } from '../../format/times.ts'
import { longestReplayDays } from '../../format/webhooks.ts'
import { useEditWebhook } from './use-webhooks.ts'

interface TurnDialogProps {
  webhook: WireWebhook
  close: () => void
}

export function DisableWebhookDialog({ webhook, close }: TurnDialogProps) {
  // As the dialog found it: it is read anew while the dialog is open.
  const [opened] = useState(webhook)
  const { save, isPending, error, theirs } = useEditWebhook(opened)
  return (
    <FormDialog
      title="Disable the webhook?"
      lead={`Nothing is sent until somebody enables it. Events wait in the log meanwhile, for ${longestReplayDays} days.`}
      action={{ label: theirs ? 'Disable all the same' : 'Disable', busyLabel: 'Disabling…' }}
      busy={isPending}
      error={error}
      submit={() => {
        save(() => ({ enabled: false }), close)
        return true
      }}
      close={close}
      isTyped={false}
    >
      <EditConflict what="webhook" opened={opened} theirs={theirs} />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}

type From = 'stopped' | 'now'

const froms = [
  { value: 'stopped', label: 'From where it stopped' },
  { value: 'now', label: 'With what comes now' },
] as const

export function EnableWebhookDialog({ webhook, close }: TurnDialogProps) {
  const [opened] = useState(webhook)
  const [from, setFrom] = useState<From>('stopped')
  const { save, isPending, error, theirs } = useEditWebhook(opened)
  return (
    <FormDialog
      title="Enable the webhook"
      action={{ label: theirs ? 'Enable all the same' : 'Enable', busyLabel: 'Enabling…' }}
      busy={isPending}
      error={error}
      submit={() => {
        save(() => ({ enabled: true, resume_from: from }), close)
        return true
      }}
      close={close}
      isTyped={from !== 'stopped'}
    >
      <fieldset>
        <legend className="label mb-1">It goes on</legend>
        <ChoiceRow options={froms} value={from} change={setFrom} />
        {/* Of one height, so that the buttons stay under the pointer. */}
        <div className="mt-2 min-h-15">
          <Meaning of={opened} from={from} />
        </div>
      </fieldset>
      <EditConflict what="webhook" opened={opened} theirs={theirs} />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}

function Meaning({ of: { disabled_at: at }, from }: { of: WireWebhook; from: From }) {
  const now = useNow()
  if (from === 'now') return <p>What happened meanwhile is never sent, and what waited is forgotten.</p>
  const isLong = at !== null && Date.parse(at) < now - longestReplayDays * dayMs
  return (
    <p>
      All events
      {at !== null && ` since ${inShort(at)}, ${fromNow(at, now)},`} are sent, and what waited then.
      {isLong && ` Those of more than ${longestReplayDays} days ago are left out.`}
    </p>
  )
}
