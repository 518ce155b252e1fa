// Roles in words, as whoever gives one wants to know them. What a role may do is told by its permissions alone.
import type { Role } from '../../src/core/roles.ts'

interface RoleWords {
  label: string
  /** What it may do, in a sentence: in the operator's organization, which acts on all, and in a customer's. */
  atRoot: string
  atCustomer: string
}

const words: Record<Role, RoleWords> = {
  owner: {
    label: 'Owner',
    atRoot: 'Does everything, for every organization, and names other owners.',
    atCustomer: 'Does everything in the organization, and names other owners.',
  },
  admin: {
    label: 'Admin',
    atRoot:
      'Manages keys, organizations, limits and webhooks, and the members of every organization but the operator’s own.',
    atCustomer: 'Manages keys, webhooks and members, but no owners.',
  },
  developer: {
    label: 'Developer',
    atRoot: 'Makes, changes and revokes keys of every organization, and sees usage and webhooks.',
    atCustomer: 'Makes, changes and revokes keys, and sees usage and webhooks.',
  },
  viewer: {
    label: 'Viewer',
    atRoot: 'Sees keys, usage and organizations, and changes nothing.',
    atCustomer: 'Sees keys and usage, and changes nothing.',
  },
  auditor: {
    label: 'Auditor',
    atRoot: 'Sees everything that is done, with keys, usage, members and webhooks, and changes nothing.',
    atCustomer: 'Sees everything that is done, with keys, usage, members and webhooks, and changes nothing.',
  },
}

/** The name of a role; of a newer server's by its own name. */
export function roleLabel(role: string): string {
  return Object.hasOwn(words, role) ? words[role as Role].label : role
}

/** What a role of an organization may do, in a sentence; '' for a newer server's. */
export function roleMeaning(role: string, isRoot: boolean): string {
  if (!Object.hasOwn(words, role)) return ''
  const { atRoot, atCustomer } = words[role as Role]
  return isRoot ? atRoot : atCustomer
}
