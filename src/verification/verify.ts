// May this token do this, now? Answered from memory, or else from the store.
import type { PresentedToken } from '../core/foreign-token.ts'
import { copyLatin1 } from '../core/kept-text.ts'
import { isRequest, type Purpose } from '../core/purpose.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { Verdict, VerifyOptions } from '../core/shapes/verification.ts'
import type { Asker } from '../fairness/turns.ts'
import { type Claim, dateClaims } from '../verdict/claims.ts'
import { exceededVerdict } from '../verdict/drawing.ts'
import {
  callOf,
  countProfile,
  counts,
  countsRefusal,
  countUnknown,
  countVerdict,
  evaluate,
  malformed,
  notFound,
  type Paid,
  takeUnits,
  tallyOf,
  verdictOf,
  verifyOrParse,
  Wanting,
} from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { isOutdated, readWithinLease } from '../verdict/lease.ts'
import { kidIn, parsePresented } from '../verdict/presented.ts'
import { type Asked, askedBy, nothingAsked } from '../verdict/question.ts'
import { digestEquals, digestText } from './digest.ts'
import type { Memory, Reading } from './read-through.ts'

/** Who asks, by which request, for its turn among those who wait for the store, and what for; a `request` if absent. */
export interface VerifyAsker extends Asker, RequestParts {
  ip?: string | undefined
  purpose?: Purpose
}

/** One that may count the verdict itself. */
export interface CountingAsker extends VerifyAsker {
  isCounted?: boolean
}

