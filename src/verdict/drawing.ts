// The second step of a judgement: what a call that nothing else refuses draws from the limits that apply.

import { fullAt } from '../core/limits.ts'
import type { Cost } from '../core/shapes/limits.ts'
import type { Verdict } from '../core/shapes/verification.ts'
import type { Claim } from './claims.ts'
import type { Facts } from './facts.ts'
import type { Holding } from './holding.ts'

type LimitsOfVerdict = NonNullable<Extract<Verdict, { valid: true }>['limits']>

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
export function drawnVerdict(
  answer: Facts['answer'],
  claims: readonly Claim[],
  wall: number,
): Facts['answer'] {
  return { ...answer, limits: describeClaims(claims, wall) }
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

function describeClaims(claims: readonly Claim[], wall: number): LimitsOfVerdict {
  // Made as long as it will be: one that grows takes room for seventeen.
  const described = new Array<LimitsOfVerdict[number]>(claims.length)
  for (let i = 0; i < claims.length; i++) described[i] = describeLimit((claims[i] as Claim).limit, wall)
  return described
}

/** One literal for each kind: this is a way of millions, and an object that is put together costs several times as much. */
function describeLimit(limit: Claim['limit'], wall: number): LimitsOfVerdict[number] {
  const { name, scope, ownerId: id, allowance, holding } = limit
  const remaining = holding?.remaining ?? 0
  if (allowance.kind === 'quota') {
    return { name, scope, id, limit: allowance.limit, remaining, resetsAt: holding?.resetsAt ?? null }
  }
  const fullsAt = fullAt(allowance, remaining, wall)
  return {
    name,
    scope,
    id,
    limit: allowance.limit,
    windowSeconds: allowance.windowMs / 1000,
    remaining,
    resetsAt: fullsAt === null ? null : new Date(fullsAt),
  }
}
