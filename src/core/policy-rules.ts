// The rules that a policy may have.

/** The rules of a policy by the names that refusals give them. */
export const policyRules = [
  'max_lifetime_seconds',
  'require_expiry',
  'permissions',
  'catalogued_only',
  'prefixes',
  'require_allowed_ips',
  'max_keys',
] as const
/** A rule of a policy, such as `max_keys`. */
export type PolicyRule = (typeof policyRules)[number]
