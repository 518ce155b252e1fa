// The calls of OAuth 2.0 that gateways and libraries speak: introspection (RFC 7662), revocation (RFC 7009), and where they
// are (RFC 8414).
import { requirePermission } from '../../core/access.ts'
import type { Caller } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import {
  introspectionSchema,
  introspectSchema,
  revokeTokenSchema,
  serverMetadataSchema,
} from '../../core/shapes/introspection.ts'
import { kidOf } from '../../core/token.ts'
import { authenticate, clientOf } from '../../http/authenticate.ts'
import { json, jsonText } from '../../http/reply.ts'
import { readAsked, readToken, writeIntrospection } from '../introspection.ts'
import { type Call, judgingRoute, route } from '../parts.ts'
import { judge, verifiedScope } from './verify.ts'

export const introspectRoute = judgingRoute({
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
})

export const introspectionRoutes = [
  introspectRoute,
  route({
    method: 'POST',
    path: '/v1/revoke',
    operationId: 'revokeToken',
    tag: 'Keys',
    summary: 'Revoke a token as RFC 7009 has it',
    description:
      'OAuth 2.0 Token Revocation. Revokes the key of the token; of an old token in its grace, ends the grace alone. Whoever has the token may: without `Authorization` its own key acts. With `Authorization`, as Bearer or HTTP Basic, that key acts, and needs `latchkey:keys:write` unless the token is its own; a token of another organization changes nothing then. A token that opens nothing is answered like one that was revoked.',
    access: 'public',
    form: revokeTokenSchema,
    answers: [{ status: 200, description: 'The token is not valid, or not known to the caller.' }],
    problems: [
      ...(['missing_token', 'invalid_token', 'missing_permission', 'permission_escalation'] as const),
      ...(['last_root_key', 'unsupported_token_type', 'too_many_requests', 'store_unavailable'] as const),
    ],
    handle: async (call) => {
      const token = readToken(call.form)
      if (token.startsWith('whsec_'))
        throw new LatchkeyError(
          'unsupported_token_type',
          'This is the secret of a webhook. Give the webhook a new one, by POST /v1/webhooks/{id}/rotate.',
        )
      const actor = await findRevoker(call, token)
      if (actor) await call.parts.latchkey.revokeToken(token, { actor, signal: call.signal })
      return { status: 200, headers: {}, body: null }
    },
  }),
  route({
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    operationId: 'readServerMetadata',
    tag: 'Verification',
    summary: 'Get the metadata of the server as RFC 8414 has it',
    description:
      'OAuth 2.0 Authorization Server Metadata: where to introspect and revoke tokens. Needs the setting `LATCHKEY_PUBLIC_URL`.',
    access: 'public',
    answers: [{ status: 200, description: 'The metadata.', schema: serverMetadataSchema }],
    problems: ['route_not_found'],
    handle: async ({ parts: { publicUrl } }) => {
      if (publicUrl === undefined)
        throw new LatchkeyError(
          'route_not_found',
          'This server does not know its public address. Set LATCHKEY_PUBLIC_URL, or --public-url, to it.',
        )
      return json({
        issuer: publicUrl,
        introspectionEndpoint: `${publicUrl}/v1/introspect`,
        introspectionEndpointAuthMethodsSupported: ['client_secret_basic', 'Bearer'],
        revocationEndpoint: `${publicUrl}/v1/revoke`,
        revocationEndpointAuthMethodsSupported: ['client_secret_basic', 'none'],
        responseTypesSupported: [],
        grantTypesSupported: [],
        serviceDocumentation: `${publicUrl}/docs`,
      })
    },
  }),
]

/** Who revokes a token: the caller, or the token itself if nobody else calls; undefined if that opens nothing. */
async function findRevoker(
  { parts, header, exchange }: Pick<Call, 'parts' | 'header' | 'exchange'>,
  token: string,
): Promise<Caller | undefined> {
  if (header('authorization') === undefined) {
    const holder = await parts.latchkey.authenticate(token, { ...exchange, ...clientOf(exchange, header) })
    exchange.keyId = holder?.keyId
    return holder
  }
  const ways = { tokenOnly: true, takesBasic: true, purpose: 'management' } as const
  const caller = await authenticate(parts, header, exchange, ways)
  if (caller.type !== 'key' || caller.kid !== kidOf(token)) requirePermission(caller, 'latchkey:keys:write')
  return caller
}
