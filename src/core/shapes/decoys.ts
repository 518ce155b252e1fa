// Decoys: keys that open nothing, and tell when somebody tries them.
import { z } from 'zod'
import { instant } from '../fields.ts'

export const decoySchema = z
  .strictObject({
    tries: z.int().min(0).meta({ description: 'How often it was tried, as far as events have told.' }),
    lastTriedAt: instant.nullable().meta({ description: 'When that was last; null for never.' }),
  })
  .meta({ id: 'Decoy', examples: [{ tries: 3, lastTriedAt: new Date('2026-02-01T08:30:00Z') }] })

/** What became of a decoy: whether somebody tried it. */
export interface Decoy extends z.infer<typeof decoySchema> {}
