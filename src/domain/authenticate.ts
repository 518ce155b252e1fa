// The caller of a token, for everything that takes one.

import { callerOf, type KeyCaller } from '../core/actor.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { Memory } from '../verification/read-through.ts'
import { findKid, verify } from '../verification/verify.ts'

/** Where a request came from, for the audit log. */
export interface Origin extends RequestParts {
  requestId?: string | undefined
  ip?: string | undefined
}

/**
 * Finds the caller of a token; undefined if the token is not valid. That of another system holds no permission here: it may do
 * what any key may. Throws `store_unavailable`.
 */
export async function authenticate(
  memory: Memory,
  token: string,
  origin: Origin = {},
): Promise<KeyCaller | undefined> {
  const { ip, userAgent, method, target } = origin
  const asker = { ip, userAgent, method, target, purpose: 'management' } as const
  const verdict = await verify(memory, token, {}, asker)
  const kid = verdict.valid ? await findKid(memory, token, asker) : undefined
  return verdict.valid && kid !== undefined ? callerOf(verdict, kid, origin) : undefined
}
