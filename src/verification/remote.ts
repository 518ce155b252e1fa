// What a verifier in another process (`client/verifier/verifier.ts`) needs of this one: facts about tokens, word of what
// changed, how sure this process is to have seen every change, and a place to report what was used.

import type { Changed, News } from '../coherence/follower.ts'
import { type Condition, noConditions } from '../core/conditions.ts'
import { LatchkeyError } from '../core/errors.ts'
import { parseInput } from '../core/input.ts'
import { isExceeded } from '../core/rate-limit-headers.ts'
import { type GrantsAnswer, type GrantsInput, grantsRequestSchema } from '../core/shapes/grants.ts'
import { type ReportAnswer, type ReportInput, reportSchema } from '../core/shapes/usage.ts'
import type { CallContext, VerifyOptions } from '../core/shapes/verification.ts'
import { type UsesInput, usesSchema } from '../core/shapes/verifiers.ts'
import type { Asker } from '../fairness/turns.ts'
import { findRemembered } from '../verdict/evaluate.ts'
import { areCurrent, type Facts, type Terms } from '../verdict/facts.ts'
import { readWithinLease } from '../verdict/lease.ts'
import { parsePresented } from '../verdict/presented.ts'
import { digestToken, sameDigest } from './digest.ts'
import type { Grants } from './grants.ts'
import type { Memory } from './read-through.ts'
import type { UsageReport } from './usage-reports.ts'
import { type CountingAsker, verify } from './verify.ts'

export type { Changed, News } from '../coherence/follower.ts'

type Scope = Pick<VerifyOptions, 'organizationId'>

/** The number of the last change, and how long ago that was surely so. */
export interface Latest {
  sequence: number
  /** In milliseconds; below the length of a lease. */
  ageMs: number
}

/** What is known of a token. */
export interface FactsReading {
  /** Undefined for what is no token, for an unknown one and for another organization's. */
  facts: Facts | undefined
  /** The facts take account of every change in scope up to this one; null if this process cannot tell of one. */
  sequence: number | null
  /** How long ago the facts were surely true, in milliseconds. */
  ageMs: number
  /** They serve for one call, whose limits this process has judged: the caller judges the rest alone. */
  isDrawn?: true
  /** They count as revoked since then: the caller cannot judge what refuses the token. */
  refusedAt?: Date
}

/** Who asks for facts, and what it tells of the call that they are for. */
export interface FactsAsker extends Asker {
  context?: CallContext | undefined
}

/** Serves verifiers that run elsewhere. */
export interface Verifiers {
  /** Calls back after each look that showed a change; returns how to stop. Resolves when this process follows changes, or cannot. */
  subscribe(listener: (news: News) => void): Promise<() => void>
  /**
   * The number of the last change that this process acts on: of all changes or, in the scope of an organization, of those
   * that concern it and its own keys, which have a count of their own. Undefined while this process hears of none, and in a scope until
   * {@link findSequence} has found it. Numbers of one scope are the same in every process.
   */
  sequence(scope?: Scope): number | undefined
  /** The same, read from the database if it is not known yet; undefined if that cannot tell either. */
  findSequence(scope?: Scope): Promise<number | undefined>
  /** The last change in scope; undefined if {@link sequence} is, and if this process cannot be sure to have seen the last. */
  latest(scope?: Scope): Latest | undefined
  /**
   * What is known of a token, for a caller that judges by itself and can judge these conditions. Facts with another one
   * serve for a single call and have no sequence: this process draws the default cost of their limits for it. Throws
   * `store_unavailable`, and `limit_exceeded` if a limit refuses that call.
   */
  readFacts(
    token: string,
    scope?: Scope,
    asker?: FactsAsker,
    judges?: ReadonlySet<Condition>,
  ): Promise<FactsReading>
  /**
   * Serves a message by which a verifier draws units of limits, in the name of a key; in scope. Throws `invalid_input`,
   * `store_unavailable`, `too_many_requests`.
   */
  draw(message: GrantsInput, keyId: string, scope?: Scope): Promise<GrantsAnswer>
  /** Whether there may be tokens of other systems. */
  acceptsForeign(): boolean
  /** Lends no unit from now on, and names the counters of which verifiers have some. */
  recall(): Changed[]
  /** Whether verifiers have units of this process, which they may still give back. */
  hasLent(): boolean
  /**
   * Notes uses of secrets that were found valid elsewhere: of those in scope, never backwards, never in the
   * future. Throws `invalid_input`, `store_unavailable`.
   */
  noteUses(uses: UsesInput, scope?: Scope, asker?: Asker): Promise<void>
  /**
   * Writes what a verifier has counted, in the name of a key: of keys and secrets in scope. Throws `invalid_input`,
   * `store_unavailable`, `too_many_requests`.
   */
  report(report: ReportInput, keyId: string, scope?: Scope): Promise<ReportAnswer>
}

