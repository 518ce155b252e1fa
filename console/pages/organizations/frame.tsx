// The frame of the pages of an organization: its name, its parts, and that there is none of this id.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Building2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError, type ListPage, type WireOrganization, type WireOrganizationDetails } from '../../api.ts'
import { ActForOthers } from '../../components/act-for-others.tsx'
import { LinkButton } from '../../components/button.tsx'
import { marked } from '../../components/foreign.tsx'
import { EmptyState } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { SuspendedNotice } from '../../components/suspend-dialog.tsx'
import { type Tab, Tabs } from '../../components/tabs.tsx'
import { organizationQuery } from '../../queries.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { SettingsTabs } from '../settings/settings-tabs.tsx'
import { OperatorMark } from './mark.tsx'

/** The organization as far as who is signed in may know it. */
export interface OrganizationFound {
  organization: WireOrganizationDetails | undefined
  isUnknown: boolean
  /** Whether nothing more of it is to come. */
  isSettled: boolean
}

export function useOrganization(id: string): OrganizationFound {
  const client = useQueryClient()
  const { isRoot, self, readsOrganization } = useSession()
  const enabled = readsOrganization(id)
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
    isUnknown:
      !(isRoot || id === self.organization_id) || (error instanceof ApiError && error.status === 404),
    isSettled: !enabled || error !== null || (data !== undefined && !isPlaceholderData),
  }
}

interface OrganizationPageProps {
  id: string
  found: OrganizationFound
  /** What the page is called for a customer, to whom it is one of the settings; absent for the first page. */
  part?: string
  width?: 'reading' | 'columns' | 'table'
  actions?: ReactNode
  children: ReactNode
}

/** One of the pages of an organization that is there. */
export function OrganizationPage({
  id,
  found: { organization, isUnknown },
  part,
  width = 'columns',
  actions,
  children,
}: OrganizationPageProps) {
  const { isRoot, refusal } = useSession()
  if (isUnknown) return <NoOrganization id={id} />
  const name = organization?.name ?? id
  const isOwnSetting = !isRoot && part !== undefined
  return (
    <Page
      width={width}
      title={isOwnSetting ? part : name}
      aside={
        !isOwnSetting && (
          <>
            {name !== id && <code className="code">{id}</code>}
            <OperatorMark id={id} />
          </>
        )
      }
      crumbs={isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }] : []}
      actions={actions}
      above={isOwnSetting && <SettingsTabs />}
      tabs={isRoot && <Tabs label={`Parts of ${name}`} tabs={tabsOf(id, refusal)} />}
    >
      {organization && (
        <SuspendedNotice
          what="organization"
          of={organization}
          action={
            isRoot && (
              <LinkButton to="/organizations/$organization/settings" params={{ organization: id }}>
                Go to its settings
              </LinkButton>
            )
          }
        />
      )}
      {children}
    </Page>
  )
}

function tabsOf(organization: string, refusal: ReturnType<typeof useSession>['refusal']): Tab[] {
  const params = { organization }
  const may = (permission: Parameters<typeof refusal>[0]) => refusal(permission) === undefined
  return [
    { label: 'Keys', link: { to: '/organizations/$organization', params }, isExact: true },
    ...(may('latchkey:usage:read')
      ? ([{ label: 'Usage', link: { to: '/organizations/$organization/usage', params } }] as const)
      : []),
    { label: 'Limits', link: { to: '/organizations/$organization/limits', params } },
    ...(may('latchkey:members:read')
      ? ([{ label: 'Members', link: { to: '/organizations/$organization/members', params } }] as const)
      : []),
    ...(may('latchkey:audit:read')
      ? ([{ label: 'Activity', link: { to: '/organizations/$organization/activity', params } }] as const)
      : []),
    // The operator has no page of a customer's.
    ...(organization !== rootOrganizationId && may('latchkey:portal:write')
      ? ([
          { label: 'Customer page', link: { to: '/organizations/$organization/customer-page', params } },
        ] as const)
      : []),
    { label: 'Settings', link: { to: '/organizations/$organization/settings', params } },
  ]
}

function NoOrganization({ id }: { id: string }) {
  const { isRoot, self } = useSession()
  const isOther = self.type === 'member' && self.member.organizations.some((each) => each.id === id)
  return (
    <Page title={isOther ? 'Another organization' : 'No such organization'}>
      <div className="card">
        <EmptyState
          icon={<Building2 size={22} />}
          title={
            isRoot
              ? 'No organization has this id'
              : isOther
                ? 'You act for another organization'
                : 'This is not your organization'
          }
          action={
            isRoot ? (
              <LinkButton to="/organizations">Go to the organizations</LinkButton>
            ) : (
              <>
                <ActForOthers only={id} />
                <LinkButton to="/organizations/$organization" params={{ organization: self.organization_id }}>
                  Go to your keys
                </LinkButton>
              </>
            )
          }
        >
          <code className="code">{marked(id)}</code>
        </EmptyState>
      </div>
    </Page>
  )
}
