// Many tokens judged together: in slices between which others are served, and none by what has changed meanwhile.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { LatchkeyError, refuseField } from '../core/errors.ts'
import { unknownOption } from '../core/options.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import { kidOf, type ParsedToken } from '../core/token.ts'
import type { Asker } from '../fairness/turns.ts'
import { verifyOrParse } from '../verdict/evaluate.ts'
import type { Facts } from '../verdict/facts.ts'
import { isOutdated, readWithinLease } from '../verdict/lease.ts'
import type { Memory, Reading } from './read-through.ts'
import { judgeReading, verifyNow } from './verify.ts'

/** How many secrets a batch asks for at once. */
const maxReads = 256
/** How often what has changed meanwhile is judged anew. */
const maxRounds = 4
/** After so many tokens, or permissions asked for, a batch may give way: that is much shorter than a slice. */
const stepWeight = 16
const requestNames = ['key', 'permissions']

/** One token of a batch, and what became of it so far. */
interface Question {
  readonly key: string
  readonly asked: VerifyOptions
  verdict: Verdict | undefined
  /** When it was judged from memory, or when the read began by which it was judged, by the monotonic clock. */
  since: number
  /** What memory held of the secret, if it was judged from memory, and how much memory had let go of by then. */
  answer: Facts['answer'] | undefined
  drops: number
}

/** A token that memory does not answer. */
interface Cold {
  question: Question
  parsed: ParsedToken
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
    if (open.length === 0) return all.map(({ verdict }) => verdict as Verdict)
    if (round === maxRounds) break
    cold = await memory.slices.run(name, judgeAtHand(memory, open))
  }
  throw new LatchkeyError(
    'store_unavailable',
    'The database cannot keep up with a batch of this size. Send fewer tokens.',
  )
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
    if (typeof request !== 'object' || request === null) refuseField(`[${i}]`, 'A { key, permissions? }.')
    const fault = unknownOption(request, requestNames)
    if (fault) refuseField(`[${i}].${fault.path}`, fault.message)
    const { key, permissions } = request
    // Most batches ask for the same of each token.
    if (permissions !== checked) checkAskedPermissions(permissions, `[${i}].permissions`)
    checked = permissions
    const asked = { permissions, organizationId }
    questions.push({ key, asked, verdict: undefined, since: 0, answer: undefined, drops: 0 })
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
    const outcome = verifyOrParse(memory, key, asked)
    const verdict = 'kid' in outcome ? verifyNow(memory, outcome, asked) : outcome
    if (verdict === undefined) cold.push({ question, parsed: outcome as ParsedToken })
    else {
      question.verdict = verdict
      question.since = since
      question.answer = verdict === outcome ? answerBehind(memory, key, verdict) : undefined
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
      some.map(({ parsed }) => readWithinLease(memory.clock, () => memory.read(parsed.kid, asker))),
    )
    await memory.slices.map(name, some, ({ question, parsed }, at) => {
      const reading = readings[at] as Reading
      // Others came between: this process may have been paused since.
      if (isOutdated(reading, memory.clock.monotonic())) return
      question.verdict = judgeReading(memory, parsed, reading, question.asked)
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
function answerOf({ cache }: Memory, token: string): Facts['answer'] | undefined {
  if (typeof token !== 'string') return undefined
  return cache.findByKid(kidOf(token))?.answer
}
