// By what a person signs in: the list, one more, and one less. The last one stays.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Fingerprint, LogIn, Plus } from 'lucide-react'
import { useState } from 'react'
import { call, type WireOwnMember } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Foreign, marked } from '../../components/foreign.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { useProviderNames } from '../../components/sign-in-again.tsx'
import { TextField } from '../../components/text-field.tsx'
import { Ago } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { freshSignIn } from '../../fresh-sign-in.ts'
import { passkeyProvider } from '../../self.ts'
import { AddIdentityDialog } from './add-identity-dialog.tsx'

type Identity = WireOwnMember['identities'][number]

export function Identities({ of: { identities, fresh_until: freshUntil } }: { of: WireOwnMember }) {
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Identity>()
  const [renaming, setRenaming] = useState<Identity>()
  const names = useProviderNames([...new Set(identities.map(({ provider }) => provider))])
  const nameOf = (id: string) =>
    id === passkeyProvider ? 'Passkey' : (names.find((provider) => provider.id === id)?.name ?? id)
  const add = async () => {
    // Beforehand: nobody should go to a provider only to hear of it there.
    const isFresh = Date.parse(freshUntil) > Date.now() + soonMs
    if (isFresh || (await freshSignIn.ask([]))) setAdding(true)
  }
  return (
    <Section
      title="How you sign in"
      lead={
        identities.length === 1
          ? 'Each of these proves that it is you. Add a second one: who loses the only one must be invited again.'
          : 'Each of these proves that it is you.'
      }
      actions={
        <Button icon={<Plus size={16} aria-hidden />} onClick={() => void add()}>
          Add another way
        </Button>
      }
    >
      <ul className="-my-3 divide-y divide-line">
        {identities.map((identity) => (
          <li key={identity.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3">
            <span className="shrink-0 text-muted" aria-hidden>
              {identity.provider === passkeyProvider ? <Fingerprint size={18} /> : <LogIn size={18} />}
            </span>
            <div className="min-w-0 grow basis-48">
              <p className="foreign font-medium" dir="auto">
                {marked(identity.label)}
              </p>
              <p className="foreign text-muted">{marked(nameOf(identity.provider))}</p>
            </div>
            <p className="text-muted">
              Added <Ago instant={identity.created_at} /> · last used{' '}
              <Ago instant={identity.last_used_at} never="never" />
            </p>
            {identity.provider === passkeyProvider && (
              <Button
                aria-label={`Rename ${withMarks(identity.label)}`}
                onClick={() => setRenaming(identity)}
              >
                Rename
              </Button>
            )}
            <Button
              aria-label={`Remove ${withMarks(identity.label)}`}
              refusal={
                identities.length === 1 ? 'It is the only one: without it you could not sign in.' : undefined
              }
              onClick={() => setRemoving(identity)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {adding && <AddIdentityDialog close={() => setAdding(false)} />}
      {renaming && <RenameDialog identity={renaming} close={() => setRenaming(undefined)} />}
      {removing && (
        <RemoveDialog
          identity={removing}
          name={nameOf(removing.provider)}
          close={() => setRemoving(undefined)}
        />
      )}
    </Section>
  )
}

/** Changes a way to sign in by a call, and closes what asked for it once the page knows. */
function useIdentityCall(method: 'PATCH' | 'DELETE', { id }: Identity, close: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: object | undefined) =>
      call(method, `/v1/members/self/identities/${id}`, body && { body }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['self'] })
      close()
    },
  })
}

/** A passkey's name is the person's own: by it they know which device has it. */
function RenameDialog({ identity, close }: { identity: Identity; close: () => void }) {
  const [label, setLabel] = useState(identity.label)
  const rename = useIdentityCall('PATCH', identity, close)
  return (
    <FormDialog
      title="Rename the passkey"
      lead="The name is a label, such as the device that has it."
      action={{ label: 'Rename', busyLabel: 'Renaming…' }}
      busy={rename.isPending}
      error={rename.error}
      submit={() => {
        rename.mutate({ label: label.trim() })
        return true
      }}
      close={close}
      isTyped={label !== identity.label}
    >
      <TextField label="Name of the passkey" value={label} onChange={setLabel} />
      {rename.isError && <ErrorNotice error={rename.error} />}
    </FormDialog>
  )
}

/** A sign-in that is fresh for less than this is not, by the time that a provider has answered. */
const soonMs = 120_000

function RemoveDialog({ identity, name, close }: { identity: Identity; name: string; close: () => void }) {
  const remove = useIdentityCall('DELETE', identity, close)
  return (
    <Dialog
      title="Remove a way to sign in"
      lead={
        <>
          You no longer sign in by <Foreign text={identity.label} className="font-semibold text-ink" /> (
          {marked(name)}). Browsers that it signed in are signed out, this one too if it did.
        </>
      }
      close={close}
    >
      {remove.error !== null && <ErrorNotice error={remove.error} />}
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate(undefined)}>
          {remove.isPending ? 'Removing…' : 'Remove'}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
