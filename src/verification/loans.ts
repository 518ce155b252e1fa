// What verifiers hold of this process, and the messages by which it comes and goes.
import type { Granted } from '../core/shapes/grants.ts'
import type { Holding } from '../verdict/holding.ts'

/** What a verifier holds of one counter, or was given for its waiting calls. */
export interface Loan {
  holding: Holding
  /** `Holding.loans` when it was lent: with another number it is void. */
  loans: number
  period: number
  epoch: number
  units: number
  /** What calls that wait elsewhere were given, and `Holding.messages` at that time; -1 if not all at one time. */
  given: number
  messages: number
}

/** A message of a verifier; it may come again. */
export interface Exchange {
  sequence: number
  /** The answer; undefined if there is none yet, or it failed. */
  answer: Promise<Granted[]> | undefined
  /** What it says of the units that were lent is taken in. */
  isReported: boolean
  /** The verifier surely hears of the answer, and so of what it lends: another one that came late may be long over there. */
  isHeard: boolean
}

/** A verifier that draws through this process. */
export interface Session {
  keyId: string
  server: string
  last: Exchange
  loans: Map<string, Loan>
  /** Those of them that were called back: each answer says so, until they come back. */
  recalled: Set<string>
  /** `Recalls.count` when that was last looked at. */
  recalls: number
  /** How many of its messages are being answered. */
  under: number
  /** Its units are surely not spent after this, by the monotonic clock. */
  endsAt: number
  /** It has sent its first message, or another one since: the next is surely not one that came late. */
  isKnown: boolean
  /** What it has counts as spent, and nothing is lent to it any more. */
  isOver: boolean
}

/** Whether the store still counts as out what was lent. */
export function isValid({ holding, loans }: Loan): boolean {
  return !holding.isGone && holding.loans === loans
}
