// Keys and verdicts as people see them.
import { longestGraceSeconds, maxRefusedKinds, secretsPage } from '../../core/bounds.ts'
import { isExceeded } from '../../core/rate-limit-headers.ts'
import type { Applied } from '../../core/shapes/calls.ts'
import type { Decoy } from '../../core/shapes/decoys.ts'
import type { KeyPermissions } from '../../core/shapes/key-permissions.ts'
import type { KeySecret } from '../../core/shapes/key-secrets.ts'
import type { CreatedKey, Key, KeyDetails } from '../../core/shapes/keys.ts'
import type { Exposure } from '../../core/shapes/leaks.ts'
import type { KeyPlaces } from '../../core/shapes/places.ts'
import type { KeyPreview } from '../../core/shapes/previews.ts'
import type { RotateKeyInput } from '../../core/shapes/rotations.ts'
import type { Verdict } from '../../core/shapes/verification.ts'
import { formatFields, print, printNote, quote, toPrintable } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatAgoCell, formatInstant, formatLength } from '../kit/times.ts'
import { describeRetry, describeVerdictLimit, limitFields, owners } from './limit-views.ts'

/** Prints a new token on standard output, alone, and what it belongs to beside it. */
export function printCreated(key: CreatedKey): void {
  printToken(key, [
    `Created the key ${quote(key.name)} of ${key.organizationId}.`,
    ...describeUncatalogued(key.uncatalogued),
  ])
}

/** Warns of permissions that may have been mistyped. */
export function describeUncatalogued(uncatalogued: readonly string[] | undefined): string[] {
  if (uncatalogued === undefined) return []
  const verb = uncatalogued.length === 1 ? 'is' : 'are'
  return [`Warning: ${uncatalogued.join(', ')} ${verb} not in the catalogue of permissions.`]
}

export function printRotated(key: CreatedKey & { applied?: Applied }, rotation: RotateKeyInput): void {
  const old = describeOldToken(rotation)
  printToken(key, [
    `Rotated the key ${quote(key.name)} of ${key.organizationId}. ${old}.`,
    ...describeApplied(key.applied),
  ])
}

function describeOldToken({ graceSeconds = 0, grace }: RotateKeyInput): string {
  if (grace) {
    const most = formatLength(grace.atMostSeconds ?? longestGraceSeconds)
    return `The old token stays valid until nobody has used it for ${formatLength(grace.untilSilentSeconds)}, for ${most} at most`
  }
  return graceSeconds === 0
    ? 'The old token is invalid now'
    : `The old token stays valid for ${formatLength(graceSeconds)}`
}

/** Prints the token of an answer, the one place where it ever stands, with the hint to keep it. */
export function printToken(key: CreatedKey, notes: string[]): void {
  printNote(...notes, ...formatFields(keyFields(key)), '', 'The token is shown only once. Store it now:')
  print(key.key)
}

/** Says what came of waiting until a change is applied; nothing if nobody waited. */
export function describeApplied(applied: Applied | undefined): string[] {
  if (applied === undefined) return []
  const { confirmed, milliseconds, silent } = applied
  if (confirmed) return [`Every live process has confirmed, after ${milliseconds} ms.`]
  if (silent.length === 0)
    return ['The database could not tell which processes confirmed; what they cached has expired.']
  const names = new Intl.ListFormat('en').format(silent.map(toPrintable))
  const they = silent.length === 1 ? 'it' : 'they'
  return [`${names} did not confirm within 2 s; what ${they} cached has expired.`]
}

export function printKeys(keys: readonly Key[], isWide = false): void {
  const now = Date.now()
  const columns: Column<Key>[] = [
    { heading: 'ID', value: ({ id }) => id },
    { heading: 'NAME', value: ({ name }) => name, shrinks: true },
    { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3, shrinks: true },
    {
      heading: 'STATUS',
      value: ({ status }) => status,
      leaves: 5,
      color: ({ status }) => statusColors[status],
    },
    { heading: 'LAST USED', value: ({ lastUsedAt }) => formatAgoCell(lastUsedAt, now), leaves: 4 },
    { heading: 'CREATED', value: ({ createdAt }) => formatAgoCell(createdAt, now), leaves: 1 },
    { heading: 'EXPIRES', value: ({ expiresAt }) => formatAgoCell(expiresAt, now), leaves: 2 },
    ...(keys.some(({ exposure }) => exposure) ? [leakedColumn(now)] : []),
    ...(keys.some(({ decoy }) => decoy) ? [decoyColumn] : []),
    ...(keys.some(({ brokenRules }) => brokenRules) ? [breaksColumn] : []),
  ]
  printTable(columns, keys, { isWide })
}

