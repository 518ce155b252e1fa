// Erasure of what events tell. What is left of an event is its leaf, so that its log still verifies.
import { z } from 'zod'
import { maxErasedEvents } from '../bounds.ts'
import { instantInput, organizationIdSchema, text } from '../fields.ts'
import { pageFields } from './page.ts'

const keyId = z.guid('Must be a key id, which is a UUID.').optional()

const chosenBy = ['eventIds', 'organizationId', 'keyId', 'actor'] as const

export const eraseEventsSchema = z
  .strictObject({
    eventIds: z
      .array(z.guid('Must be the id of an event, which is a UUID.'), 'Must be a list of ids of events.')
      .min(1, 'Must have at least one id.')
      .max(maxErasedEvents, `Must have at most ${maxErasedEvents} ids.`)
      .optional()
      .meta({ description: 'These events.' }),
    organizationId: organizationIdSchema.optional().meta({ description: 'All events of this organization.' }),
    keyId: keyId.meta({ description: 'All events of changes to this key.' }),
    actor: text(256).optional().meta({
      description:
        'All events of changes by this key, member or user, by its id. With an organization, only of its events, and also those that name the user: of its sessions, and of the keys made for it.',
    }),
    before: instantInput
      .optional()
      .meta({ description: 'Only events before this instant. Needed unless the events are named.' }),
    after: pageFields.after.meta({ description: 'The `next` of the previous answer.' }),
  })
  .superRefine((input, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: path === '' ? [] : [path], message })
    const given = chosenBy.filter((name) => input[name] !== undefined)
    const isOfOne = given.join() === 'organizationId,actor'
    if (given.length !== 1 && !isOfOne)
      refuse(
        '',
        'Must say which events: by their ids, by an organization, by a key, by an actor, or by an organization and an actor.',
      )
    else if (given[0] !== 'eventIds' && input.before === undefined)
      refuse('before', 'Must be an instant: events from then on stay as they are.')
    else if (given[0] === 'eventIds' && input.before !== undefined)
      refuse('before', 'Comes without ids of events.')
    else if (given[0] === 'eventIds' && input.after !== undefined)
      refuse('after', 'Comes without ids of events.')
  })
  .meta({
    id: 'EraseEvents',
    examples: [{ keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e', before: new Date('2026-01-31T12:00:00Z') }],
  })

export const erasedSchema = z
  .strictObject({
    erased: z.int().meta({ description: 'How many events it has erased.' }),
    next: z.string().nullable().meta({
      description: 'What to give as `after` to go on; null if there is nothing left to erase.',
    }),
  })
  .meta({ id: 'Erased', examples: [{ erased: 12, next: null }] })

/** Of which events what they tell is erased. */
export interface EraseEventsInput extends z.input<typeof eraseEventsSchema> {}
/** How many events were erased, and whether there are more. */
export interface Erased extends z.infer<typeof erasedSchema> {}
