// Judges by facts that are at hand, here and in verifiers elsewhere: one function for both. Facts are remembered,
// decisions never: permissions, expiry and time are judged at every call.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { missingPermissions } from '../core/permissions.ts'
import type { Verdict, VerifyOptions } from '../core/schemas.ts'
import { type ParsedToken, parseToken, tokenBodyLength } from '../core/token.ts'
import { type FactsCache, nowhere, type Slot } from './cache.ts'
import type { Facts, Terms } from './facts.ts'

/** What is remembered of secrets, and whether it may be believed. */
export interface Remembered {
  readonly cache: FactsCache
  readonly clock: { now(): number }
  /** The SHA-256 of a text in UTF-8, 32 bytes as a latin1 string. */
  digest(text: string): string
  /** Whether what is remembered may be believed at this reading of the wall's clock. */
  isFresh(now: number): boolean
  /** Whether a token, or its kid, was unknown a moment ago. */
  isAbsent(parsed: ParsedToken): boolean
}

export const malformed: Verdict = Object.freeze({ valid: false, code: 'malformed' })
export const notFound: Verdict = Object.freeze({ valid: false, code: 'not_found' })
export const nothingAsked: VerifyOptions = Object.freeze({})

/**
 * Judges a token from memory: no promise, no I/O. Undefined where memory may not answer, because it has not
 * seen the secret, or because it cannot be sure to have seen every change (`lease.ts`). Throws `invalid_input`
 * for permissions of a wrong form.
 */
export function verifyCached(memory: Remembered, token: string, asked = nothingAsked): Verdict | undefined {
  if (typeof token !== 'string') return malformed
  const plain = withoutScheme(token)
  const slot = findProven(memory, plain)
  if (slot >= 0) return judgeSlot(memory, slot, asked)
  const outcome = judgeUnproven(memory, token, slot, asked)
  return 'kid' in outcome ? undefined : outcome
}

/** The same, with the token taken apart where memory may not answer. */
export function verifyOrParse(
  memory: Remembered,
  token: string,
  asked = nothingAsked,
): Verdict | ParsedToken {
  if (typeof token !== 'string') return malformed
  const plain = withoutScheme(token)
  const slot = findProven(memory, plain)
  const verdict = slot >= 0 ? judgeSlot(memory, slot, asked) : undefined
  return verdict ?? judgeUnproven(memory, token, slot, asked)
}

/** The facts that are remembered of a token, whether or not they may be believed. */
export function findRemembered(memory: Remembered, token: string): Facts | undefined {
  const slot = findProven(memory, withoutScheme(token))
  if (slot < 0) return undefined
  return { answer: memory.cache.answerAt(slot), terms: memory.cache.termsAt(slot) }
}

/** No slot: the kid is known, and the token is another one. */
const unequal: Slot = -2

/** The slot of exactly this token; {@link nowhere} for a kid that is not remembered, {@link unequal} for another token. */
function findProven(memory: Remembered, plain: string): Slot {
  const slot = memory.cache.find(plain, plain.length - tokenBodyLength)
  if (slot === nowhere) return nowhere
  // Equal digests prove the whole token, its shape and its check included. All 32 bytes, in constant time: the
  // kid is public, so whoever guesses at the rest must learn nothing.
  return memory.cache.digestMatches(slot, memory.digest(plain)) ? slot : unequal
}

/** Judges what a slot holds; undefined where it may not be believed. */
function judgeSlot(memory: Remembered, slot: Slot, asked: VerifyOptions): Verdict | undefined {
  const now = memory.clock.now()
  // Whatever fails elsewhere, nothing is believed that is older than the lease.
  if (!memory.isFresh(now)) return undefined
  const terms = memory.cache.termsAt(slot)
  const refusal = judge(terms, asked, now)
  if (refusal === undefined) memory.cache.noteUse(slot, now)
  return verdictOf(memory.cache.answerAt(slot), terms, refusal)
}

function judgeUnproven(
  memory: Remembered,
  token: string,
  slot: Slot,
  asked: VerifyOptions,
): Verdict | ParsedToken {
  checkAskedPermissions(asked.permissions)
  const parsed = parseToken(token)
  if (parsed === undefined) return malformed
  const isUnknown = slot === unequal || memory.isAbsent(parsed)
  return isUnknown && memory.isFresh(memory.clock.now()) ? notFound : parsed
}

// RFC 8959.
function withoutScheme(token: string): string {
  return token.startsWith('secret-token:') ? token.slice('secret-token:'.length) : token
}

/** Why a token is refused. */
export type Refusal =
  | { code: 'not_found' | 'revoked' | 'expired' | 'rotated' }
  | { code: 'insufficient_permissions'; missing: string[] }

/** Judges terms at an instant, the gravest reason first; undefined where all are met. */
export function judge(terms: Terms, asked: VerifyOptions, now: number): Refusal | undefined {
  const missing = missingOf(terms.permissions, asked.permissions)
  // To a caller of one organization, another's tokens do not exist.
  if (asked.organizationId !== undefined && asked.organizationId !== terms.organizationId)
    return { code: 'not_found' }
  if (terms.revokedAt !== null) return { code: 'revoked' }
  if (terms.expiresAt !== null && terms.expiresAt <= now) return { code: 'expired' }
  if (terms.isEnded || (terms.graceEndsAt !== null && terms.graceEndsAt <= now)) return { code: 'rotated' }
  return missing && { code: 'insufficient_permissions', missing }
}

/** The verdict on facts that were judged. */
export function verdictOf(
  answer: Facts['answer'],
  { expiresAt }: Terms,
  refusal: Refusal | undefined,
): Verdict {
  if (refusal === undefined && expiresAt === null) return answer
  if (refusal?.code === 'not_found') return notFound
  // A Date can be changed by whoever gets it: each gets its own.
  const known = expiresAt === null ? answer : { ...answer, expiresAt: new Date(expiresAt) }
  return refusal === undefined ? known : { ...known, valid: false, ...refusal }
}

/** The permissions asked for and not granted; undefined where there are none. Throws `invalid_input`. */
function missingOf(granted: readonly string[], asked: readonly string[] | undefined): string[] | undefined {
  // What is granted word for word is well-formed, and the usual case.
  if (asked === undefined || (Array.isArray(asked) && holdsAll(granted, asked))) return undefined
  checkAskedPermissions(asked)
  const missing = missingPermissions(granted, asked)
  return missing.length > 0 ? missing : undefined
}

function holdsAll(granted: readonly string[], asked: readonly string[]): boolean {
  // Of long lists each word would be compared with each: whoever takes them apart is quicker.
  if (granted.length * asked.length > 256) return false
  for (let i = 0; i < asked.length; i++) if (!granted.includes(asked[i] as string)) return false
  return true
}
