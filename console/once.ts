// What a form makes once: it is sent under one key however often it is pressed, so that a lost answer comes again, a token included.
import { useRef } from 'react'
import { call } from './api.ts'

/** Sends what makes something; a `POST`. Throws what `call` throws. */
type Make = <Answer>(path: string, body: unknown, ifRevision?: string) => Promise<Answer>

/** Gives what sends a form. The same again goes under the same key, until it was answered; something else under another. */
export function useOnce(): Make {
  const pending = useRef<{ request: string; idempotencyKey: string }>(undefined)
  return async (path, body, ifRevision) => {
    const request = JSON.stringify([path, body])
    if (pending.current?.request !== request) pending.current = { request, idempotencyKey: randomKey() }
    const { idempotencyKey } = pending.current
    const answer = await call<never>('POST', path, { body, idempotencyKey, ifRevision })
    pending.current = undefined
    return answer
  }
}

/** A page that is not served over TLS has no `randomUUID`. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
