// Which calls of the last 30 days a change of a key would have refused: their profiles, judged again. Nothing is changed.
import { setImmediate } from 'node:timers/promises'
import type { z } from 'zod'
import { requireCover, requirePermission, scopeOf } from '../../core/access.ts'
import { type Actor, holdsDatabase } from '../../core/actor.ts'
import { isAddress } from '../../core/addresses.ts'
import { maxRefusedKinds } from '../../core/bounds.ts'
import { parseInput } from '../../core/input.ts'
import type { PreviewKeyInput } from '../../core/shapes/key-changes.ts'
import { previewKeySchema } from '../../core/shapes/preview-changes.ts'
import type { KeyPreview, RefusedCalls } from '../../core/shapes/previews.ts'
import type { StoredSecret } from '../../core/stored-secret.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import type { KeyRow } from '../../store/keys.ts'
import { type Days, type ProfileFigure, readProfiles } from '../../store/profile-figures.ts'
import { listUnendedSecrets, type SecretRow } from '../../store/secrets.ts'
import type { Db } from '../../store/tables.ts'
import { findUsageNumber, readUsageState, type UsageState } from '../../store/usage-figures.ts'
import { toFacts } from '../../verdict/facts.ts'
import { Owners } from '../../verdict/owners.ts'
import { asksPlace, type ChangedTerms, type Replayed, replay } from '../../verdict/replay.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { refuseDecoy } from './decoys.ts'
import { judgedOf, readJudge } from './judge.ts'
import { boundByLimits, type CountedHour, readCountedCalls, readCountedHours } from './limit-preview.ts'
import { changeAbove, type Planned, readCallsBelow } from './line-preview.ts'
import { toFigures } from './own-profiles.ts'
import { daysBefore, startOfDay } from './recent-days.ts'
import { requireOldSecret } from './revoke.ts'
import { longestGraceOf, planRotation, requireUnexpired } from './rotate.ts'
import { getKeyRow, refuseRevoked, requireBeginning, requireFuture, toCovered, writeKeys } from './rules.ts'
import { namedOf, planUpdate } from './update.ts'

const days = 30
/** So many permissions are asked about, and a verification meanwhile waits for a slice at most. */
const permissionsASlice = 2_000
/** To count a profile takes about as long as to ask about so many permissions. */
const profileCost = 8

type Change = z.output<typeof previewKeySchema>

/**
 * Tells which calls of the last 30 days a change would have refused. It takes what the change takes, but for a fresh sign-in, and
 * `latchkey:usage:read`. Throws `invalid_input`, `key_not_found`, `permission_escalation`, `missing_permission`, and as the change
 * `key_revoked`, `key_expired`, `policy`, `rotation_in_progress`, `secret_not_found`, `last_secret`.
 */
export async function previewKey(
  engine: Engine,
  id: string,
  input: PreviewKeyInput,
  options: CommandOptions = {},
): Promise<KeyPreview> {
  const change = parseInput(previewKeySchema, input)
  const actor = actorOf(options)
  if (!holdsDatabase(actor))
    for (const permission of [writeKeys, 'latchkey:usage:read'] as const) requirePermission(actor, permission)
  const now = engine.now()
  requireFuture(change.expiresAt ?? null, now)
  const { result: read, own } = await engine.readWithOwnProfiles(id, () =>
    engine.store.read((db) => readAll(engine, db, actor, id, change, now), turnOf(actor, options)),
  )
  const ownFigures = toFigures(own)
  const { key, planned } = read
  const known = await engine.store.findManyFacts(read.secrets.map(({ kid }) => kid))
  const terms = new Map(known.map((stored) => [stored.kid, changeTerms(stored, planned)]))
  const { below, isMore } = await readCallsBelow(engine, key, { ...read, now }, actor, options)
  for (const { key: one, stored } of below)
    for (const secret of stored)
      terms.set(secret.kid, termsOf(secret, changeAbove(secret, key.id, one.made_by, planned)))
  const profiles = [...read.profiles, ...ownFigures, ...below.flatMap((one) => one.profiles)]
  const total = await judge(profiles, terms, now)
  const { calls } = total
  const ownCalls = sumOf(ownFigures, 'calls')
  const countedBelow = sumOf(below, 'counted')
  const counted = Math.max(calls, read.counted + ownCalls + countedBelow)
  const unknown = total.unknown + counted - calls
  const limits = boundByLimits(read.hours, key.limits, planned.limits)
  // They draw from its limits too; in which hours, is not looked at.
  const drawnBelow = planned.limits === key.limits ? 0 : countedBelow
  // What it does not know of, the limits may refuse as well.
  const beyond = limits.atMost === 0 ? 0 : limits.atMost + Math.max(0, counted - limits.calls)
  return {
    since: startOfDay(read.range.first),
    asOf: new Date(read.state.now),
    calls: counted,
    atLeast: Math.max(total.refused, limits.atLeast),
    atMost: Math.min(counted, total.refused + unknown + beyond + drawnBelow),
    unknown,
    children: below.length,
    moreChildren: isMore,
    refusals: total.kinds,
  }
}

