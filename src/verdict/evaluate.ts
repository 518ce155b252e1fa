// Judges by facts that are at hand, here and in verifiers elsewhere: one function for both. Facts are remembered, never
// decisions: permissions, expiry and time are evaluated at every call.
import { isWithin } from '../core/addresses.ts'
import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { contextFault } from '../core/call-context.ts'
import { refuseField } from '../core/errors.ts'
import type { PresentedToken } from '../core/foreign-token.ts'
import { isRequest, type Purpose } from '../core/purpose.ts'
import { rotatedVerdict } from '../core/rotated-verdict.ts'
import type { Verdict, VerifyOptions } from '../core/shapes/verification.ts'
import { hasPassed, isRotated } from '../core/status.ts'
import type { LineReason } from '../core/stored-ancestors.ts'
import { hasPrefix } from '../core/token.ts'
import type { Allotments } from './allotment.ts'
import type { CachedFacts, FactsCache } from './cache.ts'
import type { Circumstances } from './circumstances.ts'
import type { Claim } from './claims.ts'
import { claimsOf, describeClaims, drawnVerdict, exceededVerdict } from './drawing.ts'
import { areCurrent, type Facts, type Terms } from './facts.ts'
import { missingOf } from './missing.ts'
import { parsePresented, withoutScheme } from './presented.ts'
import type { KnownKey } from './profiles.ts'
import { type Asked, nothingAsked } from './question.ts'
import type { Tallies, Tally } from './tally.ts'

/** What is remembered of secrets, and whether it may be believed. */
export interface Remembered {
  readonly cache: FactsCache
  readonly clock: { now(): number; monotonic(): number }
  /** The units of limits that are at hand. */
  readonly allotments: Allotments
  /** Where verdicts are counted. */
  readonly tallies: Tallies
  /** Absent if no units can be reserved here. */
  readonly reserving?: Reserving | undefined
  /** Whether what is remembered may be believed at these readings of the wall's clock and of the other one. */
  isFresh(now: number, monotonic: number): boolean
  /** Whether a token, or its kid, was unknown a moment ago. */
  isAbsent(parsed: PresentedToken): boolean
  /** Hears of one that was. */
  noteUnknown?(parsed: PresentedToken, asked: Asked, purpose: Purpose): void
  /** Whether there may be tokens of other systems: if not, what is no token of ours is malformed. */
  acceptsForeign(): boolean
}

export const malformed: Verdict = Object.freeze({ valid: false, code: 'malformed' })
export const notFound: Verdict = Object.freeze({ valid: false, code: 'not_found' })

/** Makes reservations of what calls have drawn. */
export interface Reserving {
  /** Throws `invalid_input` for claims of which nothing can be reserved, `keyring_missing`. */
  require(claims: readonly Claim[]): void
  /** The reservation of what was drawn, until an instant in milliseconds since 1970. */
  make(keyId: string, claims: readonly Claim[], endsAt: number): string
}

/** What a call has drawn already, and whether its verdict is counted here: a batch counts its own in the end. */
export interface Payment {
  /** Absent if it has drawn nothing yet. */
  claims?: readonly Claim[]
  isCounted: boolean
}

/**
 * What a call has drawn already, or that it draws later: its limits are then what is left to judge, and whoever lets it draw
 * counts the verdict.
 */
export type Paid = Payment | 'later'

/** A call that nothing refuses but, perhaps, a limit: not enough units are at hand, and the store may have some. */
export class Wanting {
  readonly facts: Facts
  readonly claims: readonly Claim[]

  constructor(facts: Facts, claims: readonly Claim[]) {
    this.facts = facts
    this.claims = claims
  }
}

/**
 * Judges a token from memory: no promise, no I/O. Undefined if memory may not answer, because it has not seen the
 * secret, because it cannot be sure to have seen every change (`lease.ts`), or because it has too few units of a limit
 * at hand. Throws `invalid_input` for permissions of a wrong form.
 *
 * A judgement has three steps, here and in each other place that has facts: **evaluate** by facts and instant, which
 * changes nothing; **take** the units of limits, all or none (`allotment.ts`); **note** the use, and count the verdict
 * (`tally.ts`).
 */
