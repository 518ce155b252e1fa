// How a server judges tokens: one, and many.
import type { Verdict, VerifyOptions, VerifyRequest } from '../../core/shapes/verification.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** Verification by the server. */
export interface Verification {
  /**
   * Verifies a token. A refusal is an answer, and an object: write `if (verdict.valid)`, never `if (verdict)`.
   */
  verify(token: string, options?: Omit<VerifyOptions, 'organizationId'> & CallOptions): Promise<Verdict>
  /** Verifies up to 1000 tokens at once. Returns the verdicts in the order of the requests. */
  verifyBatch(requests: readonly VerifyRequest[], options?: CallOptions): Promise<Verdict[]>
}

const questionNames = [
  'permissions',
  'prefix',
  'cost',
  'reserveSeconds',
  'context',
  'timeoutMs',
  'signal',
] as const

/** Makes the methods of a client that verify. */
export function verificationMethods({ send }: Requester): Verification {
  return {
    verify: async (key, question) => {
      const { permissions, prefix, cost, reserveSeconds, context, ...options } =
        checkOptions(question, questionNames) ?? {}
      const asked = { permissions, prefix, cost, reserveSeconds, context }
      const given = Object.entries(asked).filter(([, value]) => value !== undefined)
      const body = { key, ...Object.fromEntries(given) }
      // What names a cost would be drawn twice.
      const repeatable = cost === undefined && reserveSeconds === undefined
      return send('POST', '/v1/keys/verify', { body, repeatable, options })
    },
    verifyBatch: async (body, options) =>
      send('POST', '/v1/keys/verify/batch', { body, repeatable: true, options: checkOptions(options) }),
  }
}
