// From where a key is called.
import { z } from 'zod'
import { instant } from '../fields.ts'

/** How many callers of a secret an answer has at most. */
export const maxCallers = 200

const callerExample = {
  kid: '4kTz9WqLm2Xc7RbN',
  ip: '192.0.2.7',
  client: 'curl',
  firstSeenOn: '2026-01-31',
  lastSeenAt: new Date('2026-02-01T08:30:00Z'),
  calls: 1203,
}

const callerSchema = z
  .strictObject({
    kid: z.string().meta({ description: 'The secret that they call with.' }),
    ip: z.string().nullable().meta({ description: 'The address, or its network; null if not known.' }),
    client: z.string().nullable().meta({
      description: 'The kind of client, by its user agent, such as `curl` or `Firefox`; null if not known.',
    }),
    firstSeenOn: z
      .string()
      .meta({ description: 'The day of the first of these calls, by UTC.', format: 'date' }),
    lastSeenAt: instant.meta({ description: 'When the last one was.' }),
    calls: z.int().meta({ description: 'How many calls there were, refused ones included.' }),
  })
  .meta({
    id: 'KeyCaller',
    examples: [callerExample],
  })

export const keyPlacesSchema = z
  .strictObject({
    callers: z.array(callerSchema).meta({
      description: `The callers, the last seen ones first: at most ${maxCallers} of a secret.`,
    }),
    complete: z.boolean().meta({
      description:
        'Whether these are all: false if there were too many, or calls of which no place is known.',
    }),
  })
  .meta({
    id: 'KeyPlaces',
    examples: [
      {
        callers: [callerExample],
        complete: true,
      },
    ],
  })

/** From where a key is called, as far as that is kept. */
export interface KeyPlaces extends z.infer<typeof keyPlacesSchema> {}
