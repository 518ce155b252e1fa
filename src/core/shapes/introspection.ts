// What OAuth 2.0 says of tokens: introspection (RFC 7662), revocation (RFC 7009), and the server's metadata (RFC 8414).
import { z } from 'zod'

export const introspectSchema = z
  .object({
    token: z.string().meta({ description: 'The token to judge.' }),
    tokenTypeHint: z
      .string()
      .optional()
      .meta({ description: 'Ignored: there is one type of tokens (RFC 7662, section 2.1).' }),
    permission: z
      .array(z.string())
      .optional()
      .meta({ description: 'All of these are required, each in a field of its own.' }),
    prefix: z
      .string()
      .optional()
      .meta({ description: 'A token with another prefix is not active; any prefix if absent.' }),
    cost: z
      .string()
      .optional()
      .meta({ description: 'How many units the call draws of each limit; `cost.NAME` of one.' }),
    ip: z.string().optional().meta({ description: 'The address of the client.' }),
  })
  .meta({ id: 'Introspect', examples: [{ token: 're_…', permission: ['emails:send'] }] })

export const introspectionSchema = z
  .strictObject({
    active: z.boolean().meta({
      description: 'Whether the token may do what was asked, now. If not, there is no other field.',
    }),
    scope: z
      .string()
      .optional()
      .meta({ description: 'What the key may do, separated by spaces; absent if it may do nothing.' }),
    clientId: z.guid().optional().meta({ description: 'The id of the key.' }),
    sub: z.guid().optional().meta({ description: 'The id of the key.' }),
    org: z.string().optional().meta({ description: 'The organization that owns the key.' }),
    tokenType: z.string().optional().meta({ description: 'Always `Bearer`.' }),
    exp: z
      .int()
      .optional()
      .meta({ description: 'When the key expires, in seconds since 1970; absent if never.' }),
    iat: z.int().optional().meta({ description: 'When the key was created, in seconds since 1970.' }),
  })
  .meta({
    id: 'Introspection',
    examples: [
      {
        active: true,
        scope: 'emails:send',
        clientId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
        sub: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
        org: 'acme',
        tokenType: 'Bearer',
        iat: 1_756_491_537,
      },
    ],
  })

export const revokeTokenSchema = z
  .object({
    token: z.string().meta({ description: 'The token to revoke.' }),
    tokenTypeHint: z
      .string()
      .optional()
      .meta({ description: 'Ignored: there is one type of tokens (RFC 7009, section 2.1).' }),
  })
  .meta({ id: 'RevokeToken', examples: [{ token: 're_…' }] })

const methods = z.array(z.string())

export const serverMetadataSchema = z
  .strictObject({
    issuer: z.string().meta({ description: 'The public address of the server.' }),
    introspectionEndpoint: z.string().meta({ description: 'Where to verify a token.' }),
    introspectionEndpointAuthMethodsSupported: methods.meta({ description: 'How a caller shows itself.' }),
    revocationEndpoint: z.string().meta({ description: 'Where to revoke a token.' }),
    revocationEndpointAuthMethodsSupported: methods.meta({
      description: 'How a caller shows itself; `none`: the token suffices.',
    }),
    responseTypesSupported: methods.meta({ description: 'Empty: Latchkey issues no tokens of OAuth 2.0.' }),
    grantTypesSupported: methods.meta({ description: 'Empty, likewise.' }),
    serviceDocumentation: z.string().meta({ description: 'The reference of the HTTP API.' }),
  })
  .meta({
    id: 'ServerMetadata',
    examples: [
      {
        issuer: 'https://example.com',
        introspectionEndpoint: 'https://example.com/v1/introspect',
        introspectionEndpointAuthMethodsSupported: ['client_secret_basic', 'Bearer'],
        revocationEndpoint: 'https://example.com/v1/revoke',
        revocationEndpointAuthMethodsSupported: ['client_secret_basic', 'none'],
        responseTypesSupported: [],
        grantTypesSupported: [],
        serviceDocumentation: 'https://example.com/docs',
      },
    ],
  })
