// What a server does with policies: each method and the call behind it.
import type { Policies } from '../../core/shapes/policies.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions, replace, withdraw } from './calls.ts'

const path = '/v1/policy'
const pathOf = (organizationId: string) => `/v1/organizations/${pathSegment(organizationId)}/policy`

/** Makes the methods on policies of a client. */
export function policyMethods(requester: Requester): Policies<CallOptions> {
  const { send } = requester
  return {
    get: async (options) => send('GET', path, { options: checkOptions(options) }),
    set: async (body, options) => replace(requester, path, body, options),
    getFor: async (id, options) => send('GET', pathOf(id), { options: checkOptions(options) }),
    setFor: async (id, body, options) => replace(requester, pathOf(id), body, options),
    deleteFor: async (id, options) => withdraw(requester, pathOf(id), options),
  }
}
