// The turn in which a caller's work is done: its organization's, and among those its key's.

import type { Caller, ReadOptions } from '../core/schemas.ts'
import type { Turn } from './fair-line.ts'

/** Gives the turn of a caller; the process itself, which has none, takes turns like any other. */
export function turnOf(caller: Caller | undefined, { signal }: ReadOptions = {}): Turn {
  return { organizationId: caller?.organizationId ?? '', keyId: caller?.keyId ?? '', signal }
}
