// Which events of a log lack their details, and whether an event of the same log says that they were erased.

/** What of a leaf it takes. */
export interface ErasureLeaf {
  id: string
  action: string
}

/** Goes along a log. What nobody has erased must have its details, and what erases tells which it has erased, further on. */
export class Erasures {
  readonly #unnamed = new Map<string, number>()

  /** Takes an event, with its details, which are empty if it lacks them. False for an erasure that does not say of what. */
  event(sequence: number, { id, action }: ErasureLeaf, details: string): boolean {
    if (details === '') this.#unnamed.set(id, sequence)
    else if (action === 'log.erased') {
      const erased = idsIn(details)
      if (erased === undefined) return false
      for (const one of erased) this.#unnamed.delete(one)
    }
    return true
  }

  /** The number of the first event that lacks its details though no event so far has erased them; undefined if there is none. */
  get unnamed(): number | undefined {
    return this.#unnamed.values().next().value
  }
}

function idsIn(details: string): string[] | undefined {
  try {
    const ids: unknown = JSON.parse(details).changes.event_ids
    return Array.isArray(ids) ? ids : undefined
  } catch {
    return undefined
  }
}
