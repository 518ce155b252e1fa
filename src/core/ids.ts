// The ids of what Latchkey makes: drawn in the order of time.

import { v7 as uuidv7 } from 'uuid'
import type { RandomSource } from './token.ts'

/** What an id is made of. */
export interface IdSource {
  /** Milliseconds since 1970, by the wall clock. */
  now: () => number
  random: RandomSource
}

let sequence = 0

/** A UUIDv7 (RFC 9562, section 5.7); those of one process sort in the order in which they were made. */
export function newId({ now, random }: IdSource): string {
  sequence = (sequence + 1) % 0x8000_0000
  return uuidv7({ msecs: now(), seq: sequence, random: random(new Uint8Array(16)) })
}

/** When an id was made, in milliseconds since 1970. */
export function instantOfId(id: string): number {
  return Number.parseInt(id.replace('-', '').slice(0, 12), 16)
}
