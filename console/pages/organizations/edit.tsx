// The dialogs that create and rename an organization.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, call, type WireLimitInput, type WireOrganization } from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { LimitsField } from '../../components/limits-field.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { TextField } from '../../components/text-field.tsx'
import {
  draftsAreFaulty,
  isSameDrafts,
  type LimitDraft,
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
  const [wasRead, setRead] = useState(false)
  const maySetLimits = useSession().refusal('latchkey:limits:write') === undefined
  const navigate = useNavigate()
  const known = useKnow()
  const creation = useMutation({
    mutationFn: (wanted: { name: string; id?: string; limits?: WireLimitInput[] }) =>
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
      isTyped={name !== '' || id !== '' || limits.length > 0}
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
        <LimitsField
          value={limits}
          onChange={setLimits}
          hint="All of its keys draw from these together."
          isTold={wasRead}
          error={limitsFaultOf(error)}
        />
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
          isTold={faults.name !== undefined || faults.id !== undefined || limitsFaultOf(error) !== undefined}
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
  organization: WireOrganization
  close: () => void
}

/** Changes what all keys of an organization draw from together, and nothing that others changed meanwhile. */
export function OrganizationLimitsDialog({ organization, close }: LimitsProps) {
  const [before] = useState(organization.limits)
  const [opened] = useState(() => before.map(toDraft))
  const [drafts, setDrafts] = useState(opened)
  const [wasRead, setRead] = useState(false)
  const known = useKnow()
  const address = `/v1/organizations/${encodeURIComponent(organization.id)}`
  const change = useMutation({
    mutationFn: async () => {
      const now = await call<WireOrganization>('GET', address)
      const body = { limits: mergeLimits(before, drafts, now.limits) }
      return call<WireOrganization>('PATCH', address, { body })
    },
    onSuccess: async (changed) => {
      await known(changed)
      close()
    },
  })
  const fault = limitsFaultOf(change.error)
  const submit = () => {
    setRead(true)
    if (draftsAreFaulty(drafts)) return false
    if (isSameDrafts(opened, drafts)) close()
    else change.mutate()
    return true
  }
  return (
    <FormDialog
      title="Limits of the organization"
      lead="All of its keys draw from these together. What was drawn stays drawn."
      action={{ label: 'Save', busyLabel: 'Saving…' }}
      busy={change.isPending}
      error={change.error}
      submit={submit}
      close={close}
      isTyped={!isSameDrafts(opened, drafts)}
    >
      <LimitsField
        value={drafts}
        onChange={setDrafts}
        hint="Each call draws one unit of each limit, unless it says otherwise."
        isTold={wasRead}
        error={fault}
      />
      <OtherError error={change.error} isTold={fault !== undefined} />
    </FormDialog>
  )
}

/** Takes in what the server answered, and has the lists renewed. */
function useKnow(): (organization: WireOrganization) => Promise<void> {
  const client = useQueryClient()
  return async (organization) => {
    client.setQueryData(organizationQuery(organization.id).queryKey, organization)
    void client.invalidateQueries({ queryKey: ['audit-log'] })
    void client.invalidateQueries({ queryKey: ['organizations', 'directory'] })
    await client.invalidateQueries({ queryKey: ['organizations', 'list'] })
  }
}

function OtherError({ error, isTold }: { error: Error | null; isTold: boolean }) {
  return error === null || isTold ? null : <ErrorNotice error={error} />
}

function limitsFaultOf(error: Error | null): string | undefined {
  const fields = error instanceof ApiError ? error.fields : []
  return fields.find(({ path }) => path.split(/[.[]/)[0] === 'limits')?.message
}

function faultOf(error: Error | null, path: string): string | undefined {
  return error instanceof ApiError ? error.fields.find((field) => field.path === path)?.message : undefined
}
