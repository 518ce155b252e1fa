// What a key was at an event: what it is now, and back again through what was changed of it since. Each change tells what
// it found, so the earliest later one of a field says what the field was.
import { statusOf } from '../../core/status.ts'
import { tokenHint } from '../../core/token.ts'
import { toWire } from '../../core/wire.ts'
import type { KeyRow } from '../../store/keys.ts'
import type { LaterChange } from '../../store/webhook-log.ts'
import { describeLimits } from '../limits/states.ts'

const fields = ['name', 'permissions', 'metadata', 'description', 'tags', 'expires_at', 'limits'] as const

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
    if (action !== 'key.updated') continue
    for (const field of fields) {
      if (before[field] === undefined || seen.has(field)) continue
      seen.add(field)
      wire[field] = fromOf(before[field], wire[field])
    }
  }
  const expiresAt = wire.expires_at === null ? null : Date.parse(wire.expires_at as string)
  return {
    id: row.id,
    organization_id: row.organization_id,
    name: wire.name,
    permissions: wire.permissions,
    created_by: row.created_by,
    created_at: new Date(row.created_at).toISOString(),
    revoked_at: revokedAt === null ? null : new Date(revokedAt).toISOString(),
    hint: tokenHint(row.prefix, kid),
    status: statusOf(revokedAt, row.suspended_at, expiresAt, at),
    expires_at: wire.expires_at,
    metadata: wire.metadata,
    description: wire.description,
    tags: wire.tags,
    limits: wire.limits,
  }
}

/** What a change found; what stands now if it does not say. */
function fromOf(change: unknown, now: unknown): unknown {
  if (typeof change !== 'object' || change === null || !('from' in change)) return now
  return change.from
}