/** What becomes of what verifiers report. */
export interface Reporting {
  saveReport(report: UsageReport): Promise<number>
  /** Notes that a verifier is served, which may report uses late. */
  noteVerifier(): void
}

/** Makes what verifiers need out of a memory. */
export function createVerifiers(
  memory: Memory,
  grants: Grants,
  { saveReport, noteVerifier }: Reporting,
): Verifiers {
  const { clock, follower } = memory
  return {
    subscribe: async (listener) => {
      await follower.start()
      return follower.subscribe(listener)
    },
    sequence: (scope) => sequenceIn(memory, scope),
    findSequence: (scope) => findSequence(memory, scope),
    latest: (scope) => {
      noteVerifier()
      const ageMs = follower.lease.age(clock.monotonic(), clock.now())
      const sequence = sequenceIn(memory, scope)
      return ageMs === undefined || sequence === undefined ? undefined : { sequence, ageMs }
    },
    readFacts: async (token, scope, asker, judges = noConditions) => {
      noteVerifier()
      const read = async () => {
        const reading = await readInScope(memory, token, scope, asker)
        return { ...reading, ...(reading.facts && unjudgeable(reading.facts.terms, judges, clock.now())) }
      }
      const reading = await read()
      if (reading.refusedAt !== undefined) return reading
      const isWhole = canJudge(reading.facts, judges) && (await isOwnLine(grants, reading.facts, scope))
      if (isWhole) return reading
      // A newer verifier counts what it judges, and one of 0.2.0 does not.
      await drawFor(memory, token, scope, { ...asker, isCounted: judges.size === 0 })
      // The draw took its time. A caller keeps nothing of an answer without a sequence.
      return { ...(await read()), sequence: null, isDrawn: true }
    },
    draw: async (message, keyId, scope) =>
      grants.serve(parseInput(grantsRequestSchema, message), keyId, scope?.organizationId),
    acceptsForeign: () => memory.acceptsForeign(),
    recall: () => grants.recall(),
    hasLent: () => grants.hasLent(),
    noteUses: async (uses, scope, asker) => {
      noteVerifier()
      const now = clock.now()
      await Promise.all(
        parseInput(usesSchema, uses).map(async ({ kid, at, context }) => {
          const { known } = await memory.read({ kid }, asker)
          if (known === undefined || !inScope(known.facts, scope)) return
          const { answer } = known.facts
          const circumstances = memory.tallies.profiles.known.of({ context })
          memory.usage.note({ kid, answer, circumstances }, Math.min(at.getTime(), now))
        }),
      )
    },
    report: async (report, reporter, scope) => {
      noteVerifier()
      const { organizationId } = scope ?? {}
      return {
        at: new Date(await saveReport({ ...parseInput(reportSchema, report), reporter, organizationId })),
      }
    },
  }
}

/** Tells whether a caller that can judge these conditions can judge by these facts. */
function canJudge(facts: Facts | undefined, judges: ReadonlySet<Condition>): boolean {
  if (facts === undefined) return true
  const { claims, terms } = facts
  return (
    (claims.length === 0 || judges.has('limits')) &&
    (terms.line.length === 0 || judges.has('line')) &&
    (terms.notBefore === null || judges.has('not_before'))
  )
}

/**
 * What is told of facts that are refused for something which the caller cannot judge: that they are revoked, which each can. A key
 * that is suspended stays so until a change of which the caller hears; for the rest of them that serves a single call.
 */
