// How many requests of one caller a process answers at once. A caller that sends without waiting for answers holds memory, and
// the lines of others, with each of them.

import { type Caller, callerNameOf } from '../core/actor.ts'
import { LatchkeyError } from '../core/errors.ts'

/** More than any program has use for. */
const maxOfKey = 512
const maxOfOrganization = 2_048

/** The requests under way, counted by key and by organization. */
export class UnderWay {
  readonly #counts = new Map<string, number>()

  /** Counts a request of a caller; returns what ends it, to be called once. Throws `too_many_requests`. */
  enter(caller: Caller): () => void {
    const names = [`key ${callerNameOf(caller)}`, `organization ${caller.organizationId}`] as const
    if (this.#count(names[0]) >= maxOfKey || this.#count(names[1]) >= maxOfOrganization) {
      throw new LatchkeyError(
        'too_many_requests',
        `A process answers at most ${maxOfKey} requests of a key and ${maxOfOrganization} requests of an organization at once. Wait for answers before you send more.`,
      )
    }
    for (const name of names) this.#counts.set(name, this.#count(name) + 1)
    return () => {
      for (const name of names) {
        const count = this.#count(name) - 1
        if (count > 0) this.#counts.set(name, count)
        else this.#counts.delete(name)
      }
    }
  }

  #count(name: string): number {
    return this.#counts.get(name) ?? 0
  }
}
