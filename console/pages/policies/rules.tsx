// The rules of a policy, one below the other; of an organization beside those of the deployment, and what both come to.
import type { ReactNode } from 'react'
import { PermissionList } from '../../components/permission-list.tsx'
import {
  bothRules,
  leakInEffect,
  type RuleValue,
  ruleNames,
  ruleValue,
  ruleWords,
  type WireRules,
} from '../../format/policies.ts'

/** The hours of a leaked token are told with what is done about it. */
const shownRules = ruleNames.filter((name) => name !== 'leak_ends_after_hours')

interface RuleListProps {
  deployment: WireRules
  /** Of an organization, beside those of the deployment. */
  own?: WireRules
}

export function RuleList({ deployment, own }: RuleListProps) {
  const both = own && bothRules(deployment, own)
  return (
    <ul aria-label="Rules" className="card divide-y divide-line">
      {shownRules.map((name) => {
        const { label } = ruleWords[name]
        const isOnLeak = name === 'on_leak'
        const show = (rules: WireRules) => (
          <Value
            of={ruleValue(name, rules)}
            label={label}
            none={isOnLeak && rules === deployment ? 'No rule: the key is revoked' : 'No rule'}
          />
        )
        return (
          <li key={name} className="grid gap-x-6 gap-y-2 p-4 sm:grid-cols-[13rem_minmax(0,1fr)] sm:px-5">
            <h2 className="font-medium">{label}</h2>
            {own === undefined || both === undefined ? (
              <div className="min-w-0">{show(deployment)}</div>
            ) : (
              <dl className="grid min-w-0 gap-x-6 gap-y-2 sm:grid-cols-3">
                <Part label="In effect">
                  {isOnLeak ? (
                    <span className="font-medium">{leakInEffect(deployment, own)}</span>
                  ) : (
                    show(both)
                  )}
                </Part>
                <Part label="Of this organization">{show(own)}</Part>
                <Part label="Of the deployment">{show(deployment)}</Part>
              </dl>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function Part({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 grid-cols-[9rem_minmax(0,1fr)] gap-x-3 sm:block">
      <dt className="text-muted sm:text-xs">{label}</dt>
      <dd className="min-w-0 sm:mt-0.5">{children}</dd>
    </div>
  )
}

function Value({ of: value, label, none }: { of: RuleValue; label: string; none: string }) {
  if (value === undefined) return <span className="text-muted">{none}</span>
  if (typeof value === 'string') return <span className="font-medium">{value}</span>
  return <PermissionList permissions={value} label={label} most={8} />
}
