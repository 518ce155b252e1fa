// Over a form that takes a fresh sign-in: the token of the signed-in key again, and the form goes on by itself.
import { ApiError, type WireKey } from '../api.ts'
import { freshSignIn } from '../fresh-sign-in.ts'
import { refreshSignIn } from '../session.ts'
import { Dialog } from './dialog.tsx'
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
      title="Show your token again"
      lead={
        <>
          You signed in more than ten minutes ago with{' '}
          <strong className="foreign text-ink">{key.name}</strong>. The key you are about to make or change
          can act on keys by itself, long after this session has ended. So Latchkey asks once more who you
          are. What you typed is still here.
        </>
      }
      close={() => freshSignIn.answer(false)}
    >
      <TokenForm
        hint={`Any live token of ${key.name}. It is kept nowhere in the browser.`}
        action={{ label: 'Go on', busyLabel: 'Asking…' }}
        exchange={exchange}
        cancel={() => freshSignIn.answer(false)}
      />
    </Dialog>
  )
}
