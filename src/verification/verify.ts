// May this token do this, now? Answered from memory, or else from the store.

import type { Verdict, VerifyOptions } from '../core/schemas.ts'
import type { ParsedToken } from '../core/token.ts'
import type { Asker } from '../fairness/turns.ts'
import { judge, notFound, nothingAsked, verdictOf, verifyOrParse } from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { leaseMs } from '../verdict/lease.ts'
import { digestEquals } from './digest.ts'
import type { Memory, Reading } from './read-through.ts'

/** Judges a token from memory or, where that may not answer, from the store. Throws `store_unavailable`. */
export function verify(memory: Memory, token: string, asked = nothingAsked, asker?: Asker): Promise<Verdict> {
  try {
    const verdict = verifyNow(memory, token, asked)
    return 'kid' in verdict ? verifyRead(memory, verdict, asked, asker) : Promise.resolve(verdict)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Judges without waiting for anything; gives the token taken apart where that takes a read that must be waited for. */
function verifyNow(memory: Memory, token: string, asked: VerifyOptions): Verdict | ParsedToken {
  const outcome = verifyOrParse(memory, token, asked)
  return 'kid' in outcome ? judgeNow(memory, outcome, asked) : outcome
}

/** Judges by a store that answers at once; gives the token back where there is none. Throws `store_unavailable`. */
export function judgeNow(memory: Memory, parsed: ParsedToken, asked: VerifyOptions): Verdict | ParsedToken {
  const reading = memory.readNow(parsed.kid)
  return reading === undefined || isLate(memory, reading) ? parsed : judgeRead(memory, parsed, reading, asked)
}

async function verifyRead(
  memory: Memory,
  parsed: ParsedToken,
  asked: VerifyOptions,
  asker: Asker | undefined,
): Promise<Verdict> {
  return judgeRead(memory, parsed, await readPromptly(memory, parsed.kid, asker), asked)
}

export function judgeRead(
  memory: Memory,
  { kid, token }: ParsedToken,
  { known }: Reading,
  asked: VerifyOptions,
): Verdict {
  if (known === undefined || !digestEquals(known.digest, memory.digest(token))) return notFound
  return judgeUse(memory, kid, known.facts, asked)
}

/**
 * Judges the secret of a kid by what the store has of it, whatever is remembered: for who has proved by other
 * means to be let in by it. Throws `store_unavailable`.
 */
export async function verifyStored(memory: Memory, kid: string, asker?: Asker): Promise<Verdict> {
  const { known } = await readPromptly(memory, kid, asker)
  return known === undefined ? notFound : judgeUse(memory, kid, known.facts, nothingAsked)
}

/** Reads a secret, and again if that took as long as a lease: it may be from before a revocation. */
export async function readPromptly(memory: Memory, kid: string, asker: Asker | undefined): Promise<Reading> {
  const reading = await memory.read(kid, asker)
  return isLate(memory, reading) ? readPromptly(memory, kid, asker) : reading
}

/** Whether a process was paused since a read began, for as long as a lease. */
export function isLate({ clock }: Memory, { begunAt }: Reading): boolean {
  return clock.monotonic() - begunAt >= leaseMs
}

function judgeUse(memory: Memory, kid: string, { answer, terms }: Facts, asked: VerifyOptions): Verdict {
  const now = memory.clock.now()
  const refusal = judge(terms, asked, now)
  if (refusal === undefined) memory.noteUse(kid, answer, now)
  return verdictOf(answer, terms, refusal)
}
