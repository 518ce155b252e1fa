// Many tokens judged together: in slices between which others are served, and none by what has changed meanwhile.

import { askedOf } from '../core/batch.ts'
import { LatchkeyError, refuseField } from '../core/errors.ts'
import type { PresentedToken } from '../core/foreign-token.ts'
import { copyLatin1 } from '../core/kept-text.ts'
import { ownedKeyOf } from '../core/rotated-verdict.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import { shownKidOf } from '../core/token.ts'
import type { Asker } from '../fairness/turns.ts'
import type { Claim } from '../verdict/claims.ts'
import {
  callOf,
  countUnknown,
  countVerdict,
  findRemembered,
  takeUnits,
  tallyOf,
  verifyOrParse,
  Wanting,
} from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { isOutdated, readWithinLease } from '../verdict/lease.ts'
import { kidIn } from '../verdict/presented.ts'
import type { Memory, Reading } from './read-through.ts'
import { judgeReading, verifyDrawing, verifyNow, verifyPaid } from './verify.ts'

/** How many secrets a batch asks for at once. */
const maxReads = 256
/** How often what has changed meanwhile is judged anew. */
const maxRounds = 4
/** After so many tokens, or permissions asked for, a batch may give way: that is much shorter than a slice. */
const stepWeight = 16

/** One token of a batch, and what became of it so far. */
interface Question {
  readonly key: string
  readonly asked: VerifyOptions
  verdict: Verdict | undefined
  /** What it draws once all are judged, if limits apply to it. */
  wanting: Wanting | undefined
  /** When it was judged from memory, or when the read began by which it was judged, by the monotonic clock. */
  since: number
  /** What memory held of the secret, if it was judged from memory, and how much memory had let go of by then. */
  answer: Facts['answer'] | undefined
  drops: number
}

/** A token that memory does not answer. */
interface Cold {
  question: Question
  parsed: PresentedToken
}

/**
 * Judges many tokens, in slices between which others are served; the verdicts come in the order of the requests.
 * Throws `invalid_input`, `store_unavailable`.
 *
 * A batch may take longer than a verdict may be old: it waits for the store, and for the slices of other batches. So,
 * once the last token is judged, each verdict must still stand at that instant; the others are judged anew.
 */
export async function verifyBatch(
  memory: Memory,
  requests: readonly VerifyRequest[],
  { organizationId }: Pick<VerifyOptions, 'organizationId'> = {},
  asker: Asker = {},
): Promise<Verdict[]> {
  const name = asker.keyId ?? asker.ip ?? ''
  const all: Question[] = []
  let cold = await memory.slices.run(name, readAndJudge(memory, requests, organizationId, all))
  for (let round = 1; ; round++) {
    if (cold.length > 0) await judgeByReads(memory, cold, name, asker)
    // No promise from here to the return: what stands now is what the caller gets.
    const isFresh = memory.isFresh(memory.clock.now())
    const now = memory.clock.monotonic()
    const open = all.filter((question) => !stands(memory, question, now, isFresh))
    if (open.length === 0) return drawAll(memory, all, asker)
    if (round === maxRounds) break
    cold = await memory.slices.run(name, judgeAtHand(memory, open))
  }
  throw new LatchkeyError(
    'store_unavailable',
    'The database cannot keep up with a batch of this size. Send fewer tokens.',
  )
}

/**
 * Has the tokens that are valid draw from their limits, in their order. Those that must wait for a draw wait together; what
 * has aged meanwhile is judged once more.
 */
async function drawAll(memory: Memory, all: readonly Question[], asker: Asker): Promise<Verdict[]> {
  const wall = memory.clock.now()
  const waiting: Promise<void>[] = []
  for (const question of all) {
    const { wanting, key, asked } = question
    if (wanting === undefined) continue
    const verdict = takeUnits(memory, wanting.facts, asked, wall, undefined)
    if (verdict instanceof Wanting)
      waiting.push(
        verifyDrawing(memory, key, asked, { ...asker, isCounted: false }, verdict).then((drawn) => {
          question.verdict = drawn
        }),
      )
    else {
      question.verdict = verdict
      if (verdict.valid)
        memory.noteUse(
          callOf(memory, copyLatin1(kidIn(key, wanting.facts)), wanting.facts.answer, asked),
          wall,
        )
    }
  }
  if (waiting.length > 0) {
    const begunAt = memory.clock.monotonic()
    await Promise.all(waiting)
    if (isOutdated({ begunAt }, memory.clock.monotonic() + maxDrawMs)) await judgeAged(memory, all, asker)
  }
  return all.map((question) => countQuestion(memory, question))
}

/** Counts what became of a token in the end: before, it was perhaps judged several times. */
function countQuestion(memory: Memory, { key, asked, verdict, wanting }: Question): Verdict {
  const judged = verdict as Verdict
  if (!('keyId' in judged)) return countUnknown(memory, judged)
  const now = memory.clock.now()
  const kid = shownKidOf(key) ?? (wanting?.facts ?? findRemembered(memory, key))?.terms.foreignKid
  // The kid of another system's token is in its facts alone, and these may have left memory since.
  if (kid == null) memory.tallies.count(tallyOf(memory, ownedKeyOf(judged)), judged, now, wanting?.claims)
  else
    countVerdict(
      memory,
      callOf(memory, copyLatin1(kid), ownedKeyOf(judged), asked),
      judged,
      now,
      wanting?.claims,
    )
  return judged
}

