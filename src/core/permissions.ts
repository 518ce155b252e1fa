// Does what is granted cover what is asked? Pure.

import { maxPermissions } from './bounds.ts'

/** The form of a permission: segments of `[A-Za-z0-9_./-]+`, or `*`, between colons. */
export const permissionPattern = /^(?:[A-Za-z0-9_./-]+|\*)(?::(?:[A-Za-z0-9_./-]+|\*))*$/

/** The namespace of the management API's own permissions, which `*` alone does not cover. */
export const reservedNamespace = 'latchkey:'

/** Tells whether a permission is of the management API's own. */
export function isReserved(permission: string): boolean {
  return permission.startsWith(reservedNamespace)
}

/** The permissions that guard the management API. */
export const managementPermissions = [
  'latchkey:keys:read',
  'latchkey:keys:write',
  'latchkey:keys:verify',
  'latchkey:organizations:read',
  'latchkey:organizations:write',
  'latchkey:audit:read',
  'latchkey:audit:write',
  'latchkey:metadata:write',
  'latchkey:permissions:write',
  'latchkey:limits:write',
  'latchkey:usage:read',
  'latchkey:webhooks:read',
  'latchkey:webhooks:write',
  'latchkey:self:derive',
  'latchkey:members:read',
  'latchkey:members:write',
  'latchkey:portal:write',
] as const
export type ManagementPermission = (typeof managementPermissions)[number]

/** Sets of the management permissions, by what the holder of a key is. */
export const permissionPresets = {
  operator: ['latchkey:*'],
  administrator: [
    'latchkey:keys:read',
    'latchkey:keys:write',
    'latchkey:organizations:read',
    'latchkey:audit:read',
    'latchkey:usage:read',
    'latchkey:webhooks:read',
    'latchkey:webhooks:write',
  ],
  'read-only': ['latchkey:*:read'],
  'verify-only': ['latchkey:keys:verify'],
} as const satisfies Record<string, readonly string[]>
export type PermissionPreset = keyof typeof permissionPresets

/** Tells whether it makes sense to grant a permission: in the reserved namespace, it must cover one that there is. */
export function isGrantable(permission: string): boolean {
  return (
    !permission.startsWith(reservedNamespace) ||
    managementPermissions.some((known) => covers([permission], known))
  )
}

/** As long as so few pairs are to be compared, comparing them costs less than taking the patterns apart. */
const fewPairs = 64

/** Lists what is asked and not covered by what is granted. An empty grant covers nothing. */
export function missingPermissions(granted: readonly string[], asked: readonly string[]): string[] {
  if (granted.length * asked.length <= fewPairs)
    return asked.filter((permission) => !covers(granted, permission))
  const grant = grantOf(granted)
  const answers = new Map<string, boolean>()
  return asked.filter((permission) => {
    let isCovered = answers.get(permission)
    if (isCovered === undefined) {
      isCovered = grant.covers(permission)
      answers.set(permission, isCovered)
    }
    return !isCovered
  })
}

/**
 * Tells whether one of the granted permissions covers everything that the asked one stands for. `*` in the
 * middle stands for one segment, at the end for one or more; the reserved namespace opens only to a permission
 * that itself begins with it. One pattern must cover the whole: the segments' alphabet has no end, so no union
 * of narrower patterns equals a wildcard.
 */
export function covers(granted: readonly string[], asked: string): boolean {
  for (const permission of granted) {
    if (permission === asked) return true
    if (permission.includes('*') && patternCovers(permission, asked)) return true
  }
  return false
}

/** The narrowest of the granted permissions that cover an asked one; undefined if none does. */
export function narrowestCovering(granted: readonly string[], asked: string): string | undefined {
  let narrowest: string | undefined
  for (const permission of granted) {
    if (permission === asked) return permission
    if (!covers([permission], asked)) continue
    if (narrowest === undefined || covers([narrowest], permission)) narrowest = permission
  }
  return narrowest
}

/**
 * What is left of permissions within a bound: those that it covers, and of those that cover more what it names. The
 * reserved namespace has no bound: what a plan sells is the operator's API.
 */
export function boundPermissions(granted: readonly string[], bound: readonly string[]): string[] {
  const left = granted.flatMap((permission) =>
    permission.startsWith(reservedNamespace) ? [permission] : withinBound(permission, bound),
  )
  return [...new Set(left)]
}

/** What is left of permissions that others bound, in the reserved namespace too: at most as many as a key may hold. */
export function intersectPermissions(granted: readonly string[], bound: readonly string[]): string[] {
  const left = granted.flatMap((permission) => withinBound(permission, bound))
  return [...new Set(left)].slice(0, maxPermissions)
}

function withinBound(permission: string, bound: readonly string[]): string[] {
  return covers(bound, permission) ? [permission] : bound.filter((named) => covers([permission], named))
}

/**
 * Of permissions, those that a catalogue does not have: neither by name, nor as a part of a wildcard in it, nor as a wildcard
 * over something in it. Latchkey's own count as had, and if it is empty all do.
 */
