// What a server does with keys: each method and the call behind it.
import type { ListKeysInput } from '../../core/shapes/key-lists.ts'
import type { PermissionUse } from '../../core/shapes/key-permissions.ts'
import type { Key, Keys } from '../../core/shapes/keys.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import {
  bring,
  change,
  changeMany,
  checkOptions,
  create,
  edit,
  end,
  endSelf,
  listMethods,
  rotate,
  withdrawFor,
} from './calls.ts'

const path = '/v1/keys'
const childrenPath = `${path}/self/children`
const prefixesPath = '/v1/prefixes'
const cataloguePath = '/v1/permissions'
const pathOf = (id: string) => `${path}/${pathSegment(id)}`

/** Makes the methods on keys of a client. */
export function keyMethods(requester: Requester): Keys<CallOptions> {
  const { send, readPage } = requester
  return {
    ...listMethods<ListKeysInput, Key>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    derive: async (body, options) => create(requester, childrenPath, body, options),
    listChildren: async (id, input = {}, options) =>
      readPage<Key>(`${pathOf(id)}/children`, input, checkOptions(options)),
    revokeChild: async (id, options) => end(requester, `${childrenPath}/${pathSegment(id)}`, options),
    get: async (id, options) => {
      const { secretsAfter, ...rest } = checkOptions(options, ['timeoutMs', 'signal', 'secretsAfter']) ?? {}
      return send('GET', pathOf(id) + secretsQuery(secretsAfter), { options: rest })
    },
    import: async (body, options) =>
      send('POST', `${path}/import`, { body, repeatable: true, options: checkOptions(options) }),
    listRecipes: async (options) => send('GET', `${path}/recipes`, { options: checkOptions(options) }),
    self: async (options) => send('GET', `${path}/self`, { options: checkOptions(options) }),
    listPrefixes: async (options) => send('GET', prefixesPath, { options: checkOptions(options) }),
    setPrefixes: async (body, options) =>
      send('PATCH', prefixesPath, { body, repeatable: true, options: checkOptions(options) }),
    listCatalogue: async (options) => send('GET', cataloguePath, { options: checkOptions(options) }),
    describePermissions: async (body, options) =>
      send('PATCH', cataloguePath, { body, repeatable: true, options: checkOptions(options) }),
    listPermissions: async (input = {}, options) =>
      (await readPage<PermissionUse>(`${path}/permissions`, input, checkOptions(options))).items,
    readPermissions: async (id, options) =>
      send('GET', `${pathOf(id)}/permissions`, { options: checkOptions(options) }),
    readPlaces: async (id, options) =>
      send('GET', `${pathOf(id)}/places`, { options: checkOptions(options) }),
    forgetPlaces: async (id, options) => {
      await send('DELETE', `${pathOf(id)}/places`, { repeatable: true, options: checkOptions(options) })
    },
    preview: async (id, body, options) =>
      send('POST', `${pathOf(id)}/preview`, { body, options: checkOptions(options) }),
    update: async (id, body, options) => edit(requester, pathOf(id), body, options),
    bulk: async (body, options) => changeMany(requester, `${path}/bulk`, body, options),
    rotate: async (id, body = {}, options) => rotate(requester, `${pathOf(id)}/rotate`, body, options),
    endSecret: async (id, kid, options) =>
      end(requester, `${pathOf(id)}/secrets/${pathSegment(kid)}`, options),
    addUnits: async (id, name, body, options) =>
      change(requester, `${pathOf(id)}/limits/${pathSegment(name)}/units`, body, options),
    suspend: async (id, body = {}, options) => bring(requester, `${pathOf(id)}/suspend`, body, options),
    resume: async (id, options) => bring(requester, `${pathOf(id)}/resume`, undefined, options),
    revoke: async (id, options) => withdrawFor(requester, pathOf(id), options),
    revokeSelf: async (options) => endSelf(requester, `${path}/self/revoke`, options),
    clearExposure: async (id, options) => {
      await send('DELETE', `${pathOf(id)}/exposure`, { repeatable: true, options: checkOptions(options) })
    },
  }
}

function secretsQuery(after: string | undefined): string {
  return after === undefined ? '' : `?${new URLSearchParams({ secrets_after: after })}`
}
