// A line in which groups take turns, and within each group its own groups, down to single items in their order.

/** Items that wait, each under a path of names. */
export class Rounds<Item> {
  /** In the order of their turns: a group that has had one moves to the end. */
  readonly #groups = new Map<string, Rounds<Item>>()
  readonly #items: Item[] = []
  /** So many of the items were taken. */
  #taken = 0
  #size = 0

  /** How many items wait. */
  get size(): number {
    return this.#size
  }

  /** Adds an item at the end of its group. All paths of one line have the same length. */
  add(item: Item, [name, ...path]: readonly string[]): void {
    this.#size++
    if (name === undefined) {
      this.#items.push(item)
      return
    }
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = new Rounds()
      this.#groups.set(name, group)
    }
    group.add(item, path)
  }

  /** Takes out the item whose turn it is; undefined if none waits. */
  take(): Item | undefined {
    if (this.#taken < this.#items.length) {
      const item = this.#items[this.#taken++]
      this.#size--
      // Seldom enough that each is moved once.
      if (2 * this.#taken >= this.#items.length) {
        this.#items.splice(0, this.#taken)
        this.#taken = 0
      }
      return item
    }
    for (const [name, group] of this.#groups) {
      const item = group.take()
      this.#size--
      this.#groups.delete(name)
      if (group.size > 0) this.#groups.set(name, group)
      return item
    }
    return undefined
  }
}
