// A new key: the form, and then its token, once.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, type WireCreatedKey, type WireKey } from '../../api.ts'
import { Foreign } from '../../components/foreign.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { type Crumb, Page, PageSkeleton } from '../../components/page.tsx'
import { PermissionList } from '../../components/permission-list.tsx'
import { TokenOnce } from '../../components/token-once.tsx'
import { isKeyId, shortKeyId } from '../../format/key-ids.ts'
import { inFull } from '../../format/times.ts'
import { keyQuery, organizationQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { NewKeyForm } from './new-key/form.tsx'

export function NewKeyPage() {
  const { organization } = useParams({ from: '/organizations/$organization/new-key' })
  const { parent } = useSearch({ from: '/organizations/$organization/new-key' })
  // Here alone: what a query or a mutation answers stays in memory for longer than it is shown.
  const [created, setCreated] = useState<WireCreatedKey>()
  return created === undefined ? (
    <Blank
      key={`${organization} ${parent}`}
      organization={organization}
      parent={parent}
      created={setCreated}
    />
  ) : (
    <Created of={created} />
  )
}

interface BlankProps {
  organization: string
  /** The id of the key of which it becomes a child. */
  parent: string | undefined
  created: (key: WireCreatedKey) => void
}

function Blank({ organization, parent: parentId, created }: BlankProps) {
  const { isRoot, self, refusal, readsOrganization } = useSession()
  const known = useQuery({ ...organizationQuery(organization), enabled: readsOrganization(organization) })
  const parent = useQuery({ ...keyQuery(parentId ?? ''), enabled: parentId !== undefined })
  const isForeign = !isRoot && organization !== self.organization_id
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
  const isStranger = parent.data !== undefined && parent.data.organization_id !== organization
  // One that was read stays: what was typed is not lost with a connection.
  if (isStranger || (parent.data === undefined && parent.error !== null)) {
    return (
      <Page title="New child" crumbs={crumbs}>
        <ErrorNotice
          title="This key cannot have children here"
          error={parent.error ?? new ApiError('key_not_found', 'It is of another organization.')}
        />
      </Page>
    )
  }
  if (parentId !== undefined && parent.data === undefined) return <PageSkeleton />
  return (
    <Page
      title={parentId === undefined ? 'New key' : 'New child'}
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
        {parent.data && <ChildOf parent={parent.data} />}
        <NewKeyForm organization={organization} parent={parent.data} created={created} />
      </div>
    </Page>
  )
}

/** What becomes of a child, whatever the form gives it. */
function ChildOf({ parent: { id, name, permissions, expires_at: expiresAt } }: { parent: WireKey }) {
  return (
    <Notice tone="note" title="It may do no more than its parent, and ends with it">
      <p>
        A child of{' '}
        <Link to="/keys/$key" params={{ key: id }} className="text-link underline underline-offset-2">
          <Foreign text={name} />
        </Link>
        . It draws from the limits of its parent too.
        {expiresAt !== null && ` Its parent expires on ${inFull(expiresAt)}.`}
      </p>
      {permissions.length > 0 && (
        <PermissionList label="What its parent may do" permissions={permissions} most={8} />
      )}
    </Notice>
  )
}

function Created({ of }: { of: WireCreatedKey }) {
  const navigate = useNavigate()
  return (
    <Page
      title="The new key’s token"
      lead={
        <>
          The key <Foreign text={of.name} className="font-medium text-ink" /> works from{' '}
          {of.not_before === null ? 'now' : inFull(of.not_before)} on.
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
