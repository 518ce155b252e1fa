// What became of the events of a webhook, and how one is sent again.
import { scopeOf } from '../../core/access.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import { isId } from '../../core/id-form.ts'
import { parseInput } from '../../core/input.ts'
import { readAll } from '../../core/read-all.ts'
import type { Page } from '../../core/shapes/page.ts'
import {
  type Delivery,
  type ListDeliveriesInput,
  listDeliveriesSchema,
  type Webhooks,
} from '../../core/shapes/webhooks.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { dueFirst, findDelivery, moveWebhook, readDeliverySlice } from '../../store/deliveries.ts'
import { enqueueJob } from '../../store/jobs.ts'
import { findPlace } from '../../store/webhook-log.ts'
import { deliveryJob } from '../../store/webhooks.ts'
import { checkOptions } from '../calls.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { logOf } from './delivery.ts'
import { getWebhookRow, requireWebhook, toDelivery, unknownDelivery, writeWebhooks } from './rules.ts'

type DeliveryMethods = Pick<Webhooks<ActorOptions>, 'listDeliveries' | 'listAllDeliveries' | 'retryDelivery'>

/** Makes the methods on deliveries of an open Latchkey. */
export function deliveryMethods(engine: Engine, { wake }: { wake(): void }): DeliveryMethods {
  return {
    listDeliveries: async (id, input, options) => listDeliveries(engine, id, input, checkOptions(options)),
    listAllDeliveries: (id, input, options) => {
      const checked = checkOptions(options)
      return readAll((page) => listDeliveries(engine, id, page, checked), input ?? {})
    },
    retryDelivery: async (id, deliveryId, options) => {
      const delivery = await retryDelivery(engine, id, deliveryId, checkOptions(options))
      wake()
      return delivery
    },
  }
}

async function listDeliveries(
  engine: Engine,
  id: string,
  input: ListDeliveriesInput = {},
  options: CommandOptions = {},
): Promise<Page<Delivery>> {
  const { state, limit, after } = parseInput(listDeliveriesSchema, input)
  const actor = actorOf(options)
  const turn = turnOf(actor, options)
  const { id: webhookId } = await engine.store.read((db) => getWebhookRow(db, id, scopeOf(actor)), turn)
  return readPage(
    engine,
    {
      ...({ name: 'deliveries', type: 'number', limit, after, turn } as const),
      read: (db, position, bounds) => readDeliverySlice(db, { webhookId, state, after: position }, bounds),
    },
    (row) => toDelivery(row, actor),
  )
}

async function retryDelivery(
  engine: Engine,
  id: string,
  deliveryId: string,
  options: CommandOptions,
): Promise<Delivery> {
  const actor = actorOf(options)
  const requirements = { permission: writeWebhooks, signal: options.signal } as const
  return engine.commit(actor, requirements, async (change) => {
    const { tx, now, record } = change
    const webhook = await requireWebhook(change, id)
    const place = isId(deliveryId) ? await findPlace(tx, logOf(webhook), deliveryId) : undefined
    const row = place === undefined ? undefined : await findDelivery(tx, id, place)
    if (row === undefined) throw unknownDelivery()
    await dueFirst(tx, row, now)
    // Whoever asks for it wants to see what comes of it, however the receiver has failed.
    if (webhook.paused_until !== null) await moveWebhook(tx, id, { paused_until: null })
    await enqueueJob(tx, deliveryJob(webhook.id, webhook.organization_id), engine.at())
    record({
      action: 'webhook.retried',
      organizationId: webhook.organization_id,
      changes: { webhookId: id, deliveryId },
    })
    return toDelivery({ ...row, state: 'pending', next_at: now }, actor)
  })
}
