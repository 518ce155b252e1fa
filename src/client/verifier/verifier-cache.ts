// What a verifier remembers of the tokens that it has seen, and whether that may still be believed.

import { readNetwork } from '../../core/addresses.ts'
import type { PresentedToken } from '../../core/foreign-token.ts'
import { isId } from '../../core/id-form.ts'
import type { FactsAnswer } from '../../core/shapes/verifiers.ts'
import { type LineReason, lineReasons } from '../../core/stored-ancestors.ts'
import { allowanceOf, type StoredLimit, writeLimits } from '../../core/stored-limits.ts'
import { isForeignKid, isKid } from '../../core/token.ts'
import type { Allotments } from '../../verdict/allotment.ts'
import { type CacheBounds, FactsCache } from '../../verdict/cache.ts'
import type { Circumstances } from '../../verdict/circumstances.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { Remembered } from '../../verdict/evaluate.ts'
import { type Facts, networksOf, toFacts } from '../../verdict/facts.ts'
import { Lease } from '../../verdict/lease.ts'
import type { LineBounds } from '../../verdict/line.ts'
import { NegativeCache } from '../../verdict/negative-cache.ts'
import { Owners } from '../../verdict/owners.ts'
import { Tallies } from '../../verdict/tally.ts'
import { LatchkeyClientError } from '../errors.ts'
import { sha256 } from './sha256.ts'

/** The facts under their lease, and the tokens known to be absent. Holds digests and never a token. */
export class VerifierMemory implements Remembered {
  readonly clock: Clock
  readonly cache: FactsCache
  readonly digest = sha256
  readonly allotments: Allotments
  readonly owners: Owners
  readonly tallies = new Tallies()
  /** The same for when the server is away: what was confirmed so long ago at the most is believed. */
  readonly stale: Remembered
  readonly #lease = new Lease()
  readonly #absent: NegativeCache
  #confirmed = { monotonic: Number.NEGATIVE_INFINITY, now: Number.NEGATIVE_INFINITY }
  #changes = 0
  /** Whether the server may know tokens of other systems; undefined until it has said. */
  #foreign: boolean | undefined

