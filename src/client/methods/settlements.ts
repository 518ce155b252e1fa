// How a server settles what a verification has reserved.
import type { Settling } from '../../core/shapes/settlements.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** Makes the method of a client that settles: once is enough, and again is safe. */
export function settlementMethods({ send }: Requester): Settling<CallOptions> {
  return {
    settle: async (reservation, cost, options) => {
      const body = { reservation, cost }
      return send('POST', '/v1/settlements', { body, repeatable: true, options: checkOptions(options) })
    },
  }
}