/** What was done about the leaks of keys, if one of the list has a mark. */
function leakedColumn(now: number): Column<Key> {
  const words = { revoked: 'revoked', secret_ended: 'old token', notified: 'nothing done', none: 'had ended' }
  return {
    heading: 'LEAKED',
    value: ({ exposure }) => {
      if (!exposure) return ''
      const { action, endsAt } = exposure
      return action === 'ends_later' ? `ends ${formatAgo(endsAt, now)}` : words[action]
    },
  }
}

/** Which keys are decoys, if one of the list is: nothing else of it tells them from keys that open something. */
const decoyColumn: Column<Key> = {
  heading: 'DECOY',
  value: ({ decoy }) => (decoy ? (decoy.tries === 0 ? 'not tried' : `tried ${decoy.tries}`) : ''),
}

const breaksColumn: Column<Key> = {
  heading: 'BREAKS',
  value: ({ brokenRules = [] }) => brokenRules.join(', '),
}

const statusColors = { active: 'green', expired: 'yellow', suspended: 'yellow', revoked: 'red' } as const

/** Prints a key, and its secrets if they are known. */
export function printKey(key: Key | KeyDetails): void {
  print(...formatFields(keyFields(key)))
  if (!('secrets' in key)) return
  print('')
  printTable(secretColumns(Date.now()), key.secrets)
  const last = key.secrets.length === secretsPage ? key.secrets.at(-1) : undefined
  if (last) printNote(`There may be more secrets. Add --secrets-after ${last.kid} to list them.`)
}

/** Prints what calls needed of the permissions of a key, and with which ones alone they would have been served. */
export function printPermissions({ granted, suggested, complete }: KeyPermissions): void {
  const now = Date.now()
  printTable<KeyPermissions['granted'][number]>(
    [
      { heading: 'PERMISSION', value: ({ permission }) => permission },
      { heading: 'CALLS', value: ({ calls }) => String(calls), isNumber: true },
      { heading: 'LAST USED', value: ({ lastUsedAt }) => formatAgoCell(lastUsedAt, now) },
    ],
    granted,
  )
  const enough =
    suggested.length === 0
      ? 'No call of the last 90 days needed a permission.'
      : `Enough for the calls of the last 90 days: ${suggested.join(', ')}`
  printNote('', enough)
  if (!complete)
    printNote('Of some calls it is not known which permissions they needed: they were of too many kinds.')
}

/** Prints from where a key is called. */
export function printPlaces({ callers, complete }: KeyPlaces): void {
  if (callers.length === 0) {
    printNote(complete ? 'No calls of a known place.' : 'There were calls, but it is not known from where.')
    return
  }
  const now = Date.now()
  printTable<KeyPlaces['callers'][number]>(
    [
      { heading: 'ADDRESS', value: ({ ip }) => ip ?? 'unknown' },
      { heading: 'CLIENT', value: ({ client }) => client ?? 'unknown' },
      { heading: 'SECRET', value: ({ kid }) => kid, leaves: 2 },
      { heading: 'CALLS', value: ({ calls }) => String(calls), isNumber: true },
      { heading: 'FIRST SEEN', value: ({ firstSeenOn }) => firstSeenOn, leaves: 1 },
      { heading: 'LAST SEEN', value: ({ lastSeenAt }) => formatAgoCell(lastSeenAt, now) },
    ],
    callers,
  )
  if (!complete)
    printNote(
      'These are not all: of some calls it is not known from where they came, or there were too many.',
    )
}

