// What waits in the database to be done, for those who watch over it.
import type { SealedValues } from './sealed-values.ts'

/** What waits at an instant. */
export interface Backlog {
  /** How many webhooks deliver, fail and are disabled. */
  webhooks: Record<'active' | 'failing' | 'disabled', number>
  /** Events that webhooks which are not disabled have yet to deliver or to pass over. */
  undelivered: Waiting
  /** Events that are not in the log yet. */
  unsealed: Waiting
  /** What each key of the keyring has sealed. */
  sealed: SealedValues
}

/** Events that wait. */
export interface Waiting {
  count: number
  /** How long ago the first of them happened, in milliseconds; 0 if none waits. */
  oldestMs: number
}

/** What came of an attempt at a message: its receiver took it, answered otherwise, or gave no answer, for a reason. */
export const attemptOutcomes = [
  'delivered',
  'refused',
  'forbidden_address',
  'name_not_resolved',
  'timeout',
  'tls',
  'connection',
] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]

/** How many attempts of a process came to what. */
export type AttemptCounts = Readonly<Record<AttemptOutcome, number>>
