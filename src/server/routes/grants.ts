// The call by which verifiers elsewhere draw from limits.
import { requireKeyCaller } from '../../core/access.ts'
import { grantsRequestSchema, grantsSchema } from '../../core/shapes/grants.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { verifiedScope } from './verify.ts'

export const grantRoutes = [
  route({
    method: 'POST',
    path: '/v1/grants',
    operationId: 'drawGrants',
    tag: 'Verifiers',
    summary: 'Draw units of limits',
    description:
      'For verifiers, which spend units in memory: each message says what became of the units that the verifier holds, and what it needs; one is under way at a time. The server decides how many it grants. Units may be spent while the lease of the answer holds, and a message without counters renews it. Units of a verifier that is silent for longer count as spent. For a key outside the root organization, limits of other organizations do not exist.',
    access: 'latchkey:keys:verify',
    changesNothing: true,
    // A verifier renews its lease twice a second, whether or not anybody uses it.
    purpose: 'heartbeat',
    body: grantsRequestSchema,
    bodyLimit: 512 * 1024,
    answers: [{ status: 200, description: 'What was granted.', schema: grantsSchema }],
    problems: ['too_many_requests'],
    handle: async ({ parts: { latchkey }, body, caller }) => {
      return json(await latchkey.verifiers.draw(body, requireKeyCaller(caller).keyId, verifiedScope(caller)))
    },
  }),
]