/** Prints which calls a change would have refused. */
export function printPreview(preview: KeyPreview): void {
  const { calls, atLeast, atMost, unknown, children, moreChildren, asOf, refusals } = preview
  const now = Date.now()
  const of = `${calls} calls of the last 30 days`
  if (atMost === 0)
    print(calls === 0 ? 'No call of the last 30 days was valid.' : `None of ${of} would have been refused.`)
  else if (atLeast === atMost) print(`Would have refused ${atLeast} of ${of}.`)
  else print(`Would have refused between ${atLeast} and ${atMost} of ${of}.`)
  if (children > 0)
    printNote(
      `Counted with ${children === 1 ? 'a key' : `${children} keys`} below it${moreChildren ? ', and there are more of them' : ''}.`,
    )
  if (unknown > 0) printNote(`Of ${unknown} calls it cannot be told: too little of them was counted.`)
  if (refusals.length === 0) return
  print('')
  printTable<KeyPreview['refusals'][number]>(
    [
      { heading: 'OPERATION', value: ({ operation }) => operation ?? 'unknown', shrinks: true },
      { heading: 'ADDRESS', value: ({ ip }) => ip ?? 'unknown', leaves: 3 },
      { heading: 'CLIENT', value: ({ userAgent }) => userAgent ?? 'unknown', leaves: 1, shrinks: true },
      { heading: 'VERDICT', value: ({ code }) => code, leaves: 2 },
      { heading: 'CALLS', value: ({ calls }) => String(calls), isNumber: true },
      { heading: 'LAST CALL', value: ({ lastAt }) => formatAgoCell(lastAt, now) },
    ],
    refusals,
  )
  if (refusals.length === maxRefusedKinds)
    printNote(`These are the ${maxRefusedKinds} most frequent kinds of calls.`)
  const [first] = refusals.map(({ beginsAt }) => beginsAt).sort((a, b) => a.getTime() - b.getTime())
  if (first && first > asOf) printNote(`Such calls would be refused from ${first.toISOString()} on.`)
}

export function printVerdict(verdict: Verdict): void {
  const fields: [string, string][] = [['Verdict', `${verdict.code}: ${meanings[verdict.code]}`]]
  if (verdict.code === 'insufficient_permissions') fields.push(['Missing', verdict.missing.join(', ')])
  if (verdict.code === 'not_yet_valid') fields.push(['Begins', formatInstant(verdict.notBefore, Date.now())])
  if ('keyId' in verdict) fields.push(['Key', verdict.keyId])
  if ('ancestorId' in verdict && verdict.ancestorId)
    fields.push(['Because of', `${verdict.ancestorId}, a key above it`])
  if ('name' in verdict) {
    fields.push(
      ['Name', verdict.name],
      ['Organization', verdict.organizationId],
      ['Permissions', verdict.permissions.join(', ') || 'none'],
      ['Expires', formatInstant(verdict.expiresAt, Date.now())],
      ['Metadata', JSON.stringify(verdict.metadata)],
    )
  }
  if ('limits' in verdict && verdict.limits)
    for (const limit of verdict.limits) fields.push(['Limit', describeVerdictLimit(limit)])
  if (isExceeded(verdict)) {
    fields.push(
      ['Exceeded', verdict.exceeded.map(({ name, scope }) => `${name} of the ${owners[scope]}`).join(', ')],
      ['Repeat', describeRetry(verdict.retryAfterMs)],
    )
  }
  print(...formatFields(fields))
}

const meanings: Record<Verdict['code'], string> = {
  valid: 'the token is valid and has the permissions.',
  malformed: 'this is not a token: check for a missing character.',
  not_found: 'no key has this token.',
  wrong_environment: 'the token is of another environment: its prefix is another one.',
  revoked: 'the key was revoked.',
  suspended: 'the key, or its organization, is suspended.',
  expired: 'the key has expired.',
  not_yet_valid: 'the key is not valid yet.',
  rotated: 'the key has a newer token, and the grace period of this one has ended.',
  ip_not_allowed:
    'the token is valid, but may not be used from this address, or from where nobody knows: --ip says it.',
  insufficient_permissions: 'the token is valid, but lacks a permission.',
  quota_exceeded: 'the token is valid, but a quota has too few units left.',
  rate_limited: 'the token is valid, but its calls come too quickly.',
}

/** Since when a key or an organization is suspended, and why; nothing if it is not. */
export function suspensionFields({
  suspendedAt,
  suspendedReason,
}: Pick<Key, 'suspendedAt' | 'suspendedReason'>): [string, string][] {
  return suspendedAt === null
    ? []
    : [field('Suspended', withReason(suspendedAt, suspendedReason, Date.now()))]
}

