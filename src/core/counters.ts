// What was taken of a limit, as the database keeps it; `verdict/counter.ts` says how it changes.

/** A process that holds units of a counter. */
export interface Holder {
  id: string
  /** The epoch of these units. */
  epoch: number
  /** How many units it holds, as far as it has said. */
  out: number
  /** The number of its last message, and what that got: a message that comes again gets the same. */
  sequence: number
  granted: number
  given: number
  kept: number
  /** The least room in the bucket at any draw since its last one: no more of the units that were given come back. */
  room: number
  /** When it last drew, by the database's clock. */
  drewAt: number
}

/** A counter, as a row has it. Instants are milliseconds since 1970 by the database's clock. */
export interface Counter {
  /** Grants of another epoch are void. */
  epoch: number
  /** The instant of the last draw; it never goes back. */
  asOf: number
  /** When the period began that is counted; 0 for a rate. */
  period: number
  /** Of a rate: the units in the bucket; below zero after a settlement that drew more than there was. */
  level: number
  /** Of a rate: what is left over of a unit, in units × milliseconds, for a window of so many milliseconds. */
  rest: number
  windowMs: number
  /** Of a quota: the units that were spent in the period, and those that were added for it. */
  spent: number
  added: number
  holders: readonly Holder[]
}
