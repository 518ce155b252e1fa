// What is known of a secret and its key, in the form in which it is judged and remembered.
import type { Verdict } from './schemas.ts'
import type { FactsRow } from './store/facts.ts'

/** What a secret is judged by; instants in milliseconds since 1970. Many secrets share theirs. */
export interface Terms {
  organizationId: string
  permissions: readonly string[]
  /** Somebody ended this secret for good, whatever the time. */
  isEnded: boolean
  /** When a rotation's grace ends; null while the secret is the newest. */
  graceEndsAt: number | null
  expiresAt: number | null
  revokedAt: number | null
}

/** What is known of a secret and its key. Facts, never a decision. */
export interface Facts {
  /** The verdict where all terms are met, made once and frozen. */
  answer: Extract<Verdict, { valid: true }>
  terms: Terms
}

// Many keys have the same permissions, organization and metadata: each text is parsed and held once.
const shared = new Map<string, unknown>()
const mostShared = 10_000

/** Reads what the store has of a secret. All of it is frozen, since many callers get the same objects. */
export function toFacts(row: FactsRow): Facts {
  const organizationId = share(row.organization_id, () => row.organization_id)
  const permissions = share(row.permissions, () => freezeAll(JSON.parse(row.permissions) as string[]))
  const metadata = share(row.metadata, () => freezeAll(JSON.parse(row.metadata) as Record<string, unknown>))
  const {
    key_id: keyId,
    name,
    expires_at: expiresAt,
    revoked_at: revokedAt,
    grace_ends_at: graceEndsAt,
  } = row
  const answer = {
    valid: true,
    code: 'valid',
    keyId,
    organizationId,
    name,
    permissions,
    expiresAt: null,
    metadata,
  } as const
  const isEnded = row.ended_at !== null
  const terms = { organizationId, permissions, isEnded, graceEndsAt, expiresAt, revokedAt }
  const isUnlimited = !isEnded && graceEndsAt === null && expiresAt === null && revokedAt === null
  return {
    answer: Object.freeze(answer),
    terms: isUnlimited ? share(`${organizationId} ${row.permissions}`, () => terms) : terms,
  }
}

function share<T>(text: string, make: () => T): T {
  if (text.length > 256) return make()
  let value = shared.get(text)
  if (value === undefined) {
    if (shared.size >= mostShared) shared.clear()
    value = make()
    shared.set(text, value)
  }
  return value as T
}

function freezeAll<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freezeAll(inner)
    Object.freeze(value)
  }
  return value
}
