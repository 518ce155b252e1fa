// The dialogs that create and rename an organization.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, call, type WireOrganization } from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { TextField } from '../../components/text-field.tsx'
import { organizationQuery } from '../../queries.ts'

export function CreateOrganizationDialog({ close }: { close: () => void }) {
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const navigate = useNavigate()
  const known = useKnow()
  const creation = useMutation({
    mutationFn: (wanted: { name: string; id?: string }) =>
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
    creation.mutate({ name: name.trim(), ...(id.trim() !== '' && { id: id.trim() }) })
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
      isTyped={name !== '' || id !== ''}
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
        <OtherError error={error} isTold={faults.name !== undefined || faults.id !== undefined} />
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

function faultOf(error: Error | null, path: string): string | undefined {
  return error instanceof ApiError ? error.fields.find((field) => field.path === path)?.message : undefined
}
