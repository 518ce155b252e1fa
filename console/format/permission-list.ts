// Permissions as people type and paste them: taken apart, checked, and what their wildcards cover. Pure.
import {
  covers,
  type ManagementPermission,
  managementPermissions,
  missingPermissions,
  permissionPattern,
  reservedNamespace,
} from '../../src/core/permissions.ts'
import type { WireCatalogueEntry } from '../api.ts'
import { withMarks } from './foreign-text.ts'

const longestPermission = 128
const mostPermissions = 128

/** What each permission of the management API opens. */
const managementMeanings: Record<ManagementPermission, string> = {
  'latchkey:keys:read': 'Read keys, and sign in here',
  'latchkey:keys:write': 'Create, change, rotate and revoke keys',
  'latchkey:keys:verify': 'Verify tokens',
  'latchkey:organizations:read': 'Read organizations',
  'latchkey:organizations:write': 'Create and rename organizations',
  'latchkey:audit:read': 'Read the audit log',
  'latchkey:audit:write': 'Erase what events tell, and rotate who signs its checkpoints',
  'latchkey:metadata:write': 'Set metadata, which verdicts return',
  'latchkey:permissions:write': 'Describe the permissions of your API',
  'latchkey:limits:write': 'Set limits and plans, and add units',
  'latchkey:usage:read': 'Read how many calls there were',
  'latchkey:webhooks:read': 'Read webhooks, and what became of each event',
  'latchkey:webhooks:write': 'Send events to URLs, and see what receivers answer',
  'latchkey:self:derive': 'Make and revoke children of itself',
  'latchkey:members:read': 'Read members and invitations',
  'latchkey:members:write': 'Invite people, set their roles, and remove them',
  'latchkey:portal:write': 'Let users of yours manage keys on a customer page',
}

/** Takes a typed or pasted list apart: by commas, semicolons and spaces; quotes and brackets of JSON fall away. */
export function readPermissions(text: string): string[] {
  return [...new Set(text.split(/[\s,;"'[\]]+/).filter((part) => part !== ''))]
}

/** Says what is wrong with the form of a permission; undefined if nothing is. */
export function permissionFault(permission: string): string | undefined {
  if (permission.length > longestPermission) {
    return `Must have at most ${longestPermission} characters, and has ${permission.length}.`
  }
  if (permissionPattern.test(permission)) return undefined
  const stranger = /[^A-Za-z0-9_./:*-]/u.exec(permission)?.[0]
  if (stranger !== undefined) {
    return `Must not contain “${withMarks(stranger)}”, only letters, digits and _ . / - in segments between colons.`
  }
  if (permission.startsWith(':')) return 'Must not begin with a colon.'
  if (permission.endsWith(':')) return 'Must have a name, or * for everything, after the last colon.'
  if (permission.includes('::')) return 'Must have a name between two colons.'
  return 'Must have a * alone between colons: emails:*, not emails:s*.'
}

/** Whether what is typed only needs to go on to be a permission, so that nothing is wrong with it yet. */
export function isUnfinished(draft: string): boolean {
  return draft.endsWith(':') && permissionFault(`${draft}*`) === undefined
}

/** Which permissions a key may not grant, as the server judges: a root key may grant all that is not reserved. */
export function withheldFrom(
  held: readonly string[],
  isRoot: boolean,
  permissions: readonly string[],
): string[] {
  const guarded = isRoot
    ? permissions.filter((permission) => permission.startsWith(reservedNamespace))
    : permissions
  return missingPermissions(held, guarded)
}

export interface PermissionFault {
  /** Undefined if the list as a whole is at fault. */
  permission: string | undefined
  /** A sentence. */
  reason: string
}

/**
 * Lists what is wrong with a list of permissions: forms, their number, and, where `notGrantable` is given (as
 * `useSession()` has it), those that who is signed in may not grant, and why.
 */
export function permissionFaults(
  permissions: readonly string[],
  notGrantable: (permissions: readonly string[]) => string[] = () => [],
  grantRefusal = (_: string) => 'Your key does not hold it, so it cannot grant it.',
): PermissionFault[] {
  const faults: PermissionFault[] = []
  if (permissions.length > mostPermissions) {
    const reason = `A key holds at most ${mostPermissions} permissions, and this list has ${permissions.length}.`
    faults.push({ permission: undefined, reason })
  }
  const formed = permissions.filter((permission) => permissionFault(permission) === undefined)
  const withheld = new Set(notGrantable(formed))
  for (const permission of new Set(permissions)) {
    const reason = withheld.has(permission) ? grantRefusal(permission) : permissionFault(permission)
    if (reason !== undefined) faults.push({ permission, reason })
  }
  return faults
}

export interface PermissionOption {
  permission: string
  /** What it opens, or how many keys hold it. */
  note: string
}

/** What a permission means, as the catalogue or Latchkey itself has it; '' if nobody said. */
export function meaningIn(permission: string, catalogue: readonly WireCatalogueEntry[]): string {
  const entry = catalogue.find(({ name }) => name === permission)
  if (entry !== undefined) return meaningOf(entry)
  return Object.hasOwn(managementMeanings, permission)
    ? managementMeanings[permission as ManagementPermission]
    : ''
}

const mostOptions = 60

/** What the catalogue says of a permission, under its heading; '' if nothing. */
function meaningOf({ description, group }: WireCatalogueEntry): string {
  return [group, description].filter((part) => part !== null).join(': ')
}

/**
 * What may complete a draft: of those in use the most used first, then what else is in the catalogue, then those of the
 * management API.
 */
export function permissionOptions(
  draft: string,
  taken: readonly string[],
  inUse: readonly { permission: string; keys: number }[],
  catalogue: readonly WireCatalogueEntry[] = [],
): PermissionOption[] {
  const entries = new Map(catalogue.map((entry) => [entry.name, meaningOf(entry)]))
  const used = inUse.map(({ permission, keys }) => ({
    permission,
    note: [entries.get(permission), keys === 1 ? '1 key' : `${keys} keys`].filter(Boolean).join(' · '),
  }))
  const inUseNow = new Set(used.map(({ permission }) => permission))
  const described = [...entries]
    .filter(([name]) => !inUseNow.has(name))
    .map(([permission, note]) => ({ permission, note }))
  const known = new Set([...inUseNow, ...entries.keys()])
  const management = managementPermissions
    .filter((permission) => !known.has(permission))
    .map((permission) => ({ permission, note: managementMeanings[permission] }))
  const sought = draft.toLowerCase()
  return [...used, ...described, ...management]
    .filter(
      ({ permission }) =>
        permission !== draft && !taken.includes(permission) && permission.toLowerCase().includes(sought),
    )
    .slice(0, mostOptions)
}

/** What a wildcard stands for, in words; undefined for a permission without one. */
export function wildcardMeaning(permission: string): string | undefined {
  const segments = permission.split(':')
  const inside = segments.slice(0, -1).includes('*')
  const open = segments.at(-1) === '*'
  if (permission === '*') return `everything except ${reservedNamespace}…, which manages Latchkey itself`
  if (inside && open) return 'any one segment for each * in the middle, and everything after it'
  if (inside) return 'any one segment in place of the *'
  if (open) return `everything under ${segments.slice(0, -1).join(':')}`
  return undefined
}

/** Of the permissions in use, those that a wildcard covers besides itself. */
export function coveredInUse(wildcard: string, inUse: readonly { permission: string }[]): string[] {
  return inUse
    .map(({ permission }) => permission)
    .filter((permission) => permission !== wildcard && covers([wildcard], permission))
}
