// The dialog that creates a webhook.
import { useState } from 'react'
import { ApiError, type WireCreatedWebhook } from '../../api.ts'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { OrganizationChoice } from '../../components/choices.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { everyEvent } from '../../format/webhooks.ts'
import { useSession } from '../../session.ts'
import { draftFaults, refusalsOf, type WebhookDraft, WebhookFields } from './fields.tsx'
import { useCreateWebhook } from './use-webhooks.ts'

interface CreateWebhookDialogProps {
  /** Whose it is at first; undefined for the signed-in key's own. */
  organization: string | undefined
  created: (webhook: WireCreatedWebhook) => void
  close: () => void
}

/** Whose events it sends, and whose it is. */
type Reach = 'all' | 'one' | 'theirs'

const reaches = [
  { value: 'all', label: 'All organizations' },
  { value: 'one', label: 'One organization' },
  { value: 'theirs', label: 'One, and it is theirs' },
] as const

const meanings: Record<Reach, string> = {
  all: 'It is your own: no customer sees it.',
  one: 'It is your own: that organization does not see it.',
  theirs: 'That organization sees it and may change it. Its receiver may never be inside of your network.',
}

const blank: WebhookDraft = { url: '', events: [everyEvent], description: '' }

export function CreateWebhookDialog({ organization: given, created, close }: CreateWebhookDialogProps) {
  const { isRoot } = useSession()
  const [draft, setDraft] = useState(blank)
  const [reach, setReach] = useState<Reach>(given === undefined ? 'all' : 'theirs')
  const [organization, setOrganization] = useState(given)
  const [wasRead, setRead] = useState(false)
  const creation = useCreateWebhook(created)
  const { error } = creation
  const { fields, faultOf } = refusalsOf(error)
  const faults = draftFaults(draft)
  const isOfOne = isRoot && reach !== 'all'
  const isUnknown = error instanceof ApiError && error.code === 'organization_not_found'
  const organizationFault = isOfOne && organization === undefined ? 'Choose an organization.' : undefined
  const submit = () => {
    setRead(true)
    if ([...Object.values(faults), organizationFault].some((fault) => fault !== undefined)) return false
    creation.mutate({
      url: draft.url.trim(),
      events: [...draft.events],
      description: draft.description.trim() === '' ? null : draft.description,
      ...(isOfOne &&
        organization !== undefined &&
        (reach === 'theirs' ? { organization_id: organization } : { source_organization_id: organization })),
    })
    return true
  }
  /** What the server refused is old news once it is changed. */
  const change = (next: () => void) => {
    if (fields.length > 0 || isUnknown) creation.reset()
    next()
  }
  const told = (field: string) =>
    (wasRead ? faults[field as keyof WebhookDraft] : undefined) ?? faultOf(field)
  return (
    <FormDialog
      title="New webhook"
      lead="It sends what happens from now on. The console shows its secret once, after this form."
      action={{ label: 'Create webhook', busyLabel: 'Creating…' }}
      busy={creation.isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={draft !== blank || organization !== given}
    >
      <WebhookFields value={draft} onChange={(next) => change(() => setDraft(next))} faultOf={told}>
        {isRoot && (
          <>
            <fieldset>
              <legend className="label mb-1">Events of</legend>
              <ChoiceRow options={reaches} value={reach} change={(next) => change(() => setReach(next))} />
              <p className="mt-1 text-muted">{meanings[reach]}</p>
            </fieldset>
            {isOfOne && (
              <OrganizationChoice
                label="Organization"
                id={organization}
                change={(id) => change(() => setOrganization(id))}
                error={
                  (wasRead ? organizationFault : undefined) ??
                  (isUnknown ? 'No organization has this id. Choose one from the list.' : undefined) ??
                  faultOf('organization_id') ??
                  faultOf('source_organization_id')
                }
              />
            )}
          </>
        )}
      </WebhookFields>
      {error !== null && fields.length === 0 && !isUnknown && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
