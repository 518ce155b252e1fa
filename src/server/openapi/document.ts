// The OpenAPI 3.1 document, made from the same routes that the app serves.
import { type ErrorCode, errorTable } from '../../core/errors.ts'
import { defaultBodyLimit, formType } from '../../http/body.ts'
import { oauthStatus } from '../../http/oauth-refusals.ts'
import { repeatable } from '../../http/query.ts'
import type { Answer } from '../../http/route.ts'
import type { Route } from '../parts.ts'
import { packageVersion } from '../version.ts'
import { type JsonSchema, NamedSchemas, oauthErrorSchema, problemExample, problemSchema } from './schemas.ts'

/** Describes the routes. The result is JSON-ready. */
export function openApiDocument(routes: readonly Route[]): JsonSchema {
  const shapes = new NamedSchemas()
  shapes.refer(problemSchema, 'output')
  const paths: Record<string, JsonSchema> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, shapes) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version: packageVersion(),
      summary: 'API keys: issue, verify, rotate and revoke.',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to the address of this document, so that it holds behind a proxy with a path of its own.
    servers: [{ url: '.', description: 'Where this document was read.' }],
    security: [...eitherWay],
    tags,
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key that Latchkey issued (RFC 6750).' },
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'The token of a key as the password, with any user name (RFC 7617).',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'latchkey',
          description:
            'A browser that signed in, for requests of its own site; `__Host-latchkey` over TLS. It is not valid without `Latchkey-Session`. If `Authorization` is present, it alone counts.',
        },
        page: {
          type: 'apiKey',
          in: 'header',
          name: 'Latchkey-Session',
          description: 'The `page_value` of the session, which only the page that signed in holds.',
        },
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Api-Key',
          description: 'The token to verify, in place of `Authorization`; only `GET /v1/auth` takes it.',
        },
      },
      headers,
      schemas: shapes.all(),
    },
  }
}

const description = `Instants are RFC 3339 in UTC with milliseconds. Lists are bare arrays; \`Link: <…>; rel="next"\` leads to the next page; a page may hold fewer items than its limit, or none, before the last.

Every error is a problem (RFC 9457) whose \`code\` is stable. Unknown fields and query parameters are refused. An answer may have fields that are not here: ignore them. A token never belongs in a URL.`

/** A token, or the session that a browser got for one. */
const session = { session: [], page: [] }
const eitherWay = [{ key: [] }, session]
/** The token of a request that somebody else serves. */
const presented = [{ key: [] }, { apiKey: [] }]

const tags = [
  { name: 'Verification', description: 'Verify tokens: may this token do this, now?' },
  {
    name: 'Verifiers',
    description: 'For processes that verify tokens themselves, as `latchkey/client` does.',
  },
  { name: 'Keys', description: 'Create, read, change, rotate and revoke keys.' },
  { name: 'Organizations', description: 'The owners of keys.' },
  { name: 'Limits', description: 'How many units the calls of keys may draw.' },
  { name: 'Policies', description: 'What keys may be, for the deployment and for each organization.' },
  { name: 'Usage', description: 'How many calls there were, and how many units they drew.' },
  { name: 'Audit log', description: 'Every change, and its actor.' },
  { name: 'Events', description: 'Every change in the order of the log, as it comes.' },
  { name: 'Leaks', description: 'Tokens that were found where others may read them.' },
  { name: 'Webhooks', description: 'To where events are sent, and what became of each.' },
  { name: 'Members', description: 'The people of organizations, and who is invited.' },
  {
    name: 'Portal',
    description: 'The sessions of the operator’s users on their customers’ page, and what that page asks.',
  },
  { name: 'Sessions', description: 'Browsers that are signed in with a key.' },
  { name: 'Operation', description: 'Health, metrics and this document, for the operator.' },
]

/** What every request can meet before it gets to an operation. */
const connectionProblems: readonly ErrorCode[] = [
  'malformed_request',
  'route_not_found',
  'method_not_allowed',
  'request_timeout',
  'expectation_failed',
  'target_too_long',
  'headers_too_large',
  'unsupported_method',
  'unsupported_transfer_coding',
  'client_gone',
  'too_many_connections',
  // Of a relay before the server.
  'upstream_unavailable',
  'relay_loop',
]

