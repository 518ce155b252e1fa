// What a flush of usage writes, in the parts that become batches.
import type { ProfileCount, UsageCount } from '../core/usage-counts.ts'
import type { Use } from '../store/last-use.ts'

export interface Rows {
  counts: UsageCount[]
  profiles: ProfileCount[]
  uses: Use[]
}

/** How many rows there are of all kinds, and of the kind with most. */
export function sizeOf({ counts, profiles, uses }: Rows): number {
  return counts.length + profiles.length + uses.length
}

export function widthOf({ counts, profiles, uses }: Rows): number {
  return Math.max(counts.length, profiles.length, uses.length)
}

/** Divides rows in two parts of one size. */
export function halve({ counts, profiles, uses }: Rows): [Rows, Rows] {
  const all = [
    ...counts.map((count) => ({ count })),
    ...profiles.map((profile) => ({ profile })),
    ...uses.map((use) => ({ use })),
  ]
  const middle = all.length >> 1
  const rowsOf = (part: typeof all): Rows => ({
    counts: part.flatMap((row) => ('count' in row ? row.count : [])),
    profiles: part.flatMap((row) => ('profile' in row ? row.profile : [])),
    uses: part.flatMap((row) => ('use' in row ? row.use : [])),
  })
  return [rowsOf(all.slice(0, middle)), rowsOf(all.slice(middle))]
}

/** What waits for a flush, in the order of keys, so that the rows of one are written together. */
export class WaitingRows {
  readonly #keyIds: string[]
  readonly #counts: ReadonlyMap<string, readonly UsageCount[]>
  readonly #uses: ReadonlyMap<string, readonly Use[]>
  readonly #profiles: ProfileCount[]
  #taken = 0
  #takenProfiles = 0

  constructor(
    counts: ReadonlyMap<string, readonly UsageCount[]>,
    profiles: readonly ProfileCount[],
    uses: ReadonlyMap<string, readonly Use[]>,
  ) {
    this.#counts = counts
    this.#uses = uses
    this.#profiles = profiles.toSorted((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0))
    this.#keyIds = [...new Set([...counts.keys(), ...uses.keys()])].sort()
  }

  /** The uses of a key, taken or not. */
  usesOf(keyId: string): readonly Use[] {
    return this.#uses.get(keyId) ?? []
  }

  get isEmpty(): boolean {
    return this.#taken === this.#keyIds.length && this.#takenProfiles === this.#profiles.length
  }

  /** Takes the next keys, until that are so many rows, one key at least; and so many profiles. */
  take(size: number): Rows {
    const counts: UsageCount[] = []
    const uses: Use[] = []
    while (this.#taken < this.#keyIds.length) {
      const keyId = this.#keyIds[this.#taken] as string
      const [ofKey, used] = [this.#counts.get(keyId) ?? [], this.#uses.get(keyId) ?? []]
      const isFull = Math.max(counts.length + ofKey.length, uses.length + used.length) > size
      if (isFull && counts.length + uses.length > 0) break
      counts.push(...ofKey)
      uses.push(...used)
      this.#taken++
    }
    const profiles = this.#profiles.slice(this.#takenProfiles, this.#takenProfiles + size)
    this.#takenProfiles += profiles.length
    return { counts, profiles, uses }
  }
}
