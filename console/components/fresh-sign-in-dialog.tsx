// Over a form that takes a fresh sign-in: the token of the signed-in key again, and the form goes on by itself.
import { ApiError } from '../api.ts'
import { freshSignIn } from '../fresh-sign-in.ts'
import type { Self } from '../self.ts'
import { refreshSignIn } from '../session.ts'
import { focusMark } from './autofocus.ts'
import { Button } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { Foreign } from './foreign.tsx'
import { TokenForm } from './token-form.tsx'

export function FreshSignInDialog({ of: self }: { of: Self }) {
  return self.type === 'key' ? <TokenAgain name={self.name} /> : <PersonAgain name={self.name} />
}

/** A person signs in where people do, and comes back to the form. */
function PersonAgain({ name }: { name: string }) {
  return (
    <Dialog
      title="Sign in again"
      lead={
        <>
          You signed in more than ten minutes ago, and this change outlasts the session. So Latchkey verifies
          once more that you are <Foreign text={name} className="font-semibold text-ink" />. Sign in in
          another window, then continue. The console has kept what you typed.
        </>
      }
      close={() => freshSignIn.answer(false)}
    >
      <DialogActions>
        <Button onClick={() => freshSignIn.answer(false)}>Cancel</Button>
        <Button {...focusMark} onClick={() => window.open('/', '_blank')}>
          Open another window
        </Button>
        <Button kind="primary" onClick={() => freshSignIn.answer(true)}>
          Continue
        </Button>
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