const headers: Record<string, JsonSchema> = {
  'X-Request-Id': header('The id of this request in the log: the one that came, or a new one.'),
  'Cache-Control': header('`no-store`: no answer of the API may be kept.'),
  'Content-Disposition': header('A name for the file, as `attachment; filename="…"` (RFC 6266).'),
  ETag: header(
    'The `revision` in quotes (RFC 9110): another one after each edit, and the same after each use.',
  ),
  Link: header(
    'The next page, as `<?…>; rel="next"` (RFC 8288), relative to the address of this call; absent on the last.',
  ),
  'Latchkey-Total-Count': header(
    'With `count=true`, how many items the whole list has, up to 10,000; `;more` behind it if there may be more (RFC 9651). On the first page only.',
  ),
  'WWW-Authenticate': header('Why the token was refused (RFC 6750).'),
  'Set-Cookie': header('The cookie of the session, or its removal.'),
  'Retry-After': header('Seconds to wait before a retry.'),
  'RateLimit-Policy': header(
    'The limits that apply, as `"name";q=units;w=seconds` (draft-ietf-httpapi-ratelimit-headers).',
  ),
  RateLimit: header('What is left of them, as `"name";r=units;t=seconds until it resets`.'),
  Allow: header('The methods that this address takes.'),
  'Latchkey-As-Of': header('When the figures were read, by the clock of the database.'),
  'Latchkey-Closed-Until': header(
    'What lies before this instant never changes, and later rows are not in the file.',
  ),
  'X-Latchkey-Code': header('The code of the verdict, or `missing_token`.'),
  'X-Latchkey-Key-Id': header('The id of the key.'),
  'X-Latchkey-Organization-Id': header('The organization that owns the key.'),
  'X-Latchkey-Permissions': header('The permissions of the key, separated by spaces.'),
}

const parameters: Record<string, JsonSchema> = {
  id: {
    schema: { type: 'string' },
    description: 'The id. The id of another organization is answered like an unknown one.',
  },
  kid: { schema: { type: 'string' }, description: 'The public id of the secret.' },
  provider: {
    schema: { type: 'string' },
    description: 'The id of a provider, as the operator chose it.',
  },
  delivery_id: {
    schema: { type: 'string' },
    description: 'The id of the delivery, which is that of its event.',
  },
  organization_id: { schema: { type: 'string' }, description: 'The id of the organization.' },
  user_id: {
    schema: { type: 'string' },
    description: 'The id of the user, which is the operator’s own: any text, percent-encoded.',
  },
  name: { schema: { type: 'string' }, description: 'The name of the limit.' },
  file: { schema: { type: 'string' }, description: 'The name of the file.' },
}

const ifMatchParameter = {
  name: 'If-Match',
  in: 'header',
  description:
    'Make the change only if the `ETag` is still this one, or one of these (RFC 9110): else somebody has edited it since. `*` is any.',
  schema: { type: 'string' },
}

const idempotencyKeyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A text of your own, at most 255 characters, another one for each thing to make: the same request with the same text within 24 hours makes it once, and gets the same answer.',
  schema: { type: 'string' },
}

function operation(route: Route, shapes: NamedSchemas): JsonSchema {
  const { operationId, tag, summary, access, query, ifMatch, once, body, bodyOptional, bodyLimit, form } =
    route
  const needs = access === 'public' || access === 'any key' ? undefined : `Requires \`${access}\`.`
  const limit = (body ?? form) && `The body may have at most ${(bodyLimit ?? defaultBodyLimit) / 1024} KiB.`
  const text = [route.description, needs, limit].filter((part) => part !== undefined).join(' ')
  const asked = [
    ...pathParameters(route.path),
    ...(query ? queryParameters(shapes.refer(query, 'input')) : []),
    ...(ifMatch ? [ifMatchParameter] : []),
    ...(once ? [idempotencyKeyParameter] : []),
  ]
  return {
    operationId,
    tags: [tag],
    summary,
    ...(text !== '' && { description: text }),
    ...securityOf(route),
    ...(asked.length > 0 && { parameters: asked }),
    ...(body && {
      requestBody: {
        required: !bodyOptional,
        content: { 'application/json': { schema: shapes.refer(body, 'input') } },
      },
    }),
    ...(form && {
      requestBody: { required: true, content: { [formType]: { schema: shapes.refer(form, 'input') } } },
    }),
    responses: {
      ...Object.fromEntries(route.answers.map((answer) => [answer.status, response(answer, shapes)])),
      ...(form ? oauthResponses(problemCodes(route), shapes) : problemResponses(problemCodes(route))),
      default: problemResponse(
        'The server refused the request before it reached this call.',
        connectionProblems,
        ['Allow'],
      ),
    },
  }
}

