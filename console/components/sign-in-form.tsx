// The form that exchanges a token for a session.
import { ApiError } from '../api.ts'
import type { Self } from '../self.ts'
import { signIn } from '../session.ts'
import { TokenForm } from './token-form.tsx'

interface SignInFormProps {
  signedIn: (self: Self) => void
  /** Whether keys of the operator alone sign in. */
  isForRoot?: boolean
}

export function SignInForm({ signedIn, isForRoot = false }: SignInFormProps) {
  const exchange = async (token: string) => {
    const key = await signIn(token).catch((cause: unknown) => {
      throw explain(cause)
    })
    signedIn(key)
  }
  return (
    <TokenForm
      hint={`The token of a key ${isForRoot ? 'of the operator ' : ''}that holds latchkey:keys:read. It opens a session; the browser does not store it.`}
      action={{ label: 'Sign in', busyLabel: 'Signing in…' }}
      exchange={exchange}
    />
  )
}

function explain(cause: unknown): unknown {
  if (!(cause instanceof ApiError)) return cause
  const { status, code, requestId } = cause
  if (code === 'invalid_token') {
    return new ApiError(code, 'This token is not valid: it is unknown, expired, revoked or rotated.', {
      status,
      requestId,
    })
  }
  if (code === 'missing_permission') {
    return new ApiError(
      code,
      'This key cannot sign in, because it lacks the permission latchkey:keys:read.',
      {
        status,
        requestId,
      },
    )
  }
  return cause
}
