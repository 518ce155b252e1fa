// Over a form that takes a fresh sign-in: who is signed in proves it again, and the form goes on by itself.
import { useState } from 'react'
import { ApiError, type WireOwnMember } from '../api.ts'
import { freshSignIn } from '../fresh-sign-in.ts'
import type { Self } from '../self.ts'
import { refreshSignIn } from '../session.ts'
import { Button } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { Foreign } from './foreign.tsx'
import { SignInAgain } from './sign-in-again.tsx'
import { TokenForm } from './token-form.tsx'

export function FreshSignInDialog({ of: self }: { of: Self }) {
  return self.type === 'key' ? (
    <TokenAgain name={self.name} />
  ) : (
    <PersonAgain name={self.name} member={self.member} />
  )
}

/** A passkey is used here; a provider is asked in a window of its own, so that the form stays. */
function PersonAgain({ name, member }: { name: string; member: WireOwnMember }) {
  const [methods] = useState(freshSignIn.methods)
  return (
    <Dialog
      title="Sign in again"
      lead={
        <>
          You signed in more than ten minutes ago, and this change outlasts the session. So Latchkey verifies
          once more that you are <Foreign text={name} className="font-semibold text-ink" />. A provider asks
          you in a window of its own; then the console continues by itself with what you typed.
        </>
      }
      close={() => freshSignIn.answer(false)}
    >
      <SignInAgain member={member} methods={methods} done={() => freshSignIn.answer(true)} />
      <DialogActions>
        <Button onClick={() => freshSignIn.answer(false)}>Cancel</Button>
      </DialogActions>
    </Dialog>
  )
}

function TokenAgain({ name }: { name: string }) {
  const exchange = async (token: string) => {
    try {
      await refreshSignIn(token)
    } catch (error) {
      // The session is over: the form learns that, and the sign-in dialog comes in place of this one.
      const isOver = error instanceof ApiError && error.status === 401 && error.code !== 'invalid_token'
      if (!isOver) throw error
    }
    freshSignIn.answer(true)
  }
  return (
    <Dialog
      title="Enter your token again"
      lead={
        <>
          You signed in more than ten minutes ago. The key that you want to create or change can act on keys
          by itself, after this session has ended. So Latchkey verifies once more who you are, by a token of
          the key <Foreign text={name} className="font-semibold text-ink" /> that signed in. The console has
          kept what you typed.
        </>
      }
      close={() => freshSignIn.answer(false)}
    >
      <TokenForm
        hint="Any valid token of that key. The browser does not store it."
        action={{ label: 'Continue', busyLabel: 'Verifying…' }}
        exchange={exchange}
        cancel={() => freshSignIn.answer(false)}
      />
    </Dialog>
  )
}
