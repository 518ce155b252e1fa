// A webhook: where it leads, whether that arrives, and everything that can be done.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Pencil, Play, Send, Square, Trash2, Webhook } from 'lucide-react'
import { Suspense, useState } from 'react'
import { ApiError, type WireCreatedWebhook, type WireWebhook } from '../../api.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { Outcome } from '../../components/outcome.tsx'
import { Page, PageSkeleton, Section } from '../../components/page.tsx'
import { inFull, inShort } from '../../format/times.ts'
import { disabledReasons, webhookName } from '../../format/webhooks.ts'
import { later } from '../../later.tsx'
import { webhookQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { Deliveries } from './deliveries.tsx'
import { WebhookFacts } from './facts.tsx'
import { SecretPage, webhookCrumbs } from './secret.tsx'
import { WebhookStatus } from './status.tsx'
import { TestOutcome } from './test-outcome.tsx'
import { useTestWebhook } from './use-webhooks.ts'

const EditWebhookDialog = later(async () => (await import('./edit.tsx')).EditWebhookDialog, MissingPart)
const DisableWebhookDialog = later(
  async () => (await import('./turn-dialogs.tsx')).DisableWebhookDialog,
  MissingPart,
)
const EnableWebhookDialog = later(
  async () => (await import('./turn-dialogs.tsx')).EnableWebhookDialog,
  MissingPart,
)
const RotateWebhookDialog = later(
  async () => (await import('./rotate-dialog.tsx')).RotateWebhookDialog,
  MissingPart,
)
const DeleteWebhookDialog = later(
  async () => (await import('./delete-dialog.tsx')).DeleteWebhookDialog,
  MissingPart,
)
const ReplayDialog = later(async () => (await import('./replay-dialog.tsx')).ReplayDialog, MissingPart)

export function WebhookPage() {
  const { webhook: id } = useParams({ from: '/webhooks/$webhook' })
  // On to another webhook, nothing of this one stays open.
  return <WebhookOf key={id} id={id} />
}

function WebhookOf({ id }: { id: string }) {
  const unreadable = useSession().refusal('latchkey:webhooks:read')
  const webhook = useQuery({ ...webhookQuery(id), enabled: unreadable === undefined })
  const [rotated, setRotated] = useState<WireCreatedWebhook>()
  if (rotated !== undefined) return <RotatedPage of={rotated} done={() => setRotated(undefined)} />
  if (unreadable !== undefined) {
    return (
      <Page title="Webhook">
        <Notice tone="note" title="You cannot see webhooks">
          <p>{unreadable}</p>
        </Notice>
      </Page>
    )
  }
  const { data, error } = webhook
  if (error instanceof ApiError && error.code === 'webhook_not_found') return <NoWebhook />
  if (data !== undefined) return <WebhookFound of={data} rotated={setRotated} />
  if (error === null) return <PageSkeleton />
  return (
    <Page title="Webhook" crumbs={webhookCrumbs}>
      <ErrorNotice error={error} retry={() => void webhook.refetch()} />
    </Page>
  )
}

function NoWebhook() {
  return (
    <Page title="No such webhook" crumbs={webhookCrumbs}>
      <div className="card">
        <EmptyState
          icon={<Webhook size={22} />}
          title="There is no webhook at this address"
          action={<LinkButton to="/settings/webhooks">Go to the webhooks</LinkButton>}
        >
          It was deleted, its id is wrong, or it belongs to an organization that you cannot see.
        </EmptyState>
      </div>
    </Page>
  )
}

function RotatedPage({ of: webhook, done }: { of: WireCreatedWebhook; done: () => void }) {
  const { grace_ends_at: graceEndsAt } = webhook
  return (
    <SecretPage
      title={`The new secret of ${webhookName(webhook)}`}
      lead={
        graceEndsAt === null ? (
          'The old secret signs nothing more.'
        ) : (
          <>
            The old secret signs too until{' '}
            <time dateTime={graceEndsAt} title={inFull(graceEndsAt)} className="font-semibold">
              {inShort(graceEndsAt)}
            </time>
            : put the new one in its place before.
          </>
        )
      }
      of={webhook}
      doneLabel="Back to the webhook"
      done={done}
    />
  )
}

type Open = 'edit' | 'disable' | 'enable' | 'rotate' | 'delete' | 'replay'

interface WebhookFoundProps {
  of: WireWebhook
  rotated: (webhook: WireCreatedWebhook) => void
}

function WebhookFound({ of: webhook, rotated }: WebhookFoundProps) {
  const refusal = useSession().refusal('latchkey:webhooks:write')
  const navigate = useNavigate()
  const [open, setOpen] = useState<Open>()
  const [replayedSince, setReplayedSince] = useState<string>()
  const test = useTestWebhook(webhook)
  const close = () => setOpen(undefined)
  const show = (next: Open) => {
    test.reset()
    setReplayedSince(undefined)
    setOpen(next)
  }
  const isDisabled = webhook.status === 'disabled'
  return (
    <Page
      width="columns"
      title={webhookName(webhook)}
      aside={<WebhookStatus of={webhook} />}
      crumbs={webhookCrumbs}
      actions={
        <>
          <Button icon={<Pencil size={16} aria-hidden />} refusal={refusal} onClick={() => show('edit')}>
            <span>
              Edit<span className="sr-only"> the webhook</span>
            </span>
          </Button>
          <Button
            icon={<Send size={16} aria-hidden />}
            refusal={refusal}
            busy={test.isPending}
            onClick={() => {
              setReplayedSince(undefined)
              test.mutate()
            }}
          >
            {test.isPending ? 'Sending a test…' : 'Send a test'}
          </Button>
          <Button
            icon={isDisabled ? <Play size={16} aria-hidden /> : <Square size={16} aria-hidden />}
            refusal={refusal}
            onClick={() => show(isDisabled ? 'enable' : 'disable')}
          >
            {isDisabled ? 'Enable' : 'Disable'}
          </Button>
          <Button icon={<Trash2 size={16} aria-hidden />} refusal={refusal} onClick={() => show('delete')}>
            Delete
          </Button>
        </>
      }
    >
      {test.data !== undefined && <TestOutcome of={test.data} />}
      {test.isError && (
        <div className="mb-6">
          <ErrorNotice title="The test was not sent" error={test.error} />
        </div>
      )}
      {replayedSince !== undefined && (
        <Outcome tone="note" title="Events are sent once more">
          <p>
            All of its events since {inFull(replayedSince)}
            {isDisabled && ', once it is enabled from where it stopped'}.
          </p>
        </Outcome>
      )}
      <Health of={webhook} />
      <Section title="Details">
        <WebhookFacts of={webhook} refusal={refusal} rotate={() => show('rotate')} />
      </Section>
      <Deliveries of={webhook} refusal={refusal} replay={() => show('replay')} />
      <Suspense>
        {open === 'edit' && <EditWebhookDialog webhook={webhook} close={close} />}
        {open === 'disable' && <DisableWebhookDialog webhook={webhook} close={close} />}
        {open === 'enable' && <EnableWebhookDialog webhook={webhook} close={close} />}
        {open === 'rotate' && <RotateWebhookDialog webhook={webhook} close={close} rotated={rotated} />}
        {open === 'delete' && (
          <DeleteWebhookDialog
            webhook={webhook}
            close={close}
            deleted={() => void navigate({ to: '/settings/webhooks', replace: true })}
          />
        )}
        {open === 'replay' && (
          <ReplayDialog
            webhook={webhook}
            close={close}
            replayed={(since) => {
              setReplayedSince(since)
              close()
            }}
          />
        )}
      </Suspense>
    </Page>
  )
}

/** What is wrong with it, if anything is. */
function Health({
  of: { status, disabled_reason: reason, disabled_at: at, failing_since: since },
}: {
  of: WireWebhook
}) {
  if (status === 'disabled') {
    return (
      <div className="mb-6">
        <Notice
          tone={reason === 'by_hand' ? 'note' : 'warning'}
          title={`Disabled${at === null ? '' : ` since ${inShort(at)}`}: nothing is sent`}
        >
          <p>
            {reason !== null && disabledReasons[reason]} Events wait in the log for 30 days. What is sent
            again by hand waits too.
          </p>
        </Notice>
      </div>
    )
  }
  if (since === null) return null
  return (
    <div className="mb-6">
      <Notice tone="warning" title={`No delivery has succeeded since ${inShort(since)}`}>
        <p>
          Latchkey tries each event eight times, within 32 hours. After 5 days without a success it disables
          the webhook.
        </p>
      </Notice>
    </div>
  )
}
