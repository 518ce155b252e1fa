// Over a page whose session has ended: who signs in again goes on where they were.
import type { Self } from '../self.ts'
import { Dialog } from './dialog.tsx'
import { Foreign } from './foreign.tsx'
import { SignInForm } from './sign-in-form.tsx'

export function SignInDialog({ previous, signedIn }: { previous: Self; signedIn: (self: Self) => void }) {
  return (
    <Dialog
      title="Your session has ended"
      lead={
        <>
          You were signed in {previous.type === 'key' ? 'with the key' : 'as'}{' '}
          <Foreign text={previous.name} className="font-semibold text-ink" /> until the session ended. Sign in
          again to continue. What you typed is still here, and nothing was changed after the session ended.
        </>
      }
    >
      <SignInForm signedIn={signedIn} />
    </Dialog>
  )
}
