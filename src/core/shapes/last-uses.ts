// The last use of a key, as it is told with the key.
import { z } from 'zod'
import { instant } from '../fields.ts'

export const lastUseExample = {
  at: new Date('2026-02-01T08:30:00Z'),
  ip: '192.0.2.7',
  userAgent: 'curl/8.14.1',
  operation: 'POST /emails',
  kid: '4kTz9WqLm2Xc7RbN',
} as const

export const lastUseSchema = z
  .strictObject({
    at: instant.meta({ description: 'When.' }),
    ip: z
      .string()
      .nullable()
      .meta({ description: "The client's address, or its network; null if not known." }),
    userAgent: z.string().nullable().meta({ description: "The client's user agent; null if not known." }),
    operation: z.string().nullable().meta({ description: 'What was called; null if not known.' }),
    kid: z.string().nullable().meta({ description: 'The secret; null if not known.' }),
  })
  .meta({ id: 'LastUse', examples: [lastUseExample] })
