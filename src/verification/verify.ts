// May this token do this, now? Answered from memory, or else from the store.
import type { Purpose } from '../core/purpose.ts'
import type { Verdict, VerifyOptions } from '../core/shapes/verification.ts'
import type { ParsedToken } from '../core/token.ts'
import type { Asker } from '../fairness/turns.ts'
import { evaluate, notFound, nothingAsked, verdictOf, verifyOrParse } from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { isOutdated, readWithinLease } from '../verdict/lease.ts'
import { digestEquals, digestText } from './digest.ts'
import type { Memory, Reading } from './read-through.ts'

/** Who asks, for its turn among those who wait for the store, and what for; a `request` if absent. */
export interface VerifyAsker extends Asker {
  purpose?: Purpose
}

/** Judges a token from memory or, if that may not answer, from the store. Throws `store_unavailable`. */
export function verify(
  memory: Memory,
  token: string,
  asked = nothingAsked,
  asker: VerifyAsker = {},
): Promise<Verdict> {
  try {
    const outcome = verifyOrParse(memory, token, asked, asker.purpose)
    if (!('kid' in outcome)) return Promise.resolve(outcome)
    const verdict = verifyNow(memory, outcome, asked, asker.purpose)
    return verdict === undefined ? verifyStored(memory, outcome, asked, asker) : Promise.resolve(verdict)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Judges a token by a read that must be waited for. Throws `store_unavailable`. */
async function verifyStored(
  memory: Memory,
  parsed: ParsedToken,
  asked: VerifyOptions,
  asker: VerifyAsker,
): Promise<Verdict> {
  const reading = await readWithinLease(memory.clock, () => memory.read(parsed.kid, asker))
  return judgeReading(memory, parsed, reading, asked, asker.purpose)
}

/** Judges from a store that answers at once; undefined if it is another. Throws `store_unavailable`. */
export function verifyNow(
  memory: Memory,
  parsed: ParsedToken,
  asked: VerifyOptions,
  purpose?: Purpose,
): Verdict | undefined {
  const reading = memory.readNow(parsed.kid)
  if (reading === undefined || isOutdated(reading, memory.clock.monotonic())) return undefined
  return judgeReading(memory, parsed, reading, asked, purpose)
}

/** Judges a token by what was read of its kid. */
export function judgeReading(
  memory: Memory,
  { kid, token }: ParsedToken,
  { known }: Reading,
  asked: VerifyOptions,
  purpose?: Purpose,
): Verdict {
  if (known === undefined || !digestEquals(known.digest, digestText(token))) return notFound
  return judgeFacts(memory, kid, known.facts, asked, purpose)
}

/**
 * Judges the secret of a kid from the store, without the cache: for what has proved by other means to be let
 * in by it. Throws `store_unavailable`.
 */
export async function verifyKid(memory: Memory, kid: string, asker: VerifyAsker = {}): Promise<Verdict> {
  const { known } = await readWithinLease(memory.clock, () => memory.read(kid, asker))
  return known === undefined ? notFound : judgeFacts(memory, kid, known.facts, nothingAsked, asker.purpose)
}

/** Evaluates, and notes the use: see `verifyCached`. */
function judgeFacts(
  memory: Memory,
  kid: string,
  { answer, terms }: Facts,
  asked: VerifyOptions,
  purpose: Purpose = 'request',
): Verdict {
  const now = memory.clock.now()
  const refusal = evaluate(terms, asked, now)
  if (refusal === undefined && purpose !== 'heartbeat') memory.noteUse(kid, answer, now)
  return verdictOf(answer, terms, refusal)
}
