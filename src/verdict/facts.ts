// What is known of a secret and its key, in the form in which it is judged and remembered.

import { type Network, readNetwork } from '../core/addresses.ts'
import { freezeAll } from '../core/freeze.ts'
import { boundPermissions } from '../core/permissions.ts'
import type { Verdict } from '../core/shapes/verification.ts'
import type { StoredSecret } from '../core/stored-secret.ts'
import type { Claim } from './claims.ts'
import { bindToLine, type LineBounds } from './line.ts'
import type { OrganizationTerms, Owners, OwnerTerms } from './owners.ts'

/** What a secret is judged by; instants in milliseconds since 1970. Many secrets share theirs. */
export interface Terms {
  organizationId: string
  permissions: readonly string[]
  /** A caller ended this secret permanently, before its time or not. */
  isEnded: boolean
  /** When a rotation's grace ends; null while the secret is the newest. */
  graceEndsAt: number | null
  expiresAt: number | null
  revokedAt: number | null
  suspendedAt: number | null
  notBefore: number | null
  /** From where it may be used; null for anywhere. */
  allowedIps: readonly Network[] | null
  /** The kid of another system's token, which does not show it; null for one of ours. */
  foreignKid: string | null
  /** What the keys add of which its key is a child; undefined if it is none. All else is of the whole line already. */
  bounds: LineBounds | undefined
  organization: OrganizationTerms
  /** The keys that made it, if it draws from their limits. */
  line: readonly OwnerTerms[]
}

/** Tells whether no change was heard of in what the terms say of others than the key. */
export function areCurrent({ organization, line }: Terms): boolean {
  if (!organization.isCurrent) return false
  for (let i = 0; i < line.length; i++) if (!(line[i] as OwnerTerms).isCurrent) return false
  return true
}

/** What is known of a secret and its key. Facts, never a decision. */
export interface Facts {
  /** The verdict if all terms are met, made once and frozen. */
  answer: Extract<Verdict, { valid: true }>
  terms: Terms
  /** What a call draws from all limits that apply, if it names no cost. */
  claims: readonly Claim[]
}

/** Makes the facts of a secret. All of it is frozen, since many callers get the same objects. */
export function toFacts(
  stored: Omit<StoredSecret, 'kid' | 'digest' | 'decoyTries'>,
  owners: Owners,
  foreignKid: string | null = null,
  boundBefore?: LineBounds,
): Facts {
  const organizationId = share(stored.organizationId, () => stored.organizationId)
  const { keyId, name } = stored
  const { organization, line, claims } = owners.drawn(
    keyId,
    organizationId,
    stored.limits,
    stored.organizationSuspendedAt,
  )
  const own = {
    permissions: permissionsOf(stored.permissions, organization.permissions),
    revokedAt: stored.revokedAt,
    suspendedAt: stored.suspendedAt,
    expiresAt: stored.expiresAt,
    notBefore: stored.notBefore,
    isEnded: stored.endedAt !== null,
    graceEndsAt: stored.graceEndsAt,
  }
  const { bounds = boundBefore, ...judged } = bindToLine(own, stored.ancestors, networksOf)
  const { permissions, revokedAt, suspendedAt, expiresAt, notBefore, isEnded, graceEndsAt } = judged
  const allowedIps = stored.allowedIps === null ? null : networksOf(stored.allowedIps)
  const answer = describe(
    { valid: true, code: 'valid', keyId, organizationId, name, permissions, expiresAt: null },
    stored.metadata,
  )
  const terms = {
    organizationId,
    permissions,
    isEnded,
    graceEndsAt,
    expiresAt,
    revokedAt,
    suspendedAt,
    notBefore,
    allowedIps,
    foreignKid,
    bounds,
    organization,
    line,
  }
  const isUnlimited =
    foreignKid === null &&
    !isEnded &&
    graceEndsAt === null &&
    expiresAt === null &&
    revokedAt === null &&
    suspendedAt === null &&
    notBefore === null &&
    allowedIps === null &&
    line.length === 0
  return {
    answer: Object.freeze(answer),
    terms: isUnlimited && stored.permissions.length <= maxSharedLength ? shareTerms(terms) : terms,
    claims,
  }
}

/** What a key may do: what it holds, as far as the plan of its organization lets it. */
function permissionsOf(held: string, bound: readonly string[] | null): readonly string[] {
  const permissions = share(held, () => freezeAll(JSON.parse(held) as string[]))
  return bound === null ? permissions : freezeAll(boundPermissions(permissions, bound))
}

/** The networks of a list. Many keys have the same; one of permissions may have the same text. */
export function networksOf(text: string): readonly Network[] {
  return share(`networks ${text}`, () =>
    freezeAll((JSON.parse(text) as string[]).map((network) => readNetwork(network) as Network)),
  )
}

