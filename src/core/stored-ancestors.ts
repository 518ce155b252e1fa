// The keys of which a key is a child, as the store reads them beside it.
import { freezeAll } from './freeze.ts'

/** The reasons to refuse a key that come from a key of its line, beside the addresses from which that may be used. */
export const lineReasons = ['revoked', 'suspended', 'expired', 'not_yet_valid', 'rotated'] as const
export type LineReason = (typeof lineReasons)[number]

/** A key of which another one is a child, and what became of the secret by which it made that. Instants in milliseconds. */
export interface StoredAncestor {
  keyId: string
  permissions: readonly string[]
  revokedAt: number | null
  expiresAt: number | null
  suspendedAt: number | null
  notBefore: number | null
  /** From where it may be used, as JSON; null for anywhere. */
  allowedIps: string | null
  /** The secret by which it made the next key of the line was ended for good. */
  isEnded: boolean
  /** When the grace of that secret ends. */
  graceEndsAt: number | null
}

type Instant = number | null
type Six = [Instant, Instant, Instant, Instant, Instant, Instant]

const linesOfEach = 9
const none: readonly StoredAncestor[] = Object.freeze([])

/** Reads what the store has put together, some lines for each key, the nearest first; null for a key that is no child. */
export function readAncestors(text: string | null): readonly StoredAncestor[] {
  if (text === null) return none
  const lines = text.split('\n')
  const ancestors: StoredAncestor[] = []
  for (let at = 0; at + linesOfEach <= lines.length; at += linesOfEach) {
    const [keyId, permissions, ips, ...instants] = lines.slice(at, at + linesOfEach) as [
      string,
      string,
      string,
    ]
    const [revokedAt, expiresAt, suspendedAt, notBefore, endedAt, graceEndsAt] = instants.map(
      instantOf,
    ) as Six
    ancestors.push({
      keyId,
      permissions: freezeAll(JSON.parse(permissions) as string[]),
      allowedIps: ips === '' ? null : ips,
      ...{ revokedAt, expiresAt, suspendedAt, notBefore, graceEndsAt },
      isEnded: endedAt !== null,
    })
  }
  return ancestors
}

/** What would become of a key of a line, and of the secret by which it made the next one; what is absent stays. */
export type AncestorChange = Partial<Omit<StoredAncestor, 'keyId' | 'permissions'>> & { permissions?: string }

/** What the store would put together if one key of a line were another; `permissions` as JSON. */
export function changeAncestor(text: string, keyId: string, change: AncestorChange): string {
  const lines = text.split('\n')
  for (let at = 0; at + linesOfEach <= lines.length; at += linesOfEach) {
    if (lines[at] !== keyId) continue
    const { permissions, allowedIps, revokedAt, expiresAt, suspendedAt, notBefore, isEnded, graceEndsAt } =
      change
    const ended = isEnded === undefined ? undefined : isEnded ? 0 : null
    const changed = [
      permissions,
      allowedIps,
      revokedAt,
      expiresAt,
      suspendedAt,
      notBefore,
      ended,
      graceEndsAt,
    ]
    for (const [i, value] of changed.entries())
      if (value !== undefined) lines[at + 1 + i] = value === null ? '' : String(value)
  }
  return lines.join('\n')
}

function instantOf(text: string): number | null {
  return text === '' ? null : Number(text)
}