  constructor(
    clock: Clock,
    bounds: CacheBounds,
    staleMs: number,
    noteUse: (kid: string, at: number, circumstances: Circumstances) => void,
    allotments: Allotments,
  ) {
    this.clock = clock
    this.cache = new FactsCache(bounds, sha256, {
      profiles: this.tallies.profiles,
      noteUse: (kid, _, at, circumstances) => noteUse(kid, at, circumstances),
      noteCalls: (facts, calls) => this.tallies.addCalls(facts, calls),
    })
    this.tallies.beforeTurn = () => this.cache.reportUses()
    this.#absent = new NegativeCache(clock)
    this.allotments = allotments
    this.owners = new Owners(bounds.secrets)
    const isFresh = (now: number, monotonic: number) =>
      Math.max(monotonic - this.#confirmed.monotonic, now - this.#confirmed.now) < staleMs
    this.stale = {
      clock,
      cache: this.cache,
      allotments: this.allotments,
      tallies: this.tallies,
      isFresh,
      isAbsent: () => false,
      acceptsForeign: () => this.acceptsForeign(),
    }
  }

  /** Grows each time something had to be forgotten: what was asked before must not be remembered after. */
  get changes(): number {
    return this.#changes
  }

  isFresh(now: number, monotonic = this.clock.monotonic()): boolean {
    return this.#lease.holds(monotonic, now)
  }

  isAbsent({ token }: PresentedToken): boolean {
    return this.#absent.has(sha256(token))
  }

  acceptsForeign(): boolean {
    return this.#foreign ?? true
  }

  /** Hears whether the server may know tokens of other systems; one that does not say knows none. */
  noteForeign(foreign: unknown): void {
    this.#foreign = foreign === true
  }

  /** Renews the lease from the instant, by both clocks, before which every change was heard of. */
  confirm(monotonic: number, now: number): void {
    if (monotonic <= this.#confirmed.monotonic) return
    this.#confirmed = { monotonic, now }
    this.#lease.confirm(monotonic, now)
  }

  /** Believes nothing from now on until it is confirmed anew. */
  distrust(): void {
    this.#lease.drop()
  }

  /** Forgets what is known of a key, an organization or a plan that changed. */
  forget(topic: 'key' | 'organization' | 'plan', id: string): void {
    this.#changes++
    this.owners.forget(topic, id)
    if (topic === 'key') this.cache.forgetKey(id)
  }

  forgetAll(): void {
    this.#changes++
    this.#lease.drop()
    this.cache.clear()
    this.owners.clear()
    this.#absent.clear()
  }

  /** Remembers what a token is judged by; that there is nothing, for a moment. */
  remember({ kid, token }: PresentedToken, facts: Facts | undefined): void {
    const digest = sha256(token)
    if (facts) {
      this.cache.remember(
        facts.terms.foreignKid ?? (kid as string),
        Uint8Array.from(digest, (letter) => letter.charCodeAt(0)),
        facts,
      )
      return
    }
    this.#absent.add(digest)
  }
}

/** Reads the server's facts. Throws `unexpected_answer` for anything else: no verdict is made of it. */
export function readAnswer(answer: FactsAnswer, owners: Owners): Facts | undefined {
  const { sequence, ageMs, secret } = Object(answer) as FactsAnswer
  const facts = readSecret(secret, owners)
  const isSound =
    Number.isFinite(ageMs) && ageMs >= 0 && (sequence === null || Number.isSafeInteger(sequence))
  if (isSound && (secret === null || facts !== undefined)) return facts
  throw new LatchkeyClientError('unexpected_answer', 'The facts from the server have an unknown format.')
}

/** Reads the server's facts; undefined if the answer is of another form. */
function readSecret(secret: FactsAnswer['secret'], owners: Owners): Facts | undefined {
  if (typeof secret !== 'object' || secret === null) return undefined
  const { keyId, organizationId, name, permissions, metadata, isEnded } = secret
  const texts: unknown[] = [
    keyId,
    organizationId,
    name,
    ...(Array.isArray(permissions) ? permissions : [null]),
  ]
  // Older servers have none of these.
  const {
    suspendedAt = null,
    organizationSuspendedAt = null,
    notBefore = null,
  } = secret as Partial<typeof secret>
  const instants = [
    ...[secret.expiresAt, secret.revokedAt, secret.graceEndsAt],
    ...[suspendedAt, organizationSuspendedAt, notBefore],
  ].map(toMilliseconds)
  const [expiresAt, revokedAt, graceEndsAt, ...later] = instants
  if (texts.some((text) => typeof text !== 'string') || typeof isEnded !== 'boolean') return undefined
  if (expiresAt === undefined || revokedAt === undefined || graceEndsAt === undefined) return undefined
  const [suspended, ofOrganization, begins] = later
  if (suspended === undefined || ofOrganization === undefined || begins === undefined) return undefined
  const allowedIps = readAllowedIps(secret)
  if (allowedIps === undefined) return undefined
  if (typeof metadata !== 'object' || metadata === null) return undefined
  // Only another system's token has one that it does not show.
  const { kid: foreignKid = null } = secret
  if (foreignKid !== null && !(isKid(foreignKid) && isForeignKid(foreignKid))) return undefined
  const drawn = readDrawnText(secret)
  const bounds = readBounds(secret)
  if (drawn === undefined || bounds === 'unsound') return undefined
  const stored = {
    graceEndsAt,
    endedAt: isEnded ? 0 : null,
    keyId,
    organizationId,
    name,
    permissions: JSON.stringify(permissions),
    metadata: JSON.stringify(metadata),
    expiresAt,
    revokedAt,
    suspendedAt: suspended,
    organizationSuspendedAt: ofOrganization,
    notBefore: begins,
    allowedIps,
    limits: drawn,
    // What they make of the facts stands there already.
    ancestors: null,
  }
  return toFacts(stored, owners, foreignKid, bounds)
}

function toMilliseconds(instant: unknown): number | null | undefined {
  if (instant === null) return null
  const milliseconds = instant instanceof Date ? instant.getTime() : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** From where a key may be used, as JSON; null for anywhere, undefined if it is of another form. */
function readAllowedIps(holder: { allowedIps?: unknown }): string | null | undefined {
  const { allowedIps = [] } = holder
  const isSound = (value: unknown) => typeof value === 'string' && readNetwork(value) !== undefined
  if (!Array.isArray(allowedIps) || !allowedIps.every(isSound)) return undefined
  return allowedIps.length === 0 ? null : JSON.stringify(allowedIps)
}

/** What the keys of its line add to what a child is judged by. */
function readBounds(secret: NonNullable<FactsAnswer['secret']>): LineBounds | undefined | 'unsound' {
  const { ancestors: told = [] } = secret as Partial<typeof secret>
  if (!Array.isArray(told)) return 'unsound'
  if (told.length === 0) return undefined
  const ancestors: Partial<Record<LineReason, string>> = {}
  const ips: LineBounds['ips'][number][] = []
  for (const ancestor of told) {
    const { id, reasons } = Object(ancestor)
    const allowed = readAllowedIps(Object(ancestor))
    if (!isId(id) || !Array.isArray(reasons) || allowed === undefined) return 'unsound'
    for (const reason of lineReasons) if (reasons.includes(reason)) ancestors[reason] = id
    if (allowed !== null) ips.push({ keyId: id, networks: networksOf(allowed) })
  }
  return { ancestors, ips }
}

/** What a key draws from, in the form that `readDrawn` reads; null for nothing, undefined if it is of another form. */
function readDrawnText(secret: NonNullable<FactsAnswer['secret']>): string | null | undefined {
  // Older servers have none of these.
  const { limits = [], line = [], plan = null } = secret as Partial<typeof secret>
  if (!Array.isArray(limits) || !Array.isArray(line) || !limits.every(isLimit)) return undefined
  if (!line.every(isId) || !(plan === null || isLineOfText(plan))) return undefined
  if (limits.length === 0 && line.length === 0 && plan === null) return null
  const listOf = (isOwn: (limit: FactsLimit) => boolean) =>
    writeLimits({ limits: limits.filter(isOwn).map(toStored), removed: {} })
  return [
    listOf(({ scope }) => scope === 'key'),
    listOf(({ scope }) => scope === 'organization'),
    // What the plan says is in the lists and the permissions already.
    ...[plan ?? '', '', '', ''],
    ...line.flatMap((keyId) => [keyId, listOf(({ scope, id }) => scope === 'ancestor' && id === keyId)]),
  ].join('\n')
}

type FactsLimit = NonNullable<FactsAnswer['secret']>['limits'][number]

function toStored({ name, defaultCost, epoch, ...limit }: FactsLimit): StoredLimit {
  return { name, allowance: allowanceOf(limit), defaultCost, epoch, isSet: true }
}

function isLimit(value: unknown): value is FactsLimit {
  const { name, scope, id, epoch, defaultCost, limit, windowSeconds, burst, resets, anchor } = Object(value)
  const counts = [epoch, defaultCost, limit, ...(windowSeconds === undefined ? [] : [windowSeconds, burst])]
  return (
    typeof name === 'string' &&
    typeof id === 'string' &&
    ['key', 'organization', 'ancestor'].includes(scope) &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    (windowSeconds === undefined
      ? [null, 'hourly', 'daily', 'weekly', 'monthly'].includes(resets)
      : windowSeconds > 0) &&
    (anchor === undefined || toMilliseconds(anchor) !== undefined)
  )
}

function isLineOfText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\n')
}
