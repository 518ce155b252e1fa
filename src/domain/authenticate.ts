// The caller of a token, for everything that takes one.

import { type Caller, callerOf } from '../core/actor.ts'
import { kidOf } from '../core/token.ts'
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
  return verdict.valid ? callerOf(verdict, kidOf(token), origin) : undefined
}
