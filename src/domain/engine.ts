// What every command of the library works with: the store, and the few things that tests replace.
import type { ChangeLines } from '../commit/change-lines.ts'
import type { Commit } from '../commit/commit.ts'
import type { RandomSource } from '../core/token.ts'
import type { Store } from '../store/store.ts'
import type { Memory } from '../verification/read-through.ts'
import type { Creations } from './keys/creations.ts'
import type { SessionReads } from './sessions/reads.ts'
import type { SignInLimit } from './sessions/sign-in-limit.ts'

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
