// What an audit event says of each field that changed, put so that it can be shown to people. Pure.
import type { WireAuditEvent } from '../api.ts'
import { timesOf } from './decoys.ts'
import { exposureWords, leakSourceWords } from './exposures.ts'
import { countOf, limitsInShort } from './limits.ts'
import { leakWords } from './policies.ts'
import { revocationWords } from './revocations.ts'
import { roleLabel } from './roles.ts'
import { lengthOf } from './times.ts'

/** A value of a field: `none` says in words that there is none. */
export type ChangedValue =
  | { kind: 'none' | 'text' | 'code'; text: string }
  | { kind: 'instant'; instant: string }

/** What became of one field. */
export type Change =
  | { label: string; kind: 'permissions'; added: string[]; removed: string[] }
  | {
      label: string
      kind: 'value'
      /** The operator's own name for it, within metadata. */
      field?: string
      /** Undefined if the event tells only what was set. */
      from?: ChangedValue
      to: ChangedValue
    }

/** What changes are told from. */
type Told = Pick<WireAuditEvent, 'action' | 'actor' | 'at' | 'changes'>
type Describe = (value: unknown, told: Told) => Change[]

const describers: Record<string, Describe> = {
  name: (value, { action }) => [valueChange(isOfLimit(action) ? 'Limit' : 'Name', value, asText)],
  permissions: (value) => [permissionsChange('Permissions', value)],
  // Of a new key it is told where there is one.
  expires_at: (value) =>
    value === null ? [] : [valueChange('Expires', value, (at) => asInstant(at, 'Never'))],
  not_before: (value) => [valueChange('Begins', value, (at) => asInstant(at, 'At once'))],
  allowed_ips: (value) => [permissionsChange('Allowed addresses', value)],
  parent_id: (value) => [valueChange('Child of', value, asCode)],
  limits: (value) => (isEmptyList(value) ? [] : [valueChange('Limits', value, asLimits)]),
  key_limits: (value) => (isEmptyList(value) ? [] : [valueChange('Limits of each key', value, asLimits)]),
  plan: (value) => [valueChange('Plan', value, (name) => (name === null ? nothing('None') : asText(name)))],
  add: (value) => [valueChange('Units', value, asAdded)],
  units: (value) => [valueChange('Units', value, asUnits)],
  reference: (value) => [valueChange('Reference', value, asText)],
  metadata: metadataChanges,
  kid: (value) => [valueChange('Token', value, asCode)],
  hint: () => [],
  // Unless it was for somebody else, it was whoever did it.
  created_by: (value, { actor }) => (value === actor ? [] : [valueChange('Created by', value, asText)]),
  grace_ends_at: (value, { action, at }) => [graceChange(action, value, at)],
  until_silent_seconds: (value) => [
    valueChange('Or once it was silent for', value, (seconds) => asText(lengthOf(Number(seconds)))),
  ],
  reason: (value) => [valueChange('Because', value, (code) => asText(wordsIn(reasons, code)))],
  last_used_at: (value) => [valueChange('Last used', value, (at) => asInstant(at, 'Never'))],
  // The event says it by its name and its instant.
  revoked_at: () => [],
  suspended_at: () => [],
  revocation_reason: (value) => [
    valueChange('Because', value, (reason) => asText(wordsIn(revocationWords, reason))),
  ],
  suspended_reason: (value) => [
    valueChange('Because', value, (reason) => (reason === null ? nothing('None') : asText(reason))),
  ],
  // Where an event of a webhook is named, so is the webhook.
  webhook_id: () => [],
  // As with members.
  member_id: () => [],
  invitation_id: () => [],
  role: (value) => [valueChange('Role', value, (role) => asText(roleLabel(String(role))))],
  grantable_permissions: (value) => [permissionsChange('Members may grant', value)],
  sign_in: (value) => [
    valueChange('Members sign in', value, (policy) =>
      asText(policy === 'provider' ? 'By a provider alone' : 'By a provider or a passkey'),
    ),
  ],
  management_keys: (value) => [
    valueChange('Keys that manage Latchkey', value, (what) => asText(what === 'revoke' ? 'Revoked' : 'Kept')),
  ],
  renamed: () => [valueChange('Name', 'changed', asText)],
  url: (value, { action }) =>
    action === 'key.exposed'
      ? [valueChange('Found at', value, (url) => (url === null ? nothing('Not said') : asText(url)))]
      : [valueChange('URL', value, asText)],
  source: (value) => [valueChange('Reported by', value, (code) => asText(wordsIn(leakSourceWords, code)))],
  action: (value) => [valueChange('Done at once', value, (code) => asText(wordsIn(exposureWords, code)))],
  ends_at: (value) =>
    value === null ? [] : [valueChange('Token ends', value, (at) => asInstant(at, 'Never'))],
  last_used_from: (value) => (value === null ? [] : [valueChange('Last used from', value, asCode)]),
  exposed_at: (value) => [valueChange('Reported', value, (at) => asInstant(at, 'Never'))],
  events: (value) => [permissionsChange('Events', value)],
  tags: (value) => (isEmptyList(value) ? [] : [permissionsChange('Tags', value)]),
  description: (value) => [
    valueChange('Description', value, (text) => (text === null ? nothing('None') : asText(text))),
  ],
  source_organization_id: (value) => [valueChange('Events of', value, asText)],
  enabled: (value) => [valueChange('Enabled', value, asYesOrNo)],
  max_lifetime_seconds: (value) => [
    valueChange('Longest lifetime', value, (seconds) => asRule(seconds, (given) => lengthOf(Number(given)))),
  ],
  require_expiry: (value) => [valueChange('Must expire', value, asYesOrNo)],
  prefixes: (value) => [
    valueChange('Prefixes', value, (list) => asRule(list, (given) => listOf(given).join(', '))),
  ],
  catalogued_only: (value) => [valueChange('Catalogue only', value, asYesOrNo)],
  require_allowed_ips: (value) => [valueChange('Must name addresses', value, asYesOrNo)],
  max_keys: (value) => [
    valueChange('Most keys', value, (count) => asRule(count, (given) => countOf(Number(given)))),
  ],
  on_leak: (value) => [
    valueChange('When a token leaks', value, (code) =>
      asRule(code, (given) => String(wordsIn(leakWords, given))),
    ),
  ],
  leak_ends_after_hours: (value) => [
    valueChange('It ends after', value, (hours) => asRule(hours, (given) => lengthOf(Number(given) * 3_600))),
  ],
  resume_from: (value) => [
    valueChange('It goes on', value, (from) => asText(resumptions[String(from)] ?? from)),
  ],
  disabled_at: (value) => [valueChange('Disabled', value, (at) => asInstant(at, 'No'))],
  since: (value) => [valueChange('Events since', value, (at) => asInstant(at, 'Never'))],
  delivery_id: (value) => [valueChange('Event', value, asCode)],
  epoch: (value) => [valueChange('Its name', value, asCode)],
  verifier_key: (value) => [valueChange('Its public key', value, asCode)],
  note: (value) => [valueChange('Its note', value, asCode)],
  // Hundreds of ids, each a long one: the event says of how many.
  event_ids: (value) => [
    valueChange('Events', value, (ids) => asText(Array.isArray(ids) ? countOf(ids.length) : ids)),
  ],
  decoy: (value) => [valueChange('Decoy', value, asYesOrNo)],
  tries: (value) => [
    valueChange('Tried', value, (count) => asText(typeof count === 'number' ? timesOf(count) : count)),
  ],
  tries_in_all: (value) => [
    valueChange('In all', value, (count) => asText(typeof count === 'number' ? timesOf(count) : count)),
  ],
  ip: (value) => [valueChange('Last from', value, (ip) => (ip === null ? nothing('Not known') : asCode(ip)))],
  user_agent: (value) => (value === null ? [] : [valueChange('Client', value, asText)]),
  operation: (value) => (value === null ? [] : [valueChange('Called', value, asCode)]),
  days_before: (value) => [valueChange('Time left', value, asDays)],
  unused_days: (value) => [valueChange('Unused for', value, asDays)],
  // The event itself says whether it is of a key.
  scope: () => [],
  threshold_percent: (value) => [valueChange('Threshold', value, (percent) => asText(`${percent} %`))],
  limit: (value) => [valueChange('Allowance', value, asUnits)],
  added: (value) => (value === 0 ? [] : [valueChange('Added', value, asAdded)]),
  spent: (value) => [valueChange('Spent', value, asUnits)],
  period_started_at: (value) =>
    value === null ? [] : [valueChange('Period began', value, (at) => asInstant(at, 'Never'))],
  resets_at: (value) => [valueChange('Next reset', value, (at) => asInstant(at, 'Never'))],
  // What a user does names its session: so the two are found together.
  portal_session_id: (value) => [valueChange('Session', value, asCode)],
  user_id: (value) => [valueChange('User', value, asText)],
  kind: (value) => [valueChange('Opens', value, (kind) => asText(wordsIn(portalKinds, kind)))],
  // Of no use to people: nothing else is called by it.
  session_id: () => [],
}

