// Over a page whose session has ended: who signs in again goes on where they were.
import { lastProviderOf, type Self } from '../self.ts'
import { openSignInWindow } from '../sign-in-window.ts'
import { Dialog } from './dialog.tsx'
import { Foreign } from './foreign.tsx'
import { SignIn } from './sign-in.tsx'

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
      <SignIn
        provider={lastProviderOf(previous)}
        toProvider={(provider) => openSignInWindow({ provider, purpose: 'sign_in' })}
        signedIn={signedIn}
      />
    </Dialog>
  )
}
