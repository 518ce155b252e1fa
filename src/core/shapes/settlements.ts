// Settlements: what a call really cost, once that is known.
import { z } from 'zod'
import { maxReservationLength } from '../bounds.ts'
import type { CallOptions } from './calls.ts'
import { costSchema, limitName, limitScope, verdictLimitExample, verdictLimitSchema } from './limits.ts'

export const settleSchema = z
  .strictObject({
    reservation: z
      .string({ error: 'Must be a reservation, as a verdict gave it.' })
      .max(maxReservationLength, 'Must be a reservation, as a verdict gave it.')
      .meta({ description: 'What `reservation` of a verdict says.', example: 'r1.…' }),
    cost: costSchema,
  })
  .meta({ id: 'Settle', examples: [{ reservation: 'r1.…', cost: { credits: 1432 } }] })

export const settlementSchema = z
  .strictObject({
    settled: z
      .array(
        z.strictObject({
          name: limitName,
          scope: limitScope,
          id: z.string().meta({ description: 'The id of the key or the organization whose limit it is.' }),
          reserved: z.int().meta({ description: 'How many units were reserved.' }),
          cost: z.int().meta({ description: 'How many the call cost.' }),
        }),
      )
      .meta({ description: 'What was reserved of each limit that is still there, and what the call cost.' }),
    limits: z.array(verdictLimitSchema).meta({ description: 'The limits, with what is left of them now.' }),
  })
  .meta({
    id: 'Settlement',
    examples: [
      {
        settled: [{ name: 'credits', scope: 'organization', id: 'acme', reserved: 4000, cost: 1432 }],
        limits: [{ ...verdictLimitExample, name: 'credits', scope: 'organization', id: 'acme' }],
      },
    ],
  })

/** What a call cost, for the reservation that its verdict gave. */
export interface SettleInput extends z.input<typeof settleSchema> {}
/** What a settlement came to. */
export interface Settlement extends z.infer<typeof settlementSchema> {}

/** Brings what was reserved to what a call cost. */
export interface Settling<Options extends CallOptions = CallOptions> {
  /**
   * Gives back what was reserved and not used, or draws what is missing. Once: again it answers the same and changes
   * nothing. Throws `invalid_input` for what is no reservation of this instance, `reservation_settled` if it was settled
   * at another cost, `reservation_ended` if its time is over, `keyring_missing`.
   */
  settle(reservation: string, cost: SettleInput['cost'], options?: Options): Promise<Settlement>
}
