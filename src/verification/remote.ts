// What a verifier in another process (`client/verifier/verifier.ts`) needs of this one: facts about tokens, word of what
// changed, how sure this process is to have seen every change, and a place to report what was used.

import type { News } from '../coherence/follower.ts'
import { parseInput } from '../core/input.ts'
import type { VerifyOptions } from '../core/shapes/verification.ts'
import { type UsesInput, usesSchema } from '../core/shapes/verifiers.ts'
import { parseToken } from '../core/token.ts'
import type { Asker } from '../fairness/turns.ts'
import { findRemembered } from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { readWithinLease } from '../verdict/lease.ts'
import { digestToken, sameDigest } from './digest.ts'
import type { Memory } from './read-through.ts'

export type { News } from '../coherence/follower.ts'

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
}

/** Serves verifiers that run elsewhere. */
export interface Verifiers {
  /** Calls back after each look that showed a change; returns how to stop. Resolves when this process follows changes, or cannot. */
  subscribe(listener: (news: News) => void): Promise<() => void>
  /**
   * The number of the last change that this process acts on: of all changes or, in the scope of an organization, of those
   * of its own keys, which have a count of their own. Undefined while this process hears of none, and in a scope until
   * {@link findSequence} has found it. Numbers of one scope are the same in every process.
   */
  sequence(scope?: Scope): number | undefined
  /** The same, read from the database if it is not known yet; undefined if that cannot tell either. */
  findSequence(scope?: Scope): Promise<number | undefined>
  /** The last change in scope; undefined if {@link sequence} is, and if this process cannot be sure to have seen the last. */
  latest(scope?: Scope): Latest | undefined
  /** What is known of a token, for a caller that judges by itself. Throws `store_unavailable`. */
  readFacts(token: string, scope?: Scope, asker?: Asker): Promise<FactsReading>
  /**
   * Notes uses of secrets that were found valid elsewhere: of those in scope, never backwards, never in the
   * future. Throws `invalid_input`, `store_unavailable`.
   */
  noteUses(uses: UsesInput, scope?: Scope, asker?: Asker): Promise<void>
}

/** Makes what verifiers need out of a memory. */
export function createVerifiers(memory: Memory): Verifiers {
  const { clock, follower } = memory
  return {
    subscribe: async (listener) => {
      await follower.start()
      return follower.subscribe(listener)
    },
    sequence: (scope) => sequenceIn(memory, scope),
    findSequence: (scope) => findSequence(memory, scope),
    latest: (scope) => {
      const ageMs = follower.lease.age(clock.monotonic(), clock.now())
      const sequence = sequenceIn(memory, scope)
      return ageMs === undefined || sequence === undefined ? undefined : { sequence, ageMs }
    },
    readFacts: async (token, scope, asker) => {
      const reading = await readFacts(memory, token, scope, asker)
      return inScope(reading.facts, scope) ? reading : { ...reading, facts: undefined }
    },
    noteUses: async (uses, scope, asker) => {
      const now = clock.now()
      await Promise.all(
        parseInput(usesSchema, uses).map(async ({ kid, at }) => {
          const { known } = await memory.read(kid, asker)
          if (known === undefined || !inScope(known.facts, scope)) return
          const { keyId, organizationId } = known.facts.answer
          memory.usage.note(kid, keyId, organizationId, Math.min(at.getTime(), now))
        }),
      )
    },
  }
}

/** Reads the facts of a token from memory or, if memory may not answer, from the store. */
async function readFacts(
  memory: Memory,
  token: string,
  scope: Scope | undefined,
  asker: Asker | undefined,
): Promise<FactsReading> {
  const { clock, follower } = memory
  // Before the facts are: what changes meanwhile may be in them or not.
  const sequence = (await findSequence(memory, scope)) ?? null
  const ageMs = follower.lease.age(clock.monotonic(), clock.now())
  const remembered = ageMs === undefined ? undefined : findRemembered(memory, token)
  if (ageMs !== undefined && remembered) return { facts: remembered, sequence, ageMs }
  const parsed = parseToken(token)
  if (parsed === undefined) return { facts: undefined, sequence, ageMs: 0 }
  const { known, begunAt } = await readWithinLease(clock, () => memory.read(parsed.kid, asker))
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
