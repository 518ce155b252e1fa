// The calls of those who search for leaked tokens, each in the form that its caller has made up.
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { maxPresentedLength } from '../../core/foreign-token.ts'
import { parseInput } from '../../core/input.ts'
import {
  gitlabTypeOf,
  gitlabTypesSchema,
  type TrufflehogFinding,
  trufflehogFindingSchema,
} from '../../core/shapes/partners.ts'
import type { VerdictCode } from '../../core/shapes/verification.ts'
import type { ReadHeader } from '../../http/exchange.ts'
import { readJson } from '../../http/json.ts'
import { json } from '../../http/reply.ts'
import { type Parts, route } from '../parts.ts'
import { verifiedScope } from './verify.ts'

/** A finding is one token, with what stands around it, and what its groups hold. */
const maxCandidates = 16

/** The verdicts on tokens that open something: now, or from elsewhere, or for another call. */
const live: ReadonlySet<VerdictCode> = new Set([
  ...(['valid', 'ip_not_allowed', 'insufficient_permissions'] as const),
  ...(['quota_exceeded', 'rate_limited'] as const),
])

export const partnerRoutes = [
  route({
    method: 'GET',
    path: '/v1/leaks/gitlab/revocable_token_types',
    operationId: 'listGitlabTokenTypes',
    tag: 'Leaks',
    summary: 'List the types of tokens for GitLab',
    description:
      "The first call of GitLab's Token Revocation API. `Authorization` is the token that both share, as it is, one of `LATCHKEY_GITLAB_TOKENS`; without that setting the call does not exist. The types are those of the rules that `latchkey rules` writes.",
    access: 'public',
    answers: [{ status: 200, description: 'The types.', schema: gitlabTypesSchema }],
    problems: ['route_not_found', 'missing_token', 'invalid_token', 'store_unavailable'],
    handle: async ({ parts, header, signal }) => {
      requireGitlab(parts, header)
      const { prefixes } = await parts.latchkey.keys.listPrefixes({ signal })
      return json({ types: prefixes.map(gitlabTypeOf) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/leaks/trufflehog',
    operationId: 'verifyTrufflehogFinding',
    tag: 'Leaks',
    summary: 'Tell TruffleHog whether a token is live',
    description:
      'The verification of a custom detector of TruffleHog: 200 if one of the texts is a live token, else 403. It counts as no use of the key, and draws from no limit. For a key outside the root organization, tokens of other organizations are not live.',
    access: 'latchkey:keys:verify',
    tokenOnly: true,
    changesNothing: true,
    body: trufflehogFindingSchema,
    readPlain: (bytes) => readJson(bytes) as TrufflehogFinding,
    answers: [
      { status: 200, description: 'The token is live.' },
      { status: 403, description: 'It is not.' },
    ],
    handle: async ({ parts: { latchkey }, body, caller, exchange: { keyId, ip } }) => {
      const asker = { keyId, ip, purpose: 'heartbeat' } as const
      const codes: VerdictCode[] = []
      for (const token of candidatesOf(parseInput(trufflehogFindingSchema, body)))
        codes.push((await latchkey.verify(token, verifiedScope(caller), asker)).code)
      return { status: codes.some((code) => live.has(code)) ? 200 : 403, headers: {}, body: null }
    },
  }),
]

/** Throws `missing_token` and `invalid_token`, for whom is not GitLab. */
function requireGitlab({ latchkey }: Parts, header: ReadHeader): void {
  const authorization = header('authorization')
  if (latchkey.partners.isOfGitlab(authorization)) return
  if (authorization === undefined)
    throw new LatchkeyError('missing_token', 'Send the shared token as Authorization: <token>.')
  throw new LatchkeyError('invalid_token', 'This is not the token that this server shares with GitLab.')
}

/** The texts of a finding that may be tokens, each once. Throws `invalid_input` for more than a finding has. */
function candidatesOf(finding: TrufflehogFinding): string[] {
  const texts = new Set(Object.values(finding).flatMap((expressions) => Object.values(expressions).flat()))
  if (texts.size > maxCandidates) refuseField('', `Must have at most ${maxCandidates} different texts.`)
  return [...texts].filter(({ length }) => length <= maxPresentedLength)
}
