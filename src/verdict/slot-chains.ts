// Slots of a cache by a number that many of them may share: chains in flat memory, one entry a slot.

/** By the low bits of a number the first of a chain of slots, as slot + 1, and by slot the next. */
export class SlotChains {
  readonly #first: Uint32Array
  readonly #next: Uint32Array
  readonly #mask: number

  /** Makes room for so many slots. `buckets` is a power of two. */
  constructor(capacity: number, buckets: number) {
    this.#first = new Uint32Array(buckets)
    this.#next = new Uint32Array(capacity)
    this.#mask = buckets - 1
  }

  /** The first slot under a number, as slot + 1; 0 for none. */
  first(number: number): number {
    return this.#first[number & this.#mask] as number
  }

  /** What {@link first} and this have given leads to the next one; 0 at the end. */
  next(place: number): number {
    return this.#next[place - 1] as number
  }

  /** Puts a slot under a number. */
  add(slot: number, number: number): void {
    const bucket = number & this.#mask
    this.#next[slot] = this.#first[bucket] as number
    this.#first[bucket] = slot + 1
  }

  /** Takes out a slot that is under a number. */
  remove(slot: number, number: number): void {
    const bucket = number & this.#mask
    const next = this.#next[slot] as number
    let before = this.#first[bucket] as number
    if (before === slot + 1) {
      this.#first[bucket] = next
      return
    }
    while (this.#next[before - 1] !== slot + 1) before = this.#next[before - 1] as number
    this.#next[before - 1] = next
  }
}
