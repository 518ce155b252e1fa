// The dialogs that create and rename an organization.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { ApiError, call, type WireOrganization } from '../../api.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog, DialogActions } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { ErrorNotice } from '../../parts/notices.tsx'
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
  return (
    <Dialog
      title="New organization"
      lead="A customer of yours, who gets keys of its own and sees no other’s."
      close={close}
    >
      <Form
        error={error}
        submit={() => creation.mutate({ name: name.trim(), ...(id.trim() !== '' && { id: id.trim() }) })}
      >
        <NameField name={name} change={setName} fault={faults.name} />
        <Field
          label="Id"
          optional
          hint="What your own systems call this customer, so that a verified key leads straight to it. It cannot be changed later; without one, Latchkey makes a UUID."
          error={isTaken ? 'An organization has this id already. Choose another.' : faults.id}
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
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="primary" busy={creation.isPending}>
            {creation.isPending ? 'Creating…' : 'Create organization'}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
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
  return (
    <Dialog
      title="Rename the organization"
      lead={
        <>
          Its id stays <code className="code">{organization.id}</code>: nothing that uses it notices.
        </>
      }
      close={close}
    >
      <Form error={renaming.error} submit={() => renaming.mutate()}>
        <NameField name={name} change={setName} fault={fault} />
        <OtherError error={renaming.error} isTold={fault !== undefined} />
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="primary" busy={renaming.isPending}>
            {renaming.isPending ? 'Renaming…' : 'Rename'}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}

/** Takes in what the server answered, and has the lists renewed. */
function useKnow(): (organization: WireOrganization) => Promise<void> {
  const client = useQueryClient()
  return async (organization) => {
    client.setQueryData(organizationQuery(organization.id).queryKey, organization)
    void client.invalidateQueries({ queryKey: ['audit-log'] })
    await client.invalidateQueries({ queryKey: ['organizations', 'list'] })
  }
}

interface NameFieldProps {
  name: string
  change: (name: string) => void
  fault: string | undefined
}

function NameField({ name, change, fault }: NameFieldProps) {
  return (
    <Field label="Name" error={fault}>
      {(control) => (
        <input
          {...control}
          className="input"
          dir="auto"
          autoComplete="off"
          maxLength={256}
          placeholder="Acme Inc."
          value={name}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </Field>
  )
}

function OtherError({ error, isTold }: { error: Error | null; isTold: boolean }) {
  return error === null || isTold ? null : <ErrorNotice error={error} />
}

function Form({ error, submit, children }: { error: unknown; submit: () => void; children: ReactNode }) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])
  const submitted = (event: FormEvent) => {
    event.preventDefault()
    submit()
  }
  return (
    <form ref={form} className="space-y-4" noValidate onSubmit={submitted}>
      {children}
    </form>
  )
}

function faultOf(error: Error | null, path: string): string | undefined {
  return error instanceof ApiError ? error.fields.find((field) => field.path === path)?.message : undefined
}
