// A plan in the list: what it gives each key, all keys of an organization together, and what keys may do.
import type { ReactNode } from 'react'
import type { WirePlainLimit, WirePlan } from '../../api.ts'
import { PermissionList } from '../../components/permission-list.tsx'
import { allowanceOf } from '../../format/limits.ts'

interface PlanCardProps {
  of: WirePlan
  actions: ReactNode
}

export function PlanCard({ of: plan, actions }: PlanCardProps) {
  return (
    <li className="card p-4 sm:p-5">
      <div className="flex flex-col items-start justify-between gap-3 sm:flex-row">
        <h2 className="font-mono text-base font-semibold break-all">{plan.name}</h2>
        <div className="flex shrink-0 flex-wrap gap-2">{actions}</div>
      </div>
      <dl className="mt-3 grid items-baseline gap-x-6 gap-y-3 sm:grid-cols-[12rem_minmax(0,1fr)]">
        <Given label="Each key">
          <Limits of={plan.key_limits} />
        </Given>
        <Given label="All keys of an organization">
          <Limits of={plan.limits} />
        </Given>
        <Given label="Keys may do">
          {plan.permissions === null ? (
            <span className="text-muted">All that they hold</span>
          ) : plan.permissions.length === 0 ? (
            'Nothing that takes a permission of yours'
          ) : (
            <PermissionList
              permissions={plan.permissions}
              label={`What keys on ${plan.name} may do`}
              most={8}
            />
          )}
        </Given>
      </dl>
    </li>
  )
}

function Given({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 max-sm:-mt-2">{children}</dd>
    </div>
  )
}

function Limits({ of: limits }: { of: readonly WirePlainLimit[] }) {
  if (limits.length === 0) return <span className="text-muted">No limit</span>
  return (
    <ul className="space-y-1">
      {limits.map((limit) => (
        <li key={limit.name}>
          <span className="font-mono text-[0.8125rem] font-medium">{limit.name}</span>{' '}
          <span className="text-muted">{allowanceOf(limit)}</span>
        </li>
      ))}
    </ul>
  )
}
