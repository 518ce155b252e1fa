// The dialogs that create and rename an organization.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { FieldError } from '../../../src/core/errors.ts'
import {
  ApiError,
  type WireLimitInput,
  type WireOrganization,
  type WireOrganizationDetails,
} from '../../api.ts'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { LimitsField } from '../../components/limits-field.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { PlanField } from '../../components/plan-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useEdit } from '../../edits.ts'
import {
  draftsAreFaulty,
  isSameDrafts,
  type LimitDraft,
  limitRefusals,
  mergeLimits,
  toDraft,
  toLimitInput,
} from '../../format/limits.ts'
import { useOnce } from '../../once.ts'
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
  const make = useOnce()
  const creation = useMutation({
    mutationFn: (wanted: { name: string; id?: string; plan?: string; limits?: WireLimitInput[] }) =>
      make<WireOrganization>('/v1/organizations', wanted),
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
  const [opened] = useState(organization)
  const address = `/v1/organizations/${encodeURIComponent(opened.id)}`
  const { save, isPending, error, theirs } = useEdit({ opened, address, known })
  const change = { name: name.trim() }
  const fault = faultOf(error, 'name')
  const submit = () => {
    save(() => change, close)
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
      action={{ label: theirs ? 'Rename on top' : 'Rename', busyLabel: 'Renaming…' }}
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={name !== organization.name}
    >
      <TextField label="Name" value={name} onChange={setName} error={fault} />
      <EditConflict what="organization" opened={opened} theirs={theirs} change={change} />
      <OtherError error={error} isTold={fault !== undefined} />
    </FormDialog>
  )
}

interface LimitsProps {
  organization: WireOrganizationDetails
  close: () => void
}

/** Changes the plan of an organization and what all keys of an organization draw from together, and nothing that others changed meanwhile. */
export function OrganizationLimitsDialog({ organization, close }: LimitsProps) {
  const [before] = useState(organization)
  const [opened] = useState(() => before.limits.map(toDraft))
  const [drafts, setDrafts] = useState(opened)
  const [plan, setPlan] = useState(before.plan ?? '')
  const [sent, setSent] = useState<WireLimitInput[]>([])
  const [wasRead, setRead] = useState(false)
  const known = useKnow()
  const address = `/v1/organizations/${encodeURIComponent(before.id)}`
  const { save, isPending, error, theirs } = useEdit<WireOrganization>({ opened: before, address, known })
  const isPlanned = plan !== (before.plan ?? '')
  const isLimited = !isSameDrafts(opened, drafts)
  const isFaulty = draftsAreFaulty(drafts)
  const bodyOf = (now: WireOrganization) => ({
    ...(isLimited && { limits: mergeLimits(before.limits, drafts, now.limits) }),
    ...(isPlanned && { plan: plan === '' ? null : plan }),
  })
  const isChanged = isPlanned || isLimited
  const submit = () => {
    setRead(true)
    if (isFaulty) return false
    if (!isChanged) close()
    else {
      setSent(bodyOf(theirs ?? before).limits ?? [])
      save(bodyOf, close)
    }
    return true
  }
  return (
    <FormDialog
      title="Limits of the organization"
      lead="What was drawn stays drawn."
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      <PlanField value={plan} onChange={setPlan} error={planFaultOf(error)} />
      <LimitsField
        value={drafts}
        onChange={setDrafts}
        label="Limits of its own"
        hint="All of its keys draw from these together, one unit of each for a call that does not say otherwise."
        isTold={wasRead}
        refusals={limitRefusals(fieldsOf(error), 'limits', sent)}
      />
      <EditConflict
        what="organization"
        opened={before}
        theirs={theirs}
        change={theirs && !isFaulty ? bodyOf(theirs) : undefined}
      />
      <OtherError error={error} isTold={areLimitsAtFault(error)} />
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
