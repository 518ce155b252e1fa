// The calls with the keys of an organization, and which of them are the busiest.
import { Navigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Notice } from '../../components/notices.tsx'
import { RecentUsage } from '../../components/usage/recent.tsx'
import type { UsageRange } from '../../format/usage.ts'
import { useSession } from '../../session.ts'
import { Busiest } from '../overview/busiest.tsx'
import { OrganizationPage, useOrganization } from './frame.tsx'

const defaultRange: UsageRange = '7d'

export function OrganizationUsagePage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/usage' })
  const found = useOrganization(id)
  const [range, setRange] = useState(defaultRange)
  const { isRoot, refusal } = useSession()
  // Of one's own there is a page with filters.
  if (!isRoot) return <Navigate to="/usage" replace />
  const unreadable = refusal('latchkey:usage:read')
  const owner = { organization: id }
  return (
    <OrganizationPage id={id} found={found}>
      {unreadable === undefined ? (
        <>
          <RecentUsage
            owner={owner}
            lead="The calls with keys of this organization."
            range={range}
            change={setRange}
          />
          <Busiest group="key" range={range} owner={owner} />
        </>
      ) : (
        <Notice tone="note">{unreadable}</Notice>
      )}
    </OrganizationPage>
  )
}
