// The second step of a judgement: what a call that nothing else refuses draws from the limits that apply.

import { fullAt, type Limit, type LimitScope } from '../core/limits.ts'
import type { Cost } from '../core/shapes/limits.ts'
import type { Verdict } from '../core/shapes/verification.ts'
import { sharedDate } from '../core/shared-dates.ts'
import type { Claim } from './claims.ts'
import type { Facts } from './facts.ts'
import type { Holding } from './holding.ts'

/** What a verdict tells of the limits that apply. */
export type LimitsOfVerdict = NonNullable<Extract<Verdict, { valid: true }>['limits']>

/** What a call draws that names a cost, or none. */
export function claimsOf(claims: readonly Claim[], cost: Cost | undefined): readonly Claim[] {
  if (cost === undefined) return claims
  if (typeof cost === 'number') return claims.map(({ limit }) => ({ limit, cost }))
  return claims.map((claim) => {
    const named = Object.hasOwn(cost, claim.limit.name) ? cost[claim.limit.name] : undefined
    return named === undefined ? claim : { limit: claim.limit, cost: named }
  })
}

/** The verdict on a call that has drawn what it takes. */
export function drawnVerdict(answer: Facts['answer'], limits: LimitsOfVerdict): Facts['answer'] {
  // Field by field: this is a way of millions, and to copy all that there is takes several times as long.
  const { valid, code, keyId, organizationId, name, permissions, expiresAt, metadata } = answer
  return { valid, code, keyId, organizationId, name, permissions, expiresAt, metadata, limits }
}

/** The verdict on a call that some limits refuse. Quotas come first: they refuse for longer. */
export function exceededVerdict(
  answer: Facts['answer'],
  claims: readonly Claim[],
  exceeded: readonly Claim[],
  now: number,
  wall: number,
): Verdict {
  const isQuota = exceeded.some(({ limit }) => limit.allowance.kind === 'quota')
  return {
    ...answer,
    valid: false,
    code: isQuota ? 'quota_exceeded' : 'rate_limited',
    limits: describeClaims(claims, wall),
    exceeded: exceeded.map(({ limit: { name, scope, ownerId } }) => ({ name, scope, id: ownerId })),
    retryAfterMs: retryAfterOf(exceeded, now, wall),
  }
}

/** The longest wait; null if one of the limits will never let the call pass. */
function retryAfterOf(exceeded: readonly Claim[], now: number, wall: number): number | null {
  let longest = 1
  for (const { limit, cost } of exceeded) {
    const wait = (limit.holding as Holding).retryAfterMs(limit.allowance, cost, now, wall)
    if (wait === null) return null
    longest = Math.max(longest, wait)
  }
  return longest
}

/** What a verdict tells of the limits of claims. */
export function describeClaims(claims: readonly Claim[], wall: number): LimitsOfVerdict {
  // Made as long as it will be: one that grows takes room for seventeen.
  const described = new Array<LimitsOfVerdict[number]>(claims.length)
  for (let i = 0; i < claims.length; i++) {
    const { limit } = claims[i] as Claim
    const { holding } = limit
    const endsAt = holding?.endsAt ?? null
    described[i] = describeLimit(limit, limit.scope, limit.ownerId, holding?.remaining ?? 0, endsAt, wall)
  }
  return described
}

/**
 * What a verdict tells of a limit of which so many units are left, and whose period ends at an instant. One literal for each
 * kind: an object that is put together costs several times as much.
 */
export function describeLimit(
  { name, allowance }: Pick<Limit, 'name' | 'allowance'>,
  scope: LimitScope,
  id: string,
  remaining: number,
  endsAt: number | null,
  wall: number,
): LimitsOfVerdict[number] {
  if (allowance.kind === 'quota') {
    const resetsAt = endsAt === null ? null : sharedDate(endsAt)
    return { name, scope, id, limit: allowance.limit, remaining, resetsAt }
  }
  const fullsAt = fullAt(allowance, remaining, wall)
  return {
    name,
    scope,
    id,
    limit: allowance.limit,
    windowSeconds: allowance.windowMs / 1000,
    remaining,
    resetsAt: fullsAt === null ? null : sharedDate(fullsAt),
  }
}
