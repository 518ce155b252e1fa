// The plans: limits and permissions that organizations share.
import { Navigate } from '@tanstack/react-router'
import { Blocks, Pencil, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WirePlan } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { MoreButton } from '../../components/more-button.tsx'
import { EmptyState, ErrorNotice, Notice, NotRenewed } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { later } from '../../later.tsx'
import { useSession } from '../../session.ts'
import { SettingsTabs } from '../settings/settings-tabs.tsx'
import { PlanCard } from './plan-card.tsx'
import { usePlans } from './use-plans.ts'

const PlanDialog = later(async () => (await import('./edit.tsx')).PlanDialog, MissingPart)
const DeletePlanDialog = later(
  async () => (await import('./delete-dialog.tsx')).DeletePlanDialog,
  MissingPart,
)

type Open = { window: 'new' } | { window: 'edit' | 'delete'; plan: WirePlan }

export function PlansPage() {
  const { isRoot, self, refusal } = useSession()
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  if (!isRoot) {
    return (
      <Navigate to="/organizations/$organization" params={{ organization: self.organization_id }} replace />
    )
  }
  const unreadable = refusal('latchkey:organizations:read')
  const mayNot = refusal('latchkey:limits:write')
  const create = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      shortcut={shortcut}
      refusal={mayNot}
      onClick={() => setOpen({ window: 'new' })}
    >
      {text}
    </Button>
  )
  return (
    <Page
      above={<SettingsTabs />}
      title="Plans"
      lead="Limits and permissions that organizations share. A change of a plan reaches all of them within two seconds."
      actions={create('New plan', 'n')}
    >
      {unreadable === undefined ? (
        <Plans create={create('Create the first plan')} mayNot={mayNot} open={setOpen} />
      ) : (
        <Notice tone="note" title="You cannot list the plans">
          <p>{unreadable}</p>
        </Notice>
      )}
      <Suspense>
        {open?.window === 'new' && <PlanDialog plan={undefined} close={close} />}
        {open?.window === 'edit' && <PlanDialog plan={open.plan} close={close} />}
        {open?.window === 'delete' && <DeletePlanDialog plan={open.plan} close={close} />}
      </Suspense>
    </Page>
  )
}

interface PlansProps {
  create: ReactNode
  mayNot: string | undefined
  open: (open: Open) => void
}

function Plans({ create, mayNot, open }: PlansProps) {
  const list = usePlans()
  const { items, error, isPending, retry, more } = list
  if (items === undefined && error !== null)
    return <ErrorNotice title="The plans could not be read" error={error} retry={retry} />
  if (items?.length === 0)
    return (
      <div className="card">
        <EmptyState icon={<Blocks size={22} />} title="No plan yet" action={create}>
          A plan gives every organization that is on it the same limits. What it costs stays with you.
        </EmptyState>
      </div>
    )
  return (
    <>
      <ul aria-label="Plans" aria-busy={isPending} className="space-y-4">
        {isPending && (
          <li className="card h-32 animate-pulse">
            <span className="sr-only">Loading</span>
          </li>
        )}
        {items?.map((plan) => (
          <PlanCard
            key={plan.name}
            of={plan}
            actions={
              <>
                <Button
                  icon={<Pencil size={16} aria-hidden />}
                  refusal={mayNot}
                  onClick={() => open({ window: 'edit', plan })}
                >
                  <span>
                    Edit<span className="sr-only"> the plan {plan.name}</span>
                  </span>
                </Button>
                <Button
                  icon={<Trash2 size={16} aria-hidden />}
                  refusal={mayNot}
                  onClick={() => open({ window: 'delete', plan })}
                >
                  <span>
                    Delete<span className="sr-only"> the plan {plan.name}</span>
                  </span>
                </Button>
              </>
            }
          />
        ))}
      </ul>
      {more !== undefined && (
        <MoreButton busy={more.isBusy} isStopped={error !== null} more={more.read}>
          More plans
        </MoreButton>
      )}
      <NotRenewed list={list} />
    </>
  )
}
