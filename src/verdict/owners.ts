// What keys share with others: whether their organization is suspended, and the limits of organizations, of their plans, and of
// keys that made others. Many secrets share them, and a change of one must reach all of these at once.
import { type Allowance, kindOf, type LimitScope } from '../core/limits.ts'
import { type DrawnLimits, joinLimits, readDrawn, type StoredLimit } from '../core/stored-limits.ts'
import type { Claim } from './claims.ts'
import type { CountedLimit, Holding } from './holding.ts'

/** What is known of an owner whose limits others draw from; true until a change of it is heard of. */
export interface OwnerTerms {
  isCurrent: boolean
  readonly id: string
}

/** What all keys of an organization share. */
export interface OrganizationTerms extends OwnerTerms {
  /** What a call of its keys draws from its limits, if it names no cost. */
  readonly claims: readonly Claim[]
  /** The name of its plan, and what that says. */
  readonly plan: string | undefined
  /** All that its keys may do, whatever they hold; null for no bound. */
  readonly permissions: readonly string[] | null
  /** Since when it is suspended, and all of its keys with it; null if it is not. */
  readonly suspendedAt: number | null
}

/** What a key is judged by beside what it holds. */
export interface Drawn {
  organization: OrganizationTerms
  /** The keys that made it, if it draws from their limits. */
  line: readonly OwnerTerms[]
  /** What a call draws from all limits that apply, if it names no cost. */
  claims: readonly Claim[]
}

const noClaims: readonly Claim[] = Object.freeze([])
const noLine: readonly OwnerTerms[] = Object.freeze([])
/** What was read of an organization without a limit and a plan. */
const plain = '[]\n\n\n\n'

/** The owners of which something is remembered, at most so many: an owner that is let go of is not current any more. */
export class Owners {
  readonly #most: number
  readonly #organizations = new Map<string, { text: string; terms: OrganizationTerms }>()
  readonly #keys = new Map<string, OwnerTerms>()

  constructor(most: number) {
    this.#most = Math.max(1, most)
  }

  /** What a key draws from, by what was read of it (null for nothing), and since when its organization is suspended. */
  drawn(keyId: string, organizationId: string, text: string | null, suspendedAt: number | null): Drawn {
    if (text === null) {
      const organization = this.#organization(organizationId, plain, undefined, suspendedAt)
      return { organization, line: noLine, claims: organization.claims }
    }
    const read = readDrawn(text)
    const ofOrganization = text.split('\n').slice(1, 6).join('\n')
    const organization = this.#organization(organizationId, ofOrganization, read, suspendedAt)
    const keyLimits = read.plan?.keyLimits ?? []
    const own = countLimits('key', keyId, organizationId, joinLimits(read.own, keyLimits))
    const line = read.line.map(({ keyId: id }) => this.#key(id))
    const ofLine = read.line.flatMap(({ keyId: id, limits }) =>
      countLimits('ancestor', id, organizationId, joinLimits(limits, keyLimits)),
    )
    const isOrganizationsAlone = own.length === 0 && ofLine.length === 0
    const claims = isOrganizationsAlone ? organization.claims : [...own, ...ofLine, ...organization.claims]
    return { organization, line: line.length === 0 ? noLine : line, claims }
  }

  /** Hears of a change. */
  forget(topic: string, id: string): void {
    if (topic === 'key') end(this.#keys, id)
    else if (topic === 'organization') this.#endOrganization(id)
    else if (topic === 'plan')
      for (const [organizationId, { terms }] of this.#organizations)
        if (terms.plan === id) this.#endOrganization(organizationId)
  }

  clear(): void {
    for (const id of [...this.#keys.keys()]) end(this.#keys, id)
    for (const id of [...this.#organizations.keys()]) this.#endOrganization(id)
  }

  #organization(
    id: string,
    text: string,
    read: DrawnLimits | undefined,
    suspendedAt: number | null,
  ): OrganizationTerms {
    const known = this.#organizations.get(id)
    if (known?.text === text && known.terms.suspendedAt === suspendedAt) return known.terms
    if (known !== undefined) known.terms.isCurrent = false
    const limits = read === undefined ? [] : joinLimits(read.ofOrganization, read.plan?.limits ?? [])
    const terms: OrganizationTerms = {
      isCurrent: true,
      id,
      claims: limits.length === 0 ? noClaims : countLimits('organization', id, id, limits),
      plan: read?.plan?.name,
      permissions: read?.plan?.permissions ?? null,
      suspendedAt,
    }
    this.#organizations.set(id, { text, terms })
    const [oldest] = this.#organizations.keys()
    if (this.#organizations.size > this.#most && oldest !== undefined) this.#endOrganization(oldest)
    return terms
  }

  #key(id: string): OwnerTerms {
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    const terms = { isCurrent: true, id }
    this.#keys.set(id, terms)
    const [oldest] = this.#keys.keys()
    if (this.#keys.size > this.#most && oldest !== undefined) end(this.#keys, oldest)
    return terms
  }

  #endOrganization(id: string): void {
    const known = this.#organizations.get(id)
    if (known === undefined) return
    known.terms.isCurrent = false
    this.#organizations.delete(id)
  }
}

function end(owners: Map<string, OwnerTerms>, id: string): void {
  const known = owners.get(id)
  if (known === undefined) return
  known.isCurrent = false
  owners.delete(id)
}

/** The id of the counter of a limit: two limits of one owner that differ in no more than numbers share it. */
export function counterIdOf(scope: LimitScope, ownerId: string, name: string, allowance: Allowance): string {
  return `${scope === 'organization' ? 'organization' : 'key'}/${ownerId}/${name}/${kindOf(allowance)}`
}

/** What a call draws from the limits of an owner, if it names no cost. */
export function countLimits(
  scope: LimitScope,
  ownerId: string,
  organizationId: string,
  limits: readonly StoredLimit[],
): Claim[] {
  return limits.map((limit) => new OwnedLimit(limit, scope, ownerId, organizationId))
}

/**
 * A limit of one owner, beside what it shares with those of others; and what a call draws from it that names no cost. There
 * are as many as keys: they are kept small, and few.
 */
class OwnedLimit implements CountedLimit, Claim {
  readonly shared: StoredLimit
  readonly scope: LimitScope
  readonly ownerId: string
  readonly organizationId: string
  holding: Holding | undefined = undefined

  constructor(shared: StoredLimit, scope: LimitScope, ownerId: string, organizationId: string) {
    this.shared = shared
    this.scope = scope
    this.ownerId = ownerId
    this.organizationId = organizationId
  }

  get limit(): CountedLimit {
    return this
  }

  get cost(): number {
    return this.shared.defaultCost
  }

  get counterId(): string {
    return counterIdOf(this.scope, this.ownerId, this.name, this.allowance)
  }

  get name(): string {
    return this.shared.name
  }

  get allowance(): Allowance {
    return this.shared.allowance
  }

  get defaultCost(): number {
    return this.shared.defaultCost
  }

  get epoch(): number {
    return this.shared.epoch
  }
}
