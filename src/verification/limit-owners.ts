// Whose limits verifiers elsewhere ask for, and what these are: read when a message asks, and believed for a moment.
import type { Changed } from '../coherence/follower.ts'
import { joinLimits, readLimits } from '../core/stored-limits.ts'
import { readOwners } from '../store/counters.ts'
import type { Store } from '../store/store.ts'
import type { Claim } from '../verdict/claims.ts'
import type { Clock } from '../verdict/clock.ts'
import { countLimits } from '../verdict/owners.ts'

/** An owner of limits, as it was read. */
export interface Owner {
  organizationId: string
  limits: Claim[]
  readAt: number
}

/** What was read is believed for so long: the draws read it again. */
const believedMs = 1_000
const maxOwners = 10_000

/** The owners, by scope and id. */
export class LimitOwners {
  readonly #store: Pick<Store, 'read' | 'dialect'>
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #known = new Map<string, Owner>()
  /** Grows with each change: what was read before one is not kept after it. */
  #changes = 0

  constructor(store: Pick<Store, 'read' | 'dialect'>, clock: Pick<Clock, 'monotonic'>) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Forgets the limits of what changed; undefined if anything may have. Else a limit that was raised a moment ago would be found
   * empty by its old number, and that is believed for seconds.
   */
  hear(changed: readonly Changed[] | undefined): void {
    const ofOwners = changed?.filter(({ topic }) => topic !== 'limit')
    if (ofOwners?.length === 0) return
    this.#changes++
    if (ofOwners === undefined || ofOwners.some(({ topic }) => topic === 'plan')) this.#known.clear()
    else for (const { topic, id } of ofOwners) this.#known.delete(`${topic}/${id}`)
  }

  /** Finds keys and organizations, by `scope/id`; of those that do not exist nothing. Throws `store_unavailable`. */
  async find(keys: readonly string[], organizations: readonly string[]): Promise<Map<string, Owner>> {
    const now = this.#clock.monotonic()
    const found = new Map<string, Owner>()
    const findMissing = (scope: 'key' | 'organization', ids: readonly string[]) =>
      [...new Set(ids)].filter((id) => {
        const known = this.#known.get(`${scope}/${id}`)
        const isOld = known === undefined || now - known.readAt >= believedMs
        if (!isOld) found.set(`${scope}/${id}`, known)
        return isOld
      })
    const [ofKeys, ofOrganizations] = [findMissing('key', keys), findMissing('organization', organizations)]
    if (ofKeys.length === 0 && ofOrganizations.length === 0) return found
    const changes = this.#changes
    const rows = await this.#store.read((db) => readOwners(db, this.#store.dialect, ofKeys, ofOrganizations))
    if (this.#known.size > maxOwners) this.#known.clear()
    for (const { scope, id, organizationId, limits, planned } of rows) {
      const joined = joinLimits(readLimits(limits).limits, planned === null ? [] : readLimits(planned).limits)
      const owner = { organizationId, limits: countLimits(scope, id, organizationId, joined), readAt: now }
      if (changes === this.#changes) this.#known.set(`${scope}/${id}`, owner)
      found.set(`${scope}/${id}`, owner)
    }
    return found
  }
}
