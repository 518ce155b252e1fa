// Who acted, in words, for actors that are not keys.
import type { ActorType } from '../../src/core/actor.ts'

const actors: Record<Exclude<ActorType, 'key'>, string> = {
  member: 'a member',
  user: 'a user',
  operator: 'the operator',
  provider: 'an identity provider',
  system: 'the system',
  anonymous: 'an anonymous caller',
}

/** Names the kind of an actor; a kind of a newer server by its own name. */
export function actorName(type: string): string {
  return Object.hasOwn(actors, type) ? actors[type as keyof typeof actors] : type
}
