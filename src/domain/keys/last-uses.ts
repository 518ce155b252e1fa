// When, from where and for what keys were last used: as the database has it, and as this process knows of its own calls at once.
import type { KeySecret } from '../../core/shapes/key-secrets.ts'
import type { Key } from '../../core/shapes/keys.ts'
import type { Use } from '../../store/last-use.ts'

/** The uses of a key by calls of this process that the database may not know of yet. */
export interface OwnUses {
  usesOf: (keyId: string) => Use[]
}

type Used = Pick<Key, 'id' | 'lastUsedAt' | 'lastUsed'>

/** A key with the uses of this process that are not in the database yet. */
export function withOwnUses<Told extends Used>({ usesOf }: OwnUses, key: Told): Told {
  const latest = latestOf(usesOf(key.id))
  if (latest === undefined || latest.at < (key.lastUsedAt?.getTime() ?? 0)) return key
  const { kid, operation, ip, userAgent } = latest
  const at = new Date(latest.at)
  const lastUsed = { at, ip: ip || null, userAgent: userAgent || null, operation: operation || null, kid }
  return { ...key, lastUsedAt: at, lastUsed }
}

/** The same of secrets of a key. */
export function secretsWithOwnUses(
  { usesOf }: OwnUses,
  keyId: string,
  secrets: readonly KeySecret[],
): KeySecret[] {
  const uses = usesOf(keyId)
  return secrets.map((secret) => {
    const latest = latestOf(uses.filter(({ kid }) => kid === secret.kid))
    if (latest === undefined || latest.at <= (secret.lastUsedAt?.getTime() ?? 0)) return secret
    return { ...secret, lastUsedAt: new Date(latest.at) }
  })
}

function latestOf(uses: readonly Use[]): Use | undefined {
  return uses.reduce<Use | undefined>(
    (latest, use) => (latest === undefined || use.at >= latest.at ? use : latest),
    undefined,
  )
}
