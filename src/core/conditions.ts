// What facts may hold that an older verifier does not know of: it would admit what it should refuse. So each verifier says
// what it can judge, and gets no facts beyond that.

/** The request header in which a verifier names the conditions that it can judge, separated by commas. */
export const judgesHeader = 'latchkey-judges'

/** All conditions of this version, in the order in which they came. */
export const allConditions = ['organization', 'line', 'limits', 'suspended', 'not_before', 'ips'] as const

/**
 * A condition of facts: `organization` for what all keys of an organization share, `line` for the keys that made a key,
 * `limits` for limits, `suspended` for keys and organizations that are, `not_before` for keys that begin later, `ips` for keys
 * that are bound to addresses.
 */
export type Condition = (typeof allConditions)[number]

/** What a verifier of 0.2.0 can judge beside the key itself. */
export const noConditions: ReadonlySet<Condition> = new Set()

/** Reads the header; a condition that this version does not have is of a newer verifier, and says nothing here. */
export function readConditions(text: string | undefined): ReadonlySet<Condition> {
  if (text === undefined) return noConditions
  const named = text.split(',', 64).map((name) => name.trim())
  return new Set(allConditions.filter((condition) => named.includes(condition)))
}
