// What a webhook is, each with a button to change it where that is one of its own.
import type { ReactNode } from 'react'
import type { WireWebhook } from '../../api.ts'
import { ChangeButton } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy.tsx'
import { Creator } from '../../components/creator.tsx'
import { Fact, Moment } from '../../components/fact.tsx'
import { Address, Foreign } from '../../components/foreign.tsx'
import { OrganizationName } from '../../components/organization-name.tsx'
import { PermissionList } from '../../components/permission-list.tsx'
import { useNow } from '../../components/time.tsx'
import { fromNow, inFull, inShort } from '../../format/times.ts'
import { rootOrganizationId, useSession } from '../../session.ts'

interface WebhookFactsProps {
  of: WireWebhook
  /** Why nothing may be changed. */
  refusal: string | undefined
  rotate: () => void
}

export function WebhookFacts({ of: webhook, refusal, rotate }: WebhookFactsProps) {
  const { isRoot } = useSession()
  return (
    <dl className="grid lg:grid-cols-2">
      <Fact
        label="URL"
        action={<CopyButton kind="quiet" text={webhook.url} label="Copy the URL" iconOnly />}
        wide
      >
        <Address text={webhook.url} className="font-mono text-[0.8125rem]" />
      </Fact>
      <Fact label="Events" wide>
        <PermissionList permissions={webhook.events} label="Events" />
      </Fact>
      <Fact label="Id" action={<CopyButton kind="quiet" text={webhook.id} label="Copy the id" iconOnly />}>
        <span className="foreign font-mono text-xs">{webhook.id}</span>
      </Fact>
      <Fact label="Events of">
        <Source of={webhook} />
      </Fact>
      {isRoot && (
        <Fact label="Organization">
          <OrganizationName id={webhook.organization_id} />
        </Fact>
      )}
      <Fact
        label="Secret"
        action={<ChangeButton label="Rotate" of="the secret" refusal={refusal} onClick={rotate} />}
      >
        <Secret of={webhook} />
      </Fact>
      <Fact label="Delivered">{momentOf(webhook.last_delivered_at, 'Nothing yet')}</Fact>
      <Fact label="Waiting">
        {webhook.pending === 0 ? (
          <span className="text-muted">Nothing to try again</span>
        ) : (
          `${webhook.pending.toLocaleString('en')} ${webhook.pending === 1 ? 'event' : 'events'}, to be tried again`
        )}
      </Fact>
      <Fact label="Created">
        <Moment instant={webhook.created_at} />
      </Fact>
      <Fact label="Created by">
        <Creator createdBy={webhook.created_by} type={webhook.created_by_type} />
      </Fact>
      {webhook.description?.trim() && (
        <Fact label="Description" wide>
          <Foreign text={webhook.description} />
        </Fact>
      )}
    </dl>
  )
}

function momentOf(instant: string | null, never: string): ReactNode {
  return instant === null ? <span className="text-muted">{never}</span> : <Moment instant={instant} />
}

/** One of the root organization sends those of all, or of one; another's its own. */
function Source({ of: { organization_id: owner, source_organization_id: source } }: { of: WireWebhook }) {
  if (source !== null) return <OrganizationName id={source} />
  return owner === rootOrganizationId ? 'All organizations' : <OrganizationName id={owner} />
}

function Secret({ of: { grace_ends_at: graceEndsAt } }: { of: WireWebhook }) {
  const now = useNow()
  if (graceEndsAt === null || Date.parse(graceEndsAt) <= now)
    return <span className="text-muted">Shown once, when it was made</span>
  return (
    <span title={inFull(graceEndsAt)}>
      The one before signs too until <time dateTime={graceEndsAt}>{inShort(graceEndsAt)}</time>{' '}
      <span className="text-muted">{fromNow(graceEndsAt, now)}</span>
    </span>
  )
}