/** How a caller is known, where that is not as everywhere. */
function securityOf({ access, tokenOnly, withSession, judgesToken, form }: Route): JsonSchema {
  if (form) return { security: [{ key: [] }, { basic: [] }, ...(access === 'public' ? [{}] : [])] }
  if (judgesToken) return { security: presented }
  if (access === 'public') return { security: [] }
  return tokenOnly ? { security: [{ key: [], ...(withSession && session) }] } : {}
}

/** Every problem that a route can answer with. */
function problemCodes(route: Route): ErrorCode[] {
  const { method, tag, access, tokenOnly, anyQuery, ifMatch, once, body, form, problems = [] } = route
  const codes: ErrorCode[] = ['token_in_url', 'internal']
  if (!anyQuery) codes.push('invalid_input')
  if (access !== 'public')
    codes.push('missing_token', 'invalid_token', 'too_many_requests', 'store_unavailable')
  if (access !== 'public' && !tokenOnly)
    codes.push('session_ended', 'cross_site_request', 'organization_required', 'organization_not_found')
  if (access !== 'public' && access !== 'any key') codes.push('missing_permission')
  if (method !== 'GET' && !tag.startsWith('Verif')) codes.push('too_many_changes')
  if (ifMatch) codes.push('precondition_failed')
  if (once) codes.push('idempotency_in_progress', 'idempotency_sealed', 'idempotency_key_reused')
  if (body) codes.push('invalid_json')
  if (body || form) codes.push('unsupported_media_type', 'body_too_large')
  return [...new Set([...codes, ...problems])]
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...parameters[name],
  }))
}

function queryParameters({ properties }: JsonSchema): JsonSchema[] {
  return Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      ...(description !== undefined && { description }),
      // A list is one text, its items between commas, unless its items come one by one.
      ...(schema.type === 'array' && { style: 'form', explode: repeatable.has(name) }),
      schema,
    }),
  )
}

function response(
  { description, schema, contentType = 'application/json', headers = [] }: Answer,
  shapes: NamedSchemas,
): JsonSchema {
  const shape = schema ? shapes.refer(schema, 'output') : { type: 'string' }
  const hasBody = schema !== undefined || contentType !== 'application/json'
  return {
    description,
    headers: headerReferences(headers),
    ...(hasBody && {
      content: Object.fromEntries([contentType].flat().map((type) => [type, { schema: shape }])),
    }),
  }
}

function problemResponses(codes: readonly ErrorCode[]): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(codes, (code) => errorTable[code][0])
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const challenge = status === 401 || group.includes('missing_permission') ? ['WWW-Authenticate'] : []
      const names = status === 429 || status === 503 ? ['Retry-After'] : challenge
      const titles = group.map((code) => `${errorTable[code][1]} (\`${code}\`).`).join(' ')
      return [status, problemResponse(titles, group, names)]
    }),
  )
}

/** The same as errors of OAuth 2.0. */
function oauthResponses(codes: readonly ErrorCode[], shapes: NamedSchemas): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(codes, (code) => oauthStatus(errorTable[code][0]))
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      response(
        {
          status,
          description: group.map((code) => `${errorTable[code][1]}.`).join(' '),
          schema: oauthErrorSchema,
          headers:
            status === 429 || status === 503
              ? ['Retry-After']
              : status === 401 || status === 403
                ? ['WWW-Authenticate']
                : [],
        },
        shapes,
      ),
    ]),
  )
}

function problemResponse(text: string, codes: readonly ErrorCode[], headers: readonly string[]): JsonSchema {
  return {
    description: text,
    headers: headerReferences(headers),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemExample(code) }])),
      },
    },
  }
}

function headerReferences(names: readonly string[]): JsonSchema {
  return Object.fromEntries(
    ['X-Request-Id', 'Cache-Control', ...names].map((name) => [
      name,
      { $ref: `#/components/headers/${name}` },
    ]),
  )
}

function header(text: string): JsonSchema {
  return { description: text, schema: { type: 'string' } }
}
