// What a server does with webhooks: each method and the call behind it.
import { readAll } from '../../core/read-all.ts'
import type { Delivery, ListWebhooksInput, Webhook, Webhooks } from '../../core/shapes/webhooks.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions, create, edit, listMethods, rotate, withdraw } from './calls.ts'

const path = '/v1/webhooks'
const pathOf = (id: string) => `${path}/${pathSegment(id)}`

/** Makes the methods on webhooks of a client. */
export function webhookMethods(requester: Requester): Webhooks<CallOptions> {
  const { send, readPage } = requester
  const deliveriesOf = (id: string) => `${pathOf(id)}/deliveries`
  return {
    ...listMethods<ListWebhooksInput, Webhook>(requester, path),
    create: async (body, options) => create(requester, path, body, options),
    get: async (id, options) => send('GET', pathOf(id), { options: checkOptions(options) }),
    update: async (id, body, options) => edit(requester, pathOf(id), body, options),
    delete: async (id, options) => withdraw(requester, pathOf(id), options),
    rotate: async (id, body, options) => rotate(requester, `${pathOf(id)}/rotate`, body ?? {}, options),
    test: async (id, options) => send('POST', `${pathOf(id)}/test`, { options: checkOptions(options) }),
    replay: async (id, body, options) =>
      send('POST', `${pathOf(id)}/replay`, { body, options: checkOptions(options) }),
    listDeliveries: async (id, input, options) =>
      readPage<Delivery>(deliveriesOf(id), input ?? {}, checkOptions(options)),
    listAllDeliveries: (id, input, options) => {
      const checked = checkOptions(options)
      return readAll((page) => readPage<Delivery>(deliveriesOf(id), page, checked), { ...input })
    },
    retryDelivery: async (id, deliveryId, options) =>
      send('POST', `${deliveriesOf(id)}/${pathSegment(deliveryId)}/retry`, {
        options: checkOptions(options),
      }),
  }
}