export function uncataloguedOf(names: readonly string[], permissions: readonly string[]): string[] {
  if (names.length === 0) return []
  const grant = grantOf(names)
  let named: string[][] | undefined
  return permissions.filter((permission) => {
    if (permission.startsWith(reservedNamespace) || grant.covers(permission)) return false
    if (!permission.includes('*')) return true
    // A key may have many wildcards, and the catalogue many names: each is taken apart once, and not for each pair of them.
    named ??= names.map((name) => name.split(':'))
    const pattern = permission.split(':')
    return !named.some((segments) => coversSegments(pattern, segments))
  })
}

function patternCovers(granted: string, asked: string): boolean {
  if (asked.startsWith(reservedNamespace) && !granted.startsWith(reservedNamespace)) return false
  // The usual pattern has its only `*` at the end: all that continues from there is covered.
  const wildcard = granted.indexOf('*')
  if (wildcard === granted.length - 1) return asked.startsWith(granted.slice(0, wildcard))
  return coversSegments(granted.split(':'), asked.split(':'))
}

/** The same of both taken apart, if neither is in the reserved namespace. */
function coversSegments(pattern: readonly string[], segments: readonly string[]): boolean {
  const last = pattern.length - 1
  const open = pattern[last] === '*'
  if (open ? segments.length < pattern.length : segments.length !== pattern.length) return false
  // What is asked may itself hold a `*`, which only a `*` covers; and a last one, only an open end.
  for (let i = 0; i < (open ? last : pattern.length); i++) {
    if (pattern[i] !== '*' && pattern[i] !== segments[i]) return false
  }
  return true
}

/** One segment of the patterns that hold a `*` before their end. */
interface Step {
  /** By the next segment; `*` is the wildcard. */
  next?: Map<string, Step>
  /** A pattern ends here. */
  ends?: boolean
  /** A pattern ends with a `*` after this. */
  isOpen?: boolean
}

/**
 * A list of permissions taken apart once, so that asking costs by what is asked and hardly by how many are granted.
 * Tells the same as {@link covers}, which is the definition.
 */
export class Grant {
  readonly #words: ReadonlySet<string>
  /** What stands before the `*` of the patterns whose only one is at their end. */
  readonly #prefixes = new Set<string>()
  readonly #root: Step = {}
  /** About how many bytes it takes. */
  readonly weight: number

  constructor(granted: readonly string[]) {
    this.#words = new Set(granted)
    let weight = 0
    for (const permission of this.#words) {
      weight += permission.length + 64
      const wildcard = permission.indexOf('*')
      if (wildcard === permission.length - 1) this.#prefixes.add(permission.slice(0, wildcard))
      else if (wildcard !== -1) weight += this.#addPattern(permission.split(':'))
    }
    this.weight = weight
  }

  /** Tells whether one of the permissions covers everything that the asked one stands for. */
  covers(asked: string): boolean {
    if (this.#words.has(asked)) return true
    const isReserved = asked.startsWith(reservedNamespace)
    return this.#coversByPrefix(asked, isReserved) || this.#coversByPattern(asked, isReserved)
  }

  #coversByPrefix(asked: string, isReserved: boolean): boolean {
    if (this.#prefixes.size === 0) return false
    if (!isReserved && this.#prefixes.has('')) return true
    for (let end = asked.indexOf(':'); end !== -1; end = asked.indexOf(':', end + 1))
      if (this.#prefixes.has(asked.slice(0, end + 1))) return true
    return false
  }

  /** Goes along all patterns at once: at each segment, the steps that some pattern has taken until there. */
  #coversByPattern(asked: string, isReserved: boolean): boolean {
    if (this.#root.next === undefined) return false
    let steps = [this.#root]
    for (const segment of asked.split(':')) {
      const after: Step[] = []
      for (const step of steps) {
        if (step.isOpen) return true
        const same = step.next?.get(segment)
        if (same) after.push(same)
        // A `*` at the beginning does not open the reserved namespace.
        const any = segment === '*' || (isReserved && step === this.#root) ? undefined : step.next?.get('*')
        if (any) after.push(any)
      }
      if (after.length === 0) return false
      steps = after
    }
    return steps.some(({ ends }) => ends)
  }

  /** Returns about how many bytes that takes. */
  #addPattern(segments: readonly string[]): number {
    const last = segments.length - 1
    let step = this.#root
    let weight = 0
    for (const [i, segment] of segments.entries()) {
      if (i === last && segment === '*') {
        step.isOpen = true
        return weight
      }
      step.next ??= new Map()
      let next = step.next.get(segment)
      if (next === undefined) {
        next = {}
        step.next.set(segment, next)
        weight += 300
      }
      step = next
    }
    step.ends = true
    return weight
  }
}

/** The grants taken apart lately, by their lists, and about how many bytes they take. */
const grants = new Map<readonly string[], Grant>()
const maxGrantBytes = 2 ** 24
let grantBytes = 0

function grantOf(granted: readonly string[]): Grant {
  // A list that may change has no grant that lasts.
  if (!Object.isFrozen(granted)) return new Grant(granted)
  let grant = grants.get(granted)
  if (grant === undefined) {
    grant = new Grant(granted)
    if (grantBytes + grant.weight > maxGrantBytes) {
      grants.clear()
      grantBytes = 0
    }
    grants.set(granted, grant)
    grantBytes += grant.weight
  }
  return grant
}
