// What the commands on limits share: who may set them, and in which order they are written.
import { type Actor, holdsDatabase } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { covers } from '../../core/permissions.ts'
import {
  type LimitGiven,
  readLimits,
  replaceLimits,
  writeLimits as writeList,
} from '../../core/stored-limits.ts'

/** What setting and changing limits, and adding units, takes of a caller. */
export const writeLimits = 'latchkey:limits:write'

/** Whether an actor may set limits as it likes. */
export function maySetLimits(actor: Actor): boolean {
  return holdsDatabase(actor) || covers(actor.permissions, writeLimits)
}

/** Throws `missing_permission` unless the actor may set limits. */
export function requireLimits(actor: Actor, what: string): void {
  if (maySetLimits(actor)) return
  throw new LatchkeyError('missing_permission', `To ${what}, use a key that holds ${writeLimits}.`, {
    missing: [writeLimits],
  })
}

/** The list that takes the place of another, as JSON. */
export function newLimits(before: string, given: readonly LimitGiven[]): string {
  return writeList(replaceLimits(readLimits(before), given, true))
}