/** Where a portal session opens. */
const portalKinds: Record<string, string> = {
  link: 'By a link',
  embed: 'In an element of your page',
}

/** From where a webhook goes on that is enabled again. */
const resumptions: Record<string, string> = {
  stopped: 'From where it stopped',
  now: 'With what comes',
}

/** Why a grace ended, or a webhook was disabled. */
const reasons: Record<string, string> = {
  silent: 'Nobody used it for so long',
  at_most: 'It was at its latest end',
  gone: 'Its receiver answered 410',
  failing: 'No delivery had succeeded for 5 days',
  grace_seconds: 'Its grace was over',
}

/** What a code says in words; the code itself if nobody has put it so. */
function wordsIn(words: Record<string, string>, code: unknown): unknown {
  return words[String(code)] ?? code
}

/** Describes what an event changed, the fields in the order in which it names them. */
export function describeChanges(event: Told): Change[] {
  return Object.entries(event.changes).flatMap(([name, value]) => {
    const describe = Object.hasOwn(describers, name) ? describers[name] : undefined
    return describe?.(value, event) ?? [valueChange(name, value, asCode)]
  })
}

/** `Name, permissions, metadata`: the fields that changes are of. */
export function fieldsChanged(changes: readonly Change[]): string {
  const [first = '', ...others] = new Set(changes.map(({ label }) => label))
  return [first, ...others.map((label) => label.toLowerCase())].join(', ')
}

