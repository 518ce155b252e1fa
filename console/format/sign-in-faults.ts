// Why somebody is not signed in, in a sentence, and what to do next in another.
import type { ApiError } from '../api.ts'

interface Fault {
  title: string
  /** What to do next. */
  next: string
}

const faults: Partial<Record<ApiError['code'], Fault>> = {
  sign_in_expired: {
    title: 'This sign-in is over',
    next: 'It was used already, was begun in another browser, or took longer than ten minutes. Sign in again.',
  },
  not_invited: {
    title: 'You are no member here',
    next: 'Nobody has invited this account, or it was removed. Ask an owner of your organization to invite you, or sign in with another account.',
  },
  email_not_proven: {
    title: 'The account does not prove the invited address',
    next: 'Open the link of the invitation again, and choose the account that has the invited address. If you have none, ask for an invitation to the address that you use.',
  },
  member_exists: {
    title: 'You are a member already',
    next: 'This account belongs to a member of the organization. Sign in with it; an invitation is not needed.',
  },
  invitation_ended: {
    title: 'This invitation has ended',
    next: 'It was used, revoked or replaced by a newer one, or its three days are over. Ask whoever invited you for a new link.',
  },
  passkey_refused: {
    title: 'This passkey does not sign in here',
    next: 'It was removed, or belongs to another address. Choose another passkey, or sign in another way.',
  },
  too_many_identities: {
    title: 'You have as many ways to sign in as there may be',
    next: 'Remove one that you no longer use, then add another.',
  },
  provider_unavailable: {
    title: 'The provider does not answer',
    next: 'Wait a minute and try again, or sign in another way. Nothing is wrong with your account.',
  },
  provider_not_found: {
    title: 'There is no such provider',
    next: 'Check the address, or ask an owner of your organization how you sign in.',
  },
  too_many_sign_ins: {
    title: 'Too many sign-ins from your network',
    next: 'Wait a minute, then try again.',
  },
  too_many_requests: {
    title: 'Too many sign-ins from your network',
    next: 'Wait a minute, then try again.',
  },
  fresh_sign_in_required: {
    title: 'The provider did not ask who you are',
    next: 'For this change it must ask you anew. Try again, and enter your password there if you are asked.',
  },
  session_ended: {
    title: 'Your session has ended meanwhile',
    next: 'Sign in, then try again. Nothing was changed.',
  },
  last_owner: {
    title: 'You would no longer be the owner',
    next: 'The rules of the provider give you another role, but an organization keeps one owner. Ask the operator.',
  },
  store_unavailable: {
    title: 'Latchkey cannot reach its database',
    next: 'Nobody can sign in until it does. Nothing was changed; try again in a moment.',
  },
  organization_required: {
    title: 'It is not known for which organization you act',
    next: 'Go to the console, choose the organization at the top left, and try again.',
  },
}

/** What to tell of a sign-in that was refused; undefined for what has no words of its own. */
export function signInFault({ code }: ApiError): Fault | undefined {
  return faults[code]
}
