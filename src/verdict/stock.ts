// What a call looks at of each holding: a row of numbers, which is one line of a processor's cache. Among very many holdings each
// line is far away, and an object of so many fields lies on several.
//
//   number  0        1         2        3        4        5         6          7
//         +--------+---------+--------+--------+--------+---------+----------+--------+
//         |  held  |  until  |  used  | low at |  left  |  ends   | version  |        |
//         +--------+---------+--------+--------+--------+---------+----------+--------+
//
// Whoever remembers a row remembers its version with it: that is another as soon as what was found in the row may be of another
// limit, or of another holding.

/** How many numbers a row has, and where each of them is. */
export const rowNumbers = 8
export const heldAt = 0
export const untilAt = 1
export const usedAt = 2
export const lowAt = 3
export const leftAt = 4
export const endsAt = 5
export const versionAt = 6

/** The rows of all holdings of a process. */
export class Stock<Owner = unknown> {
  /** All rows, one after the other. Another array after {@link add}. */
  numbers: Float64Array
  readonly #owners: (Owner | undefined)[] = []
  readonly #free: number[] = []

  /** Has room for so many rows before it grows. */
  constructor(rows = 64) {
    this.numbers = new Float64Array(rows * rowNumbers)
  }

  /** Makes a row, in which nothing may be spent. */
  add(owner: Owner): number {
    const row = this.#free.pop() ?? this.#owners.length
    this.#owners[row] = owner
    const first = row * rowNumbers
    if (first === this.numbers.length) {
      const { numbers } = this
      this.numbers = new Float64Array(2 * numbers.length)
      this.numbers.set(numbers)
    }
    this.numbers.fill(0, first, first + versionAt)
    return row
  }

  /** Whose row it is. */
  ownerOf(row: number): Owner {
    return this.#owners[row] as Owner
  }

  /** What was found in a row may be of another limit from now on. */
  renumber(row: number): void {
    ;(this.numbers[row * rowNumbers + versionAt] as number)++
  }

  /** Lets go of a row: another holding gets it. */
  remove(row: number): void {
    this.renumber(row)
    this.#owners[row] = undefined
    this.#free.push(row)
  }
}

/** One that has a row. */
export class Row {
  #stock: Stock
  #row: number
  /** It has let go of its row: whoever still has it must look for the new one. */
  isGone = false

  constructor(stock: Stock) {
    this.#stock = stock
    this.#row = stock.add(this)
    this.endsAt = null
  }

  /** Which row it is. */
  get row(): number {
    return this.#row
  }

  /** Which version of it. */
  get version(): number {
    return this.#get(versionAt)
  }

  /** How many units may be spent. */
  get held(): number {
    return this.#get(heldAt)
  }

  set held(units: number) {
    this.#set(heldAt, units)
  }

  /** Before which instant of the monotonic clock they may be spent: -Infinity for never, Infinity for ever. */
  get until(): number {
    return this.#get(untilAt)
  }

  set until(instant: number) {
    this.#set(untilAt, instant)
  }

  /** How many were spent since the last draw. */
  get used(): number {
    return this.#get(usedAt)
  }

  set used(units: number) {
    this.#set(usedAt, units)
  }

  /** With how many it is time to ask for more. */
  get lowAt(): number {
    return this.#get(lowAt)
  }

  set lowAt(units: number) {
    this.#set(lowAt, units)
  }

  /** What the store had left after the last draw. */
  get left(): number {
    return this.#get(leftAt)
  }

  set left(units: number) {
    this.#set(leftAt, units)
  }

  /** When the period of its units ends by the database's clock, since 1970; null for never. */
  get endsAt(): number | null {
    const instant = this.#get(endsAt)
    return Number.isNaN(instant) ? null : instant
  }

  set endsAt(instant: number | null) {
    this.#set(endsAt, instant ?? Number.NaN)
  }

  /** What was found in its row may be of another limit from now on. */
  renumber(): void {
    this.#stock.renumber(this.#row)
  }

  /** Lets go of the row. Whoever still looks at it sees what was there last. */
  leave(): void {
    this.isGone = true
    const first = this.#row * rowNumbers
    const last = this.#stock.numbers.slice(first, first + rowNumbers)
    this.#stock.remove(this.#row)
    this.#stock = new Stock(1)
    this.#row = this.#stock.add(this)
    this.#stock.numbers.set(last)
  }

  #get(at: number): number {
    return this.#stock.numbers[this.#row * rowNumbers + at] as number
  }

  #set(at: number, value: number): void {
    this.#stock.numbers[this.#row * rowNumbers + at] = value
  }
}
