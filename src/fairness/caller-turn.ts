// The turn in which somebody's work is done: its organization's, and among those its own.
import { type Actor, callerNameOf, holdsDatabase } from '../core/actor.ts'
import type { CallOptions } from '../core/shapes/calls.ts'
import type { Turn } from './fair-line.ts'

/** Gives the turn of an actor; the process itself takes turns like any other. */
export function turnOf(actor: Actor, { signal }: CallOptions = {}): Turn {
  if (holdsDatabase(actor)) return { organizationId: '', keyId: '', signal }
  return { organizationId: actor.organizationId, keyId: callerNameOf(actor), signal }
}

/** The turn of a person who signs in, or whose session ends thereby. No organization has this id. */
export function turnOfPerson(identityId: string): Turn {
  return { organizationId: ' sign-ins', keyId: identityId }
}

/** The turn of those who become members of an organization: beside its own. */
export function turnOfJoining(organizationId: string): Turn {
  return { organizationId, keyId: ' joining' }
}
