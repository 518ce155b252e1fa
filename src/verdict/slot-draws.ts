// What a call with each secret of a cache draws that names no cost: by slot the rows of the stock, so that a call which finds all
// of it at hand looks at nothing else.
//
//   unknown   nothing was learned   → the call goes by the claims of its facts, and what it finds at hand is learned
//   learned   rows, with versions   → the call takes their units, if each is of its version and holds enough
// A row of another version is another holding's, or its units were granted by another limit: the call goes by its claims again.

import type { LimitScope } from '../core/limits.ts'
import type { StoredLimit } from '../core/stored-limits.ts'
import type { Allotments } from './allotment.ts'
import type { Claim } from './claims.ts'
import { describeLimit, type LimitsOfVerdict } from './drawing.ts'
import type { Facts } from './facts.ts'
import type { Holding } from './holding.ts'
import { endsAt, heldAt, leftAt, lowAt, rowNumbers, untilAt, usedAt, versionAt } from './stock.ts'

/** Calls that draw from more limits go by their claims. */
const maxLimits = 4
/** Of each limit the row and whose it is, as 2 × row, and 1 more if it is the organization's; and the version. */
const slotWords = 2 * maxLimits

export class SlotDraws {
  readonly #capacity: number
  /** Absent until a call draws. */
  #words: Uint32Array | undefined
  /** Of each slot the limits, in the same order; absent as well. */
  #limits: (readonly StoredLimit[] | undefined)[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Learns where the units lie that a call of a slot took by its claims just now. */
  learn(slot: number, claims: readonly Claim[]): void {
    if (claims.length > maxLimits || !claims.every(isPlain)) return
    if (this.#words === undefined) this.#limits = new Array(this.#capacity)
    this.#words ??= new Uint32Array(this.#capacity * slotWords)
    const words = this.#words
    const first = slot * slotWords
    for (const [i, { limit }] of claims.entries()) {
      const { row, version } = limit.holding as Holding
      words[first + 2 * i] = 2 * row + (limit.scope === 'organization' ? 1 : 0)
      words[first + 2 * i + 1] = version
    }
    this.#limits[slot] = shareList(claims.map(({ limit }) => limit.shared as StoredLimit))
  }

  /** Forgets what was learned of a slot. */
  drop(slot: number): void {
    if (this.#words !== undefined) this.#limits[slot] = undefined
  }

  /**
   * Takes what a call draws, all or nothing, and tells what is left; undefined if its claims must be looked at. To be called
   * while the lease holds.
   */
  take(
    slot: number,
    { keyId, organizationId }: Pick<Facts['answer'], 'keyId' | 'organizationId'>,
    allotments: Allotments,
    now: number,
    wall: number,
  ): LimitsOfVerdict | undefined {
    const count = this.#countAtHand(slot, allotments, now)
    if (count === 0) return undefined
    const { stock } = allotments
    const { numbers } = stock
    const words = this.#words as Uint32Array
    const limits = this.#limits[slot] as readonly StoredLimit[]
    const described = new Array<LimitsOfVerdict[number]>(count)
    for (let i = 0; i < count; i++) {
      const word = words[slot * slotWords + 2 * i] as number
      const limit = limits[i] as StoredLimit
      const row = word >>> 1
      const first = row * rowNumbers
      const held = (numbers[first + heldAt] as number) - limit.defaultCost
      numbers[first + heldAt] = held
      ;(numbers[first + usedAt] as number) += limit.defaultCost
      if (held <= (numbers[first + lowAt] as number)) allotments.renew(stock.ownerOf(row), now)
      const isOrganizations = (word & 1) === 1
      const scope: LimitScope = isOrganizations ? 'organization' : 'key'
      const id = isOrganizations ? organizationId : keyId
      const remaining = Math.max(0, held + (numbers[first + leftAt] as number))
      const ends = numbers[first + endsAt] as number
      described[i] = describeLimit(limit, scope, id, remaining, Number.isNaN(ends) ? null : ends, wall)
    }
    return described
  }

  /** Of how many limits the units are at hand that a call takes; 0 if not of all. */
  #countAtHand(slot: number, { stock: { numbers } }: Allotments, now: number): number {
    const words = this.#words
    const limits = this.#limits[slot]
    if (words === undefined || limits === undefined) return 0
    for (let i = 0; i < limits.length; i++) {
      const place = slot * slotWords + 2 * i
      const first = ((words[place] as number) >>> 1) * rowNumbers
      const isAtHand =
        numbers[first + versionAt] === words[place + 1] &&
        (numbers[first + heldAt] as number) >= (limits[i] as StoredLimit).defaultCost &&
        now < (numbers[first + untilAt] as number)
      if (!isAtHand) return 0
    }
    return limits.length
  }
}

/** Whether a claim draws what its limit says, and something, of a key's own limit or of its organization's. */
function isPlain({ limit: { scope, shared }, cost }: Claim): boolean {
  return cost > 0 && cost === shared?.defaultCost && scope !== 'ancestor'
}

/** A list of limits, and those that begin with it. */
interface Known {
  list: readonly StoredLimit[]
  longer: WeakMap<StoredLimit, Known>
}

const known: Known = { list: [], longer: new WeakMap() }

/** The same list for all secrets that draw from the same limits. */
function shareList(limits: readonly StoredLimit[]): readonly StoredLimit[] {
  let at = known
  for (const [i, limit] of limits.entries()) {
    let next = at.longer.get(limit)
    if (next === undefined) {
      next = { list: limits.slice(0, i + 1), longer: new WeakMap() }
      at.longer.set(limit, next)
    }
    at = next
  }
  return at.list
}
