// Over a form that takes a fresh sign-in: the token of the signed-in key again, and the form goes on by itself.
import { ApiError, type WireKey } from '../api.ts'
import { freshSignIn } from '../fresh-sign-in.ts'
import { refreshSignIn } from '../session.ts'
import { Dialog } from './dialog.tsx'
import { Foreign } from './foreign.tsx'
import { TokenForm } from './token-form.tsx'

export function FreshSignInDialog({ of: key }: { of: WireKey }) {
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
          the key <Foreign text={key.name} className="font-semibold text-ink" /> that signed in. The console
          has kept what you typed.
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
