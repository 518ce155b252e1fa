// What every command of the library works with: the store, and the few things that tests replace.
import { v7 as uuidv7 } from 'uuid'
import type { ChangeLines } from './change-lines.ts'
import type { Commit } from './commit.ts'
import type { Creations } from './creations.ts'
import type { Memory } from './memory.ts'
import type { SessionReads } from './session-reads.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import type { Store } from './store/store.ts'
import type { RandomSource } from './token.ts'

export interface Engine {
  /** For reading: what changes anything goes through `commit`. */
  store: Omit<Store, 'write' | 'lockKeys' | 'recordChange' | 'saveUses'>
  commit: Commit
  memory: Memory
  creations: Creations
  changeLines: ChangeLines
  signInLimit: SignInLimit
  sessionReads: SessionReads
  /** Milliseconds since 1970, by the wall clock. */
  now: () => number
  random: RandomSource
  /** The prefixes that keys may have; the first where none is asked for. */
  prefixes: readonly [string, ...string[]]
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
