// The tables of keys, of whom they belong to and of what they may draw, as they lie in the database; see `tables.ts`.
import type { Generated } from 'kysely'

export interface OrganizationsTable {
  id: string
  name: string
  /** The name without case, for searching alike on every database. */
  name_folded: string
  created_at: number
  /** The list of `stored-limits.ts`, as JSON. */
  limits: Generated<string>
  /** The name of its plan. */
  plan: string | null
  suspended_at: Generated<number | null>
  /** The id of the key that suspended it; null for the operator. */
  suspended_by: Generated<string | null>
  suspended_reason: Generated<string | null>
  /** What its members may grant outside `latchkey:`: a list as JSON. */
  grantable_permissions: Generated<string>
  /** By what its people sign in: `any`, or `provider`. */
  sign_in: Generated<string>
  /** Another one after each edit; see `revisions.ts`. */
  revision: Generated<number>
}

/** Named sets of limits that organizations share. */
export interface PlansTable {
  /** Its name. */
  id: string
  /** A list as JSON; null for no bound. */
  permissions: string | null
  limits: string
  key_limits: string
  created_at: number
  /** Another one after each edit; see `revisions.ts`. */
  revision: Generated<number>
}

/** What was taken of limits; see `verdict/counter.ts`. */
export interface CountersTable {
  id: string
  organization_id: string
  epoch: number
  as_of: number
  period: number
  level: number
  rest: number
  window_ms: number
  spent: number
  added: number
  /** A list as JSON. */
  holders: string
}

/** The units that were added under a reference, once for ever. */
export interface UnitAdditionsTable {
  /** The owner of the counter, and the name of its limit. */
  counter_owner: string
  reference: string
  units: number
}

export interface KeysTable {
  id: string
  organization_id: string
  name: string
  /** The name without case, for searching and sorting alike on every database. */
  name_folded: string
  permissions: string
  metadata: string
  created_by: string | null
  /** A `CreatorType`; null beside nobody, and in keys that an older program made. */
  created_by_type: string | null
  created_at: number
  expires_at: number | null
  /** When that was set; null for the creation of the key. */
  expiry_set_at: number | null
  revoked_at: number | null
  /** The id of the key that revoked it; null for the operator. */
  revoked_by: Generated<string | null>
  revocation_reason: Generated<string | null>
  suspended_at: Generated<number | null>
  /** The id of the key that suspended it; null for the operator. */
  suspended_by: Generated<string | null>
  /** The organization of who suspended it; the operator's is the root organization. */
  suspended_for: Generated<string | null>
  suspended_reason: Generated<string | null>
  /** From when on it is valid. */
  not_before: Generated<number | null>
  /** From where it may be used, as JSON: networks in their one form; null for anywhere. */
  allowed_ips: Generated<string | null>
  /** The list of `stored-limits.ts`, as JSON. */
  limits: Generated<string>
  /** The key from whose limits it draws as well: that of which it is a child, if it is one. */
  limits_from: string | null
  /** The key of which it is a child, for good. */
  parent_id: string | null
  /** The secret of that key by which it was made, and with which it ends; null if another key made it. */
  parent_kid: string | null
  /** 0: never. Not null, so that it sorts alike on every database. */
  last_used_at: number
  /** Prefix and kid of the newest secret; of another system's token what may be shown of it, and its kid, which begins with `-`. */
  prefix: string
  kid: string
  /** Another one after each edit; see `revisions.ts`. Writing it first is also how a change takes the row's lock. */
  revision: number
  /** What its owner says of it; `''` for nothing. Folded as the name is, for searching. */
  description: string
  description_folded: string
  /** A sorted list as JSON. */
  tags: string
  /** When its leak was last reported, unless somebody has cleared that since. */
  exposed_at: Generated<number | null>
  /** What is known of that, as JSON: `ExposureRecord` of `store/exposures.ts`. */
  exposure: Generated<string | null>
  /** The revision of which its terms are written; see `key-terms.ts`. */
  terms_revision: Generated<number>
  /** Of a decoy, how often it was tried, as far as that was told; null for every other key. See `decoys.ts`. */
  decoy_tries: number | null
  /** When it was last tried, and when that was last told; null for never. */
  decoy_tried_at: Generated<number | null>
  decoy_told_at: Generated<number | null>
}

/** Under what keys are found; see `key-terms.ts`. */
export interface KeyTermsTable {
  term: string
  organization_id: string
  /** The key's. */
  created_at: number
  key_id: string
}

export interface SecretsTable {
  kid: string
  key_id: string
  organization_id: string
  prefix: string
  /** SHA-256 of the whole token, 32 bytes; of another system's token what its recipe makes of it. */
  digest: Uint8Array
  created_at: number
  /** When its grace ends or ended; null for the newest. */
  grace_ends_at: number | null
  /** When somebody ended it for good; null if only time does, or nothing yet. */
  ended_at: number | null
  /** For how long it must be silent to end before its grace does; null if it does not end so. */
  silent_ms: number | null
  /** When it will have been silent for so long, by the database's clock, if no use of it is written before. */
  silent_at: number | null
  /** 0: never. */
  last_used_at: number
  /** The number of the recipe of another system's token; null for one of ours. */
  recipe: number | null
  /** Who has seen the token; null for who held the database, and in secrets that an older program made. */
  created_by: string | null
  created_by_type: string | null
}

/** How the tokens of other systems are found; see `core/recipes.ts`. */
export interface RecipesTable {
  id: number
  scheme: string
  part: string
  pepper: string | null
  created_at: number
}

/** What the tokens of new keys may begin with. */
export interface PrefixesTable {
  id: string
  /** Its place in the order: the first is the default. */
  place: number
}

/** The permissions that the operator has described. */
export interface CatalogueTable {
  /** The permission. */
  id: string
  description: string | null
  group_name: string | null
}

/** What keys may be; see `store/policies.ts`. */
export interface PoliciesTable {
  /** The organization's; the root organization's is that of the deployment. */
  id: string
  /** `PolicyRules` as JSON. */
  rules: string
  /** The organization of who set it: what the root organization has set, only it changes. */
  set_for: string
  set_at: number
  /** Another one after each edit; see `revisions.ts`. */
  revision: number
}

export interface KeyTables {
  organizations: OrganizationsTable
  plans: PlansTable
  keys: KeysTable
  key_terms: KeyTermsTable
  secrets: SecretsTable
  prefixes: PrefixesTable
  recipes: RecipesTable
  catalogue: CatalogueTable
  policies: PoliciesTable
  counters: CountersTable
  unit_additions: UnitAdditionsTable
}
