// What a server does with members: each method and the call behind it.
import type { ListMembersInput, Member, Members } from '../../core/shapes/members.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { bring, checkOptions, edit, listMethods, remove } from './calls.ts'

const path = '/v1/members'
const pathOf = (id: string) => `${path}/${pathSegment(id)}`

/** Makes the methods on members of a client. */
export function memberMethods(requester: Requester): Members<CallOptions> {
  const { send } = requester
  return {
    ...listMethods<ListMembersInput, Member>(requester, path),
    get: async (id, options) => send('GET', pathOf(id), { options: checkOptions(options) }),
    self: async (options) => send('GET', `${path}/self`, { options: checkOptions(options) }),
    update: async (id, body, options) => edit(requester, pathOf(id), body, options),
    suspend: async (id, body = {}, options) => bring(requester, `${pathOf(id)}/suspend`, body, options),
    resume: async (id, options) => bring(requester, `${pathOf(id)}/resume`, undefined, options),
    reset: async (id, body = {}, options) =>
      send('POST', `${pathOf(id)}/reset`, { body, options: checkOptions(options) }),
    remove: async (id, options) => remove(requester, pathOf(id), options),
    erase: async (id, options) =>
      send('POST', `${pathOf(id)}/erase`, { repeatable: true, options: checkOptions(options) }),
    updateOwnIdentity: async (id, body, options) => {
      const at = `${path}/self/identities/${pathSegment(id)}`
      return send('PATCH', at, { body, repeatable: true, options: checkOptions(options) })
    },
    removeOwnIdentity: async (id, options) => {
      const from = `${path}/self/identities/${encodeURIComponent(id)}`
      await send('DELETE', from, { options: checkOptions(options) })
    },
  }
}
