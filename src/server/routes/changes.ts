// The calls of verifiers that run elsewhere: what changed, how fresh that is, facts to judge by, and what was used.
import { callerNameOf } from '../../core/actor.ts'
import { writeNetwork } from '../../core/addresses.ts'
import { readBearer } from '../../core/bearer.ts'
import { callHeader, readCall } from '../../core/call-header.ts'
import { judgesHeader, readConditions } from '../../core/conditions.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { doneSchema } from '../../core/shapes/calls.ts'
import { factsSchema, latestSchema, readFactsSchema, usesSchema } from '../../core/shapes/verifiers.ts'
import { lineReasons } from '../../core/stored-ancestors.ts'
import { describeAllowance } from '../../core/stored-limits.ts'
import { shownKidOf } from '../../core/token.ts'
import { json } from '../../http/reply.ts'
import type { Facts } from '../../verdict/facts.ts'
import type { CountedLimit } from '../../verdict/holding.ts'
import type { LineBounds } from '../../verdict/line.ts'
import { route } from '../parts.ts'
import { verifiedScope } from './verify.ts'

export const changeRoutes = [
  route({
    method: 'GET',
    path: '/v1/changes',
    operationId: 'followChanges',
    tag: 'Verifiers',
    summary: 'Follow changes',
    description:
      'Server-sent events that do not end: `hello` with the `format` of the stream, `changed` with `key_ids`, `organization_ids`, `plans` and `counters` (of limits, whose units are called back), `forget` if anything may have changed, and `beat` each second while the server is sure that it has seen every change. `sequence` is the number of the last change in the stream. The stream ends when the calling key may no longer read it. A key outside the root organization receives the changes of its own organization: `sequence` then counts the changes of its keys, of itself and of plans. A reader that does not name `organization` in `Latchkey-Judges` receives `forget` when an organization or a plan changes.',
    access: 'latchkey:keys:verify',
    // The stream judges the token again and again.
    tokenOnly: true,
    answers: [{ status: 200, description: 'The events.', contentType: 'text/event-stream' }],
    problems: ['too_many_streams'],
    handle: async ({ parts, header, caller }) => ({
      status: 200,
      // Proxies that buffer would hold every event back.
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      body: null,
      stream: await parts.changes.open({
        token: readBearer(header('authorization')) as string,
        keyId: callerNameOf(caller),
        ip: caller.ip,
        judges: readConditions(header(judgesHeader)),
        ...verifiedScope(caller),
      }),
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/changes/latest',
    operationId: 'readLatestChange',
    tag: 'Verifiers',
    summary: 'Get the number of the last change',
    description:
      '`age_ms` ago, and until the answer was written as far as the server knows, there was no later change. If it cannot be sure, it answers `store_unavailable`. For a key outside the root organization: `sequence` then counts the changes of its keys, of itself and of plans, and `age_ms` is rounded up to half a second. No use of the calling key.',
    access: 'latchkey:keys:verify',
    // A verifier asks twice a second, whether or not anybody uses it.
    purpose: 'heartbeat',
    answers: [{ status: 200, description: 'The last change.', schema: latestSchema }],
    handle: async ({ parts: { latchkey }, caller }) => {
      const scope = verifiedScope(caller)
      await latchkey.verifiers.findSequence(scope)
      const latest = latchkey.verifiers.latest(scope)
      if (latest === undefined) {
        throw new LatchkeyError(
          'store_unavailable',
          'The server cannot be sure that it has seen every change.',
        )
      }
      const foreignTokens = latchkey.verifiers.acceptsForeign()
      return json({ sequence: latest.sequence, ageMs: toAge(latest.ageMs, scope), foreignTokens })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/facts',
    operationId: 'readFacts',
    tag: 'Verifiers',
    summary: 'Get the facts of a token',
    description:
      'For verifiers, which evaluate the facts themselves: no verdict, and no use is noted. `secret` is null if the token is malformed or unknown to the caller. `Latchkey-Call` tells of the call that it is for, as `ip=…&user_agent=…&operation=…`: if the token is one of a decoy, its event says so. The header `Latchkey-Judges` names what the verifier can judge, of `organization, line, limits, suspended, not_before, ips`. Facts with anything else serve for a single call: `sequence` is null, and the server draws the default cost of the limits for that call, or answers `limit_exceeded`. A key is told as revoked to a verifier that cannot judge why it is refused: because it is suspended, not valid yet, or bound to addresses. The facts include every change up to `sequence`, and were true `age_ms` ago. For a key outside the root organization, both are as in `GET /v1/changes/latest`.',
    access: 'latchkey:keys:verify',
    changesNothing: true,
    body: readFactsSchema,
    answers: [{ status: 200, description: 'The facts.', schema: factsSchema }],
    problems: ['limit_exceeded'],
    handle: async ({ parts: { latchkey }, body, caller, exchange, header }) => {
      const { key } = parseInput(readFactsSchema, body)
      exchange.kid = shownKidOf(key)
      const scope = verifiedScope(caller)
      const { facts, sequence, ageMs, isDrawn, refusedAt } = await latchkey.verifiers.readFacts(
        key,
        scope,
        { ...exchange, context: readCall(header(callHeader)) },
        readConditions(header(judgesHeader)),
      )
      const secret = facts && { ...toSecret(facts, isDrawn), ...(refusedAt && { revokedAt: refusedAt }) }
      const foreignTokens = latchkey.verifiers.acceptsForeign()
      return json({ sequence, ageMs: toAge(ageMs, scope), foreignTokens, secret: secret ?? null })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/uses',
    operationId: 'reportUses',
    tag: 'Verifiers',
    summary: 'Report uses of secrets',
    description:
      'Sets `last_used_at`, never backwards and never to the future. Ignores secrets that are unknown to the caller.',
    access: 'latchkey:keys:verify',
    body: usesSchema,
    bodyLimit: 256 * 1024,
    answers: [
      {
        status: 200,
        description: 'The server noted the uses, and writes them with its next batch.',
        schema: doneSchema,
      },
    ],
    handle: async ({ parts: { latchkey }, body, caller, exchange }) => {
      await latchkey.verifiers.noteUses(body, verifiedScope(caller), exchange)
      return json({ success: true })
    },
  }),
]

/** Looks for changes follow each other within this, however seldom anything changes. */
const ageStepMs = 500

/**
 * An age as it is told, never too low. An organization hears it in coarse steps: the exact one would show when this process
 * has looked, which it does each time any key changes.
 */
function toAge(ageMs: number, { organizationId }: { organizationId?: string }): number {
  return organizationId === undefined ? Math.ceil(ageMs) : Math.ceil(ageMs / ageStepMs) * ageStepMs
}

function toSecret({ answer, terms, claims }: Facts, isDrawn = false): object {
  const { keyId, organizationId, name, permissions, metadata } = answer
  const toDate = (at: number | null) => (at === null ? null : new Date(at))
  return {
    keyId,
    organizationId,
    name,
    permissions,
    expiresAt: toDate(terms.expiresAt),
    metadata,
    revokedAt: toDate(terms.revokedAt),
    suspendedAt: toDate(terms.suspendedAt),
    organizationSuspendedAt: toDate(terms.organization.suspendedAt),
    notBefore: toDate(terms.notBefore),
    allowedIps: (terms.allowedIps ?? []).map(writeNetwork),
    graceEndsAt: toDate(terms.graceEndsAt),
    isEnded: terms.isEnded,
    limits: isDrawn ? [] : claims.map(({ limit }) => toFactsLimit(limit)),
    line: isDrawn ? [] : terms.line.map(({ id }) => id),
    ancestors: toAncestors(terms.bounds),
    plan: terms.organization.plan ?? null,
    ...(terms.foreignKid !== null && { kid: terms.foreignKid }),
  }
}

/** The keys of a line that bound a child: what they make of its facts stands there already. */
function toAncestors(bounds: LineBounds | undefined): object[] {
  if (bounds === undefined) return []
  const { ancestors, ips } = bounds
  const reasonsOf = (id: string) => lineReasons.filter((reason) => ancestors[reason] === id)
  const networksOf = (id: string) => ips.find(({ keyId }) => keyId === id)?.networks ?? []
  const ids = new Set([...Object.values(ancestors), ...ips.map(({ keyId }) => keyId)])
  return [...ids].map((id) => ({ id, reasons: reasonsOf(id), allowedIps: networksOf(id).map(writeNetwork) }))
}

function toFactsLimit({ scope, ownerId: id, name, epoch, allowance, defaultCost }: CountedLimit): object {
  return { scope, id, name, epoch, ...describeAllowance(allowance), defaultCost }
}
