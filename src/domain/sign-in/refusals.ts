// Why somebody is not signed in.
import { maxIdentities } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'

// One sentence for all of them: nobody learns what once opened something.
export function signInExpired(): LatchkeyError {
  return new LatchkeyError(
    'sign_in_expired',
    'This sign-in was used, is older than ten minutes, or was begun in another browser or at another address of the server. Begin again.',
  )
}

// One sentence for all of them: nobody learns who is a member.
export function notInvited(): LatchkeyError {
  return new LatchkeyError(
    'not_invited',
    'You are no member here by this sign-in. Ask an owner to invite you, or to invite you again.',
  )
}

/** Makes of a failed session what a stranger hears: the person is nobody's member any more, or of no organization that the way is for. */
export function asStranger(error: unknown): unknown {
  return error instanceof LatchkeyError && error.code === 'session_ended' ? notInvited() : error
}

/** Throws `too_many_identities` for a member that signs in by so many already. */
export function requireRoom(identities: readonly unknown[]): void {
  if (identities.length < maxIdentities) return
  throw new LatchkeyError(
    'too_many_identities',
    `You have ${maxIdentities} ways to sign in here. Remove one first.`,
  )
}
