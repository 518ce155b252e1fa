// What keys come to without anybody's doing, and what is told of it: that they expire, that a grace is over, that nobody uses
// them any more.
import type { Deed } from '../../commit/audit-trail.ts'
import { dormantDays, expiryNoticeDays } from '../../core/bounds.ts'
import { dayMs } from '../../core/periods.ts'
import type { AuditAction } from '../../core/shapes/audit.ts'
import { hasPassed } from '../../core/status.ts'
import { tokenHint } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import {
  type DueRow,
  findCreated,
  findExpiring,
  findGraces,
  findUsed,
  lockGraces,
  lockKeyRows,
  type Span,
} from '../../store/due-rows.ts'
import type { Db, Tx } from '../../store/tables.ts'

/** Something that becomes due by time alone. */
export interface Notice {
  /** Under it is kept how far it was looked for. */
  name: string
  /** So long after the instant by which it is found it is due; before it, if negative. */
  delayMs: number
  /** What is found by an instant no further ahead than this is told of by another notice, which is nearer. */
  beyondMs?: number
  find(db: Db, span: Span, limit: number): Promise<DueRow[]>
  /** The instant by which a row is found. */
  instantOf(row: DueRow): number
  /** Reads rows again, and keeps their keys as they are until the transaction ends. */
  lock(tx: Tx, dialect: StoreDialect, rows: readonly DueRow[]): Promise<DueRow[]>
  /** What is told of a row at an instant; undefined if nothing is. */
  describe(row: DueRow, now: number): Told | undefined
}

/** What is told, and of what: once for each cause. */
export interface Told {
  cause: string
  dueAt: number
  deed: Deed
}

const byExpiry = {
  find: findExpiring,
  lock: lockKeyRows,
  instantOf: ({ expires_at }: DueRow) => expires_at ?? 0,
}

/** All notices of keys. */
export const keyNotices: readonly Notice[] = [
  ...expiryNoticeDays.map((days, i) => expiring(days, expiryNoticeDays[i + 1] ?? 0)),
  {
    ...byExpiry,
    name: 'key.expired',
    delayMs: 0,
    describe: (row, now) => {
      const { expires_at: expiresAt, revoked_at, last_used_at } = row
      if (expiresAt === null || !hasPassed(expiresAt, now) || revoked_at !== null) return undefined
      const changes = { expiresAt: new Date(expiresAt), lastUsedAt: orNever(last_used_at) }
      return tell(row, 'key.expired', { of: expiresAt, dueAt: expiresAt }, changes)
    },
  },
  {
    name: 'key.grace_ended',
    delayMs: 0,
    find: findGraces,
    lock: lockGraces,
    instantOf: ({ secret }) => secret?.grace_ends_at ?? 0,
    describe: (row, now) => {
      const { id: kid, revoked_at, last_used_at, secret } = row
      const { prefix = '', grace_ends_at: endsAt = null, ended_at = null, silent_ms = null } = secret ?? {}
      if (endsAt === null || !hasPassed(endsAt, now) || silent_ms !== null || revoked_at !== null)
        return undefined
      // Somebody ended it, and then it ended at that instant.
      if (ended_at !== null && ended_at <= endsAt) return undefined
      const hint = tokenHint(prefix, kid)
      const changes = { kid, hint, reason: 'grace_seconds', lastUsedAt: orNever(last_used_at) }
      return tell(row, 'key.grace_ended', { of: endsAt, dueAt: endsAt }, changes)
    },
  },
  {
    name: 'key.dormant used',
    delayMs: dormantDays * dayMs,
    find: findUsed,
    lock: lockKeyRows,
    instantOf: ({ last_used_at }) => last_used_at,
    describe: (row, now) => dormant(row, row.last_used_at, now),
  },
  {
    name: 'key.dormant unused',
    delayMs: dormantDays * dayMs,
    find: findCreated,
    lock: lockKeyRows,
    instantOf: ({ created_at }) => created_at,
    describe: (row, now) => (row.last_used_at > 0 ? undefined : dormant(row, row.created_at, now)),
  },
]

/** That a key expires in so many days, if it is none of those that are told of nearer to its end. */
function expiring(days: number, nearerDays: number): Notice {
  const [delayMs, beyondMs] = [-days * dayMs, nearerDays * dayMs]
  return {
    ...byExpiry,
    name: `key.expiring ${days}`,
    delayMs,
    beyondMs,
    describe: (row, now) => {
      const { expires_at: expiresAt, expiry_set_at, created_at, revoked_at, last_used_at } = row
      if (expiresAt === null || expiresAt <= now + beyondMs || revoked_at !== null) return undefined
      const dueAt = expiresAt + delayMs
      // Who sets an expiry knows how near it is.
      if (dueAt > now || dueAt <= (expiry_set_at ?? created_at)) return undefined
      const changes = { expiresAt: new Date(expiresAt), daysBefore: days, lastUsedAt: orNever(last_used_at) }
      return tell(row, 'key.expiring', { of: expiresAt, dueAt, stage: days }, changes)
    },
  }
}

/** That a key was not used since an instant. */
function dormant(row: DueRow, since: number, now: number): Told | undefined {
  const { revoked_at, suspended_at, expires_at, last_used_at } = row
  const dueAt = since + dormantDays * dayMs
  // Of one that is suspended nobody expects a use.
  if (dueAt > now || revoked_at !== null || suspended_at !== null || hasPassed(expires_at, now))
    return undefined
  const changes = { unusedDays: dormantDays, lastUsedAt: orNever(last_used_at) }
  return tell(row, 'key.dormant', { of: since, dueAt }, changes)
}

function tell(
  { id, key_id: keyId, organization_id: organizationId, decoy_tries }: DueRow,
  action: AuditAction,
  { of, dueAt, stage }: { of: number; dueAt: number; stage?: number },
  changes: Record<string, unknown>,
): Told | undefined {
  // Nobody uses it, and nobody is to.
  if (decoy_tries !== null) return undefined
  const cause = [action, id, of, ...(stage === undefined ? [] : [stage])].join(' ')
  return { cause, dueAt, deed: { action, organizationId, keyId, changes } }
}

function orNever(instant: number): Date | null {
  return instant === 0 ? null : new Date(instant)
}
