// Webhooks: to where events are sent, and whether they arrive.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Webhook } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WireCreatedWebhook } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { OrganizationChoice } from '../../components/choices.tsx'
import { Count } from '../../components/count.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, ErrorNotice, Notice, NotRenewed } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { filterFaults } from '../../format/filters.ts'
import { later } from '../../later.tsx'
import { webhooksQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { useEndlessList } from '../../virtual-list/endless-list.ts'
import { SettingsTabs } from '../settings/settings-tabs.tsx'
import { SecretPage } from './secret.tsx'
import { WebhookTable } from './table.tsx'

const CreateWebhookDialog = later(async () => (await import('./create.tsx')).CreateWebhookDialog, MissingPart)

export function WebhooksPage() {
  const { isRoot, refusal } = useSession()
  const { organization } = useSearch({ from: '/settings/webhooks' })
  const navigate = useNavigate()
  const [creating, setCreating] = useState(false)
  // Here alone: what a query or a mutation answers stays in memory for longer than it is shown.
  const [created, setCreated] = useState<WireCreatedWebhook>()
  if (created !== undefined) {
    return (
      <SecretPage
        title="The new webhook’s secret"
        lead="It sends what happens from now on."
        of={created}
        // Not back to the list: there is a test to send.
        done={() =>
          void navigate({ to: '/webhooks/$webhook', params: { webhook: created.id }, replace: true })
        }
      />
    )
  }
  const unreadable = refusal('latchkey:webhooks:read')
  const create = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      shortcut={shortcut}
      refusal={refusal('latchkey:webhooks:write')}
      onClick={() => setCreating(true)}
    >
      {text}
    </Button>
  )
  return (
    <Page
      width="table"
      above={<SettingsTabs />}
      title="Webhooks"
      lead="Events are posted to these URLs, signed, until the receiver takes them."
      actions={create('New webhook', 'n')}
    >
      {unreadable === undefined ? (
        <Webhooks
          organization={isRoot ? organization : undefined}
          create={create('Create the first webhook')}
        />
      ) : (
        <Notice tone="note" title="You cannot list the webhooks">
          <p>{unreadable}</p>
        </Notice>
      )}
      {creating && (
        <Suspense>
          <CreateWebhookDialog
            organization={isRoot ? organization : undefined}
            created={setCreated}
            close={() => setCreating(false)}
          />
        </Suspense>
      )}
    </Page>
  )
}

function Webhooks({ organization, create }: { organization: string | undefined; create: ReactNode }) {
  const { isRoot } = useSession()
  const navigate = useNavigate({ from: '/settings/webhooks' })
  const { organization: fault } = filterFaults(organization === undefined ? {} : { organization })
  const show = (next: string | undefined) =>
    void navigate({ search: next === undefined ? {} : { organization: next }, replace: true })
  const choice = isRoot && (
    <search className="w-full max-w-sm">
      <OrganizationChoice label="Of the organization" id={organization} change={show} error={fault} isFirst />
    </search>
  )
  return (
    <>
      {fault !== undefined && choice}
      {fault === undefined && (
        <List
          organization={organization}
          choice={choice}
          empty={
            organization === undefined ? (
              <EmptyState icon={<Webhook size={22} />} title="No webhook yet" action={create}>
                A webhook tells a program what happens to keys, organizations, limits and plans, within a
                second as a rule.
              </EmptyState>
            ) : (
              <EmptyState
                icon={<Webhook size={22} />}
                title="This organization has no webhook"
                action={<Button onClick={() => show(undefined)}>Show those of all organizations</Button>}
              >
                Webhooks of your own may send its events all the same.
              </EmptyState>
            )
          }
        />
      )}
    </>
  )
}

interface ListProps {
  organization: string | undefined
  /** To choose another one. */
  choice: ReactNode
  empty: ReactNode
}

function List({ organization, choice, empty }: ListProps) {
  const list = useEndlessList((rowsBefore) => webhooksQuery(organization, rowsBefore))
  const { isRoot } = useSession()
  const { items, error } = list
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end gap-3">
        {choice}
        {items?.length !== 0 && <Count list={list} noun="webhook" />}
      </div>
      {items === undefined && error !== null ? (
        <ErrorNotice title="The webhooks could not be read" error={error} retry={list.retry} />
      ) : (
        <div className="card @container">
          {items?.length === 0 && !list.hasMore ? (
            empty
          ) : (
            <WebhookTable list={list} ofAll={isRoot && organization === undefined} />
          )}
        </div>
      )}
      <NotRenewed list={list} />
    </>
  )
}
