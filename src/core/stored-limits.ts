// Limits as the database keeps them: a list as JSON, with what only Latchkey knows of each.
import type { z } from 'zod'
import { freezeAll } from './freeze.ts'
import type { Allowance, Limit } from './limits.ts'
import type { limitSchema, PlainLimit } from './shapes/limits.ts'

/** A limit as its check gives it. */
export type LimitGiven = z.output<typeof limitSchema>

/** A limit of a list in the database. */
export interface StoredLimit extends Limit {
  /** Somebody who may set limits set it: it counts instead of a plan's, also if it allows more. */
  isSet: boolean
}

/** A list in the database: the limits, and how often those were removed that it has no more. */
export interface StoredLimits {
  limits: StoredLimit[]
  /** By name; under {@link others}, the most of all names that it remembers no more. */
  removed: Record<string, number>
}

/** How many names of removed limits a list remembers. */
const maxRemoved = 32
/** No limit has this name. */
const others = ''
const none: StoredLimits = { limits: [], removed: {} }

/** What a new row holds. */
export const noLimits = '[]'

// Many owners have the same list: each text is parsed and held once.
const shared = new Map<string, StoredLimits>()
const maxShared = 1_000
const maxSharedLength = 4_096

/** Reads a list from its JSON. All of it is frozen, since many callers get the same objects. */
export function readLimits(json: string): StoredLimits {
  if (json === noLimits) return none
  const known = shared.get(json)
  if (known !== undefined) return known
  const list = freezeAll(JSON.parse(json) as StoredLimits)
  if (json.length > maxSharedLength) return list
  if (shared.size >= maxShared) shared.clear()
  shared.set(json, list)
  return list
}

/** Writes a list as JSON. */
export function writeLimits(list: StoredLimits): string {
  return list.limits.length === 0 && Object.keys(list.removed).length === 0 ? noLimits : JSON.stringify(list)
}

/**
 * Replaces the limits of a list. One that was removed and comes back is another epoch of the same counter: what was
 * taken stays taken, and what was granted before is void.
 */
export function replaceLimits(
  before: StoredLimits,
  given: readonly LimitGiven[],
  isSet: boolean,
): StoredLimits {
  const removed = { ...before.removed }
  for (const { name, epoch } of before.limits)
    if (!given.some((limit) => limit.name === name)) {
      delete removed[name]
      removed[name] = epoch + 1
    }
  const limits = given.map((limit) => {
    const known = before.limits.find(({ name }) => name === limit.name)
    return toStored(limit, known?.epoch ?? removed[limit.name] ?? removed[others] ?? 0, isSet)
  })
  return { limits, removed: forgetOldest(removed) }
}

/**
 * Forgets the names that were removed first, and how often: a limit of such a name begins at an epoch that none of them had,
 * since a counter never goes back to one that has ended.
 */
function forgetOldest({ [others]: epoch, ...removed }: Record<string, number>): Record<string, number> {
  const named = Object.entries(removed)
  const forgotten = named.slice(0, -maxRemoved).map(([, ended]) => ended)
  const most = Math.max(epoch ?? 0, ...forgotten)
  return { ...(most > 0 && { [others]: most }), ...Object.fromEntries(named.slice(-maxRemoved)) }
}

function toStored(given: LimitGiven, epoch: number, isSet: boolean): StoredLimit {
  return { name: given.name, allowance: allowanceOf(given), defaultCost: given.defaultCost, epoch, isSet }
}

/** What a limit allows, as answers tell it. */
export function describeAllowance(allowance: Allowance): Omit<PlainLimit, 'name' | 'defaultCost'> {
  const { limit } = allowance
  if (allowance.kind === 'rate')
    return { limit, windowSeconds: allowance.windowMs / 1000, burst: allowance.burst }
  const { resets, anchor, overdraft } = allowance
  return {
    limit,
    resets,
    ...(anchor !== null && { anchor: new Date(anchor) }),
    ...(overdraft !== null && { overdraft }),
  }
}

