// Webhooks: to where events are sent, and what became of each.
import { z } from 'zod'
import { creatorTypeSchema, instant, instantInput, organizationIdSchema, text } from '../fields.ts'
import { type CallOptions, type Changed, type Done, type EditOptions, revision, waited } from './calls.ts'
import { eventPattern } from './event-patterns.ts'
import { type List, type Page, pageFields } from './page.ts'

/** At most so many an organization has. */
export const maxWebhooks = 20
/** For so long the secret before a rotation signs too, at most. */
const maxGraceSeconds = 7 * 86_400
/** Replays and starts from where it stopped go back so far. */
export const maxReplayDays = 30

const url = z
  .string({ error: 'Must be a URL, such as https://example.com/webhooks.' })
  .min(1, 'Must be a URL, such as https://example.com/webhooks.')
  .max(2_048, 'Must be at most 2048 characters long.')
  // A URL is read without them, or with others in their place: what is shown would not be where it leads.
  .refine(
    (value) => !/[\p{C}\s\\]/u.test(value),
    'Must not contain spaces, backslashes or invisible characters.',
  )
  .meta({
    description: 'To where events are posted: `https://`, and an address that everybody can reach.',
    example: 'https://example.com/webhooks',
  })
const events = z
  .array(eventPattern, { error: 'Must be a list of events.' })
  .min(1, 'Must name at least one event, such as key.*.')
  .max(64, 'Must have at most 64 events.')
  .transform((list) => [...new Set(list)])
  .meta({
    description: 'Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`.',
    example: ['key.*'],
  })
const description = text(256)
  .nullable()
  .meta({ description: 'What it is for, for people; null if nobody said.' })

export const createWebhookSchema = z
  .strictObject({
    url,
    events,
    description: description.default(null),
    organizationId: organizationIdSchema.optional().meta({
      description:
        "The organization that owns it. The caller's own if absent; only a key of the root organization may name another.",
    }),
    sourceOrganizationId: organizationIdSchema.nullish().meta({
      description:
        'For one of the root organization: it sends the events of this organization alone; those of all if null.',
    }),
  })
  .meta({
    id: 'CreateWebhook',
    examples: [{ url: 'https://example.com/webhooks', events: ['key.*'], organizationId: 'acme' }],
  })

export const updateWebhookSchema = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    enabled: z
      .boolean({ error: 'Must be true or false.' })
      .optional()
      .meta({ description: 'False stops it; true lets it go on.' }),
    resumeFrom: z.enum(['stopped', 'now'], { error: 'Must be stopped or now.' }).optional().meta({
      description:
        'From where one goes on that is enabled again: from where it stopped, 30 days back at most, or with what comes now. `stopped` if absent.',
    }),
  })
  .refine((update) => Object.values(update).some((value) => value !== undefined), {
    error: 'Must name at least one field to change.',
  })
  .refine(({ enabled, resumeFrom }) => resumeFrom === undefined || enabled === true, {
    path: ['resumeFrom'],
    error: 'Only with "enabled": true.',
  })
  .meta({ id: 'UpdateWebhook', examples: [{ enabled: true, resumeFrom: 'now' }], minProperties: 1 })

const { enabled: _, ...updatedFields } = updateWebhookSchema.shape

/** The fields of a change that are flags with a value; that it is enabled is a flag without one. */
export const updateWebhookFieldsSchema = z.strictObject(updatedFields)

export const rotateWebhookSchema = z
  .strictObject({
    graceSeconds: z
      .int({ error: 'Must be a whole number of seconds.' })
      .min(0, 'Must be at least 0.')
      .max(maxGraceSeconds, `Must be at most ${maxGraceSeconds}, which is 7 days.`)
      .default(86_400)
      .meta({ description: 'For how long the old secret signs too, in seconds; 0 after a leak.' }),
  })
  .meta({ id: 'RotateWebhook', examples: [{ graceSeconds: 86_400 }] })

export const replayWebhookSchema = z
  .strictObject({
    since: instantInput.meta({
      description:
        'All of its events since this instant are sent once more: 30 days back at most, and not in the future.',
    }),
  })
  .meta({ id: 'ReplayWebhook', examples: [{ since: '2026-01-31T12:00:00Z' }] })

export const listWebhooksSchema = z.strictObject({
  organizationId: organizationIdSchema.optional().meta({
    description:
      "Only those of this organization. The caller's own if absent; all for the root organization.",
  }),
  ...pageFields,
})

