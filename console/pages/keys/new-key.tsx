// A new key: the form, and then its token, once.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, type WireCreatedKey } from '../../api.ts'
import { Foreign } from '../../components/foreign.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { type Crumb, Page } from '../../components/page.tsx'
import { TokenOnce } from '../../components/token-once.tsx'
import { isKeyId, shortKeyId } from '../../format/key-ids.ts'
import { organizationQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { NewKeyForm } from './new-key/form.tsx'

export function NewKeyPage() {
  const { organization } = useParams({ from: '/organizations/$organization/new-key' })
  // Here alone: what a query or a mutation answers stays in memory for longer than it is shown.
  const [created, setCreated] = useState<WireCreatedKey>()
  return created === undefined ? (
    <Blank key={organization} organization={organization} created={setCreated} />
  ) : (
    <Created of={created} />
  )
}

function Blank({ organization, created }: { organization: string; created: (key: WireCreatedKey) => void }) {
  const { isRoot, key, refusal, readsOrganization } = useSession()
  const known = useQuery({ ...organizationQuery(organization), enabled: readsOrganization(organization) })
  const isForeign = !isRoot && organization !== key.organization_id
  const isUnknown = known.error instanceof ApiError && known.error.status === 404
  const refused = refusal('latchkey:keys:write')
  const name = known.data?.name ?? organization
  const keys: Crumb = {
    label: name,
    link: { to: '/organizations/$organization', params: { organization } },
  }
  const crumbs: Crumb[] = isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }, keys] : [keys]
  if (isUnknown || isForeign) {
    return (
      <Page title="New key">
        <ErrorNotice
          error={known.error ?? new ApiError('organization_not_found', 'No organization has this id.')}
        />
      </Page>
    )
  }
  return (
    <Page
      title="New key"
      crumbs={crumbs}
      lead={
        <>
          For <Foreign text={name} className="font-medium text-ink" />
          {name !== organization && (
            <code className="code ml-2" title={organization}>
              {isKeyId(organization) ? shortKeyId(organization) : organization}
            </code>
          )}
          <br />
          The console shows its token once, after this form.
        </>
      }
    >
      <div className="max-w-3xl space-y-4">
        {refused !== undefined && (
          <Notice tone="note" title="You cannot create keys">
            <p>{refused}</p>
          </Notice>
        )}
        <NewKeyForm organization={organization} created={created} />
      </div>
    </Page>
  )
}

function Created({ of }: { of: WireCreatedKey }) {
  const navigate = useNavigate()
  return (
    <Page
      title="The new key’s token"
      lead={
        <>
          The key <Foreign text={of.name} className="font-medium text-ink" /> works from now on.
        </>
      }
    >
      <div className="card max-w-3xl p-4 sm:p-5">
        <TokenOnce
          token={of.key}
          permissions={of.permissions}
          // Not back to a blank form, from where it could be created twice.
          done={() => void navigate({ to: '/keys/$key', params: { key: of.id }, replace: true })}
        />
      </div>
    </Page>
  )
}
