// What members may do, by their roles: fixed lists, one for the root organization and one for all others.
import type { ManagementPermission } from './permissions.ts'

/** The roles of members. */
export const roles = ['owner', 'admin', 'developer', 'viewer', 'auditor'] as const
/** What a member is in its organization. */
export type Role = (typeof roles)[number]

type Lists = Readonly<Record<Role, readonly (ManagementPermission | 'latchkey:*')[]>>

const reading = ['latchkey:keys:read', 'latchkey:usage:read', 'latchkey:organizations:read'] as const
const writing = ['latchkey:keys:write', 'latchkey:keys:verify', 'latchkey:self:derive'] as const
const operating = [
  'latchkey:organizations:write',
  'latchkey:limits:write',
  'latchkey:metadata:write',
  'latchkey:portal:write',
] as const
const overseeing = ['latchkey:webhooks:read', 'latchkey:members:read', 'latchkey:audit:read'] as const
const managing = ['latchkey:webhooks:write', 'latchkey:members:write'] as const

/** What members of the root organization may do, to every organization. */
export const rootRoles: Lists = {
  owner: ['latchkey:*'],
  admin: [...reading, ...writing, ...operating, ...overseeing, ...managing],
  developer: [...reading, ...writing, 'latchkey:webhooks:read'],
  viewer: reading,
  auditor: [...reading, ...overseeing],
}

/** What members of any other organization may do there. */
export const customerRoles: Lists = {
  owner: [...reading, ...writing, ...overseeing, ...managing],
  admin: [...reading, ...writing, ...overseeing, ...managing],
  developer: [...reading, ...writing, 'latchkey:webhooks:read'],
  viewer: reading,
  auditor: [...reading, ...overseeing],
}

/** What an admin of the root organization may do to all organizations but that one. */
export const notOnRoot: readonly string[] = managing
