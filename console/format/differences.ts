// In what two versions of something that is edited differ, told as the audit log tells of changes. Pure.
import { type Change, describeChanges } from './audit-changes.ts'
import { type EditableLimit, isSameLimits } from './limits.ts'

/** What people edit; the hint tells that a key was rotated. */
const fields = [
  ...['name', 'plan', 'permissions', 'expires_at', 'metadata', 'limits', 'key_limits', 'hint'],
  ...['not_before', 'allowed_ips', 'tags'],
  ...[
    'max_lifetime_seconds',
    'require_expiry',
    'catalogued_only',
    'prefixes',
    'require_allowed_ips',
    'max_keys',
  ],
  ...['url', 'events', 'description', 'disabled_at'],
]

type Version = Readonly<Record<string, unknown>>

/** Describes what became of each field from one version to another; fields that a version does not have are the same. */
export function differences(from: object, to: object): Change[] {
  const [before, after] = [from as Version, to as Version]
  const changed = fields.filter((name) => name in before && name in after && !isSame(name, before, after))
  const changes = changed.map((name) => [
    name === 'hint' ? 'kid' : name,
    { from: before[name], to: after[name] },
  ])
  return describeChanges({ action: 'key.updated', actor: null, at: '', changes: Object.fromEntries(changes) })
}

function isSame(name: string, { [name]: from }: Version, { [name]: to }: Version): boolean {
  // What is left of a limit is nothing that anybody edits.
  if (name.endsWith('limits')) return isSameLimits(from as EditableLimit[], to as EditableLimit[])
  return JSON.stringify(from) === JSON.stringify(to)
}