/** What a limit allows that was given, or told by an answer. */
export function allowanceOf({
  limit,
  windowSeconds,
  burst,
  resets,
  anchor,
  overdraft,
}: Omit<LimitGiven | PlainLimit, 'name' | 'defaultCost'>): Allowance {
  if (windowSeconds !== undefined)
    return { kind: 'rate', limit, windowMs: windowSeconds * 1000, burst: burst ?? limit }
  return {
    kind: 'quota',
    limit,
    resets: resets ?? null,
    anchor: anchor?.getTime() ?? null,
    overdraft: overdraft ?? null,
  }
}

/** The limits that count for an owner: its own, and those of its plan, of each name the tighter or the one that was set. */
export function joinLimits(
  own: readonly StoredLimit[],
  ofPlan: readonly StoredLimit[],
): readonly StoredLimit[] {
  if (ofPlan.length === 0) return own
  if (own.length === 0) return ofPlan
  return [
    ...own.filter((limit) => counts(limit, ofPlan)),
    ...ofPlan.filter(
      (limit) =>
        !own.some((other) => other.name === limit.name && counts(other, ofPlan) && !isBeside(other, limit)),
    ),
  ]
}

/** Whether a limit counts in place of, or beside, the plan's of its name. */
function counts(limit: StoredLimit, ofPlan: readonly StoredLimit[]): boolean {
  const planned = ofPlan.find(({ name }) => name === limit.name)
  return (
    planned === undefined ||
    limit.isSet ||
    isBeside(limit, planned) ||
    isTighter(limit.allowance, planned.allowance)
  )
}

/** Whether both count: neither is known to be tighter, and nobody who may set limits chose between them. */
function isBeside(limit: StoredLimit, planned: StoredLimit): boolean {
  return !limit.isSet && limit.allowance.kind !== planned.allowance.kind
}

function isTighter(own: Allowance, planned: Allowance): boolean {
  if (own.kind === 'rate' && planned.kind === 'rate')
    return own.limit * planned.windowMs <= planned.limit * own.windowMs && own.burst <= planned.burst
  return (
    own.kind === 'quota' &&
    planned.kind === 'quota' &&
    own.resets === planned.resets &&
    own.limit <= planned.limit
  )
}

/** What a key draws from, as the store reads it beside a secret. */
export interface DrawnLimits {
  own: readonly StoredLimit[]
  ofOrganization: readonly StoredLimit[]
  plan: DrawnPlan | undefined
  /** The keys that made it, nearest first, with their limits. */
  line: readonly { keyId: string; limits: readonly StoredLimit[] }[]
}

/** What the plan of an organization adds. */
export interface DrawnPlan {
  name: string
  /** All that its keys may do, whatever they hold; null for no bound. */
  permissions: readonly string[] | null
  limits: readonly StoredLimit[]
  keyLimits: readonly StoredLimit[]
}

/**
 * Reads what the store has put together, a line each: the key's list, the organization's list, and the plan's name,
 * permissions, list and list for keys; then the id and the list of each key of its line. Null: nothing of all that.
 */
export function readDrawn(text: string): DrawnLimits {
  const [own = '', ofOrganization = '', name = '', permissions = '', limits = '', keyLimits = '', ...line] =
    text.split('\n')
  const plan =
    name === ''
      ? undefined
      : {
          name,
          permissions: permissions === '' ? null : JSON.parse(permissions),
          limits: readList(limits),
          keyLimits: readList(keyLimits),
        }
  const keys = []
  for (let i = 0; i + 1 < line.length; i += 2)
    if (line[i] !== '') keys.push({ keyId: line[i] as string, limits: readList(line[i + 1] as string) })
  return { own: readList(own), ofOrganization: readList(ofOrganization), plan, line: keys }
}

function readList(json: string): readonly StoredLimit[] {
  return json === '' ? none.limits : readLimits(json).limits
}