function sumOf<Name extends string>(items: readonly { [_ in Name]: number }[], name: Name): number {
  return items.reduce((sum, item) => sum + item[name], 0)
}

interface Read {
  key: KeyRow
  planned: Planned
  secrets: SecretRow[]
  state: UsageState
  range: Days
  profiles: ProfileFigure[]
  counted: number
  hours: CountedHour[]
}

async function readAll(
  engine: Engine,
  db: Db,
  actor: Actor,
  id: string,
  change: Change,
  now: number,
): Promise<Read> {
  const key = await getKeyRow(db, id, scopeOf(actor))
  requireCover(actor, toCovered(key))
  const secrets = await listUnendedSecrets(db, key)
  const planned = await plan(db, actor, key, secrets, change, now)
  const state = await readUsageState(db, engine.at())
  const range = daysBefore(state.now, days)
  const number = await findUsageNumber(db, 'key', key.id)
  const profiles = number === undefined ? [] : await readProfiles(db, number, range)
  const read = { key, planned, secrets, state, range, profiles }
  const organization = await findUsageNumber(db, 'organization', key.organization_id)
  if (organization === undefined || number === undefined) return { ...read, counted: 0, hours: [] }
  const scope = { organization, key: number }
  return {
    ...read,
    counted: await readCountedCalls(db, scope, range, state),
    hours: planned.limits === key.limits ? [] : await readCountedHours(db, scope, range, state),
  }
}

async function plan(
  db: Db,
  actor: Actor,
  key: KeyRow,
  secrets: readonly SecretRow[],
  { rotate, endSecret, suspend, revoke, ...update }: Change,
  now: number,
): Promise<Planned> {
  const same: Planned = {
    permissions: key.permissions,
    expiresAt: key.expires_at,
    revokedAt: key.revoked_at,
    suspendedAt: key.suspended_at,
    notBefore: key.not_before,
    allowedIps: key.allowed_ips,
    limits: key.limits,
    ended: new Set(),
    graces: new Map(),
    keepsChildren: false,
  }
  if (revoke) return { ...same, revokedAt: key.revoked_at ?? now }
  if (endSecret !== undefined)
    return { ...same, ended: new Set([(await requireOldSecret(db, key, endSecret)).kid]) }
  refuseRevoked(key)
  if (suspend) return { ...same, suspendedAt: key.suspended_at ?? now }
  if (rotate !== undefined) {
    refuseDecoy(key, 'It is never rotated.')
    requireUnexpired(key, now)
    const judge = await readJudge(db, [key.organization_id])
    judge.require(key.organization_id, judgedOf(key))
    // What ends once nobody uses it refuses no call that was made often enough.
    const graceSeconds = longestGraceOf(rotate)
    const { graceEndsAt, over } = planRotation(key, secrets, graceSeconds, now)
    const graces = new Map(graceSeconds > 0 ? [[key.kid, graceEndsAt]] : [])
    return { ...same, ended: new Set(over), graces, keepsChildren: rotate.keepChildren === true }
  }
  const planned = planUpdate(actor, key, update)
  requireBeginning(planned)
  const named = namedOf(planned, update, now)
  if (Object.keys(named).length > 0)
    (await readJudge(db, [key.organization_id])).require(key.organization_id, named)
  const {
    permissions,
    expires_at: expiresAt,
    not_before: notBefore,
    allowed_ips: allowedIps,
    limits,
  } = planned
  return { ...same, permissions, expiresAt, notBefore, allowedIps, limits }
}

