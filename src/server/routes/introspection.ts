// The calls of OAuth 2.0 that gateways and libraries speak: introspection (RFC 7662).
import { introspectionSchema, introspectSchema } from '../../core/shapes/introspection.ts'
import { jsonText } from '../../http/reply.ts'
import { readAsked, readToken, writeIntrospection } from '../introspection.ts'
import { route } from '../parts.ts'
import { judge, verifiedScope } from './verify.ts'

export const introspectionRoutes = [
  route({
    method: 'POST',
    path: '/v1/introspect',
    operationId: 'introspectToken',
    tag: 'Verification',
    summary: 'Verify a token as RFC 7662 has it',
    description:
      'OAuth 2.0 Token Introspection, for gateways and libraries that speak it. The calling key shows its token as Bearer, or as the password of HTTP Basic with any user name. A token that is refused, for whatever reason, is not active, and nothing more is said of it. For a key outside the root organization, tokens of other organizations are not active. A call draws from limits as `POST /v1/keys/verify` does. Unknown fields are ignored.',
    access: 'latchkey:keys:verify',
    tokenOnly: true,
    changesNothing: true,
    form: introspectSchema,
    answers: [{ status: 200, description: 'What the token is.', schema: introspectionSchema }],
    handle: async ({ parts, form, caller, exchange }) => {
      const asked = { ...readAsked(form), ...verifiedScope(caller) }
      return jsonText(writeIntrospection(await judge(parts, exchange, readToken(form), asked)))
    },
  }),
]