function unjudgeable(
  { suspendedAt, organization, allowedIps, notBefore, bounds }: Terms,
  judges: ReadonlySet<Condition>,
  now: number,
): { refusedAt: Date; sequence?: null } | undefined {
  const suspended = suspendedAt ?? organization.suspendedAt
  if (suspended !== null && !judges.has('suspended')) return { refusedAt: new Date(suspended) }
  // From where the call comes, only the caller knows.
  const isLineBound = bounds !== undefined && bounds.ips.length > 0
  const isBound =
    (allowedIps !== null && !judges.has('ips')) || (isLineBound && !(judges.has('ips') && judges.has('line')))
  const isEarly = notBefore !== null && notBefore > now && !judges.has('not_before')
  return isBound || isEarly ? { refusedAt: new Date(now), sequence: null } : undefined
}

/**
 * Tells whether a caller hears of all keys that made this one: outside the root organization it hears of those of its own
 * organization alone.
 */
async function isOwnLine(
  grants: Grants,
  facts: Facts | undefined,
  scope: Scope | undefined,
): Promise<boolean> {
  const organizationId = scope?.organizationId
  if (facts === undefined || organizationId === undefined) return true
  for (const { id } of facts.terms.line)
    if ((await grants.organizationOf(id)) !== organizationId) return false
  return true
}

/** Draws the default cost for one call that is judged elsewhere. Throws `limit_exceeded`, `store_unavailable`. */
async function drawFor(
  memory: Memory,
  token: string,
  scope: Scope | undefined,
  asker: CountingAsker,
): Promise<void> {
  const verdict = await verify(memory, token, { ...scope }, asker)
  if (!isExceeded(verdict)) return
  const { name } = verdict.exceeded[0] as { name: string }
  const detail = `The limit ${name} refuses the call. Upgrade latchkey/client: this verifier cannot judge limits, so the server judged for it.`
  const retryAfterMs = verdict.retryAfterMs ?? undefined
  throw new LatchkeyError('limit_exceeded', detail, retryAfterMs === undefined ? {} : { retryAfterMs })
}

/** Reads the facts of a token that the caller may know of. */
async function readInScope(
  memory: Memory,
  token: string,
  scope: Scope | undefined,
  asker: FactsAsker | undefined,
): Promise<FactsReading> {
  const reading = await readFacts(memory, token, scope, asker)
  return inScope(reading.facts, scope) ? reading : { ...reading, facts: undefined }
}

/** Reads the facts of a token from memory or, if memory may not answer, from the store. */
async function readFacts(
  memory: Memory,
  token: string,
  scope: Scope | undefined,
  asker: FactsAsker | undefined,
): Promise<FactsReading> {
  const { clock, follower } = memory
  // Before the facts are: what changes meanwhile may be in them or not.
  const sequence = (await findSequence(memory, scope)) ?? null
  const ageMs = follower.lease.age(clock.monotonic(), clock.now())
  const remembered = ageMs === undefined ? undefined : findRemembered(memory, token)
  if (ageMs !== undefined && remembered && areCurrent(remembered.terms))
    return { facts: remembered, sequence, ageMs }
  const parsed = parsePresented(memory, token)
  if (parsed === undefined) return { facts: undefined, sequence, ageMs: 0 }
  const { known, decoy, begunAt } = await readWithinLease(clock, () => memory.read(parsed, asker))
  if (decoy !== undefined)
    memory.noteTry(decoy, parsed.token, { ...scope, context: asker?.context }, 'request')
  const isIt = known !== undefined && sameDigest(digestToken(parsed.token), known.digest)
  return { facts: isIt ? known.facts : undefined, sequence, ageMs: clock.monotonic() - begunAt }
}

function sequenceIn({ follower }: Memory, scope: Scope | undefined): number | undefined {
  const organizationId = scope?.organizationId
  return organizationId === undefined ? follower.sequence : follower.sequenceOf(organizationId)
}

async function findSequence({ follower }: Memory, scope: Scope | undefined): Promise<number | undefined> {
  const organizationId = scope?.organizationId
  if (organizationId === undefined) return follower.sequence
  // With the database away there is no number; what is remembered may answer all the same.
  return follower.findSequenceOf(organizationId).catch(() => undefined)
}

function inScope(facts: Facts | undefined, scope: Scope | undefined): boolean {
  const organizationId = scope?.organizationId
  return facts === undefined || organizationId === undefined || facts.terms.organizationId === organizationId
}
