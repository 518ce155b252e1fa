// Changes many keys at once: first a dry run tells of how many and what would become of them, then exactly those change.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, call, type WireBulkResult } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { ConfirmationField } from '../../../components/confirmation-field.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'
import { Foreign } from '../../../components/foreign.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { KeyName } from '../../../components/key-name.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { SelectField } from '../../../components/select-field.tsx'
import { TextField } from '../../../components/text-field.tsx'
import { type BulkAction, bulkWords, keysCounted } from '../../../format/bulk-results.ts'
import { textFault } from '../../../format/names.ts'
import { type RevocationReason, revocationChoices } from '../../../format/revocations.ts'
import { readTags, tagsFault } from '../../../format/tags.ts'
import { dryRunQuery } from '../../../queries.ts'

const maxReason = 500
const failuresShown = 5

const texts = {
  tag: { title: 'Tag', lead: undefined, label: 'Tag', busyLabel: 'Tagging…' },
  suspend: {
    title: 'Suspend',
    lead: 'Within two seconds every process refuses all of their tokens, until they are resumed. Their sessions end.',
    label: 'Suspend',
    busyLabel: 'Suspending…',
  },
  resume: {
    title: 'Resume',
    lead: 'Their tokens are valid again, if nothing else refuses them.',
    label: 'Resume',
    busyLabel: 'Resuming…',
  },
  revoke: {
    title: 'Revoke',
    lead: 'This is permanent. Within two seconds every process refuses all of their tokens.',
    label: 'Revoke permanently',
    busyLabel: 'Revoking…',
  },
} as const

interface BulkDialogProps {
  action: BulkAction
  /** Which keys: `ids`, or the `filter` of the list. */
  meant: { ids: readonly string[] } | { filter: object }
  close: () => void
  /** Called once keys were changed. */
  done: () => void
}

export function BulkDialog({ action, meant, close, done }: BulkDialogProps) {
  const [result, setResult] = useState<WireBulkResult>()
  if (result !== undefined) return <ResultDialog action={action} of={result} close={done} />
  return <PlanDialog action={action} meant={meant} close={close} changed={setResult} />
}

interface PlanDialogProps extends Omit<BulkDialogProps, 'done'> {
  changed: (result: WireBulkResult) => void
}

function PlanDialog({ action, meant, close, changed }: PlanDialogProps) {
  // As they were when the window was opened: the list is read anew behind it.
  const [keys] = useState(meant)
  const [text, setText] = useState('')
  const [removed, setRemoved] = useState('')
  const [reason, setReason] = useState<RevocationReason>('unspecified')
  const [typed, setTyped] = useState('')
  // Tags that are typed are looked at once somebody asks for it, and not letter by letter.
  const [wasRead, setRead] = useState(false)
  const client = useQueryClient()
  const tags = { add_tags: readTags(text), remove_tags: readTags(removed) }
  const faults = {
    text: action === 'tag' ? tagsFault(tags.add_tags) : textFault(text, maxReason),
    removed: tagsFault(tags.remove_tags),
    none:
      action === 'tag' && tags.add_tags.length + tags.remove_tags.length === 0 ? 'Enter a tag.' : undefined,
  }
  const fault = faults.text ?? faults.removed ?? faults.none
  const change = { action, ...keys, ...(action === 'tag' && tags) }
  const [looked, setLooked] = useState(action === 'tag' ? undefined : change)
  const dryRun = useQuery(dryRunQuery(looked))
  const plan = JSON.stringify(looked) === JSON.stringify(change) ? dryRun.data : undefined
  const run = useMutation({
    mutationFn: (expect: number) =>
      call<WireBulkResult>('POST', '/v1/keys/bulk?wait=applied', {
        body: { ...change, ...reasonOf(action, text, reason), expect },
      }),
    onSuccess: async (answer) => {
      changed(answer)
      const names = ['keys', 'audit-log', 'self', 'sessions']
      await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })))
    },
    // Others may be meant by now: it is looked at again before it is tried again.
    onError: () => void dryRun.refetch(),
  })
  const { title, lead, label, busyLabel } = texts[action]
  const submit = () => {
    setRead(true)
    if (fault !== undefined) return false
    if (plan === undefined) setLooked(change)
    else run.mutate(plan.matched)
    return true
  }
  const isLooking = dryRun.isFetching
  const count = plan?.matched ?? ('ids' in keys ? keys.ids.length : undefined)
  return (
    <FormDialog
      title={`${title} ${count === undefined ? 'keys' : keysCounted(count)}`}
      lead={lead}
      action={{
        label: plan === undefined && action === 'tag' ? 'Look at what it changes' : label,
        busyLabel: isLooking ? 'Looking…' : busyLabel,
        isPermanent: action === 'revoke',
        refusal: refusalOf(action, plan, typed),
      }}
      busy={isLooking || run.isPending}
      error={run.error}
      submit={submit}
      close={close}
      isTyped={text !== '' || removed !== '' || typed !== ''}
    >
      {action === 'tag' && (
        <>
          <TextField
            label="Tags to add"
            optional
            hint="Words under which keys are found, with spaces between them, such as team:billing."
            value={text}
            onChange={setText}
            error={wasRead ? (faults.text ?? faults.none) : undefined}
          />
          <TextField
            label="Tags to remove"
            optional
            value={removed}
            onChange={setRemoved}
            error={wasRead ? faults.removed : undefined}
          />
        </>
      )}
      {action === 'suspend' && (
        <TextField
          label="Reason"
          optional
          placeholder="Unpaid invoice"
          value={text}
          onChange={setText}
          error={wasRead ? faults.text : undefined}
        />
      )}
      {action === 'revoke' && (
        <SelectField
          label="Reason"
          options={revocationChoices}
          value={reason}
          change={(chosen) => setReason(chosen ?? 'unspecified')}
        />
      )}
      <div aria-live="polite" className="min-h-6">
        {plan !== undefined && <Told action={action} of={plan} />}
        {plan === undefined && isLooking && <p className="text-muted">Looking at what it would change…</p>}
        {looked !== undefined && dryRun.error !== null && !isLooking && (
          <ErrorNotice error={dryRun.error} retry={() => void dryRun.refetch()} />
        )}
      </div>
      {action === 'revoke' && plan !== undefined && plan.changed > 0 && (
        <ConfirmationField
          label={`Type ${plan.matched} to confirm`}
          value={typed}
          change={setTyped}
          className="max-w-40"
        />
      )}
      {run.isError && (
        <ErrorNotice
          title={isUnanswered(run.error) ? 'They may be changed all the same' : 'Nothing was changed'}
          error={run.error}
        />
      )}
    </FormDialog>
  )
}

