// The keys of an organization, and for the operator those of all of them.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Building2, CirclePause, CirclePlay, Gauge, Pencil, Plus, ShieldCheck } from 'lucide-react'
import { Suspense, useState } from 'react'
import { ApiError, type ListPage, type WireOrganization, type WireOrganizationDetails } from '../../api.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { marked } from '../../components/foreign.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { SuspendDialog, SuspendedNotice } from '../../components/suspend-dialog.tsx'
import { RecentUsage } from '../../components/usage/recent.tsx'
import { later } from '../../later.tsx'
import { organizationQuery } from '../../queries.ts'
import type { KeySearch } from '../../searches.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { OrganizationLimits } from '../organizations/limits.tsx'
import { OperatorMark } from '../organizations/mark.tsx'
import { KeyList } from './list/list.tsx'

const RenameOrganizationDialog = later(
  async () => (await import('../organizations/edit.tsx')).RenameOrganizationDialog,
  MissingPart,
)
const OrganizationLimitsDialog = later(
  async () => (await import('../organizations/edit.tsx')).OrganizationLimitsDialog,
  MissingPart,
)
const ChooseOrganizationDialog = later(
  async () => (await import('../organizations/choose.tsx')).ChooseOrganizationDialog,
  MissingPart,
)

export function OrganizationKeysPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization' })
  const search = useSearch({ from: '/organizations/$organization' })
  const navigate = useNavigate({ from: '/organizations/$organization' })
  const { isRoot, key, refusal } = useSession()
  const { organization, isUnknown, isSettled } = useOrganization(id)
  const [renaming, setRenaming] = useState(false)
  const [limiting, setLimiting] = useState(false)
  const [suspending, setSuspending] = useState(false)
  const isSuspended = (organization?.suspended_at ?? null) !== null
  if (isUnknown || !(isRoot || id === key.organization_id)) return <NoOrganization id={id} />
  const name = organization?.name ?? id
  return (
    <Page
      width="table"
      title={name}
      aside={
        <>
          {name !== id && <code className="code">{id}</code>}
          <OperatorMark id={id} />
        </>
      }
      crumbs={isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }] : []}
      actions={
        <>
          <Button
            icon={<Pencil size={16} aria-hidden />}
            refusal={refusal('latchkey:organizations:write')}
            onClick={() => setRenaming(true)}
          >
            Rename
          </Button>
          {isRoot && refusal('latchkey:limits:write') === undefined && (
            <Button
              icon={<Gauge size={16} aria-hidden />}
              refusal={refusal('latchkey:organizations:write')}
              onClick={() => setLimiting(true)}
            >
              Limits
            </Button>
          )}
          {id !== rootOrganizationId && (
            <LinkButton
              icon={<ShieldCheck size={16} aria-hidden />}
              to="/organizations/$organization/policy"
              params={{ organization: id }}
            >
              Policy
            </LinkButton>
          )}
          {isRoot && id !== rootOrganizationId && (
            <Button
              icon={
                isSuspended ? <CirclePlay size={16} aria-hidden /> : <CirclePause size={16} aria-hidden />
              }
              refusal={refusal('latchkey:organizations:write')}
              onClick={() => setSuspending(true)}
            >
              {isSuspended ? 'Resume' : 'Suspend'}
            </Button>
          )}
          <NewKeyLink organization={id} text="New key" hasShortcut />
        </>
      }
    >
      {organization && <SuspendedNotice what="organization" of={organization} />}
      {organization && hasLimits(organization) && <OrganizationLimits of={organization} />}
      {/* Limits that come late would push the list down. */}
      <div aria-busy={!isSettled} className={isSettled ? '' : 'invisible'}>
        <RecentUsage owner={{ organization: id }} lead="The calls with keys of this organization." isLow />
        <KeyList
          key={id}
          caption={`Keys of ${name}`}
          organization={id}
          search={search}
          change={(edit) => void navigate({ search: edit, replace: true })}
          newKey={<NewKeyLink organization={id} text="Create the first key" />}
        />
      </div>
      {suspending && organization && (
        <SuspendDialog
          what="organization"
          of={organization}
          close={() => setSuspending(false)}
          done={() => setSuspending(false)}
        />
      )}
      {limiting && organization && (
        <Suspense>
          <OrganizationLimitsDialog organization={organization} close={() => setLimiting(false)} />
        </Suspense>
      )}
      {renaming && organization && (
        <Suspense>
          <RenameOrganizationDialog organization={organization} close={() => setRenaming(false)} />
        </Suspense>
      )}
    </Page>
  )
}