function withReason(at: Date, reason: string | null, now: number): string {
  const instant = formatInstant(at, now)
  return reason === null || reason === 'unspecified' ? instant : `${instant}: ${reason}`
}

function field(name: string, value: string): [string, string] {
  return [name, value]
}

function keyFields(key: Key): [string, string][] {
  const now = Date.now()
  return [
    ['Id', key.id],
    ['Name', key.name],
    ...(key.description === null ? [] : [['Description', key.description] as [string, string]]),
    ...(key.tags.length === 0 ? [] : [['Tags', key.tags.join(', ')] as [string, string]]),
    ['Organization', key.organizationId],
    ['Status', key.status],
    ['Permissions', key.permissions.join(', ') || 'none'],
    ['Token', key.hint],
    ['Created', formatInstant(key.createdAt, now)],
    ['Created by', describeCreator(key)],
    ...(key.parentId ? [['Child of', key.parentId] as [string, string]] : []),
    ['Last used', formatInstant(key.lastUsedAt, now)],
    ['Expires', formatInstant(key.expiresAt, now)],
    ...(key.notBefore ? [field('Begins', formatInstant(key.notBefore, now))] : []),
    ...(key.allowedIps.length > 0 ? [field('Allowed IPs', key.allowedIps.join(', '))] : []),
    ...suspensionFields(key),
    ...(key.decoy ? [field('Decoy', describeDecoy(key.decoy, now))] : []),
    ...(key.exposure ? exposureFields(key.exposure, now) : []),
    ...(key.revokedAt ? [field('Revoked', withReason(key.revokedAt, key.revocationReason, now))] : []),
    ...limitFields(key),
    ['Metadata', JSON.stringify(key.metadata)],
    ['Revision', key.revision],
  ]
}

/** Of users it is said that they are: their ids are the operator's own, and may look like those of keys and members. */
function describeCreator({ createdBy, createdByType }: Key): string {
  if (createdBy === null) return 'the operator'
  return createdByType === 'user' ? `user ${createdBy}` : createdBy
}

function describeDecoy({ tries, lastTriedAt }: Decoy, now: number): string {
  if (lastTriedAt === null) return 'nobody has tried it'
  return `tried ${tries === 1 ? 'once' : `${tries} times`}, last ${formatInstant(lastTriedAt, now)}`
}

/** That a token leaked: which, how it was dealt with, and where it was found. */
function exposureFields(
  { at, hint, source, url, action, endsAt }: Exposure,
  now: number,
): [string, string][] {
  const done = action === 'ends_later' ? `it ends ${formatInstant(endsAt, now)}` : exposureWords[action]
  return [
    field('Leaked', `${hint}, reported ${formatInstant(at, now)} by ${leakSourceWords[source]}: ${done}`),
    ...(url === null ? [] : [field('Found at', url)]),
  ]
}

const leakSourceWords = { possession: 'somebody who has it', github: 'GitHub', gitlab: 'GitLab' } as const

const exposureWords = {
  revoked: 'the key was revoked',
  secret_ended: 'it was ended, the newer token was not',
  ends_later: 'it ends later',
  notified: 'nothing was done',
  none: 'it had ended before',
} as const

function secretColumns(now: number): Column<KeySecret>[] {
  return [
    { heading: 'SECRET', value: ({ kid }) => kid },
    { heading: 'CREATED', value: ({ createdAt }) => formatAgoCell(createdAt, now), leaves: 1 },
    { heading: 'LAST USED', value: ({ lastUsedAt }) => formatAgoCell(lastUsedAt, now) },
    { heading: 'ENDS', value: (secret) => describeEnd(secret, now) },
  ]
}

/** When a secret ends: `in 30 days`, or `silent in 2 hours, at most in 30 days`. */
function describeEnd({ expiresAt, silentAt }: KeySecret, now: number): string {
  const latest = formatAgoCell(expiresAt, now)
  if (silentAt === null) return latest
  const silent = silentAt.getTime() <= now ? 'soon' : formatAgoCell(silentAt, now).trim()
  return `${silent} if unused, else ${latest}`
}
