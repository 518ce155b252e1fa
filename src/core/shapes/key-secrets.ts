// The secrets of keys, as they are told: nothing of them is secret.
import { z } from 'zod'
import { creatorTypeSchema, instant } from '../fields.ts'

export const secretExample = {
  kid: '4kTz9WqLm2Xc7RbN',
  hint: 're_4kTz9WqLm2Xc7RbN…',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'key' as const,
  expiresAt: null,
  lastUsedAt: new Date('2026-02-01T08:30:00Z'),
  untilSilentSeconds: null,
  silentAt: null,
}
export const secretSchema = z
  .strictObject({
    kid: z.string().meta({ description: 'The public id of this secret.' }),
    hint: z.string().meta({ description: 'The prefix and the kid of its token, which are not secret.' }),
    createdAt: instant.meta({ description: 'When it was created: with the key, or by a rotation.' }),
    createdBy: z.string().nullable().meta({
      description:
        'The id of the key or member that got its token; null for the operator, and if it was not noted yet.',
    }),
    createdByType: creatorTypeSchema,
    expiresAt: instant
      .nullable()
      .meta({ description: 'When it ends, at the latest, or ended; null while it is the newest.' }),
    lastUsedAt: instant
      .nullable()
      .meta({ description: 'When a verification last found it valid; null if none did.' }),
    untilSilentSeconds: z.int().nullable().meta({
      description:
        'It ends, before `expires_at`, once nobody has used it for so many seconds; null if it does not end so.',
    }),
    silentAt: instant.nullable().meta({
      description:
        'When it will have been silent for so long, unless it is used. Latchkey ends it after that, as soon as every process has written the uses that it knows of. Null if it does not wait for that.',
    }),
  })
  .meta({ id: 'KeySecret', examples: [secretExample] })

/** One of a key's secrets, current or old: its public id and its instants, and nothing secret. */
export interface KeySecret extends z.infer<typeof secretSchema> {}
