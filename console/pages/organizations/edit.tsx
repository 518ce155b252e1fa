// The dialogs that create and rename an organization.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { FieldError } from '../../../src/core/errors.ts'
import {
  ApiError,
  call,
  type WireLimitInput,
  type WireOrganization,
  type WireOrganizationDetails,
} from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { LimitsField } from '../../components/limits-field.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { PlanField } from '../../components/plan-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import {
  draftsAreFaulty,
  isSameDrafts,
  type LimitDraft,
  limitRefusals,
  mergeLimits,
  toDraft,
  toLimitInput,
} from '../../format/limits.ts'
import { organizationQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'

export function CreateOrganizationDialog({ close }: { close: () => void }) {
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [limits, setLimits] = useState<LimitDraft[]>([])
  const [plan, setPlan] = useState('')
  const [wasRead, setRead] = useState(false)
  const maySetLimits = useSession().refusal('latchkey:limits:write') === undefined
  const navigate = useNavigate()
  const known = useKnow()
  const creation = useMutation({
    mutationFn: (wanted: { name: string; id?: string; plan?: string; limits?: WireLimitInput[] }) =>
      call<WireOrganization>('POST', '/v1/organizations', { body: wanted }),
    onSuccess: async (organization) => {
      await known(organization)
      await navigate({ to: '/organizations/$organization', params: { organization: organization.id } })
    },
  })
  const { error, variables } = creation
  const isTaken = error instanceof ApiError && error.code === 'organization_exists'
  const faults = { name: faultOf(error, 'name'), id: faultOf(error, 'id') }
  const submit = () => {
    setRead(true)
    if (draftsAreFaulty(limits)) return false
    creation.mutate({
      name: name.trim(),
      ...(id.trim() !== '' && { id: id.trim() }),
      ...(plan !== '' && { plan }),
      ...(limits.length > 0 && { limits: limits.map(toLimitInput) }),
    })
    return true
  }
  return (
    <FormDialog
      title="New organization"
      lead="A customer of yours. It has its own keys, and sees no others."
      action={{ label: 'Create organization', busyLabel: 'Creating…' }}
      busy={creation.isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={name !== '' || id !== '' || plan !== '' || limits.length > 0}
    >
      <TextField label="Name" placeholder="Acme Inc." value={name} onChange={setName} error={faults.name} />
      <Field
        label="Id"
        optional
        hint="The id of this customer in your own systems. Every verification returns it. You cannot change it later. If empty, Latchkey generates a UUID."
        error={isTaken ? 'Another organization has this id. Choose another id.' : faults.id}
      >
        {(control) => (
          <input
            {...control}
            className="input font-mono"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            maxLength={128}
            placeholder="acme"
            value={id}
            onChange={(event) => setId(event.target.value)}
          />
        )}
      </Field>
      {maySetLimits && (
        <>
          <PlanField value={plan} onChange={setPlan} error={planFaultOf(error)} />
          <LimitsField
            value={limits}
            onChange={setLimits}
            hint="All of its keys draw from these together."
            isTold={wasRead}
            refusals={limitRefusals(fieldsOf(error), 'limits', variables?.limits ?? [])}
          />
        </>
      )}
      {isTaken ? (
        <p>
          <Link
            to="/organizations/$organization"
            params={{ organization: variables?.id ?? id }}
            className="rounded text-link underline"
          >
            Open the organization that has it
          </Link>
        </p>
      ) : (
        <OtherError
          error={error}
          isTold={faults.name !== undefined || faults.id !== undefined || areLimitsAtFault(error)}
        />
      )}
    </FormDialog>
  )
}

interface RenameProps {
  organization: WireOrganization
  close: () => void
}

export function RenameOrganizationDialog({ organization, close }: RenameProps) {
  const [name, setName] = useState(organization.name)
  const known = useKnow()
  const renaming = useMutation({
    mutationFn: () =>
      call<WireOrganization>('PATCH', `/v1/organizations/${encodeURIComponent(organization.id)}`, {
        body: { name: name.trim() },
      }),
    onSuccess: async (changed) => {
      await known(changed)
      close()
    },
  })
  const fault = faultOf(renaming.error, 'name')
  const submit = () => {
    renaming.mutate()
    return true
  }
  return (
    <FormDialog
      title="Rename the organization"
      lead={
        <>
          Its id stays <code className="code">{organization.id}</code>: nothing that uses it notices.
        </>
      }
      action={{ label: 'Rename', busyLabel: 'Renaming…' }}
      busy={renaming.isPending}
      error={renaming.error}
      submit={submit}
      close={close}
      isTyped={name !== organization.name}
    >
      <TextField label="Name" value={name} onChange={setName} error={fault} />
      <OtherError error={renaming.error} isTold={fault !== undefined} />
    </FormDialog>
  )
}

interface LimitsProps {
  organization: WireOrganizationDetails
  close: () => void
}

/** Changes the plan of an organization and what all keys of an organization draw from together, and nothing that others changed meanwhile. */
export function OrganizationLimitsDialog({ organization, close }: LimitsProps) {
  const [before] = useState(organization.limits)
  const [opened] = useState(() => before.map(toDraft))
  const [drafts, setDrafts] = useState(opened)
  const [plan, setPlan] = useState(organization.plan ?? '')
  const [planBefore] = useState(plan)
  const [sent, setSent] = useState<WireLimitInput[]>([])
  const [wasRead, setRead] = useState(false)
  const known = useKnow()
  const address = `/v1/organizations/${encodeURIComponent(organization.id)}`
  const change = useMutation({
    mutationFn: async () => {
      const now = await call<WireOrganization>('GET', address)
      const limits = mergeLimits(before, drafts, now.limits)
      setSent(limits)
      const body = {
        ...(!isSameDrafts(opened, drafts) && { limits }),
        ...(plan !== planBefore && { plan: plan === '' ? null : plan }),
      }
      return call<WireOrganization>('PATCH', address, { body })
    },
    onSuccess: async (changed) => {
      await known(changed)
      close()
    },
  })
  const isChanged = plan !== planBefore || !isSameDrafts(opened, drafts)
  const submit = () => {
    setRead(true)
    if (draftsAreFaulty(drafts)) return false
    if (!isChanged) close()
    else change.mutate()
    return true
  }
  return (
    <FormDialog
      title="Limits of the organization"
      lead="What was drawn stays drawn."
      action={{ label: 'Save', busyLabel: 'Saving…' }}
      busy={change.isPending}
      error={change.error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      <PlanField value={plan} onChange={setPlan} error={planFaultOf(change.error)} />
      <LimitsField
        value={drafts}
        onChange={setDrafts}
        label="Limits of its own"
        hint="All of its keys draw from these together, one unit of each for a call that does not say otherwise."
        isTold={wasRead}
        refusals={limitRefusals(fieldsOf(change.error), 'limits', sent)}
      />
      <OtherError error={change.error} isTold={areLimitsAtFault(change.error)} />
    </FormDialog>
  )
}

/** Takes in what the server answered, and has the lists renewed. */
function useKnow(): (organization: WireOrganization) => Promise<void> {
  const client = useQueryClient()
  return async (organization) => {
    client.setQueryData(organizationQuery(organization.id).queryKey, (before) => ({
      ...organization,
      ...(before?.plan === organization.plan && before.plan_limits && { plan_limits: before.plan_limits }),
    }))
    // What its plan adds stands in no answer to a change; the number of its organizations is another now.
    void client.invalidateQueries({ queryKey: ['organizations', 'one', organization.id] })
    for (const name of ['plans', 'keys']) void client.invalidateQueries({ queryKey: [name] })
    void client.invalidateQueries({ queryKey: ['audit-log'] })
    void client.invalidateQueries({ queryKey: ['organizations', 'directory'] })
    await client.invalidateQueries({ queryKey: ['organizations', 'list'] })
  }
}

function OtherError({ error, isTold }: { error: Error | null; isTold: boolean }) {
  return error === null || isTold ? null : <ErrorNotice error={error} />
}

function fieldsOf(error: Error | null): readonly FieldError[] {
  return error instanceof ApiError ? error.fields : []
}

/** Whether the fields of the plan and the limits tell what was refused. */
function areLimitsAtFault(error: Error | null): boolean {
  return planFaultOf(error) !== undefined || fieldsOf(error).some(({ path }) => path.startsWith('limits'))
}

function planFaultOf(error: Error | null): string | undefined {
  const isGone = error instanceof ApiError && error.code === 'plan_not_found'
  return isGone ? 'This plan was deleted meanwhile. Choose another.' : faultOf(error, 'plan')
}

function faultOf(error: Error | null, path: string): string | undefined {
  return error instanceof ApiError ? error.fields.find((field) => field.path === path)?.message : undefined
}
