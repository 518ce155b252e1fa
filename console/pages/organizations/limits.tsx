// What all keys of an organization draw from together, above the list of its keys.
import { useState } from 'react'
import type { WireLimit, WireOrganizationDetails } from '../../api.ts'
import { AddUnitsDialog } from '../../components/add-units-dialog.tsx'
import { LimitMeters } from '../../components/limit-meters.tsx'
import { Section } from '../../components/page.tsx'
import { useSession } from '../../session.ts'

export function OrganizationLimits({ of: organization }: { of: WireOrganizationDetails }) {
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
