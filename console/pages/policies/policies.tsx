// The policies: what keys may be, for the whole deployment, and narrower for an organization.
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useParams } from '@tanstack/react-router'
import { Pencil, Trash2 } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WirePolicy } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { Unread } from '../../components/notices.tsx'
import { type Crumb, Page } from '../../components/page.tsx'
import { later } from '../../later.tsx'
import { useOrganizationName } from '../../organization-names.ts'
import { policyQuery } from '../../policy-queries.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { SettingsTabs } from '../settings/settings-tabs.tsx'
import { RuleList } from './rules.tsx'

const EditPolicyDialog = later(async () => (await import('./edit.tsx')).EditPolicyDialog, MissingPart)
const RemovePolicyDialog = later(async () => (await import('./edit.tsx')).RemovePolicyDialog, MissingPart)

export function DeploymentPolicyPage() {
  const { isRoot, self } = useSession()
  if (!isRoot)
    return (
      <Navigate
        to="/organizations/$organization/policy"
        params={{ organization: self.organization_id }}
        replace
      />
    )
  return (
    <PolicyPage
      title="Policy"
      lead="What new and changed keys of every organization must keep. The operator’s own keys are exempt."
      organization={undefined}
      crumbs={[]}
      above={<SettingsTabs />}
    />
  )
}

export function OrganizationPolicyPage() {
  const { organization } = useParams({ from: '/organizations/$organization/policy' })
  const { isRoot, self } = useSession()
  const name = useOrganizationName(organization) ?? organization
  // The keys of the operator's own organization are exempt.
  if (organization === rootOrganizationId) return <Navigate to="/settings/policy" replace />
  if (!isRoot && organization !== self.organization_id)
    return (
      <Navigate
        to="/organizations/$organization/policy"
        params={{ organization: self.organization_id }}
        replace
      />
    )
  const crumbs: Crumb[] = [
    { label: name, link: { to: '/organizations/$organization/settings', params: { organization } } },
  ]
  return (
    <PolicyPage
      title="Policy of the organization"
      lead="What its new and changed keys must keep: its own rules and those of the deployment. Its own ones narrow those, and never widen them."
      organization={organization}
      crumbs={isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }, ...crumbs] : crumbs}
    />
  )
}

interface PolicyPageProps {
  title: string
  lead: string
  /** Undefined for the deployment. */
  organization: string | undefined
  crumbs: Crumb[]
  above?: ReactNode
}

function PolicyPage({ title, lead, organization, crumbs, above }: PolicyPageProps) {
  const { refusal } = useSession()
  const [open, setOpen] = useState<'edit' | 'remove'>()
  const close = () => setOpen(undefined)
  const deployment = useQuery(policyQuery(undefined))
  const own = useQuery({ ...policyQuery(organization), enabled: organization !== undefined })
  const edited: WirePolicy | undefined = organization === undefined ? deployment.data : own.data
  const mayNot = refusal('latchkey:organizations:write')
  const isSet = edited !== undefined && edited.set_at !== null
  return (
    <Page
      title={title}
      lead={lead}
      crumbs={crumbs}
      above={above}
      actions={
        edited && (
          <>
            {organization !== undefined && isSet && (
              <Button
                icon={<Trash2 size={16} aria-hidden />}
                refusal={mayNot}
                onClick={() => setOpen('remove')}
              >
                Remove
              </Button>
            )}
            <Button
              kind="primary"
              icon={<Pencil size={16} aria-hidden />}
              refusal={mayNot}
              onClick={() => setOpen('edit')}
            >
              Edit the rules
            </Button>
          </>
        )
      }
    >
      {deployment.data === undefined ? (
        <Unread query={deployment} height="h-96" />
      ) : organization !== undefined && own.data === undefined ? (
        <Unread query={own} height="h-96" />
      ) : (
        <>
          <RuleList
            deployment={deployment.data}
            {...(organization !== undefined && own.data && { own: own.data })}
          />
          <p className="mt-4 max-w-2xl text-muted">
            A new rule breaks no key that is there. It stays as it is until somebody changes in it what the
            rule is about, or rotates it. <BreakingLink organization={organization} />
          </p>
        </>
      )}
      {edited && (
        <Suspense>
          {open === 'edit' && <EditPolicyDialog organization={organization} policy={edited} close={close} />}
          {open === 'remove' && organization !== undefined && (
            <RemovePolicyDialog organization={organization} close={close} />
          )}
        </Suspense>
      )}
    </Page>
  )
}

function BreakingLink({ organization }: { organization: string | undefined }): ReactNode {
  const look = 'rounded text-link underline'
  const text = 'Show the active keys that break a rule'
  return organization === undefined ? (
    <Link to="/keys" search={{ breaks_policy: true }} className={look}>
      {text}
    </Link>
  ) : (
    <Link
      to="/organizations/$organization"
      params={{ organization }}
      search={{ breaks_policy: true }}
      className={look}
    >
      {text}
    </Link>
  )
}
