// The call that settles what a verification has reserved.
import { parseInput } from '../../core/input.ts'
import { settlementSchema, settleSchema } from '../../core/shapes/settlements.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'

export const settlementRoutes = [
  route({
    method: 'POST',
    path: '/v1/settlements',
    operationId: 'settleReservation',
    tag: 'Limits',
    summary: 'Settle what a verification has reserved',
    description:
      'Gives back what was reserved and not used, or draws what is missing. Repeated with the same cost, the call answers the same and changes nothing.',
    access: 'latchkey:keys:verify',
    body: settleSchema,
    answers: [{ status: 200, description: 'What was settled, and what is left.', schema: settlementSchema }],
    problems: ['reservation_settled', 'reservation_ended', 'keyring_missing'],
    handle: async ({ parts: { latchkey }, body, caller }) => {
      const { reservation, cost } = parseInput(settleSchema, body)
      return json(await latchkey.settle(reservation, cost, { actor: caller }))
    },
  }),
]
