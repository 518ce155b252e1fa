// Reservations of a verifier: only the server has the keys that sign them, so it draws what is to be reserved itself.
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { unsupported } from './failures.ts'

/**
 * Asks the server for a verdict with a reservation. Memory has found the call valid before: what it refuses reaches no
 * server. It is never repeated, because what a lost answer has reserved would be reserved twice.
 */
export async function reserve(
  server: Requester,
  token: string,
  { permissions, prefix, cost, reserveSeconds, context, signal }: VerifyOptions & Pick<CallOptions, 'signal'>,
): Promise<Verdict> {
  const asked = { permissions, prefix, cost, reserveSeconds, context }
  const given = Object.entries(asked).filter(([, value]) => value !== undefined)
  const body = { key: token, ...Object.fromEntries(given) }
  try {
    return await server.send<Verdict>('POST', '/v1/keys/verify', { body, options: { signal } })
  } catch (error) {
    throw unsupported(error, server.url)
  }
}

/** Whether a call that would reserve has anything to reserve from. */
export function hasLimits(verdict: Verdict): boolean {
  return verdict.valid && verdict.limits !== undefined && verdict.limits.length > 0
}
