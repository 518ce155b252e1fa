// What a key was at an event: what it is now, and back again through what was changed of it since. Each change tells what
// it found, so the earliest later one of a field says what the field was.
import { statusOf } from '../../core/status.ts'
import { tokenHint } from '../../core/token.ts'
import { toWire } from '../../core/wire.ts'
import { creatorTypeOf } from '../../store/creators.ts'
import { type KeyRow, readAllowedIps } from '../../store/keys.ts'
import type { LaterChange } from '../../store/webhook-log.ts'
import { describeLimits } from '../limits/states.ts'

const fields = [
  ...(['name', 'permissions', 'metadata', 'description', 'tags', 'expires_at', 'limits'] as const),
  ...(['not_before', 'allowed_ips', 'suspended_at', 'suspended_reason'] as const),
] as const
/** The events that tell of fields what these were before. */
const edits = ['key.updated', 'key.suspended', 'key.resumed']

/** A key as it stood after an event, with the names of the wire. `later` are its later changes, in their order. */
export function keyAt(row: KeyRow, later: readonly LaterChange[], at: number): Record<string, unknown> {
  const wire = toWire({
    name: row.name,
    permissions: JSON.parse(row.permissions),
    metadata: JSON.parse(row.metadata),
    description: row.description || null,
    tags: JSON.parse(row.tags),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    limits: describeLimits(row.limits),
    notBefore: toDate(row.not_before),
    allowedIps: readAllowedIps(row.allowed_ips),
    suspendedAt: toDate(row.suspended_at),
    suspendedReason: row.suspended_reason,
  }) as Record<(typeof fields)[number], unknown>
  let { kid, revoked_at: revokedAt } = row
  const seen = new Set<string>()
  for (const { action, changes } of later) {
    const before: Record<string, unknown> = JSON.parse(changes)
    if (action === 'key.revoked') revokedAt = null
    if (action === 'key.rotated' && !seen.has('kid')) {
      seen.add('kid')
      kid = fromOf(before.kid, kid) as string
    }
    if (!edits.includes(action)) continue
    for (const field of fields) {
      if (before[field] === undefined || seen.has(field)) continue
      seen.add(field)
      wire[field] = fromOf(before[field], wire[field])
    }
  }
  const instantOf = (text: unknown) => (text === null ? null : Date.parse(text as string))
  return {
    id: row.id,
    organization_id: row.organization_id,
    name: wire.name,
    permissions: wire.permissions,
    created_by: row.created_by,
    created_by_type: creatorTypeOf(row),
    parent_id: row.parent_id,
    created_at: new Date(row.created_at).toISOString(),
    revoked_at: revokedAt === null ? null : new Date(revokedAt).toISOString(),
    revocation_reason: revokedAt === null ? null : row.revocation_reason,
    suspended_at: wire.suspended_at,
    suspended_reason: wire.suspended_reason,
    not_before: wire.not_before,
    allowed_ips: wire.allowed_ips,
    hint: tokenHint(row.prefix, kid),
    status: statusOf(revokedAt, instantOf(wire.suspended_at), instantOf(wire.expires_at), at),
    expires_at: wire.expires_at,
    metadata: wire.metadata,
    description: wire.description,
    tags: wire.tags,
    limits: wire.limits,
  }
}

function toDate(value: number | null): Date | null {
  return value === null ? null : new Date(value)
}

/** What a change found; what stands now if it does not say. */
function fromOf(change: unknown, now: unknown): unknown {
  if (typeof change !== 'object' || change === null || !('from' in change)) return now
  return change.from
}