/** What a secret is judged by now, and after the change, as a verification makes it of what is stored. */
function changeTerms(stored: StoredSecret, planned: Planned): ChangedTerms {
  const { permissions, expiresAt, revokedAt, suspendedAt, notBefore, allowedIps, ended, graces } = planned
  const changed = {
    ...stored,
    permissions,
    expiresAt,
    revokedAt,
    suspendedAt,
    notBefore,
    allowedIps,
    endedAt: ended.has(stored.kid) ? 0 : stored.endedAt,
    graceEndsAt: graces.get(stored.kid) ?? stored.graceEndsAt,
  }
  return termsOf(stored, changed)
}

function termsOf(stored: StoredSecret, changed: StoredSecret): ChangedTerms {
  const readTerms = (one: StoredSecret) => toFacts(one, new Owners(1)).terms
  return { before: readTerms(stored), after: readTerms(changed) }
}

interface Judged {
  calls: number
  refused: number
  unknown: number
  kinds: RefusedCalls[]
}

async function judge(
  profiles: readonly ProfileFigure[],
  terms: ReadonlyMap<string, ChangedTerms>,
  now: number,
): Promise<Judged> {
  const total = { calls: 0, refused: 0, unknown: 0 }
  const kinds = new Map<string, RefusedCalls>()
  /** By secret and what is asked for, which many kinds of calls share. */
  const outcomes = new Map<string, Replayed>()
  let left = permissionsASlice
  for (const profile of profiles) {
    const { kid, permissions: text, calls } = profile
    total.calls += calls
    const ofSecret = terms.get(kid)
    // A secret that has ended refuses its calls anyway.
    if (ofSecret === undefined) continue
    const permissions = text === '' ? [] : text?.split(' ')
    const ip = profile.ip !== null && isAddress(profile.ip) ? profile.ip : undefined
    const question = `${kid} ${text} ${[ofSecret.before, ofSecret.after].some(asksPlace) ? ip : ''}`
    let outcome = outcomes.get(question)
    left -= profileCost + (outcome === undefined ? (permissions?.length ?? 0) : 0)
    if (left < 0) {
      await setImmediate()
      left = permissionsASlice
    }
    outcome ??= replay(ofSecret, { permissions, ip }, now)
    outcomes.set(question, outcome)
    if (outcome === 'unknown') total.unknown += calls
    if (typeof outcome !== 'object') continue
    // What a caller asked, no change of a key can make.
    if (outcome.refusal.code === 'not_found' || outcome.refusal.code === 'wrong_environment') continue
    total.refused += calls
    const missing = 'missing' in outcome.refusal ? outcome.refusal.missing : []
    add(kinds, profile, { code: outcome.refusal.code, beginsAt: new Date(outcome.from), missing })
  }
  const most = [...kinds.values()].sort(
    (a, b) => b.calls - a.calls || b.lastAt.getTime() - a.lastAt.getTime(),
  )
  return { ...total, kinds: most.slice(0, maxRefusedKinds) }
}

function add(
  kinds: Map<string, RefusedCalls>,
  { operation, ip, userAgent, calls, last }: ProfileFigure,
  { code, beginsAt, missing }: Pick<RefusedCalls, 'code' | 'beginsAt' | 'missing'>,
): void {
  const kind = JSON.stringify([code, beginsAt, operation, ip, userAgent])
  const same = kinds.get(kind)
  if (same === undefined) {
    kinds.set(kind, { code, beginsAt, operation, ip, userAgent, missing, calls, lastAt: new Date(last) })
    return
  }
  same.calls += calls
  same.missing = [...new Set([...same.missing, ...missing])]
  if (last > same.lastAt.getTime()) same.lastAt = new Date(last)
}
