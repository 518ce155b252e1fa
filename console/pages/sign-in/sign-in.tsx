// The first page of who is not signed in. Whatever the address is, it is there again afterwards.
import { SignIn } from '../../components/sign-in.tsx'
import { SignInFrame } from '../../components/sign-in-frame.tsx'
import { keepReturnPath } from '../../return-path.ts'
import type { Self } from '../../self.ts'
import { goToProvider } from '../../sign-in-calls.ts'

export function SignInPage({ signedIn }: { signedIn: (self: Self) => void }) {
  return (
    <SignInFrame
      title="Sign in to Latchkey"
      note={
        <>
          The API is described at{' '}
          <a href="/docs" className="text-link underline">
            /docs
          </a>
          .
        </>
      }
    >
      <SignIn
        provider={namedProvider()}
        toProvider={(id) => {
          keepReturnPath()
          return goToProvider(id, { purpose: 'sign_in' })
        }}
        signedIn={signedIn}
        tokenNote={
          <p className="text-muted">
            The operator’s first token was printed when Latchkey first started;{' '}
            <code className="code">latchkey root-key</code> makes another.
          </p>
        }
      />
    </SignInFrame>
  )
}

/** The provider that an address such as `/sign-in/acme-okta` names, for one that is not listed. */
function namedProvider(): string | undefined {
  const [, id] = /^\/sign-in\/([^/]+)\/?$/.exec(location.pathname) ?? []
  try {
    return id && decodeURIComponent(id)
  } catch {
    return id
  }
}
