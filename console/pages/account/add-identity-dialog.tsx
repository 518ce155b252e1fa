// One more way to sign in: a passkey with a name, or an account at a provider, which a window of its own asks.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Fingerprint } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Unread } from '../../components/notices.tsx'
import { SignInFault } from '../../components/sign-in-fault.tsx'
import { Or } from '../../components/sign-in-frame.tsx'
import { SignInWays } from '../../components/sign-in-ways.tsx'
import { TextField } from '../../components/text-field.tsx'
import { deviceOf } from '../../format/user-agents.ts'
import { takesPasskeys } from '../../passkeys.ts'
import { lastProviderOf } from '../../self.ts'
import { useSession } from '../../session.ts'
import { addPasskey, signInOptionsQuery } from '../../sign-in-calls.ts'
import { followSignInWindows, openSignInWindow } from '../../sign-in-window.ts'

const longestLabel = 64

export function AddIdentityDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  const options = useQuery(signInOptionsQuery(lastProviderOf(useSession().self)))
  const providers = options.data?.providers ?? []
  useEffect(() => followSignInWindows((purpose) => purpose === 'identity' && close()), [close])
  const added = async () => {
    await client.invalidateQueries({ queryKey: ['self'] })
    close()
  }
  return (
    <Dialog
      title="Add a way to sign in"
      lead="Whoever can use it signs in as you. An account of a provider is added by signing in to it, in a window of its own."
      close={close}
    >
      {options.data === undefined ? (
        <Unread query={options} height="h-32" />
      ) : (
        <div className="space-y-4">
          {options.data.passkeys && <NewPasskey added={added} />}
          {options.data.passkeys && providers.length > 0 && <Or />}
          <SignInWays
            providers={providers}
            verb="Add an account of"
            toProvider={(provider) => openSignInWindow({ provider, purpose: 'identity' })}
          />
          {!options.data.passkeys && providers.length === 0 && <p>No way to sign in is set up here.</p>}
        </div>
      )}
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
      </DialogActions>
    </Dialog>
  )
}

function NewPasskey({ added }: { added: () => Promise<void> }) {
  const [label, setLabel] = useState(() => (deviceOf(navigator.userAgent) ?? '').slice(0, longestLabel))
  const adding = useMutation({ mutationFn: () => addPasskey({ label: label.trim() }), onSuccess: added })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (takesPasskeys() && !adding.isPending) adding.mutate()
  }
  return (
    <form onSubmit={submit} noValidate className="space-y-3">
      <TextField
        label="Name of the passkey"
        hint="By it you tell it from others, such as the name of the device."
        value={label}
        onChange={(text) => setLabel(text.slice(0, longestLabel))}
        isFirst
      />
      {adding.error !== null && <SignInFault error={adding.error} />}
      <Button
        type="submit"
        kind="primary"
        icon={<Fingerprint size={17} aria-hidden />}
        className="w-full"
        busy={adding.isPending}
        refusal={takesPasskeys() ? undefined : 'This browser uses passkeys at https addresses alone.'}
      >
        {adding.isPending ? 'Adding…' : 'Add a passkey'}
      </Button>
    </form>
  )
}
