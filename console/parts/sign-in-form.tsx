// The form that exchanges a token for a session; it forgets the token at once.
import { type FormEvent, useRef, useState } from 'react'
import { parseToken } from '../../src/token.ts'
import { ApiError, type WireKey } from '../api.ts'
import { signIn } from '../session.ts'
import { Button } from './button.tsx'
import { Field } from './field.tsx'
import { ErrorNotice } from './notices.tsx'

export function SignInForm({ signedIn }: { signedIn: (key: WireKey) => void }) {
  // Not a state: React would keep it, and write it into the page, where it is in the attributes for all to read.
  const token = useRef<HTMLInputElement>(null)
  const [fault, setFault] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const field = token.current as HTMLInputElement
    const plain = field.value.trim()
    setError(undefined)
    setFault(undefined)
    if (parseToken(plain) === undefined) {
      return setFault(
        plain === '' ? 'Paste a token.' : 'This is no whole token: look for a character lost in copying.',
      )
    }
    setBusy(true)
    try {
      const key = await signIn(plain)
      field.value = ''
      signedIn(key)
    } catch (cause) {
      setError(explain(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4" noValidate>
      <Field
        label="Token"
        hint="Of a key that holds latchkey:keys:read. It is exchanged for a session and kept nowhere in the browser."
        error={fault}
      >
        {(control) => (
          <input
            {...control}
            ref={token}
            className="input font-mono"
            type="password"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="re_…"
          />
        )}
      </Field>
      {error !== undefined && <ErrorNotice error={error} />}
      <Button type="submit" kind="primary" busy={busy} className="w-full">
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

function explain(cause: unknown): unknown {
  if (!(cause instanceof ApiError)) return cause
  const { status, code, requestId } = cause
  if (code === 'invalid_token') {
    return new ApiError(code, 'This token opens nothing: it is unknown, expired, revoked or rotated.', {
      status,
      requestId,
    })
  }
  if (code === 'missing_permission') {
    return new ApiError(code, 'This key cannot sign in: it lacks the permission latchkey:keys:read.', {
      status,
      requestId,
    })
  }
  return cause
}
