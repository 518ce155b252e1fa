// What the keys of which a key is a child make of what it is judged by. A line has few keys, and each of its reasons to refuse
// comes with time or by a change: so all of them are put together once, and a child is judged as quickly as any key.
import type { Network } from '../core/addresses.ts'
import { freezeAll } from '../core/freeze.ts'
import { intersectPermissions } from '../core/permissions.ts'
import { type LineReason, readAncestors } from '../core/stored-ancestors.ts'

/** What bounds a child beside what is its own. */
export interface LineBounds {
  /** Of which key of its line a reason is; those of its own have none. */
  readonly ancestors: Readonly<Partial<Record<LineReason, string>>>
  /** From where the keys of its line may be used that are not to be used from anywhere. */
  readonly ips: readonly { readonly keyId: string; readonly networks: readonly Network[] }[]
}

/** What a key of a line is judged by; instants in milliseconds since 1970. */
export interface LineTerms {
  permissions: readonly string[]
  revokedAt: number | null
  suspendedAt: number | null
  expiresAt: number | null
  notBefore: number | null
  isEnded: boolean
  graceEndsAt: number | null
}

/** Puts together what a secret is judged by and what its line is; `text` is what `readAncestors` reads. */
export function bindToLine(
  own: LineTerms,
  text: string | null,
  readNetworks: (text: string) => readonly Network[],
): LineTerms & { bounds: LineBounds | undefined } {
  const bound: LineTerms = { ...own }
  if (text === null) return { ...bound, bounds: undefined }
  const ancestors: Partial<Record<LineReason, string>> = {}
  const ips: LineBounds['ips'][number][] = []
  // The nearest first: of several, it is the one that is told.
  for (const { keyId, allowedIps, ...terms } of readAncestors(text)) {
    bound.permissions = intersectPermissions(bound.permissions, terms.permissions)
    if (bound.revokedAt === null && terms.revokedAt !== null) {
      bound.revokedAt = terms.revokedAt
      ancestors.revoked = keyId
    }
    if (bound.suspendedAt === null && terms.suspendedAt !== null) {
      bound.suspendedAt = terms.suspendedAt
      ancestors.suspended = keyId
    }
    if (isEarlier(terms.expiresAt, bound.expiresAt)) {
      bound.expiresAt = terms.expiresAt
      ancestors.expired = keyId
    }
    if (isEarlier(bound.notBefore ?? 0, terms.notBefore ?? 0)) {
      bound.notBefore = terms.notBefore
      ancestors.not_yet_valid = keyId
    }
    const isEndedByIt = !bound.isEnded && terms.isEnded
    if (isEndedByIt || (!bound.isEnded && isEarlier(terms.graceEndsAt, bound.graceEndsAt)))
      ancestors.rotated = keyId
    bound.isEnded ||= terms.isEnded
    if (isEarlier(terms.graceEndsAt, bound.graceEndsAt)) bound.graceEndsAt = terms.graceEndsAt
    if (allowedIps !== null) ips.push({ keyId, networks: readNetworks(allowedIps) })
  }
  bound.permissions = freezeAll([...bound.permissions])
  return { ...bound, bounds: freezeAll({ ancestors, ips }) }
}

/** Tells whether an instant comes before another; null is never. */
function isEarlier(one: number | null, other: number | null): boolean {
  return one !== null && (other === null || one < other)
}