/** The JSON text of a verdict's metadata, as the store has it: for a caller that writes it as text again. */
export function metadataTextOf(verdict: { readonly metadata: object }): string {
  const text = (verdict as Described)[metadataText]
  if (text !== undefined) return text
  return verdict.metadata === noMetadata
    ? '{}'
    : (texts.get(verdict.metadata) ?? JSON.stringify(verdict.metadata))
}

/** About how many bytes of heap a secret takes, counting all that others may share with it: bounds a cache. */
export function sizeOfFacts({ answer, terms, claims }: Facts): number {
  const { name, keyId, organizationId, permissions } = answer
  const characters = name.length + keyId.length + organizationId.length + metadataTextOf(answer).length
  // Two bytes a character: a text that is not Latin takes them.
  let bytes =
    secretBytes + 2 * characters + (terms.expiresAt === null && terms.foreignKid === null ? 0 : termsBytes)
  if (terms.allowedIps !== null) bytes += terms.allowedIps.length * networkBytes
  if (terms.bounds !== undefined) bytes += boundsBytes
  // Some hold a list as text too, to write it quickly.
  if (claims !== terms.organization.claims) bytes += ownClaimsBytes + claims.length * limitBytes
  for (let i = 0; i < permissions.length; i++)
    bytes += permissionBytes + 3 * (permissions[i] as string).length
  return bytes
}

// Of the objects and of the cache's own record, and of an array's place with its string; measured, and rounded up.
const secretBytes = 336
const termsBytes = 80
const permissionBytes = 40
const limitBytes = 120
const networkBytes = 160
/** The reasons of a line, and the longest lists of networks that are likely. */
const boundsBytes = 480
/** A list of a key's own, and its place in the cache. */
const ownClaimsBytes = 40

const noMetadata: Readonly<Record<string, unknown>> = Object.freeze({})
const metadataText = Symbol('metadata as text')

/** What has metadata as text, and as an object once somebody looks at it. */
interface Described {
  [metadataText]?: string
}

// A text of 4 KiB can be an object of 80 KiB, and most callers never look at it.
const lazyMetadata = {
  enumerable: true,
  configurable: false,
  get(this: Described): Readonly<Record<string, unknown>> {
    return readMetadata(this[metadataText] as string)
  },
}

function describe(known: Omit<Facts['answer'], 'metadata'>, text: string): Facts['answer'] {
  const { valid, code, keyId, organizationId, name, permissions, expiresAt } = known
  if (text === '{}')
    return { valid, code, keyId, organizationId, name, permissions, expiresAt, metadata: noMetadata }
  Object.defineProperty(known, metadataText, { value: text })
  return Object.defineProperty(known, 'metadata', lazyMetadata) as Facts['answer']
}

// Many keys have the same permissions, organization and metadata: each text is parsed and held once.
const shared = new Map<string, unknown>()
const maxShared = 10_000
const maxSharedLength = 256

function share<T>(text: string, make: () => T): T {
  if (text.length > maxSharedLength) return make()
  let value = shared.get(text)
  if (value === undefined) {
    if (shared.size >= maxShared) shared.clear()
    value = make()
    shared.set(text, value)
  }
  return value as T
}

/** The terms of secrets that nothing bounds in time and place: by their list of permissions, if that is shared, and by organization. */
const unlimited = new Map<readonly string[], Map<OrganizationTerms, Terms>>()
let unlimitedSize = 0

function shareTerms(terms: Terms): Terms {
  let ofPermissions = unlimited.get(terms.permissions)
  const known = ofPermissions?.get(terms.organization)
  if (known !== undefined) return known
  if (unlimitedSize >= maxShared) {
    unlimited.clear()
    unlimitedSize = 0
    ofPermissions = undefined
  }
  if (ofPermissions === undefined) {
    ofPermissions = new Map()
    unlimited.set(terms.permissions, ofPermissions)
  }
  ofPermissions.set(terms.organization, terms)
  unlimitedSize++
  return terms
}

/** Metadata that was looked at lately, by its text, and how much text that is. */
const read = new Map<string, Readonly<Record<string, unknown>>>()
const texts = new WeakMap<object, string>()
const maxReadLength = 100_000
let readLength = 0

function readMetadata(text: string): Readonly<Record<string, unknown>> {
  let metadata = read.get(text)
  if (metadata === undefined) {
    metadata = freezeAll(JSON.parse(text) as Record<string, unknown>)
    if (readLength + text.length > maxReadLength) {
      read.clear()
      readLength = 0
    }
    read.set(text, metadata)
    texts.set(metadata, text)
    readLength += text.length
  }
  return metadata
}
