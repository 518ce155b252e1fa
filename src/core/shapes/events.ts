// Events as they are followed: in the order of a sealed log, from any of them on.
import { z } from 'zod'
import { maxEventsPage, maxEventTypes, maxWaitSeconds } from '../bounds.ts'
import { organizationIdSchema } from '../fields.ts'
import { auditEventSchema } from './audit.ts'
import type { CallOptions } from './calls.ts'
import { eventPattern } from './event-patterns.ts'

const ofPage = `Must be a whole number from 1 to ${maxEventsPage}.`
const ofWait = `Must be a whole number from 0 to ${maxWaitSeconds}.`

export const readEventsSchema = z.strictObject({
  organizationId: organizationIdSchema.optional().meta({
    description:
      "Only events of this organization, by its `sequence`. The caller's own if absent; all, by their `position`, for the root organization.",
  }),
  after: z
    .string({ error: 'Must be a cursor, or the number of an event.' })
    .regex(
      /^(?:[0-9a-f]{12}\.)?(?:0|[1-9]\d{0,14})$/,
      'Must be a cursor of an earlier answer, or the number of an event.',
    )
    .optional()
    .meta({
      description:
        'Only events behind this one: a `cursor` of an earlier answer, or a number. From the beginning if absent.',
    }),
  types: z
    .array(eventPattern, { error: 'Must be a list of actions.' })
    .max(maxEventTypes, `Must be at most ${maxEventTypes}.`)
    .optional()
    .meta({
      description: 'Only events of these actions, such as `key.created`, or groups of them, such as `key.*`.',
    }),
  limit: z
    .int(ofPage)
    .min(1, ofPage)
    .max(maxEventsPage, ofPage)
    .default(maxEventsPage)
    .meta({ description: 'Maximum number of events.' }),
  waitSeconds: z
    .int(ofWait)
    .min(0, ofWait)
    .max(maxWaitSeconds, ofWait)
    .default(0)
    .meta({ description: 'How long to wait for an event if there is none yet.' }),
})

export const logEventSchema = auditEventSchema
  .extend({
    sequence: z
      .int()
      .meta({ description: 'The number of the event among those of its organization, without gaps.' }),
    position: z.int().nullable().meta({
      description: 'Its number among the events of all organizations: for root keys; null for others.',
    }),
    cursor: z.string().meta({ description: 'What to give as `after` to go on behind this event.' }),
  })
  .meta({
    id: 'LogEvent',
    examples: [
      {
        id: '0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
        at: new Date('2026-01-31T12:00:00Z'),
        action: 'key.revoked',
        actor: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
        actorType: 'key',
        organizationId: 'acme',
        keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
        changes: { revoked_at: '2026-03-01T09:00:00.000Z' },
        requestId: '3f0c9f0e-6f1a-4f0b-8a57-0d0c5c1e2b11',
        ip: '203.0.113.7',
        isErased: false,
        sequence: 42,
        via: null,
        position: null,
        cursor: '58f0d3a1b27c.42',
      },
    ],
  })

export const eventsPageSchema = z
  .strictObject({
    events: z.array(logEventSchema).meta({ description: 'The next events, in their order.' }),
    cursor: z.string().meta({ description: 'What to give as `after` next, also if there was no event.' }),
  })
  .meta({ id: 'EventsPage', examples: [{ events: [], cursor: '58f0d3a1b27c.42' }] })

/** Which events are read, and how long to wait for one. */
export interface ReadEventsInput extends z.input<typeof readEventsSchema> {}
/** An event with its place in the log. */
export interface LogEvent extends z.infer<typeof logEventSchema> {}
/** The next events, and where to go on. */
export interface EventsPage {
  /** The next events, in their order. */
  events: LogEvent[]
  /** What to give as `after` next, also if there was no event. */
  cursor: string
}

/** What can be asked of the events of a log. */
export interface Events<Options extends CallOptions = CallOptions> {
  /** Reads the next events, and waits for one if asked to. Throws `invalid_input`, `cursor_gone`, `too_many_streams`. */
  read(input?: ReadEventsInput, options?: Options): Promise<EventsPage>
  /** Iterates over the events from `after` on, and waits for further ones without end; a signal ends it. */
  follow(input?: ReadEventsInput, options?: Options): AsyncIterable<LogEvent>
}
