// What the address of a page may say after its `?`: whatever is not understood is left out.
import type { AuditAction } from '../src/core/shapes/audit.ts'
import { auditActions } from './format/audit-actions.ts'
import { type KeySelection, keySelections } from './format/key-selections.ts'
import { type UsageRange, usageRanges } from './format/usage.ts'

type Search = Record<string, unknown>

const statuses = ['active', 'expired', 'revoked', 'suspended', 'all'] as const
const sorts = ['-created_at', '-last_used_at', 'last_used_at', 'expires_at', 'name'] as const

interface OrganizationSearch {
  q?: string
}

export function readOrganizationSearch({ q }: Search): OrganizationSearch {
  return text('q', q)
}

export interface KeySearch {
  q?: string
  /** Tags, with commas between them: keys that have all of them. */
  tag?: string
  /** The public id of a secret. */
  kid?: string
  permission?: string
  created_by?: string
  /** Whether only keys are listed whose creator was removed. */
  creator?: 'gone'
  /** A member: only keys of whose valid tokens it has seen one. */
  token_seen_by?: string
  /** What tokens begin with. */
  prefix?: string
  /** Whether only keys that break a policy are listed. */
  breaks_policy?: true
  /** Whether only decoys are listed. */
  decoy?: true
  /** Whether only keys that are marked as leaked are listed. */
  exposed?: true
  status?: (typeof statuses)[number]
  /** What the list is narrowed to. */
  only?: KeySelection
  sort?: (typeof sorts)[number]
}

export function readKeySearch({
  q,
  tag,
  kid,
  permission,
  created_by,
  creator,
  token_seen_by,
  prefix,
  breaks_policy,
  decoy,
  exposed,
  status,
  only,
  sort,
}: Search): KeySearch {
  return {
    ...text('q', q),
    ...text('tag', tag),
    ...text('kid', kid),
    ...text('permission', permission),
    ...text('created_by', created_by),
    ...oneOf('creator', ['gone'] as const, creator),
    ...text('token_seen_by', token_seen_by),
    ...text('prefix', prefix),
    ...(breaks_policy === true && { breaks_policy }),
    ...(decoy === true && { decoy }),
    ...(exposed === true && { exposed }),
    ...oneOf('status', statuses, status),
    ...oneOf('only', Object.keys(keySelections) as KeySelection[], only),
    ...oneOf('sort', sorts, sort),
  }
}

interface NewKeySearch {
  /** The key of which it becomes a child. */
  parent?: string
}

export function readNewKeySearch({ parent }: Search): NewKeySearch {
  return text('parent', parent)
}

interface OverviewSearch {
  range?: UsageRange
}

export function readOverviewSearch({ range }: Search): OverviewSearch {
  return oneOf('range', Object.keys(usageRanges) as UsageRange[], range)
}

const usageCuts = ['hour', 'day', 'month'] as const
const usageGroups = ['key', 'organization', 'permission', 'code'] as const

export interface UsageSearch {
  organization?: string
  key?: string
  /** A time up to now; without it, `since` and `until`. */
  range?: UsageRange
  /** RFC 3339. */
  since?: string
  until?: string
  by?: (typeof usageCuts)[number]
  group?: (typeof usageGroups)[number]
}

export function readUsageSearch({ organization, key, range, since, until, by, group }: Search): UsageSearch {
  return {
    ...text('organization', organization),
    ...text('key', key),
    ...oneOf('range', Object.keys(usageRanges) as UsageRange[], range),
    ...text('since', since),
    ...text('until', until),
    ...oneOf('by', usageCuts, by),
    ...oneOf('group', usageGroups, group),
  }
}

export interface AuditSearch {
  organization?: string
  key?: string
  actor?: string
  action?: AuditAction
  /** RFC 3339. */
  since?: string
  until?: string
}

export function readAuditSearch({ organization, key, actor, action, since, until }: Search): AuditSearch {
  return {
    ...text('organization', organization),
    ...text('key', key),
    ...text('actor', actor),
    ...oneOf('action', Object.keys(auditActions) as AuditAction[], action),
    ...text('since', since),
    ...text('until', until),
  }
}

const memberStatuses = ['active', 'suspended', 'removed', 'all'] as const

export interface MembersSearch {
  status?: (typeof memberStatuses)[number]
  /** Opens the form that invites somebody, or oneself. */
  invite?: 'somebody' | 'self'
}

export function readMembersSearch({ status, invite }: Search): MembersSearch {
  return {
    ...oneOf('status', memberStatuses, status),
    ...oneOf('invite', ['somebody', 'self'] as const, invite),
  }
}

interface WebhooksSearch {
  organization?: string
}

export function readWebhooksSearch({ organization }: Search): WebhooksSearch {
  return text('organization', organization)
}

const deliveryStates = ['pending', 'delivered', 'failed'] as const

export interface WebhookSearch {
  state?: (typeof deliveryStates)[number]
}

export function readWebhookSearch({ state }: Search): WebhookSearch {
  return oneOf('state', deliveryStates, state)
}

function text<Name extends string>(name: Name, value: unknown): { [N in Name]?: string } {
  // The router reads `q=42` as a number.
  const words = typeof value === 'number' ? String(value) : value
  return (typeof words === 'string' && words.trim() !== '' ? { [name]: words } : {}) as {
    [N in Name]?: string
  }
}

function oneOf<Name extends string, Value extends string>(
  name: Name,
  values: readonly Value[],
  value: unknown,
): { [N in Name]?: Value } {
  return (values.includes(value as Value) ? { [name]: value } : {}) as { [N in Name]?: Value }
}
