// What a server does with portal sessions: each method and the call behind it. The calls under `/v1/portal/` are for the page of such
// a session, which has a token of its own: a client has none, and no method for them.
import type {
  ListPortalSessionsInput,
  PortalSession,
  PortalSessions,
} from '../../core/shapes/portal-sessions.ts'
import { refusedOption } from '../errors.ts'
import { type CallOptions, pathSegment, type Requester, toQuery } from '../request/request.ts'
import { checkOptions, create, listMethods } from './calls.ts'

const path = '/v1/portal-sessions'

/** Makes the methods on portal sessions of a client. What ends sessions is safe to repeat. */
export function portalSessionMethods(requester: Requester): PortalSessions<CallOptions> {
  const end = async (address: string, options: CallOptions | undefined) => {
    await requester.send('DELETE', address, { repeatable: true, options })
  }
  return {
    ...listMethods<ListPortalSessionsInput, PortalSession>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    end: async (id, options) => end(`${path}/${pathSegment(id)}`, checkOptions(options)),
    endAll: async (input, options) => {
      const checked = checkOptions(options)
      // A program whose variable is empty would end everybody's sessions.
      if ('userId' in input && input.userId === undefined)
        throw refusedOption({ path: 'userId', message: 'Is undefined.' })
      return end(path + toQuery(input), checked)
    },
    forgetUser: async (organizationId, userId, options) => {
      const checked = checkOptions(options)
      return end(`/v1/portal-users/${pathSegment(organizationId)}/${pathSegment(userId)}`, checked)
    },
  }
}
