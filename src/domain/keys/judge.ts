// What policies say of new and changed keys, judged in the transaction that makes or changes them.
import { rootOrganizationId } from '../../core/access.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { breachesOf, type JudgedKey } from '../../core/policy.ts'
import type { PolicyRule } from '../../core/policy-rules.ts'
import type { PolicyRules } from '../../core/shapes/policies.ts'
import { isForeignKid } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { readCatalogue } from '../../store/catalogue.ts'
import { type KeyRow, readAllowedIps } from '../../store/keys.ts'
import { lockOrganization } from '../../store/organizations.ts'
import { countLiveKeys, findPolicies, holdPolicies } from '../../store/policies.ts'
import { allDone } from '../../store/statements.ts'
import type { Db, Tx } from '../../store/tables.ts'

/** The policies of some organizations, as they stand in a transaction or a read. */
export class Judge {
  readonly #policies: ReadonlyMap<string, PolicyRules>
  readonly #catalogue: readonly string[]
  /** How many live keys an organization has, as far as a rule counts them. */
  readonly #counts = new Map<string, number>()

  constructor(policies: ReadonlyMap<string, PolicyRules>, catalogue: readonly string[]) {
    this.#policies = policies
    this.#catalogue = catalogue
  }

  /** The policies that the keys of an organization must keep, that of the deployment first. Those of the root organization keep none. */
  rulesOf(organizationId: string): PolicyRules[] {
    if (organizationId === rootOrganizationId) return []
    return [rootOrganizationId, organizationId].flatMap((id) => this.#policies.get(id) ?? [])
  }

  /** Names the rules that a key breaks by itself. */
  brokenRules(key: KeyRow): PolicyRule[] {
    const breaches = breachesOf(this.rulesOf(key.organization_id), judgedOf(key), this.#catalogue)
    return breaches.map(({ rule }) => rule)
  }

  /** Throws `policy` if a key, or what a change names of it, breaks a rule. */
  require(organizationId: string, key: JudgedKey): void {
    const [breach] = breachesOf(this.rulesOf(organizationId), key, this.#catalogue)
    if (breach) throw refusal(breach.rule, `The policy refuses this key. ${breach.detail}`)
  }

  /** The first of the prefixes of new keys that an organization may have; the first of all if it may have none. */
  prefixOf(organizationId: string, prefixes: readonly [string, ...string[]]): string {
    const rules = this.rulesOf(organizationId)
    const isAllowed = (prefix: string) => rules.every(({ prefixes: own }) => own?.includes(prefix) ?? true)
    return prefixes.find(isAllowed) ?? prefixes[0]
  }

  /** How many live keys an organization may have; undefined for any number. */
  maxKeysOf(organizationId: string): number | undefined {
    const bounds = this.rulesOf(organizationId).flatMap(({ maxKeys }) => maxKeys ?? [])
    return bounds.length === 0 ? undefined : Math.min(...bounds)
  }

  /**
   * Counts the live keys of organizations that are bounded, each under the lock of its row: until the transaction ends, no other
   * makes a key there.
   */
  async count(tx: Tx, organizationIds: readonly string[], now: number): Promise<void> {
    // In one order, so that two that count several wait for each other in no circle.
    for (const id of [...new Set(organizationIds)].sort()) {
      const maxKeys = this.maxKeysOf(id)
      if (maxKeys === undefined) continue
      const [, count] = await allDone([lockOrganization(tx, id), countLiveKeys(tx, id, now, maxKeys)])
      this.#counts.set(id, count)
    }
  }

  /** Takes the place of one more live key, of an organization that was counted. Throws `policy`. */
  takePlace(organizationId: string): void {
    const maxKeys = this.maxKeysOf(organizationId)
    if (maxKeys === undefined) return
    const count = this.#counts.get(organizationId)
    // What nobody has counted is not let through.
    if (count === undefined) throw new TypeError('The keys of this organization were not counted.')
    if (count >= maxKeys)
      throw refusal(
        'max_keys',
        `The policy lets the organization have ${maxKeys === 1 ? '1 key' : `${maxKeys} keys`} that are neither revoked nor expired. Revoke one that nobody needs first.`,
      )
    this.#counts.set(organizationId, count + 1)
  }

  /** Gives the place back that a key has taken which is not made after all. */
  leavePlace(organizationId: string): void {
    const count = this.#counts.get(organizationId)
    if (count !== undefined) this.#counts.set(organizationId, count - 1)
  }
}

/** Reads the policies of organizations, as they are now. */
export async function readJudge(db: Db, organizationIds: Iterable<string>): Promise<Judge> {
  const ids = new Set(organizationIds)
  ids.delete(rootOrganizationId)
  if (ids.size === 0) return new Judge(new Map(), [])
  const policies = await findPolicies(db, [...ids])
  const asksCatalogue = [...policies.values()].some(({ cataloguedOnly }) => cataloguedOnly)
  const catalogue = asksCatalogue ? (await readCatalogue(db)).map(({ id }) => id) : []
  // What is frozen is taken apart once.
  return new Judge(policies, Object.freeze(catalogue))
}

/** The same for a change of keys: until the transaction ends, they stay as they are. */
export async function openJudge(
  tx: Tx,
  dialect: StoreDialect,
  organizationIds: Iterable<string>,
): Promise<Judge> {
  const ids = [...organizationIds].filter((id) => id !== rootOrganizationId)
  if (ids.length === 0) return readJudge(tx, ids)
  // One behind the other without waiting: the second sees what was committed when the first had its lock.
  const [, judge] = await allDone([holdPolicies(tx, dialect, ids), readJudge(tx, ids)])
  return judge
}

/** What of a key as it stands is judged. The prefix of another system's token is none. */
export function judgedOf(key: KeyRow, prefix = isForeignKid(key.kid) ? undefined : key.prefix): JudgedKey {
  return {
    permissions: JSON.parse(key.permissions),
    expiry: { at: key.expires_at, setAt: key.expiry_set_at ?? key.created_at },
    prefix,
    allowedIps: readAllowedIps(key.allowed_ips),
  }
}

function refusal(rule: PolicyRule, detail: string): LatchkeyError {
  return new LatchkeyError('policy', detail, { rule })
}
