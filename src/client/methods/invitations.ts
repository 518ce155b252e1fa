// What a server does with invitations: each method and the call behind it.
import type { Invitation, Invitations, ListInvitationsInput } from '../../core/shapes/invitations.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions, create, listMethods } from './calls.ts'

const path = '/v1/invitations'
const pathOf = (id: string) => `${path}/${pathSegment(id)}`

/** Makes the methods on invitations of a client. */
export function invitationMethods(requester: Requester): Invitations<CallOptions> {
  const { send } = requester
  return {
    ...listMethods<ListInvitationsInput, Invitation>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    get: async (id, options) => send('GET', pathOf(id), { options: checkOptions(options) }),
    renew: async (id, options) => send('POST', `${pathOf(id)}/renew`, { options: checkOptions(options) }),
    revoke: async (id, options) => {
      await send('DELETE', pathOf(id), { repeatable: true, options: checkOptions(options) })
    },
  }
}
