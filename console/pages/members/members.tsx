// The people of an organization: who they are, as what they act, and when they were last here.
import { useQuery } from '@tanstack/react-query'
import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { UserPlus, Users } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { roles } from '../../../src/core/roles.ts'
import type { WireInvitation } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { Segments } from '../../components/segments.tsx'
import { roleLabel, roleMeaning } from '../../format/roles.ts'
import { invitationsQuery, membersQuery } from '../../member-queries.ts'
import { type Grants, manageRefusal } from '../../member-rights.ts'
import type { MembersSearch } from '../../searches.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { useEndlessList } from '../../virtual-list/endless-list.ts'
import { OrganizationPage, useOrganization } from '../organizations/frame.tsx'
import { SettingsTabs } from '../settings/settings-tabs.tsx'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { LinkPage } from './link-page.tsx'
import { MemberTable } from './table.tsx'

/** The members of one's own organization. */
export function OwnMembersPage() {
  const { self } = useSession()
  const search = useSearch({ from: '/settings/members' })
  const navigate = useNavigate({ from: '/settings/members' })
  const change = (next: MembersSearch) => void navigate({ search: next, replace: true })
  const found = useOrganization(self.organization_id)
  const organization = {
    id: self.organization_id,
    grantable: found.organization?.grantable_permissions ?? [],
  }
  return (
    <Members organization={organization} search={search} change={change} above={<SettingsTabs />}>
      {(body, actions) => (
        <Page
          title="Members"
          lead="The people who may sign in as themselves. Keys are for programs."
          width="columns"
          above={<SettingsTabs />}
          actions={actions}
        >
          {body}
        </Page>
      )}
    </Members>
  )
}

/** The members of a customer's organization, as the operator sees them. */
export function OrganizationMembersPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/members' })
  const search = useSearch({ from: '/organizations/$organization/members' })
  const navigate = useNavigate({ from: '/organizations/$organization/members' })
  const change = (next: MembersSearch) => void navigate({ search: next, replace: true })
  const { isRoot } = useSession()
  const found = useOrganization(id)
  if (!isRoot) return <Navigate to="/settings/members" search={search} replace />
  const organization = { id, grantable: found.organization?.grantable_permissions ?? [] }
  return (
    <Members organization={organization} search={search} change={change}>
      {(body, actions) => (
        <OrganizationPage id={id} found={found} actions={actions}>
          {body}
        </OrganizationPage>
      )}
    </Members>
  )
}

interface MembersProps {
  organization: Grants
  search: MembersSearch
  change: (search: MembersSearch) => void
  above?: ReactNode
  /** The page around it. */
  children: (body: ReactNode, actions: ReactNode) => ReactNode
}

function Members({ organization, search, change, above, children }: MembersProps) {
  const session = useSession()
  // Here alone: what a query or a mutation answers stays in memory for longer than it is shown.
  const [invited, setInvited] = useState<WireInvitation>()
  const [told, setTold] = useState({ isSelf: false, wasNotSent: false })
  const { invite, ...shown } = search
  const unreadable = session.refusal('latchkey:members:read')
  const isReadable = unreadable === undefined
  const invitations = useQuery({ ...invitationsQuery(organization.id), enabled: isReadable })
  const actions = (
    <Button
      kind="primary"
      icon={<UserPlus size={16} aria-hidden />}
      shortcut="n"
      refusal={manageRefusal(session, organization.id)}
      onClick={() => change({ ...shown, invite: 'somebody' })}
    >
      Invite
    </Button>
  )
  const renewed = (invitation: WireInvitation, { byMail }: { byMail: boolean }) => {
    setTold({ isSelf: false, wasNotSent: byMail && !invitation.sent })
    setInvited(invitation)
  }
  const body =
    unreadable !== undefined ? (
      <Notice tone="note" title="You cannot list the members">
        <p>{unreadable}</p>
      </Notice>
    ) : (
      // Invitations that come late would push the list down.
      <div aria-busy={invitations.isPending} className={invitations.isPending ? 'invisible' : ''}>
        <Invitations organization={organization} invitations={invitations} renewed={renewed} />
        <MemberList organization={organization} status={shown.status} change={change} />
      </div>
    )
  if (invited !== undefined)
    return <LinkPage of={invited} {...told} above={above} done={() => setInvited(undefined)} />
  return (
    <>
      {children(body, actions)}
      {invite !== undefined && (
        <InviteDialog
          organization={organization}
          isSelf={invite === 'self'}
          invited={(invitation, { byMail }) => {
            change(shown)
            setTold({ isSelf: invite === 'self', wasNotSent: byMail && !invitation.sent })
            setInvited(invitation)
          }}
          close={() => change(shown)}
        />
      )}
    </>
  )
}

const statuses = [
  { value: 'active', label: 'Active' },
  { value: 'suspended', label: 'Suspended' },
  { value: 'removed', label: 'Removed' },
  { value: 'all', label: 'All' },
] as const

interface MemberListProps {
  organization: Grants
  status: MembersSearch['status']
  change: (search: MembersSearch) => void
}

function MemberList({ organization, status, change }: MemberListProps) {
  const list = useEndlessList(() => membersQuery(organization.id, status))
  const { items, error } = list
  const none = { suspended: 'Nobody is suspended', removed: 'Nobody was removed' } as const
  return (
    <>
      <div className="mb-3 flex">
        <Segments
          label="Which members"
          options={statuses}
          value={status ?? 'active'}
          change={(next) => change(next === 'active' ? {} : { status: next })}
        />
      </div>
      {items === undefined && error !== null ? (
        <ErrorNotice title="The members could not be read" error={error} retry={list.retry} />
      ) : (
        <div className="card">
          {items?.length === 0 && !list.hasMore ? (
            status === 'suspended' || status === 'removed' ? (
              <p className="p-5 text-muted">{none[status]}.</p>
            ) : (
              <EmptyState
                icon={<Users size={22} />}
                title="No member yet"
                action={<Button onClick={() => change({ invite: 'somebody' })}>Invite the first one</Button>}
              >
                People who sign in as themselves stand here, with what each of them may do.
              </EmptyState>
            )
          ) : (
            <MemberTable list={list} />
          )}
        </div>
      )}
      {items !== undefined && <Roles isRoot={organization.id === rootOrganizationId} />}
    </>
  )
}

function Roles({ isRoot }: { isRoot: boolean }) {
  return (
    <details className="mt-4 max-w-2xl text-muted">
      <summary className="rounded font-medium text-ink">What the roles may do</summary>
      <dl className="mt-2 space-y-1.5">
        {roles.map((role) => (
          <div key={role} className="grid gap-x-4 sm:grid-cols-[6rem_minmax(0,1fr)]">
            <dt className="font-medium text-ink">{roleLabel(role)}</dt>
            <dd>{roleMeaning(role, isRoot)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
