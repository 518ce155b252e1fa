// The calls of those who search for leaked tokens, each in the form that its caller has made up.
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { maxPresentedLength } from '../../core/foreign-token.ts'
import { parseInput } from '../../core/input.ts'
import type { LeakSource } from '../../core/shapes/leaks.ts'
import {
  githubLabelsSchema,
  githubReportSchema,
  gitlabReportSchema,
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

/** As long as any report. */
const bodyLimit = 1024 * 1024
/** So many tokens are written in a transaction. */
const tokensAtOnce = 1_000

export const partnerRoutes = [
  route({
    method: 'POST',
    path: '/v1/leaks/github',
    operationId: 'takeGithubReport',
    tag: 'Leaks',
    summary: 'Take a report of GitHub',
    description:
      "What GitHub's secret scanning sends to its partners. The body is signed, byte for byte: `Github-Public-Key-Signature` has the signature (ECDSA on P-256 with SHA-256, in DER and base64), and `Github-Public-Key-Identifier` names the key, one of those at `LATCHKEY_GITHUB_KEYS_URL`; without that setting the call does not exist. Every token is written down before the answer, and acted on a moment later as one of `POST /v1/leaks` is. With `LATCHKEY_GITHUB_LABELS=true` the answer tells of each token whether it is one of this deployment.",
    access: 'public',
    body: githubReportSchema,
    bodyLimit,
    readPlain: asItCame,
    answers: [
      {
        status: 200,
        description: 'The tokens are written down, and these are ours.',
        schema: githubLabelsSchema,
      },
      { status: 202, description: 'The tokens are written down.' },
    ],
    problems: [
      ...(['route_not_found', 'invalid_signature', 'invalid_report'] as const),
      ...(['too_many_reports', 'key_server_unavailable', 'store_unavailable'] as const),
    ],
    handle: async ({ parts, header, body, exchange }) => {
      const { partners } = parts.latchkey
      const bytes = bytesOf(body)
      const keyId = header('github-public-key-identifier')
      const signature = header('github-public-key-signature')
      if (!(await partners.isOfGithub(bytes, { keyId, signature })))
        throw new LatchkeyError('invalid_signature', 'GitHub has not signed these bytes.')
      const found = readReport(githubReportSchema, bytes)
      parts.githubLimit.require(found.length)
      await receive(parts, found, { source: 'github', requestId: exchange.requestId })
      if (!partners.labelsForGithub) return { status: 202, headers: {}, body: null }
      const own = await partners.areOwn(found.map(({ token }) => token))
      return json(
        found.map(({ token, type }, i) => ({
          tokenHash: createHash('sha256').update(token).digest('hex'),
          tokenType: type,
          label: own[i] ? 'true_positive' : 'false_positive',
        })),
      )
    },
  }),
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
    path: '/v1/leaks/gitlab/revoke_tokens',
    operationId: 'takeGitlabReport',
    tag: 'Leaks',
    summary: 'Take a report of GitLab',
    description:
      "The second call of GitLab's Token Revocation API. `Authorization` is the token that both share, as it is, one of `LATCHKEY_GITLAB_TOKENS`; without that setting the call does not exist. Every token is written down before the answer, and acted on a moment later as one of `POST /v1/leaks` is. What is no token of this deployment is answered the same.",
    access: 'public',
    body: gitlabReportSchema,
    bodyLimit,
    readPlain: asItCame,
    answers: [{ status: 204, description: 'The tokens are written down.' }],
    problems: [
      ...(['route_not_found', 'missing_token', 'invalid_token', 'invalid_report'] as const),
      ...(['unsupported_token_type', 'too_many_reports', 'store_unavailable'] as const),
    ],
    refuseEarly: ({ parts, header }) => requireGitlab(parts, header),
    handle: async ({ parts, body, exchange, signal }) => {
      const report = readReport(gitlabReportSchema, bytesOf(body))
      const { prefixes } = await parts.latchkey.keys.listPrefixes({ signal })
      const types = new Set(prefixes.map(gitlabTypeOf))
      if (!report.every(({ type }) => types.has(type)))
        throw new LatchkeyError('unsupported_token_type', 'One of the types is none of this deployment.')
      parts.gitlabLimit.require(report.length)
      const found = report.map(({ token, location }) => ({ token, url: location }))
      await receive(parts, found, { source: 'gitlab', requestId: exchange.requestId })
      return { status: 204, headers: {}, body: null }
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

/** A body whose sender must be known before it is read. */
function asItCame<Body>(bytes: Buffer): Body {
  return bytes as unknown as Body
}

function bytesOf(body: unknown): Buffer {
  return body as Buffer
}

/** Reads a report. Throws `invalid_json`, `invalid_report`. */
function readReport<Schema extends z.ZodType>(schema: Schema, bytes: Buffer): z.output<Schema> {
  try {
    return parseInput(schema, readJson(bytes))
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'invalid_input') throw error
    // By GitLab's documentation, 400 is what is not sent again.
    throw new LatchkeyError('invalid_report', error.message)
  }
}

/** Writes down what was found. Throws `store_unavailable`; then some may be written, and the next time is once more. */
async function receive(
  { latchkey: { leakInbox } }: Parts,
  found: readonly { token: string; url?: string | undefined }[],
  from: { source: LeakSource; requestId: string },
): Promise<void> {
  for (let i = 0; i < found.length; i += tokensAtOnce)
    await leakInbox.receive(found.slice(i, i + tokensAtOnce), from)
}

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