/** The name that an event gives what it is about; undefined if it tells none. */
export function nameIn(event: WireAuditEvent): string | undefined {
  const { name } = event.changes
  if (isOfLimit(event.action)) return undefined
  const given = isMove(name) ? name.to : name
  return typeof given === 'string' ? given : undefined
}

/** Its name is that of a limit then, not that of the key. */
function isOfLimit(action: string): boolean {
  return action.startsWith('limit.')
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isLimit(value: unknown): boolean {
  return isObject(value) && typeof value.name === 'string' && typeof value.limit === 'number'
}

function asLimits(value: unknown): ChangedValue {
  if (!Array.isArray(value) || !value.every(isLimit)) return asCode(value)
  return { kind: value.length === 0 ? 'none' : 'text', text: limitsInShort(value) }
}

function asYesOrNo(value: unknown): ChangedValue {
  return asText(value === true ? 'Yes' : 'No')
}

/** A rule of a policy, if it has one. */
function asRule(value: unknown, write: (value: unknown) => string): ChangedValue {
  return value === null ? nothing('No rule') : asText(write(value))
}

/** `1,000 units added`, `1,000 units taken`. */
function asAdded(value: unknown): ChangedValue {
  if (typeof value !== 'number') return asCode(value)
  return { kind: 'text', text: `${unitsOf(Math.abs(value))} ${value < 0 ? 'taken' : 'added'}` }
}

function asUnits(value: unknown): ChangedValue {
  return typeof value === 'number' ? { kind: 'text', text: unitsOf(value) } : asCode(value)
}

function unitsOf(units: number): string {
  return `${countOf(units)} ${units === 1 ? 'unit' : 'units'}`
}

interface Move {
  from: unknown
  to: unknown
}

function isMove(value: unknown): value is Move {
  return isObject(value) && Object.keys(value).sort().join() === 'from,to'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueChange(label: string, value: unknown, show: (value: unknown) => ChangedValue): Change {
  return isMove(value)
    ? { label, kind: 'value', from: show(value.from), to: show(value.to) }
    : { label, kind: 'value', to: show(value) }
}

function permissionsChange(label: string, value: unknown): Change {
  const from = listOf(isMove(value) ? value.from : [])
  const to = listOf(isMove(value) ? value.to : value)
  return {
    label,
    kind: 'permissions',
    added: to.filter((permission) => !from.includes(permission)),
    removed: from.filter((permission) => !to.includes(permission)),
  }
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function metadataChanges(value: unknown, { action }: Told): Change[] {
  // What a key was created with may itself have the fields `from` and `to`.
  const isChange = action === 'key.updated' && isMove(value)
  const from = fieldsOf(isChange ? value.from : {})
  const to = fieldsOf(isChange ? value.to : value)
  const changed = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
    (field) => JSON.stringify(from[field]) !== JSON.stringify(to[field]),
  )
  return changed.map((field) => {
    const show = (fields: Record<string, unknown>) =>
      Object.hasOwn(fields, field) ? asCode(fields[field]) : nothing('Nothing')
    return {
      label: 'Metadata',
      kind: 'value',
      field,
      ...(isChange && { from: show(from) }),
      to: show(to),
    }
  })
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

function graceChange(action: string, value: unknown, at: string): Change {
  const hasGrace = typeof value === 'string' && Date.parse(value) > Date.parse(at)
  return {
    label: action === 'webhook.rotated' ? 'Old secret ends' : 'Old token ends',
    kind: 'value',
    to: hasGrace ? { kind: 'instant', instant: value } : nothing('At once'),
  }
}

function asText(value: unknown): ChangedValue {
  return typeof value === 'string' ? { kind: 'text', text: value } : asCode(value)
}

function asCode(value: unknown): ChangedValue {
  return { kind: 'code', text: typeof value === 'string' ? value : JSON.stringify(value) }
}

function asDays(value: unknown): ChangedValue {
  return typeof value === 'number'
    ? { kind: 'text', text: value === 1 ? '1 day' : `${value} days` }
    : asCode(value)
}

function asInstant(value: unknown, none: string): ChangedValue {
  return typeof value === 'string' ? { kind: 'instant', instant: value } : nothing(none)
}

function nothing(text: string): ChangedValue {
  return { kind: 'none', text }
}
