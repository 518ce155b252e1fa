// What a server does with organizations: each method and the call behind it.
import type { ListOrganizationsInput, Organization, Organizations } from '../../core/shapes/organizations.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { bring, change, checkOptions, create, edit, listMethods } from './calls.ts'

const path = '/v1/organizations'
const pathOf = (id: string) => `${path}/${pathSegment(id)}`

/** Makes the methods on organizations of a client. */
export function organizationMethods(requester: Requester): Organizations<CallOptions> {
  const { send } = requester
  return {
    ...listMethods<ListOrganizationsInput, Organization>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    get: async (id, options) => send('GET', pathOf(id), { options: checkOptions(options) }),
    update: async (id, body, options) => edit(requester, pathOf(id), body, options),
    suspend: async (id, body = {}, options) => bring(requester, `${pathOf(id)}/suspend`, body, options),
    resume: async (id, options) => bring(requester, `${pathOf(id)}/resume`, undefined, options),
    addUnits: async (id, name, body, options) =>
      change(requester, `${pathOf(id)}/limits/${pathSegment(name)}/units`, body, options),
  }
}