const deliveryStates = ['pending', 'delivered', 'failed'] as const

export const listDeliveriesSchema = z.strictObject({
  state: z
    .enum(deliveryStates, { error: `Must be one of ${deliveryStates.join(', ')}.` })
    .optional()
    .meta({ description: 'Only those in this state.' }),
  ...pageFields,
})

const webhookExample = {
  id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  organizationId: 'acme',
  sourceOrganizationId: null,
  url: 'https://example.com/webhooks',
  events: ['key.*'],
  description: null,
  status: 'active' as const,
  disabledAt: null,
  disabledReason: null,
  failingSince: null,
  lastDeliveredAt: new Date('2026-01-31T12:00:01Z'),
  pending: 0,
  graceEndsAt: null,
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'key',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  revision: '1769860800000',
}

export const webhookSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'Its id, a UUID.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization that owns it.' }),
    sourceOrganizationId: organizationIdSchema.nullable().meta({
      description:
        'The organization whose events it sends, if it is one of the root organization; null for its own, and for all.',
    }),
    url: z.string().meta({ description: 'To where events are posted.' }),
    events: z.array(z.string()).meta({ description: 'Which events are sent.' }),
    description,
    status: z.enum(['active', 'failing', 'disabled']).meta({
      description: '`failing` since the last delivery was none; `disabled` until somebody enables it.',
    }),
    disabledAt: instant.nullable().meta({ description: 'When it was disabled; null if it is not.' }),
    disabledReason: z.enum(['by_hand', 'gone', 'failing']).nullable().meta({
      description:
        'Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is not.',
    }),
    failingSince: instant
      .nullable()
      .meta({ description: 'Since when no delivery has succeeded; null if the last one did.' }),
    lastDeliveredAt: instant
      .nullable()
      .meta({ description: 'When a receiver last took an event; null if none ever did.' }),
    pending: z.int().meta({ description: 'How many events were tried and wait to be tried again.' }),
    graceEndsAt: instant.nullable().meta({
      description: 'Until when the secret before the last rotation signs too; null if it does not.',
    }),
    createdBy: z
      .string()
      .nullable()
      .meta({ description: 'The id of the key or member that created it; null for the operator.' }),
    createdByType: creatorTypeSchema,
    createdAt: instant.meta({ description: 'When it was created.' }),
    revision,
  })
  .meta({ id: 'Webhook', examples: [webhookExample] })

export const changedWebhookSchema = webhookSchema
  .extend(waited)
  .meta({ id: 'ChangedWebhook', examples: [webhookExample] })

