// Does a key keep the rules of a policy? Pure.
import { missingPermissions, reservedNamespace, uncataloguedOf } from './permissions.ts'
import type { PolicyRule } from './policy-rules.ts'
import type { PolicyRules } from './shapes/policies.ts'

/** What of a key is judged: all of it, or what a change names. */
export interface JudgedKey {
  permissions?: readonly string[] | undefined
  /** When it expires, and when that was set, in milliseconds since 1970. */
  expiry?: { at: number | null; setAt: number } | undefined
  /** Absent for the token of another system, which has none. */
  prefix?: string | undefined
  allowedIps?: readonly string[] | undefined
}

/** A rule that a key breaks, and how. */
interface Breach {
  rule: PolicyRule
  detail: string
}

/** The policy of who has none. */
export const noRules: PolicyRules = Object.freeze({
  maxLifetimeSeconds: null,
  requireExpiry: false,
  permissions: null,
  cataloguedOnly: false,
  prefixes: null,
  requireAllowedIps: false,
  maxKeys: null,
  onLeak: null,
  leakEndsAfterHours: null,
})

/** What is done about the newest token of a key that leaked. */
export type LeakRules = { action: 'revoke' | 'notify' } | { action: 'end_after'; hours: number }

type LeakFields = Partial<Pick<PolicyRules, 'onLeak' | 'leakEndsAfterHours'>>

/**
 * What is done about leaks of an organization's keys. The rules that the root organization has set for it count before those of
 * the deployment. What it has set for itself counts if it is the graver: to revoke, before to end it sooner or later, before to tell.
 */
export function leakRulesOf(
  deployment: LeakFields,
  own: { rules: LeakFields; isOfRoot: boolean } | undefined,
): LeakRules {
  const allowed = readLeakRules(deployment) ?? { action: 'revoke' }
  const wanted = own && readLeakRules(own.rules)
  if (own === undefined || wanted === undefined) return allowed
  return own.isOfRoot || graveness(wanted) > graveness(allowed) ? wanted : allowed
}

function readLeakRules({ onLeak = null, leakEndsAfterHours = null }: LeakFields): LeakRules | undefined {
  if (onLeak === null) return undefined
  return onLeak === 'end_after' ? { action: onLeak, hours: leakEndsAfterHours ?? 1 } : { action: onLeak }
}

/** At most a day has 24 hours. */
function graveness(rules: LeakRules): number {
  if (rules.action === 'end_after') return 25 - rules.hours
  return rules.action === 'revoke' ? 25 : 0
}

/**
 * Finds the rules that a key breaks by itself: all but the number of keys. A key is judged by each of its policies, so that it keeps
 * what is common to them. `catalogue` are the names of the catalogue, for rules that ask for it.
 */
export function breachesOf(
  policies: readonly PolicyRules[],
  key: JudgedKey,
  catalogue: readonly string[],
): Breach[] {
  const found = new Map<PolicyRule, Breach>()
  for (const rules of policies)
    for (const [rule, detail] of breaches(rules, key, catalogue))
      if (!found.has(rule)) found.set(rule, { rule, detail })
  return [...found.values()]
}

function* breaches(
  rules: PolicyRules,
  { permissions, expiry, prefix, allowedIps }: JudgedKey,
  catalogue: readonly string[],
): Generator<[PolicyRule, string]> {
  if (expiry !== undefined) yield* expiryBreaches(rules, expiry)
  if (permissions !== undefined) yield* permissionBreaches(rules, permissions, catalogue)
  if (prefix !== undefined && rules.prefixes !== null && !rules.prefixes.includes(prefix))
    yield ['prefixes', `Its token must begin with one of ${rules.prefixes.join(', ')}.`]
  if (allowedIps?.length === 0 && rules.requireAllowedIps)
    yield ['require_allowed_ips', 'It must name the addresses from which it may be used: set allowed_ips.']
}

function* expiryBreaches(
  { maxLifetimeSeconds, requireExpiry }: PolicyRules,
  { at, setAt }: { at: number | null; setAt: number },
): Generator<[PolicyRule, string]> {
  if (at === null && requireExpiry) yield ['require_expiry', 'It must expire: set expires_at.']
  if (maxLifetimeSeconds !== null && (at === null || at - setAt > maxLifetimeSeconds * 1000))
    yield [
      'max_lifetime_seconds',
      `It must expire at most ${maxLifetimeSeconds} seconds after its expiry is set: set an earlier expires_at.`,
    ]
}

function* permissionBreaches(
  { permissions: granted, cataloguedOnly }: PolicyRules,
  permissions: readonly string[],
  catalogue: readonly string[],
): Generator<[PolicyRule, string]> {
  const missing = granted === null ? [] : missingPermissions(granted, permissions)
  if (missing.length > 0) yield ['permissions', `Nobody may grant ${missing.join(', ')}: leave them out.`]
  const uncatalogued = cataloguedOnly ? outsideOf(catalogue, permissions) : []
  if (uncatalogued.length > 0)
    yield [
      'catalogued_only',
      `The catalogue of permissions does not have ${uncatalogued.join(', ')}: leave them out, or describe them first.`,
    ]
}

/** Unlike for a warning, an empty catalogue has nothing: a rule that is on holds. */
function outsideOf(catalogue: readonly string[], permissions: readonly string[]): string[] {
  if (catalogue.length > 0) return uncataloguedOf(catalogue, permissions)
  return permissions.filter((permission) => !permission.startsWith(reservedNamespace))
}
