// How leaked tokens are reported to a server.
import type { Leaks } from '../../core/shapes/leaks.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** Makes the methods on leaks of a client: once is enough, and again is safe. */
export function leakMethods({ send }: Requester): Leaks<CallOptions> {
  return {
    report: async (body, options) => {
      await send('POST', '/v1/leaks', { body, repeatable: true, options: checkOptions(options) })
    },
    find: async (body, options) =>
      send('POST', '/v1/leaks/known', { body, repeatable: true, options: checkOptions(options) }),
  }
}