export function verifyCached(
  memory: Remembered,
  token: string,
  asked = nothingAsked,
  purpose: Purpose = 'request',
): Verdict | undefined {
  if (typeof token !== 'string') return countUnknown(memory, malformed, purpose)
  const facts = memory.cache.lookup(withoutScheme(token))
  if (facts !== undefined) {
    const verdict = judgeRemembered(memory, token, facts, asked, purpose)
    return verdict instanceof Wanting ? undefined : verdict
  }
  const outcome = refuseUnproven(memory, token, asked, purpose)
  return 'kid' in outcome ? undefined : outcome
}

/**
 * The same, with the token taken apart if memory may not answer, for the read that follows; or what it wants of limits,
 * for the draw that follows.
 */
export function verifyOrParse(
  memory: Remembered,
  token: string,
  asked: Asked,
  purpose: Purpose = 'request',
  paid?: Paid,
): Verdict | PresentedToken | Wanting {
  if (typeof token !== 'string') return countUnknown(memory, malformed, purpose, paid)
  const facts = memory.cache.lookup(withoutScheme(token))
  const verdict = facts && judgeRemembered(memory, token, facts, asked, purpose, paid)
  return verdict ?? refuseUnproven(memory, token, asked, purpose, paid)
}

function judgeRemembered(
  memory: Remembered,
  token: string,
  facts: CachedFacts,
  asked: Asked,
  purpose: Purpose,
  paid?: Paid,
): Verdict | Wanting | undefined {
  const now = memory.clock.now()
  const monotonic = memory.clock.monotonic()
  // Even if all else fails, nothing is believed that is older than the lease.
  if (!memory.isFresh(now, monotonic) || !areCurrent(facts.terms)) return undefined
  const refusal = evaluate(facts.terms, asked, now, token)
  const circumstances = memory.cache.circumstancesOf(facts, asked)
  const isCounted = counts(purpose, paid)
  if (isCounted) memory.tallies.enter(now)
  // The facts tell what a call draws that names no cost: it is counted with its use.
  const isPlain = asked.cost === undefined && asked.reserveSeconds === undefined && paid === undefined
  const { draws } = memory.cache
  if (refusal === undefined && isPlain && isRequest(purpose)) {
    const limits = draws.take(facts.slot, facts.answer, memory.allotments, monotonic, now)
    if (limits !== undefined) {
      memory.cache.noteUse(facts, now, circumstances, isCounted ? 1 : 0)
      return drawnVerdict(knownOf(facts), limits)
    }
  }
  if (refusal === undefined && facts.claims.length > 0 && isRequest(purpose)) {
    const tally = isCounted && !isPlain ? tallyOf(memory, facts.answer) : undefined
    const verdict = takeUnits(memory, facts, asked, now, tally, paid, monotonic)
    if (verdict instanceof Wanting) return verdict
    if (!verdict.valid && countsRefusal(purpose, paid))
      countRefusal(memory, facts, circumstances, verdict, now)
    if (verdict.valid) memory.cache.noteUse(facts, now, circumstances, isCounted && isPlain ? 1 : 0)
    if (verdict.valid && isPlain) draws.learn(facts.slot, facts.claims)
    if (verdict.valid && tally)
      memory.tallies.profiles.add(memory.cache.profilesOf(facts), circumstances, 'valid', 1, now)
    return verdict
  }
  if (refusal === undefined && purpose !== 'heartbeat')
    memory.cache.noteUse(facts, now, circumstances, isCounted ? 1 : 0)
  const verdict = verdictOf(facts.answer, facts.terms, refusal)
  // The calls of valid ones are counted with their use.
  if (refusal === undefined || !countsRefusal(purpose, paid)) return verdict
  if (verdict === notFound) return countUnknown(memory, notFound)
  countRefusal(memory, facts, circumstances, verdict, now)
  return verdict
}

function countRefusal(
  { tallies, cache }: Remembered,
  facts: CachedFacts,
  circumstances: Circumstances,
  verdict: Verdict,
  now: number,
): void {
  tallies.count(tallyOf({ tallies }, facts.answer), verdict, now)
  tallies.profiles.add(cache.profilesOf(facts), circumstances, verdict.code, 1, now)
}

/** Whether a valid verdict is counted where it is made. */
export function counts(purpose: Purpose, paid?: Paid): boolean {
  return isRequest(purpose) && paid !== 'later' && paid?.isCounted !== false
}

/** Whether a refusal is. */
export function countsRefusal(purpose: Purpose, paid?: Paid): boolean {
  return purpose !== 'attempt' && counts(purpose, paid)
}