function isUnanswered(error: Error): boolean {
  return error instanceof ApiError && error.code === 'unreachable'
}

/** Why it may not be done now. */
function refusalOf(action: BulkAction, plan: WireBulkResult | undefined, typed: string): string | undefined {
  if (plan === undefined) return action === 'tag' ? undefined : 'It is not known yet what it would change.'
  if (plan.changed === 0) return 'It would change no key.'
  return action === 'revoke' && typed.trim() !== String(plan.matched)
    ? 'Type the number of keys first.'
    : undefined
}

function reasonOf(action: BulkAction, text: string, reason: RevocationReason): { reason?: string } {
  if (action === 'revoke') return { reason }
  return action === 'suspend' && text.trim() !== '' ? { reason: text.trim() } : {}
}

/** What came of it; the window stays until somebody has read it. */
function ResultDialog({
  action,
  of: result,
  close,
}: {
  action: BulkAction
  of: WireBulkResult
  close: () => void
}) {
  const { applied, stopped_by: stoppedBy } = result
  return (
    <Dialog title={`${keysCounted(result.changed)} changed`} close={close}>
      <div className="space-y-3">
        <Told action={action} of={result} />
        {stoppedBy !== null && (
          <Notice tone="warning" title="It was stopped before the end">
            <p>
              <code className="code">{stoppedBy}</code>
            </p>
          </Notice>
        )}
        {applied !== undefined && (
          <p className="text-muted">
            {applied.confirmed
              ? `Every process confirmed in ${applied.milliseconds} ms.`
              : 'Not every process confirmed within two seconds. What they cached has expired by now.'}
          </p>
        )}
      </div>
      <DialogActions>
        <Button kind="primary" onClick={close}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function Told({ action, of: result }: { action: BulkAction; of: WireBulkResult }) {
  const { failures } = result
  const more = failures.length - failuresShown
  return (
    <div className="space-y-1">
      {bulkWords(action, result).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {failures.length > 0 && (
        <ul className="space-y-1 pl-4">
          {failures.slice(0, failuresShown).map(({ id, detail }) => (
            <li key={id}>
              <KeyName id={id} />: <Foreign text={detail} />
            </li>
          ))}
          {more > 0 && <li className="text-muted">And {keysCounted(more)} more.</li>}
        </ul>
      )}
    </div>
  )
}
