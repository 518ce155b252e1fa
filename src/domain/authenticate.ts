// The caller of a token, for everything that takes one.

import { type Caller, callerOf } from '../core/actor.ts'
import { shownKidOf } from '../core/token.ts'
import type { Memory } from '../verification/read-through.ts'
import { verify } from '../verification/verify.ts'

/** Where a request came from, for the audit log. */
export interface Origin {
  requestId?: string | undefined
  ip?: string | undefined
}

/** Finds the caller of a token; undefined if the token is not valid. Throws `store_unavailable`. */
export async function authenticate(
  memory: Memory,
  token: string,
  origin: Origin = {},
): Promise<Caller | undefined> {
  const verdict = await verify(memory, token, {}, { ip: origin.ip, purpose: 'management' })
  // A token of another system holds no permission here to act with.
  const kid = verdict.valid ? shownKidOf(token) : undefined
  return verdict.valid && kid !== undefined ? callerOf(verdict, kid, origin) : undefined
}
