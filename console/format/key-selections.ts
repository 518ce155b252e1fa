// What a list of keys can be narrowed to: keys that end soon, and keys that nobody uses. Pure.
import { hourMs } from '../../src/core/periods.ts'

const dayMs = 24 * hourMs

/** Of each selection, its label, and what is said where no key is in it: of no key, and of why one may not be. */
export const keySelections = {
  'expires-7d': {
    label: 'Ends in 7 days',
    none: 'expires within 7 days',
    note: 'Keys without an expiry are never here.',
  },
  'expires-30d': {
    label: 'Ends in 30 days',
    none: 'expires within 30 days',
    note: 'Keys without an expiry are never here.',
  },
  'unused-30d': {
    label: 'Unused 30 days',
    none: 'has been unused for 30 days',
    note: 'A key that was never used counts from when it was created.',
  },
  'unused-90d': {
    label: 'Unused 90 days',
    none: 'has been unused for 90 days',
    note: 'A key that was never used counts from when it was created.',
  },
  'never-used': {
    label: 'Never used',
    none: 'has never been used',
    note: 'Each was found valid at least once.',
  },
} as const

export type KeySelection = keyof typeof keySelections

/** What the API is asked for: its parameters, and the order in which it finds such keys at once. */
export interface SelectedKeys {
  sort: '-last_used_at' | 'last_used_at' | 'expires_at'
  expires_before?: string
  unused_since?: string
  never_used?: 'true'
}

/** The parameters of a selection. Their instants are of whole hours, so that a list stays the same while it is read. */
export function selectedKeys(selection: KeySelection, now: number): SelectedKeys {
  const at = (days: number, round: (hours: number) => number) =>
    new Date(round((now + days * dayMs) / hourMs) * hourMs).toISOString()
  switch (selection) {
    case 'expires-7d':
      return { expires_before: at(7, Math.ceil), sort: 'expires_at' }
    case 'expires-30d':
      return { expires_before: at(30, Math.ceil), sort: 'expires_at' }
    case 'unused-30d':
      return { unused_since: at(-30, Math.floor), sort: 'last_used_at' }
    case 'unused-90d':
      return { unused_since: at(-90, Math.floor), sort: 'last_used_at' }
    case 'never-used':
      return { never_used: 'true', sort: '-last_used_at' }
  }
}