/** Judges a token from memory or, if that may not answer, from the store. Throws `store_unavailable`. */
export function verify(
  memory: Memory,
  token: string,
  options: VerifyOptions = nothingAsked,
  asker: CountingAsker = {},
): Promise<Verdict> {
  try {
    const asked = askedBy(options, asker.purpose, asker)
    const outcome = verifyFirst(memory, token, asked, asker.purpose, paymentOf(asker))
    if (outcome instanceof Wanting)
      return memory.awake.during(verifyDrawing(memory, token, asked, asker, outcome))
    return 'kid' in outcome
      ? memory.awake.during(verifyStored(memory, token, outcome, asked, asker))
      : Promise.resolve(outcome)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** What somebody that counts the verdict itself has drawn: nothing. */
function paymentOf({ isCounted = true }: CountingAsker): Paid | undefined {
  return isCounted ? undefined : { isCounted }
}

/** Judges a token by what is at hand: memory, or a store that answers at once. */
function verifyFirst(
  memory: Memory,
  token: string,
  asked: Asked,
  purpose?: Purpose,
  paid?: Paid,
): Verdict | PresentedToken | Wanting {
  const outcome = verifyOrParse(memory, token, asked, purpose, paid)
  if (!('kid' in outcome)) return outcome
  return verifyNow(memory, outcome, asked, purpose, paid) ?? outcome
}

/** Judges a token by a read that must be waited for. Throws `store_unavailable`. */
async function verifyStored(
  memory: Memory,
  token: string,
  parsed: PresentedToken,
  asked: Asked,
  asker: CountingAsker,
): Promise<Verdict> {
  const reading = await readWithinLease(memory.clock, () => memory.read(parsed, asker))
  const outcome = judgeReading(memory, parsed, reading, asked, asker.purpose, paymentOf(asker))
  return outcome instanceof Wanting ? verifyDrawing(memory, token, asked, asker, outcome) : outcome
}

/** The kid of a token that was found: another system's token does not show it. Throws `store_unavailable`. */
export async function findKid(memory: Memory, token: string, asker: Asker): Promise<string | undefined> {
  const parsed = parsePresented(memory, token)
  if (parsed === undefined || parsed.kid !== undefined) return parsed?.kid
  return (await memory.read(parsed, asker)).known?.facts.terms.foreignKid ?? undefined
}

/**
 * Draws what a call wants of limits. Much may change while it waits: it is judged once more by what is known then, and
 * what it has drawn goes back if something else refuses it. Throws `store_unavailable`.
 */
export async function verifyDrawing(
  memory: Memory,
  token: string,
  asked: Asked,
  asker: CountingAsker,
  { facts, claims }: Wanting,
): Promise<Verdict> {
  const outcome = await memory.allotments.wait(claims)
  const now = memory.clock.now()
  if (!outcome.taken) {
    const { answer, terms } = facts
    const call = callOf(memory, copyLatin1(kidIn(token, facts)), answer, asked)
    const refusal = evaluate(terms, asked, now, token)
    const verdict =
      refusal === undefined
        ? exceededVerdict(answer, claims, outcome.exceeded, memory.clock.monotonic(), now)
        : verdictOf(answer, terms, refusal)
    if (asker.isCounted !== false) countVerdict(memory, call, verdict, now)
    return verdict
  }
  return verifyPaid(memory, token, asked, asker, dateClaims(claims))
}

/**
 * Judges a call that has drawn what it takes, and gives that back if something else refuses it, or nothing can tell. `isLate`:
 * it did not draw just now. Throws `store_unavailable`.
 */
export async function verifyPaid(
  memory: Memory,
  token: string,
  asked: Asked,
  asker: CountingAsker,
  claims: readonly Claim[],
  isLate = false,
): Promise<Verdict> {
  const paid = { claims, isCounted: asker.isCounted ?? true }
  let waits = isLate
  try {
    const again = verifyFirst(memory, token, asked, asker.purpose, paid)
    waits ||= 'kid' in again
    const verdict = 'kid' in again ? await judgePaid(memory, again, asked, asker, paid) : (again as Verdict)
    if (!verdict.valid) memory.allotments.giveBack(claims, waits)
    return verdict
  } catch (error) {
    memory.allotments.giveBack(claims, waits)
    throw error
  }
}

async function judgePaid(
  memory: Memory,
  parsed: PresentedToken,
  asked: Asked,
  asker: VerifyAsker,
  paid: Paid,
): Promise<Verdict> {
  const reading = await readWithinLease(memory.clock, () => memory.read(parsed, asker))
  return judgeReading(memory, parsed, reading, asked, asker.purpose, paid) as Verdict
}

/** Judges from a store that answers at once; undefined if it is another. Throws `store_unavailable`. */
export function verifyNow(
  memory: Memory,
  parsed: PresentedToken,
  asked: Asked,
  purpose?: Purpose,
  paid?: Paid,
): Verdict | Wanting | undefined {
  const reading = memory.readNow(parsed)
  if (reading === undefined || isOutdated(reading, memory.clock.monotonic())) return undefined
  return judgeReading(memory, parsed, reading, asked, purpose, paid)
}

/** Judges a token by what was read of its kid. */
export function judgeReading(
  memory: Memory,
  { kid, token }: PresentedToken,
  { known, decoy }: Reading,
  asked: Asked,
  purpose?: Purpose,
  paid?: Paid,
): Verdict | Wanting {
  memory.noteTry(decoy, token, asked, purpose ?? 'request')
  if (known === undefined || !digestEquals(known.digest, digestText(token))) {
    // By now it is known whether there are tokens of other systems.
    const isNoToken = kid === undefined && !memory.foreign.mayExist
    return countUnknown(memory, isNoToken ? malformed : notFound, purpose, paid)
  }
  return judgeFacts(memory, { kid: kidIn(token, known.facts), token }, known.facts, asked, purpose, paid)
}

/**
 * Judges the secret of a kid from the store, without the cache: for what has proved by other means to be let
 * in by it, and draws from no limit. Throws `store_unavailable`.
 */
export async function verifyKid(
  memory: Memory,
  kid: string,
  asker: Asker & { purpose?: 'management' | 'heartbeat' } = {},
): Promise<Verdict> {
  const { purpose = 'management', ip } = asker
  const { known } = await readWithinLease(memory.clock, () => memory.read({ kid }, asker))
  return known === undefined
    ? notFound
    : (judgeFacts(memory, { kid }, known.facts, { ip }, purpose) as Verdict)
}

/** Evaluates, takes, notes the use and counts: see `verifyCached`. */
function judgeFacts(
  memory: Memory,
  { kid, token }: { kid: string; token?: string },
  facts: Facts,
  asked: Asked,
  purpose: Purpose = 'request',
  paid?: Paid,
): Verdict | Wanting {
  const { answer, terms } = facts
  const now = memory.clock.now()
  const refusal = evaluate(terms, asked, now, token)
  const call = callOf(memory, copyLatin1(kid), answer, asked)
  if (refusal === undefined && facts.claims.length > 0 && isRequest(purpose)) {
    const tally = counts(purpose, paid) ? tallyOf(memory, answer) : undefined
    const verdict = takeUnits(memory, facts, asked, now, tally, paid)
    if (verdict instanceof Wanting) return verdict
    if (verdict.valid) {
      memory.noteUse(call, now)
      // It is counted with its units.
      if (tally) countProfile(memory, call, verdict, now)
    } else if (countsRefusal(purpose, paid)) countVerdict(memory, call, verdict, now)
    return verdict
  }
  if (refusal === undefined && purpose !== 'heartbeat') memory.noteUse(call, now)
  const verdict = verdictOf(answer, terms, refusal)
  if (verdict.valid ? counts(purpose, paid) : countsRefusal(purpose, paid))
    countVerdict(memory, call, verdict, now)
  return verdict
}
