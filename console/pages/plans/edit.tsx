// The dialog that creates a plan, or changes one for all of its organizations.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, type WireLimitInput, type WirePlan } from '../../api.ts'
import { CheckField } from '../../components/check-field.tsx'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { LimitsField } from '../../components/limits-field.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { PermissionsField } from '../../components/permissions-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useEdit } from '../../edits.ts'
import {
  draftsAreFaulty,
  isSameDrafts,
  type LimitDraft,
  limitRefusals,
  mergeLimits,
  toDraft,
} from '../../format/limits.ts'
import { mergeBound } from '../../format/merges.ts'
import { permissionFaults } from '../../format/permission-list.ts'
import { organizationsOn, planNameFault } from '../../format/plans.ts'
import { planQuery, plansQuery } from '../../queries.ts'
import { withPlan } from './use-plans.ts'

interface PlanDialogProps {
  /** Undefined to create one. */
  plan: WirePlan | undefined
  close: () => void
}

interface PlanChange {
  name?: string
  permissions?: readonly string[] | null
  limits?: WireLimitInput[]
  key_limits?: WireLimitInput[]
}

const nothingHeld = () => []
const noDrafts: LimitDraft[] = []

export function PlanDialog({ plan, close }: PlanDialogProps) {
  const [before] = useState(plan)
  const [name, setName] = useState('')
  const [keyLimitsBefore] = useState(() => before?.key_limits.map(toDraft) ?? noDrafts)
  const [limitsBefore] = useState(() => before?.limits.map(toDraft) ?? noDrafts)
  const [keyLimits, setKeyLimits] = useState(keyLimitsBefore)
  const [limits, setLimits] = useState(limitsBefore)
  const [permissions, setPermissions] = useState<readonly string[] | null>(before?.permissions ?? null)
  const [sent, setSent] = useState<PlanChange>({})
  const [wasRead, setRead] = useState(false)
  const client = useQueryClient()
  const { data: details } = useQuery({ ...planQuery(before?.name ?? ''), enabled: before !== undefined })
  const isPermitted = JSON.stringify(permissions) === JSON.stringify(before?.permissions ?? null)
  const isChanged =
    name !== '' ||
    !isPermitted ||
    !isSameDrafts(keyLimitsBefore, keyLimits) ||
    !isSameDrafts(limitsBefore, limits)

  const bodyOf = (now: WirePlan | undefined): PlanChange => ({
    ...(before === undefined && { name: name.trim() }),
    ...(!isPermitted && { permissions: mergeBound(before?.permissions, permissions, now?.permissions) }),
    ...(!isSameDrafts(keyLimitsBefore, keyLimits) && {
      key_limits: mergeLimits(before?.key_limits ?? [], keyLimits, now?.key_limits ?? []),
    }),
    ...(!isSameDrafts(limitsBefore, limits) && {
      limits: mergeLimits(before?.limits ?? [], limits, now?.limits ?? []),
    }),
  })
  const { save, isPending, error, theirs } = useEdit<WirePlan, WirePlan | undefined>({
    opened: before,
    address: before === undefined ? '/v1/plans' : addressOf(before.name),
    known: (changed) => {
      // At once: a form that is opened before they are read anew would be made of the one before this very change.
      client.setQueryData(plansQuery().queryKey, (list) => list && withPlan(list, changed))
      const names = ['plans', 'organizations', 'keys', 'audit-log']
      const renewed = Promise.all(names.map((queryKey) => client.invalidateQueries({ queryKey: [queryKey] })))
      // A new one has its place among them only then.
      return before === undefined ? renewed : undefined
    },
  })
  const fields = error instanceof ApiError ? error.fields : []
  const isTaken = error instanceof ApiError && error.code === 'plan_exists'
  const nameFault = before === undefined ? planNameFault(name) : undefined
  const faultOf = (field: string) => fields.find(({ path }) => path.split(/[.[]/)[0] === field)?.message
  const isFaulty =
    nameFault !== undefined ||
    draftsAreFaulty(keyLimits) ||
    draftsAreFaulty(limits) ||
    permissionFaults(permissions ?? [], nothingHeld).length > 0
  const submit = () => {
    setRead(true)
    if (isFaulty) return false
    if (before !== undefined && !isChanged) close()
    else {
      setSent(bodyOf(theirs ?? before))
      save(bodyOf, close)
    }
    return true
  }
  return (
    <FormDialog
      title={before === undefined ? 'New plan' : `Edit the plan ${before.name}`}
      lead={
        before === undefined
          ? 'The organizations that are put on it share its limits and permissions.'
          : details === undefined
            ? 'It changes all of its organizations within two seconds. What was drawn stays drawn.'
            : `It changes ${organizationsOn(details.organizations)} within two seconds. What was drawn stays drawn.`
      }
      action={
        before === undefined
          ? { label: 'Create plan', busyLabel: 'Creating…' }
          : { label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }
      }
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      {before === undefined && (
        <TextField
          label="Name"
          hint="By which organizations are put on it. You cannot change it later."
          placeholder="pro"
          value={name}
          onChange={setName}
          error={
            isTaken
              ? 'Another plan has this name. Choose another one.'
              : (faultOf('name') ?? (wasRead ? nameFault : undefined))
          }
        />
      )}
      <LimitsField
        label="Limits of each key"
        value={keyLimits}
        onChange={setKeyLimits}
        hint="Each key has these of its own. A tighter one of the key counts instead."
        isTold={wasRead}
        refusals={limitRefusals(fields, 'key_limits', sent.key_limits ?? [])}
      />
      <LimitsField
        label="Limits of the organization"
        value={limits}
        onChange={setLimits}
        hint="All keys of an organization draw from these together."
        isTold={wasRead}
        refusals={limitRefusals(fields, 'limits', sent.limits ?? [])}
      />
      <Bound value={permissions} change={setPermissions} error={faultOf('permissions')} />
      <EditConflict
        what="plan"
        opened={before ?? {}}
        theirs={theirs}
        change={theirs && !isFaulty ? bodyOf(theirs) : undefined}
      />
      {error !== null && !isTaken && fields.length === 0 && <ErrorNotice error={error} />}
    </FormDialog>
  )
}

interface BoundProps {
  value: readonly string[] | null
  change: (value: readonly string[] | null) => void
  error: string | undefined
}

/** Whether what keys may do is bound, and by what. */
function Bound({ value, change, error }: BoundProps) {
  return (
    <div className="space-y-3">
      <CheckField
        label="Bound what its keys may do"
        hint="A key then may do what it holds and the plan names. Permissions of Latchkey itself are not bound."
        value={value !== null}
        onChange={(isBound) => change(isBound ? [] : null)}
      />
      {value !== null && (
        <PermissionsField
          label="What its keys may do"
          value={value}
          onChange={change}
          granting={false}
          error={error}
        />
      )}
    </div>
  )
}

function addressOf(name: string): string {
  return `/v1/plans/${encodeURIComponent(name)}`
}
