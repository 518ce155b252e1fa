// The calls that judge tokens: one, many, and the one that reverse proxies ask.
import { z } from 'zod'
import { rootOrganizationId } from '../../core/access.ts'
import type { Caller } from '../../core/actor.ts'
import {
  type BasicPart,
  challengeOf,
  insufficientScope,
  invalidToken,
  readPresented,
} from '../../core/bearer.ts'
import { permissionsSchema, tokenPrefixSchema } from '../../core/fields.ts'
import { exceededStatus, isExceeded, rateLimitHeaders } from '../../core/rate-limit-headers.ts'
import { contextOf } from '../../core/request-context.ts'
import {
  type Verdict,
  type VerifyOptions,
  verdictSchema,
  verifyBatchSchema,
  verifyRequestSchema,
} from '../../core/shapes/verification.ts'
import { shownKidOf } from '../../core/token.ts'
import { readProxiedRequest } from '../../http/client-address.ts'
import type { Exchange } from '../../http/exchange.ts'
import { recordBreak } from '../../http/log.ts'
import { readWanted } from '../../http/query.ts'
import { jsonText, type Reply } from '../../http/reply.ts'
import { type JudgingParts, judgingRoute as route } from '../parts.ts'
import { readPlainBatch } from '../plain-request.ts'
import {
  answerVerdicts,
  joinPermissions,
  readVerifyBatch,
  readVerifyRequest,
  writeVerdict,
} from '../verdict-json.ts'

const limitHeaders = ['RateLimit-Policy', 'RateLimit']

