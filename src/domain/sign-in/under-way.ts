// A sign-in under way: its browser keeps it, sealed, for ten minutes. Nothing is written for strangers; what has signed somebody in is
// written down in the same transaction, so that it does so once.
import { createHash } from 'node:crypto'
import { signInMs } from '../../core/bounds.ts'
import { useOnce } from '../../store/sign-in-used.ts'
import type { Tx } from '../../store/tables.ts'
import type { Engine } from '../engine.ts'
import { signInExpired } from './refusals.ts'

/** What a browser keeps of a sign-in: one kind is never read as another. */
export type SignInKind = 'provider' | 'passkey'

/** A sign-in under way, as its browser keeps it. */
export interface SignInUnderWay {
  /** The name under which it is found again: nobody can tell the secret from it. */
  id: string
  /** What is sealed; only this deployment opens it, and only with the secret. */
  value: string
}

/** Longer than a cookie may be. */
const longestValue = 4_096
/** So far the clocks of two processes may differ. */
const clockToleranceMs = 60_000

/** The id of a sign-in, by the secret that comes back with it: a provider's state, or the challenge of a passkey. */
export function signInIdOf(kind: SignInKind, secret: string): string {
  return digestOf(kind, secret).toString('base64url').slice(0, 16)
}

/** Seals what the browser keeps of a sign-in that it begins. Throws `keyring_missing`. */
export function sealSignIn(
  { keyring, now }: Pick<Engine, 'keyring' | 'now'>,
  kind: SignInKind,
  secret: string,
  content: object,
): SignInUnderWay {
  const bytes = Buffer.from(JSON.stringify({ expiresAt: now() + signInMs, content }))
  return { id: signInIdOf(kind, secret), value: keyring.sealForBearer(purposeOf(kind, secret), bytes) }
}

/**
 * Opens what the browser kept. The secret must be the one that it began with, so that nothing that one browser has begun ends in
 * another. Throws `sign_in_expired` for every value that is of no use, `keyring_missing`.
 */
export function openSignIn<Content extends object>(
  { keyring, now }: Pick<Engine, 'keyring' | 'now'>,
  kind: SignInKind,
  secret: string,
  value: string | undefined,
): Content {
  if (value === undefined || value.length > longestValue) throw signInExpired()
  const bytes = keyring.openOfBearer(purposeOf(kind, secret), value)
  if (bytes === undefined) throw signInExpired()
  const { expiresAt, content } = JSON.parse(bytes.toString())
  if (expiresAt <= now()) throw signInExpired()
  return content
}

/** Notes, at the end of a sign-in and in its transaction, that it has signed somebody in. Throws `sign_in_expired` the second time. */
export async function useSignIn(tx: Tx, kind: SignInKind, secret: string, now: number): Promise<void> {
  if (!(await useOnce(tx, digestOf(kind, secret), now + signInMs + clockToleranceMs))) throw signInExpired()
}

function digestOf(kind: SignInKind, secret: string): Buffer {
  return createHash('sha256').update(purposeOf(kind, secret)).digest()
}

function purposeOf(kind: SignInKind, secret: string): string {
  return `sign-in ${kind} ${secret}`
}
