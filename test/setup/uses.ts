// What tests give to, and hear from, what notes uses.
import { bareCircumstances } from '../../src/verdict/circumstances.ts'
import { Profiles } from '../../src/verdict/profiles.ts'
import type { UseListener } from '../../src/verdict/slot-uses.ts'

/** Hears of uses alone. */
export function listenerOf(noteUse: UseListener['noteUse'] = () => {}): UseListener {
  return { profiles: new Profiles(), noteUse, noteCalls: () => {} }
}

/** A call of which nothing is known but the secret and its key. */
export function callWith(kid: string, keyId: string, organizationId = 'acme') {
  return { kid, answer: { keyId, organizationId, permissions: [] }, circumstances: bareCircumstances }
}

/** What is written of a use of which nothing else is known. */
export const bareUse = { operation: '', ip: '', userAgent: '' }
