// What a server does with the sessions of the calling key. A session begins in a browser, which keeps it in a cookie: a
// client has the token itself and no use for one.
import type { Sessions } from '../../core/shapes/sessions.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

const path = '/v1/sessions'

/** Makes the methods on sessions of a client. */
export function sessionMethods({ send }: Requester): Sessions<CallOptions> {
  return {
    list: async (options) => send('GET', path, { options: checkOptions(options) }),
    // Never sent twice: of a session that has ended, the server knows nothing any more.
    end: async (id, options) => {
      await send('DELETE', `${path}/${pathSegment(id)}`, { options: checkOptions(options) })
    },
  }
}