/** A wait for draws that was shorter leaves each verdict below the age that it may have. */
const maxDrawMs = 900

async function judgeAged(memory: Memory, all: readonly Question[], asker: Asker): Promise<void> {
  for (const question of all) {
    const { key, asked, verdict, wanting } = question
    if (verdict?.valid !== true) continue
    const paid: readonly Claim[] = wanting?.claims ?? []
    const again = await verifyPaid(memory, key, asked, { ...asker, isCounted: false }, paid, true)
    // What was drawn is reserved already.
    const { reservation } = verdict
    question.verdict = again.valid && reservation !== undefined ? { ...again, reservation } : again
  }
}

/** Checks all requests before it judges any. Gives the tokens that must be read. Throws `invalid_input`. */
function* readAndJudge(
  memory: Memory,
  requests: readonly VerifyRequest[],
  organizationId: string | undefined,
  questions: Question[],
): Generator<void, Cold[]> {
  let weight = 0
  let checked: readonly string[] | undefined
  if (!Array.isArray(requests)) refuseField('requests', 'Must be a list of { key, permissions? }.')
  for (const [i, request] of requests.entries()) {
    const asked = { ...askedOf(request, i, checked), organizationId }
    checked = asked.permissions
    questions.push({
      key: request.key,
      asked,
      verdict: undefined,
      wanting: undefined,
      since: 0,
      answer: undefined,
      drops: 0,
    })
    weight += weightOf(asked)
    if (weight < stepWeight) continue
    weight = 0
    yield
  }
  return yield* judgeAtHand(memory, questions)
}

/** Judges each token by memory, or by a store that answers at once. Gives those that must be read. */
function* judgeAtHand(memory: Memory, open: readonly Question[]): Generator<void, Cold[]> {
  const cold: Cold[] = []
  let weight = 0
  let since = memory.clock.monotonic()
  for (const question of open) {
    const { key, asked } = question
    const outcome = verifyOrParse(memory, key, asked, 'request', 'later')
    const judged = 'kid' in outcome ? verifyNow(memory, outcome, asked, 'request', 'later') : outcome
    if (judged === undefined) cold.push({ question, parsed: outcome as PresentedToken })
    else {
      settleQuestion(question, judged)
      question.since = since
      question.answer =
        judged === outcome ? answerBehind(memory, key, question.verdict as Verdict) : undefined
      question.drops = memory.cache.drops
    }
    weight += weightOf(asked)
    if (weight < stepWeight) continue
    weight = 0
    yield
    since = memory.clock.monotonic()
  }
  return cold
}

/** A token that draws later is valid until then. */
function settleQuestion(question: Question, judged: Verdict | Wanting): void {
  question.wanting = judged instanceof Wanting ? judged : undefined
  question.verdict = judged instanceof Wanting ? judged.facts.answer : judged
}

function weightOf({ permissions }: VerifyOptions): number {
  return 1 + (permissions?.length ?? 0)
}

/** Judges each token by a read. One whose read came too late stays as it was. */
async function judgeByReads(
  memory: Memory,
  cold: readonly Cold[],
  name: string,
  asker: Asker,
): Promise<void> {
  for (let start = 0; start < cold.length; start += maxReads) {
    const some = cold.slice(start, start + maxReads)
    const readings = await Promise.all(
      some.map(({ parsed }) => readWithinLease(memory.clock, () => memory.read(parsed, asker))),
    )
    await memory.slices.map(name, some, ({ question, parsed }, at) => {
      const reading = readings[at] as Reading
      // Others came between: this process may have been paused since.
      if (isOutdated(reading, memory.clock.monotonic())) return
      settleQuestion(question, judgeReading(memory, parsed, reading, question.asked, 'request', 'later'))
      question.since = reading.begunAt
      question.answer = undefined
    })
  }
}

/**
 * Whether a verdict is no older than any other: no older than a lease, in which a key may have expired too, and, if it was
 * judged from memory, memory still holds the same of its secret, under a lease. That a token is unknown needs no proof:
 * no change makes it more so.
 */
function stands(
  memory: Memory,
  { key, verdict, since, answer, drops }: Question,
  now: number,
  isFresh: boolean,
): boolean {
  if (verdict === undefined) return false
  if (verdict.code === 'malformed' || verdict.code === 'not_found') return true
  if (isOutdated({ begunAt: since }, now)) return false
  if (answer === undefined) return true
  return isFresh && (drops === memory.cache.drops || answerOf(memory, key) === answer)
}

/** What memory holds of the secret that it has just given a verdict on. */
function answerBehind(memory: Memory, token: string, verdict: Verdict): Facts['answer'] | undefined {
  // A verdict without a limit in time is the answer itself.
  return verdict.valid && verdict.expiresAt === null ? verdict : answerOf(memory, token)
}

/** What memory holds of a token's secret. */
function answerOf(memory: Memory, token: string): Facts['answer'] | undefined {
  if (typeof token !== 'string') return undefined
  const kid = shownKidOf(token)
  return (kid === undefined ? findRemembered(memory, token) : memory.cache.findByKid(kid))?.answer
}