export const createdWebhookSchema = webhookSchema
  .extend({
    secret: z.string().meta({
      description: 'What signs its messages, as Standard Webhooks has it. Only this answer contains it.',
    }),
  })
  .meta({
    id: 'CreatedWebhook',
    examples: [{ ...webhookExample, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=' }],
  })

const attemptFields = {
  httpStatus: z
    .int()
    .nullable()
    .meta({ description: 'The status of the answer to the last attempt; null if there was none.' }),
  error: z
    .string()
    .nullable()
    .meta({ description: 'Why there was no answer, or why it counts as a failure; null otherwise.' }),
  answer: z.string().nullable().meta({
    description:
      'The first 1,024 bytes of the answer, if they are text; null for callers without `latchkey:webhooks:write`.',
  }),
  durationMs: z
    .int()
    .nullable()
    .meta({ description: 'How long the last attempt took, in milliseconds; null before the first.' }),
}

const attemptExample = {
  httpStatus: 503,
  error: 'The receiver answered 503.',
  answer: 'busy',
  durationMs: 41,
}

export const deliverySchema = z
  .strictObject({
    id: z.guid().meta({
      description: 'The id of the event, and of the message: `webhook-id`, the same at each attempt.',
    }),
    type: z.string().meta({ description: 'What happened, such as `key.revoked`.' }),
    sequence: z.int().meta({
      description:
        'The number of the event in the log from which it is sent: of the organization, or of all.',
    }),
    state: z
      .enum(deliveryStates)
      .meta({ description: '`failed` after eight attempts, the last of them 32 hours after the first.' }),
    attempts: z.int().meta({ description: 'How often it was tried.' }),
    attemptedAt: instant
      .nullable()
      .meta({ description: 'When it was last tried; null before the first time.' }),
    nextAttemptAt: instant.nullable().meta({ description: 'When it is tried again; null if it is not.' }),
    ...attemptFields,
  })
  .meta({
    id: 'Delivery',
    examples: [
      {
        id: '0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
        type: 'key.revoked',
        sequence: 42,
        state: 'pending' as const,
        attempts: 1,
        attemptedAt: new Date('2026-01-31T12:00:01Z'),
        nextAttemptAt: new Date('2026-01-31T12:00:06Z'),
        ...attemptExample,
      },
    ],
  })

export const webhookTestSchema = z
  .strictObject({
    delivered: z.boolean().meta({ description: 'Whether the receiver took it: it answered 2xx.' }),
    ...attemptFields,
  })
  .meta({ id: 'WebhookTest', examples: [{ delivered: false, ...attemptExample }] })

export const rotatedWebhookSchema = createdWebhookSchema.extend(waited).meta({
  id: 'RotatedWebhook',
  examples: [{ ...webhookExample, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=' }],
})

/** A target to which events are sent. */
export interface Webhook extends z.infer<typeof webhookSchema> {}
/** A webhook with its secret, in the only answers that hold it: create and rotate. */
export interface CreatedWebhook extends z.infer<typeof createdWebhookSchema> {}
/** An event on its way to a receiver, or there. */
export interface Delivery extends z.infer<typeof deliverySchema> {}
/** What became of a message that was sent to see whether it arrives. */
export interface WebhookTest extends z.infer<typeof webhookTestSchema> {}
/** A webhook to make. */
export interface CreateWebhookInput extends z.input<typeof createWebhookSchema> {}
/** What to change of a webhook; a field that is absent stays as it is. */
export interface UpdateWebhookInput extends z.input<typeof updateWebhookSchema> {}
/** For how long the old secret signs too. */
export interface RotateWebhookInput extends z.input<typeof rotateWebhookSchema> {}
/** Since when events are sent once more. */
export interface ReplayWebhookInput extends z.input<typeof replayWebhookSchema> {}
/** Which webhooks are listed, the oldest first. */
export interface ListWebhooksInput extends z.input<typeof listWebhooksSchema> {}
/** Which deliveries of a webhook are listed, the newest event first. */
export interface ListDeliveriesInput extends z.input<typeof listDeliveriesSchema> {}

/** What can be done with webhooks. Every method on one throws `webhook_not_found`, for a foreign id too. */
export interface Webhooks<Options extends CallOptions = CallOptions>
  extends List<ListWebhooksInput, Webhook, Options> {
  /** Creates a webhook, which sends what happens from now on. Throws `invalid_input`, `too_many_webhooks`, `keyring_missing`. */
  create(input: CreateWebhookInput, options?: Options): Promise<CreatedWebhook>
  /** Reads a webhook. */
  get(id: string, options?: Options): Promise<Webhook>
  /** Changes the given fields and keeps the rest. Throws `invalid_input`, `precondition_failed`. */
  update<Given extends Options & EditOptions = Options>(
    id: string,
    input: UpdateWebhookInput,
    options?: Given,
  ): Promise<Changed<Webhook, Given>>
  /** Deletes a webhook, and what it has not delivered. Throws `precondition_failed`. */
  delete<Given extends Options & EditOptions = Options>(id: string, options?: Given): Promise<Done<Given>>
  /**
   * Gives it a new secret; the old one signs too for a while. Throws `precondition_failed`, `keyring_missing`, and `unsealable`
   * if the old one is to sign and cannot be opened.
   */
  rotate<Given extends Options & EditOptions = Options>(
    id: string,
    input?: RotateWebhookInput,
    options?: Given,
  ): Promise<Changed<CreatedWebhook, Given>>
  /** Sends a message of the type `webhook.test` now, once, and tells what became of it. Throws `keyring_missing`, `too_many_tests`. */
  test(id: string, options?: Options): Promise<WebhookTest>
  /** Sends all of its events since an instant once more. Throws `invalid_input`. */
  replay(id: string, input: ReplayWebhookInput, options?: Options): Promise<Webhook>
  /** Reads a page of its deliveries: what became of each event, the newest first. */
  listDeliveries(id: string, input?: ListDeliveriesInput, options?: Options): Promise<Page<Delivery>>
  /** Reads all of them, page by page. */
  listAllDeliveries(id: string, input?: ListDeliveriesInput, options?: Options): AsyncIterable<Delivery>
  /** Sends one again now, whatever became of it. Throws `delivery_not_found`. */
  retryDelivery(id: string, deliveryId: string, options?: Options): Promise<Delivery>
}
