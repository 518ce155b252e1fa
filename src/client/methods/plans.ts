// What a server does with plans: each method and the call behind it.
import type { ListPlansInput, Plan, Plans } from '../../core/shapes/plans.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions, create, edit, listMethods, withdraw } from './calls.ts'

const path = '/v1/plans'
const pathOf = (name: string) => `${path}/${pathSegment(name)}`

/** Makes the methods on plans of a client. */
export function planMethods(requester: Requester): Plans<CallOptions> {
  const { send } = requester
  return {
    ...listMethods<ListPlansInput, Plan>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    get: async (name, options) => send('GET', pathOf(name), { options: checkOptions(options) }),
    update: async (name, body, options) => edit(requester, pathOf(name), body, options),
    delete: async (name, options) => withdraw(requester, pathOf(name), options),
  }
}