function hasLimits({ limits, plan_limits: ofPlan = [] }: WireOrganizationDetails): boolean {
  return limits.length + ofPlan.length > 0
}

export function AllKeysPage() {
  const search: KeySearch = useSearch({ from: '/keys' })
  const navigate = useNavigate({ from: '/keys' })
  const { isRoot, key, refusal } = useSession()
  const [choosing, setChoosing] = useState(false)
  if (!isRoot) {
    return (
      <Navigate
        to="/organizations/$organization"
        params={{ organization: key.organization_id }}
        search={search}
        replace
      />
    )
  }
  const newKey = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      refusal={refusal('latchkey:keys:write')}
      shortcut={shortcut}
      onClick={() => setChoosing(true)}
    >
      {text}
    </Button>
  )
  return (
    <Page
      width="table"
      title="All keys"
      lead="The keys of every organization."
      actions={newKey('New key', 'n')}
    >
      <KeyList
        caption="The keys of every organization"
        search={search}
        change={(edit) => void navigate({ search: edit, replace: true })}
        newKey={newKey('Create the first key')}
      />
      {choosing && (
        <Suspense>
          <ChooseOrganizationDialog close={() => setChoosing(false)} />
        </Suspense>
      )}
    </Page>
  )
}

function NewKeyLink({
  organization,
  text,
  hasShortcut,
}: {
  organization: string
  text: string
  hasShortcut?: boolean
}) {
  const { refusal } = useSession()
  return (
    <LinkButton
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      to="/organizations/$organization/new-key"
      params={{ organization }}
      refusal={refusal('latchkey:keys:write')}
      shortcut={hasShortcut ? 'n' : undefined}
    >
      {text}
    </LinkButton>
  )
}

/** The organization as far as the signed-in key may know it. */
interface OrganizationFound {
  organization: WireOrganizationDetails | undefined
  isUnknown: boolean
  /** Whether nothing more of it is to come. */
  isSettled: boolean
}

function useOrganization(id: string): OrganizationFound {
  const client = useQueryClient()
  const enabled = useSession().readsOrganization(id)
  const { data, error, isPlaceholderData } = useQuery({
    ...organizationQuery(id),
    enabled,
    placeholderData: () =>
      // The list one comes from knows the name already.
      client
        .getQueriesData<{ pages: ListPage<WireOrganization>[] }>({ queryKey: ['organizations', 'list'] })
        .flatMap(([, list]) => list?.pages.flatMap((page) => page.items) ?? [])
        .find((organization) => organization.id === id),
  })
  return {
    organization: data,
    isUnknown: error instanceof ApiError && error.status === 404,
    isSettled: !enabled || error !== null || (data !== undefined && !isPlaceholderData),
  }
}

function NoOrganization({ id }: { id: string }) {
  const { isRoot, key } = useSession()
  return (
    <Page title="No such organization">
      <div className="card">
        <EmptyState
          icon={<Building2 size={22} />}
          title={isRoot ? 'No organization has this id' : 'This is not your organization'}
          action={
            isRoot ? (
              <LinkButton to="/organizations">Go to the organizations</LinkButton>
            ) : (
              <LinkButton to="/organizations/$organization" params={{ organization: key.organization_id }}>
                Go to your keys
              </LinkButton>
            )
          }
        >
          <code className="code">{marked(id)}</code>
        </EmptyState>
      </div>
    </Page>
  )
}