/** A call with a secret that is known. */
export interface Call {
  kid: string
  answer: KnownKey
  circumstances: Circumstances
}

/** A call with a secret, for what was asked. Throws `invalid_input` for a context of a wrong form. */
export function callOf(
  { tallies }: Pick<Remembered, 'tallies'>,
  kid: string,
  answer: KnownKey,
  asked: Asked,
): Call {
  return { kid, answer, circumstances: tallies.profiles.known.of(asked) }
}

/** Counts the verdict on a token of a key, and what it has drawn. */
export function countVerdict(
  memory: Pick<Remembered, 'tallies'>,
  call: Call,
  verdict: Verdict,
  now: number,
  claims?: readonly Claim[],
): void {
  if (verdict === notFound) {
    memory.tallies.countUnknown('not_found', now)
    return
  }
  memory.tallies.count(tallyOf(memory, call.answer), verdict, now, claims)
  countProfile(memory, call, verdict, now)
}

/** Counts a verdict by what the call has in common with others alone: it is counted otherwise already. */
export function countProfile(
  { tallies: { profiles } }: Pick<Remembered, 'tallies'>,
  { kid, answer, circumstances }: Call,
  { code }: Verdict,
  now: number,
): void {
  profiles.add(profiles.of(kid, answer), circumstances, code, 1, now)
}

/** The tally of a key, until the next collection. */
export function tallyOf(
  { tallies }: Pick<Remembered, 'tallies'>,
  { keyId, organizationId }: Pick<Facts['answer'], 'keyId' | 'organizationId'>,
): Tally {
  return tallies.of(keyId, organizationId)
}

/** Counts, and gives, the verdict on a token of no key. */
export function countUnknown(
  { tallies, clock }: Pick<Remembered, 'tallies' | 'clock'>,
  verdict: typeof malformed | typeof notFound,
  purpose: Purpose = 'request',
  paid?: Paid,
): Verdict {
  if (countsRefusal(purpose, paid))
    tallies.countUnknown(verdict === malformed ? 'malformed' : 'not_found', clock.now())
  return verdict
}

/**
 * Takes what a call draws from the limits of facts that may be believed, unless it has paid already, and counts that in a
 * tally, if there is one: its caller counts a refusal. What is at hand may be taken under the lease alone, which held at the instant `freshAt` of this turn
 * of the event loop.
 */
export function takeUnits(
  memory: Pick<Remembered, 'allotments' | 'clock' | 'isFresh' | 'reserving' | 'tallies'>,
  facts: Facts,
  { cost, reserveSeconds }: VerifyOptions,
  wall: number,
  tally: Tally | undefined,
  paid?: Paid,
  freshAt?: number,
): Verdict | Wanting {
  const { answer } = facts
  const known = knownOf(facts)
  const drawn = (claims: readonly Claim[]) => {
    const verdict = drawnVerdict(known, describeClaims(claims, wall))
    if (tally) memory.tallies.count(tally, verdict, wall, claims)
    if (reserveSeconds === undefined || claims.length === 0) return verdict
    const endsAt = wall + reserveSeconds * 1000
    return { ...verdict, reservation: memory.reserving?.make(answer.keyId, claims, endsAt) }
  }
  if (paid !== undefined && paid !== 'later' && paid.claims) return drawn(paid.claims)
  const claims = claimsOf(facts.claims, cost)
  if (reserveSeconds !== undefined) memory.reserving?.require(claims)
  if (paid === 'later') return new Wanting(facts, claims)
  const now = freshAt ?? memory.clock.monotonic()
  const isFresh = freshAt !== undefined || memory.isFresh(wall, now)
  const outcome = isFresh ? memory.allotments.take(claims, now) : undefined
  if (outcome === undefined) return new Wanting(facts, claims)
  if (outcome.taken) return drawn(claims)
  return exceededVerdict(known, claims, outcome.exceeded, now, wall)
}

/** The facts that are remembered of a token, whether or not they may be believed. */
export function findRemembered(memory: Remembered, token: string): Facts | undefined {
  return memory.cache.lookup(withoutScheme(token))
}

