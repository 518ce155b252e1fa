// What all keys of an organization draw from together.
import { useParams } from '@tanstack/react-router'
import { Gauge, Pencil } from 'lucide-react'
import { Suspense, useState } from 'react'
import type { WireLimit, WireOrganizationDetails } from '../../api.ts'
import { AddUnitsDialog } from '../../components/add-units-dialog.tsx'
import { Button } from '../../components/button.tsx'
import { LimitMeters } from '../../components/limit-meters.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, Notice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { later } from '../../later.tsx'
import { useSession } from '../../session.ts'
import { OrganizationPage, useOrganization } from './frame.tsx'

const OrganizationLimitsDialog = later(
  async () => (await import('./edit.tsx')).OrganizationLimitsDialog,
  MissingPart,
)

export function OrganizationLimitsPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/limits' })
  const found = useOrganization(id)
  const { isRoot, refusal, readsOrganization } = useSession()
  const [limiting, setLimiting] = useState(false)
  const { organization, isSettled } = found
  const mayNot = refusal('latchkey:organizations:write') ?? refusal('latchkey:limits:write')
  return (
    <OrganizationPage
      id={id}
      found={found}
      part="Limits"
      actions={
        // A customer's limits are the operator's to set.
        isRoot && (
          <Button icon={<Pencil size={16} aria-hidden />} refusal={mayNot} onClick={() => setLimiting(true)}>
            Limits
          </Button>
        )
      }
    >
      <div aria-busy={!isSettled} className={isSettled ? '' : 'invisible'}>
        {!readsOrganization(id) ? (
          <Notice tone="note">{refusal('latchkey:organizations:read')}</Notice>
        ) : organization && hasLimits(organization) ? (
          <OrganizationLimits of={organization} />
        ) : (
          <div className="card">
            <EmptyState icon={<Gauge size={22} />} title="No limits of the organization">
              All keys of an organization draw from its limits together. Each key may have limits of its own
              besides, on its page.
            </EmptyState>
          </div>
        )}
      </div>
      {limiting && organization && (
        <Suspense>
          <OrganizationLimitsDialog organization={organization} close={() => setLimiting(false)} />
        </Suspense>
      )}
    </OrganizationPage>
  )
}

function hasLimits({ limits, plan_limits: ofPlan = [] }: WireOrganizationDetails): boolean {
  return limits.length + ofPlan.length > 0
}

function OrganizationLimits({ of: organization }: { of: WireOrganizationDetails }) {
  const { isRoot, refusal } = useSession()
  const [adding, setAdding] = useState<WireLimit>()
  const mayAdd = isRoot && refusal('latchkey:limits:write') === undefined
  return (
    <Section title="Limits" lead="All keys of the organization draw from these together.">
      <LimitMeters
        of={organization.limits}
        ofPlan={organization.plan_limits ?? []}
        plan={organization.plan ?? undefined}
        add={mayAdd ? setAdding : undefined}
      />
      {adding && (
        <AddUnitsDialog
          owner={`/v1/organizations/${encodeURIComponent(organization.id)}`}
          limit={adding}
          close={() => setAdding(undefined)}
        />
      )}
    </Section>
  )
}
