// The calls on webhooks, and on what became of each event.
import { z } from 'zod'
import { changeDoneSchema, waitSchema } from '../../core/shapes/calls.ts'
import {
  changedWebhookSchema,
  createdWebhookSchema,
  createWebhookSchema,
  deliverySchema,
  listDeliveriesSchema,
  listWebhooksSchema,
  replayWebhookSchema,
  rotatedWebhookSchema,
  rotateWebhookSchema,
  updateWebhookSchema,
  webhookSchema,
  webhookTestSchema,
} from '../../core/shapes/webhooks.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { done, edit, making, tagged } from './applied.ts'

const tag = 'Webhooks'

export const webhookRoutes = [
  route({
    method: 'POST',
    path: '/v1/webhooks',
    operationId: 'createWebhook',
    tag,
    summary: 'Create a webhook',
    description:
      'Events are posted to its URL from now on, signed as Standard Webhooks has it. The answer is the only one that contains the secret. An organization has at most 20.',
    access: 'latchkey:webhooks:write',
    body: createWebhookSchema,
    answers: [
      {
        status: 200,
        description: 'The webhook, with its secret.',
        schema: createdWebhookSchema,
        headers: ['ETag'],
      },
    ],
    problems: ['organization_not_found', 'too_many_webhooks', 'keyring_missing', 'webhook_not_found'],
    once: true,
    handle: async (call) => tagged(await call.parts.latchkey.webhooks.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/webhooks',
    operationId: 'listWebhooks',
    tag,
    summary: 'List webhooks',
    description: "The oldest first: those of the caller's organization; all for the root organization.",
    access: 'latchkey:webhooks:read',
    query: listWebhooksSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(webhookSchema), headers: ['Link'] }],
    problems: ['organization_not_found', 'too_many_reads'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.webhooks.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/webhooks/{id}',
    operationId: 'getWebhook',
    tag,
    summary: 'Get a webhook',
    description: 'Tells whether its receiver takes what is sent.',
    access: 'latchkey:webhooks:read',
    answers: [{ status: 200, description: 'The webhook.', schema: webhookSchema, headers: ['ETag'] }],
    problems: ['webhook_not_found', 'too_many_reads'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      tagged(await latchkey.webhooks.get(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/webhooks/{id}',
    operationId: 'updateWebhook',
    tag,
    summary: 'Change a webhook',
    description:
      'Changes the given fields and keeps the rest. `enabled` stops it, or lets it go on: from where it stopped, 30 days back at most, or with what comes now.',
    access: 'latchkey:webhooks:write',
    query: waitSchema,
    body: updateWebhookSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The webhook.', schema: changedWebhookSchema, headers: ['ETag'] }],
    problems: ['webhook_not_found'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.webhooks.update(call.params.id, call.body, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/webhooks/{id}',
    operationId: 'deleteWebhook',
    tag,
    summary: 'Delete a webhook',
    description: 'Nothing more is sent, and what was not delivered is forgotten.',
    access: 'latchkey:webhooks:write',
    query: waitSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'It is deleted.', schema: changeDoneSchema }],
    problems: ['webhook_not_found'],
    handle: async (call) =>
      edit(call, (options) => done(call.parts.latchkey.webhooks.delete(call.params.id, options))),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/{id}/rotate',
    operationId: 'rotateWebhook',
    tag,
    summary: 'Rotate the secret of a webhook',
    description:
      'For `grace_seconds` each message has two signatures, one by the old secret and one by the new. The answer is the only one that contains the new secret. The body is optional.',
    access: 'latchkey:webhooks:write',
    query: waitSchema,
    body: rotateWebhookSchema,
    bodyOptional: true,
    ifMatch: true,
    answers: [
      {
        status: 200,
        description: 'The webhook, with its new secret.',
        schema: rotatedWebhookSchema,
        headers: ['ETag'],
      },
    ],
    problems: ['webhook_not_found', 'keyring_missing', 'unsealable'],
    once: true,
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.webhooks.rotate(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/{id}/test',
    operationId: 'testWebhook',
    tag,
    summary: 'Send a test message',
    description:
      'Sends a message of the type `webhook.test` once, and waits up to 15 seconds for what becomes of it.',
    access: 'latchkey:webhooks:write',
    answers: [{ status: 200, description: 'What became of it.', schema: webhookTestSchema }],
    problems: ['webhook_not_found', 'too_many_tests', 'keyring_missing', 'unsealable', 'too_many_reads'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      json(await latchkey.webhooks.test(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/{id}/replay',
    operationId: 'replayWebhook',
    tag,
    summary: 'Send events once more',
    description:
      'All of its events since an instant, 30 days back at most, under the same ids. One that is disabled sends them once it is enabled.',
    access: 'latchkey:webhooks:write',
    body: replayWebhookSchema,
    answers: [{ status: 200, description: 'The webhook.', schema: webhookSchema, headers: ['ETag'] }],
    problems: ['webhook_not_found'],
    handle: async ({ parts: { latchkey }, params, body, caller }) =>
      tagged(await latchkey.webhooks.replay(params.id, body, { actor: caller })),
  }),
  route({
    method: 'GET',
    path: '/v1/webhooks/{id}/deliveries',
    operationId: 'listDeliveries',
    tag,
    summary: 'List deliveries',
    description:
      'What became of each event that was tried, the newest event first. Those that were delivered or given up are kept for 30 days.',
    access: 'latchkey:webhooks:read',
    query: listDeliveriesSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(deliverySchema), headers: ['Link'] }],
    problems: ['webhook_not_found', 'too_many_reads'],
    handle: (call) =>
      answerPage(call, (options) =>
        call.parts.latchkey.webhooks.listDeliveries(call.params.id, call.query, options),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/{id}/deliveries/{delivery_id}/retry',
    operationId: 'retryDelivery',
    tag,
    summary: 'Send an event again',
    description:
      'Now, whatever became of it: the same message, under the same id. One of a disabled webhook waits until that is enabled.',
    access: 'latchkey:webhooks:write',
    answers: [{ status: 200, description: 'The delivery, which is tried again.', schema: deliverySchema }],
    problems: ['webhook_not_found', 'delivery_not_found'],
    handle: async ({ parts: { latchkey }, params, caller }) =>
      json(await latchkey.webhooks.retryDelivery(params.id, params.delivery_id, { actor: caller })),
  }),
]