export const verifyRoutes = [
  route({
    method: 'POST',
    path: '/v1/keys/verify',
    operationId: 'verifyKey',
    tag: 'Verification',
    summary: 'Verify a token',
    description:
      'A refusal is a 200 answer as well: check `valid`. For a key outside the root organization, tokens of other organizations are `not_found`.',
    access: 'latchkey:keys:verify',
    changesNothing: true,
    body: verifyRequestSchema,
    answers: [{ status: 200, description: 'The verdict, valid or not.', schema: verdictSchema }],
    handle: async ({ parts, body, caller, exchange }) => {
      const { key, permissions, prefix, cost, reserveSeconds, context } = readVerifyRequest(body)
      const asked = { permissions, prefix, cost, reserveSeconds, context, ...verifiedScope(caller) }
      const verdict = await judge(parts, exchange, key, asked)
      return jsonText(writeVerdict(verdict))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/verify/batch',
    operationId: 'verifyKeys',
    tag: 'Verification',
    summary: 'Verify up to 1000 tokens',
    access: 'latchkey:keys:verify',
    changesNothing: true,
    body: verifyBatchSchema,
    bodyLimit: 256 * 1024,
    readPlain: readPlainBatch,
    answers: [
      {
        status: 200,
        description: 'The verdicts, in the order of the tokens.',
        schema: z.array(verdictSchema),
      },
    ],
    handle: async ({ parts, body, caller, exchange }) => {
      const requests = readVerifyBatch(body)
      const verdicts = await parts.latchkey.verifyBatch(requests, verifiedScope(caller), exchange)
      exchange.verdicts = verdicts.map(({ code }) => code)
      if (parts.telemetry)
        for (const [i, verdict] of verdicts.entries())
          parts.telemetry.noteVerdict(exchange, verdict, requests[i] ?? {})
      return answerVerdicts(verdicts, (error) => recordBreak(parts.log, exchange, error))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/auth',
    operationId: 'authorizeRequest',
    tag: 'Verification',
    summary: 'Verify the token of a request for a reverse proxy',
    description:
      'Verifies the token in `Authorization: Bearer` or `X-Api-Key`, or of HTTP Basic if the operator has switched that on, with the required permissions as `?permission=a&permission=b`. From a trusted proxy, `X-Forwarded-For`, `X-Forwarded-Method`, `X-Forwarded-Uri` and `User-Agent` are counted as the context of the call, without the query. The answer has no body: the proxy uses its status and headers.',
    access: 'public',
    judgesToken: true,
    query: z.strictObject({
      permission: permissionsSchema.optional().meta({ description: 'All of these are required.' }),
      prefix: tokenPrefixSchema.optional().meta({ description: 'A token with another prefix is refused.' }),
      cost: z
        .string()
        .optional()
        .meta({ description: 'How many units the call draws of each limit; `cost.NAME` of one.' }),
      refuse: z.enum(['403']).optional().meta({
        description: 'Answers 403 where limits refuse, for nginx, which takes no other status.',
      }),
    }),
    answers: [
      { status: 200, description: 'The token is valid.', headers: identityHeaders() },
      {
        status: 401,
        description: 'The token is missing or invalid.',
        headers: ['X-Latchkey-Code', 'WWW-Authenticate'],
      },
      {
        status: 403,
        description: 'The key lacks a required permission.',
        headers: [...identityHeaders(), 'WWW-Authenticate'],
      },
      {
        status: 402,
        description: 'A limit refuses the request, and waiting does not help.',
        headers: [...identityHeaders(), ...limitHeaders],
      },
      {
        status: 429,
        description: 'A limit refuses the request until later.',
        headers: [...identityHeaders(), ...limitHeaders, 'Retry-After'],
      },
    ],
    problems: ['invalid_input', 'too_many_requests', 'store_unavailable'],
    handle: async ({ parts, rawQuery, header, exchange }) => {
      const { permissions, prefix, cost, refuses } = readWanted(rawQuery)
      const token = readPresented(header, parts.basicAuth)
      if (token === undefined) return refusal('missing_token', 'Bearer', parts.basicAuth)
      const request = readProxiedRequest(exchange.peer, header, parts.trustedProxies)
      const context = request && contextOf(request)
      const verdict = await judge(parts, exchange, token, { permissions, prefix, cost, context })
      return answerProxy(verdict, permissions, refuses, parts.basicAuth)
    },
  }),
]

/** Judges the token of a request, and notes the verdict for the log and for a collector. */
export async function judge(
  { latchkey, telemetry }: JudgingParts,
  exchange: Exchange,
  token: string,
  asked: VerifyOptions,
): Promise<Verdict> {
  const verdict = latchkey.verifyCached(token, asked) ?? (await latchkey.verify(token, asked, exchange))
  exchange.verdicts = [verdict.code]
  if (verdict.code !== 'malformed') exchange.kid = shownKidOf(token)
  telemetry?.noteVerdict(exchange, verdict, asked)
  return verdict
}

/** What a caller may verify: everything from the root organization, elsewhere its own alone. */
export function verifiedScope(caller: Pick<Caller, 'organizationId'>): { organizationId?: string } {
  return caller.organizationId === rootOrganizationId ? {} : { organizationId: caller.organizationId }
}

/** The answer to a proxy: no body, and every header one that the proxy may hand on. */
function answerProxy(
  verdict: Verdict,
  wanted: readonly string[],
  refuses: number | undefined,
  basic: BasicPart | undefined,
): Reply {
  const limits = rateLimitHeaders(verdict, Date.now())
  if (verdict.valid) return { status: 200, headers: { ...identity(verdict), ...limits }, body: null }
  if (isExceeded(verdict)) {
    const status = refuses ?? exceededStatus(verdict)
    return { status, headers: { ...identity(verdict), ...limits }, body: null }
  }
  if (verdict.code === 'insufficient_permissions') {
    const headers = { ...identity(verdict), 'www-authenticate': insufficientScope(wanted) }
    return { status: 403, headers, body: null }
  }
  return refusal(verdict.code, invalidToken, basic)
}

function refusal(code: string, challenge: string, basic: BasicPart | undefined): Reply {
  const headers = { 'x-latchkey-code': code, 'www-authenticate': challengeOf(challenge, basic) }
  return { status: 401, headers, body: null }
}

function identity(verdict: Extract<Verdict, { permissions: readonly string[] }>): Record<string, string> {
  // All of it ASCII by its form: ids, and permissions that no space can be part of.
  return {
    'x-latchkey-code': verdict.code,
    'x-latchkey-key-id': verdict.keyId,
    'x-latchkey-organization-id': verdict.organizationId,
    'x-latchkey-permissions': joinPermissions(verdict.permissions),
  }
}

function identityHeaders(): string[] {
  return ['X-Latchkey-Code', 'X-Latchkey-Key-Id', 'X-Latchkey-Organization-Id', 'X-Latchkey-Permissions']
}
