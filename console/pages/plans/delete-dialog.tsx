// Asks before a plan is deleted: by its name, and whether an organization is still on it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type WirePlan } from '../../api.ts'
import { ConfirmationField } from '../../components/confirmation-field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { organizationsOn } from '../../format/plans.ts'
import { planQuery } from '../../queries.ts'

interface DeletePlanDialogProps {
  plan: WirePlan
  close: () => void
}

export function DeletePlanDialog({ plan: { name }, close }: DeletePlanDialogProps) {
  const [typed, setTyped] = useState('')
  const client = useQueryClient()
  const { data: details, error: unread } = useQuery(planQuery(name))
  const deletion = useMutation({
    mutationFn: () => call('DELETE', `/v1/plans/${encodeURIComponent(name)}`),
    onSuccess: async () => {
      client.removeQueries({ queryKey: planQuery(name).queryKey })
      await Promise.all(
        ['plans', 'audit-log'].map((queryKey) => client.invalidateQueries({ queryKey: [queryKey] })),
      )
      close()
    },
  })
  const isUsed = details !== undefined && details.organizations > 0
  const submit = () => {
    deletion.mutate()
    return true
  }
  return (
    <FormDialog
      title={`Delete the plan ${name}`}
      lead="This is permanent. No organization may be on it."
      action={{
        label: 'Delete permanently',
        busyLabel: 'Deleting…',
        isPermanent: true,
        refusal: refusalOf(details?.organizations, typed === name),
      }}
      busy={deletion.isPending}
      error={deletion.error}
      submit={submit}
      close={close}
      isTyped={typed !== ''}
    >
      {isUsed && (
        <Notice tone="warning" title={`On this plan: ${organizationsOn(details.organizations)}`}>
          <p>
            Deleting it would take its limits from all of their keys. Give each another plan, or none, on its
            page under “Limits”.
          </p>
        </Notice>
      )}
      {details?.organizations === 0 && <p>No organization is on it.</p>}
      {unread !== null && <ErrorNotice error={unread} />}
      {!isUsed && (
        <ConfirmationField
          label={`Type ${name} to confirm`}
          value={typed}
          change={setTyped}
          className="font-mono"
        />
      )}
      {deletion.isError && <ErrorNotice error={deletion.error} />}
    </FormDialog>
  )
}

function refusalOf(organizations: number | undefined, isTyped: boolean): string | undefined {
  if (organizations === undefined) return 'Latchkey is still counting its organizations.'
  if (organizations > 0) return 'Organizations are on this plan.'
  return isTyped ? undefined : 'Type the name of the plan first.'
}