/** Refuses what is no token, and what memory is sure is not known; takes apart what only a read can judge. */
function refuseUnproven(
  memory: Remembered,
  token: string,
  asked: Asked,
  purpose: Purpose,
  paid?: Paid,
): Verdict | PresentedToken {
  checkAskedPermissions(asked.permissions)
  const fault = contextFault(asked.context)
  if (fault) refuseField(fault.path, fault.message)
  const parsed = parsePresented(memory, token)
  if (parsed === undefined) return countUnknown(memory, malformed, purpose, paid)
  if (!memory.isFresh(memory.clock.now(), memory.clock.monotonic())) return parsed
  // A token with a cached kid and another digest is made up.
  if (memory.isAbsent(parsed)) memory.noteUnknown?.(parsed, asked, purpose)
  else if (!memory.cache.holdsAnother(parsed)) return parsed
  return countUnknown(memory, notFound, purpose, paid)
}

/** Why a token is refused. */
export type Refusal =
  | { code: 'not_found' | 'wrong_environment' }
  | { code: 'revoked' | 'suspended' | 'expired' | 'rotated' | 'ip_not_allowed'; ancestorId?: string }
  | { code: 'not_yet_valid'; notBefore: Date; ancestorId?: string }
  | { code: 'insufficient_permissions'; missing: string[] }

/** What {@link evaluate} judges by; limits come after it. */
export type EvaluatedTerms = Omit<Terms, 'organization' | 'line' | 'foreignKid'> & {
  organization: Pick<Terms['organization'], 'suspendedAt'>
}

/**
 * Evaluates terms at an instant; undefined if all are met. The order of judgement: of several reasons the gravest is told,
 * which is the first in {@link refusalOrder}. A question about the prefix is about the token, which its asker then gives.
 */
export function evaluate(
  terms: EvaluatedTerms,
  asked: Asked,
  now: number,
  token?: string,
): Refusal | undefined {
  const missing = missingOf(terms.permissions, asked.permissions)
  // To a caller of one organization, another's tokens do not exist.
  if (asked.organizationId !== undefined && asked.organizationId !== terms.organizationId)
    return { code: 'not_found' }
  if (asked.prefix !== undefined && (token === undefined || !hasPrefix(token, asked.prefix)))
    return { code: 'wrong_environment' }
  if (terms.revokedAt !== null) return { code: 'revoked', ...ancestorOf(terms, 'revoked') }
  if (terms.suspendedAt !== null) return { code: 'suspended', ...ancestorOf(terms, 'suspended') }
  if (terms.organization.suspendedAt !== null) return { code: 'suspended' }
  if (hasPassed(terms.expiresAt, now)) return { code: 'expired', ...ancestorOf(terms, 'expired') }
  if (terms.notBefore !== null && terms.notBefore > now)
    return {
      code: 'not_yet_valid',
      notBefore: new Date(terms.notBefore),
      ...ancestorOf(terms, 'not_yet_valid'),
    }
  if (isRotated(terms.isEnded, terms.graceEndsAt, now))
    return { code: 'rotated', ...ancestorOf(terms, 'rotated') }
  if (terms.allowedIps !== null && !isWithin(terms.allowedIps, asked.ip ?? asked.context?.ip))
    return { code: 'ip_not_allowed' }
  const ips = terms.bounds?.ips
  if (ips !== undefined && ips.length > 0) {
    const refusing = ips.find(({ networks }) => !isWithin(networks, asked.ip ?? asked.context?.ip))
    if (refusing !== undefined) return { code: 'ip_not_allowed', ancestorId: refusing.keyId }
  }
  return missing && { code: 'insufficient_permissions', missing }
}

/** The key of whose line a reason is, if it is not the key's own. */
function ancestorOf({ bounds }: EvaluatedTerms, reason: LineReason): { ancestorId?: string } {
  const ancestorId = bounds?.ancestors[reason]
  return ancestorId === undefined ? {} : { ancestorId }
}

/** The verdict if all terms are met. A caller can change a Date that it gets: each gets its own. */
function knownOf({ answer, terms: { expiresAt } }: Pick<Facts, 'answer' | 'terms'>): Facts['answer'] {
  return expiresAt === null ? answer : { ...answer, expiresAt: new Date(expiresAt) }
}

/** The verdict on facts that were judged. */
export function verdictOf(answer: Facts['answer'], terms: Terms, refusal: Refusal | undefined): Verdict {
  if (refusal?.code === 'not_found') return notFound
  if (refusal?.code === 'rotated') return rotatedVerdict(answer, refusal.ancestorId)
  const known = knownOf({ answer, terms })
  return refusal === undefined ? known : { ...known, valid: false, ...refusal }
}
