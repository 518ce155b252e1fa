// What every command of the library works with: the store, and the few things that tests replace.
import { v7 as uuidv7 } from 'uuid'
import type { Creations } from './creations.ts'
import type { Memory } from './memory.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import type { Store } from './store/store.ts'
import type { Tx } from './store/tables.ts'
import type { RandomSource } from './token.ts'

export interface Engine {
  store: Store
  memory: Memory
  creations: Creations
  signInLimit: SignInLimit
  /** Milliseconds since 1970, by the wall clock. */
  now: () => number
  random: RandomSource
  /** The prefixes that keys may have; the first where none is asked for. */
  prefixes: readonly [string, ...string[]]
}

/**
 * Runs a change of a key's facts in one transaction. This process forgets the key whether the change succeeded
 * or failed, since a commit whose answer was lost may have taken place.
 */
export async function changeFacts<T>(
  engine: Engine,
  keyId: string,
  change: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    return await engine.store.write(change)
  } finally {
    engine.memory.forgetKey(keyId)
    engine.memory.follower.lookNow()
  }
}

let sequence = 0

/** A UUIDv7 (RFC 9562, section 5.7); those of one process sort in the order in which they were made. */
export function newId(engine: Pick<Engine, 'now' | 'random'>): string {
  sequence = (sequence + 1) % 0x8000_0000
  return uuidv7({ msecs: engine.now(), seq: sequence, random: engine.random(new Uint8Array(16)) })
}

/** Tells whether a text has the form of our ids; any other is unknown without asking a database. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}
