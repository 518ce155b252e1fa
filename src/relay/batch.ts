// Many tokens judged together by a relay: asked about together, judged at one instant, and told only while that lasts.
import { askedOf } from '../core/batch.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { Purpose } from '../core/purpose.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import type { Slices } from '../fairness/slices.ts'
import type { Asker } from '../fairness/turns.ts'
import { type Clock, systemClock } from '../verdict/clock.ts'

/** A verdict may be so old when it is told, in milliseconds: beside the lease there are 200 to two seconds. */
const maxAgeMs = 100
/** How often those that have aged are judged once more. */
const maxRounds = 4
/** After so many tokens, or permissions asked for, a batch may give way. */
const stepWeight = 16

/** What judges the tokens of a batch, one by one. */
export interface BatchJudge {
  verifyCached(token: string, asked: VerifyOptions, purpose?: Purpose): Verdict | undefined
  verify(token: string, asked: VerifyOptions, asker: Asker & { purpose?: Purpose }): Promise<Verdict>
  /** Has memory learn what it can of a token, without judging it. */
  prepare(token: string, asker: Asker): Promise<void>
}

interface Question {
  key: string
  asked: VerifyOptions
}

/**
 * Judges tokens, in slices between which others are served; the verdicts come in the order of the requests. Throws
 * `invalid_input`, `upstream_unavailable`.
 */
export async function verifyBatch(
  judge: BatchJudge,
  slices: Slices,
  requests: readonly VerifyRequest[],
  organizationId: string | undefined,
  asker: Asker,
  clock: Pick<Clock, 'monotonic'> = systemClock,
): Promise<Verdict[]> {
  const name = asker.keyId ?? asker.ip ?? ''
  const questions = await slices.run(name, check(requests, organizationId))
  const unknown = questions.filter(({ key }) => judge.verifyCached(key, {}, 'heartbeat') === undefined)
  // All together, before the first is judged: so that all are judged soon after each other.
  await Promise.all([...new Set(unknown.map(({ key }) => key))].map((key) => judge.prepare(key, asker)))
  let since = clock.monotonic()
  const judged = await slices.run(name, judgeAll(judge, questions, asker))
  const verdicts = await Promise.all(judged)
  for (let round = 1; clock.monotonic() - since > maxAgeMs; round++) {
    if (round > maxRounds)
      throw new LatchkeyError(
        'upstream_unavailable',
        'The upstream cannot keep up with a batch of this size. Send fewer tokens.',
      )
    since = clock.monotonic()
    await judgeAgain(judge, questions, verdicts, asker)
  }
  return verdicts
}

/** Checks all requests before it judges any. */
function* check(
  requests: readonly VerifyRequest[],
  organizationId: string | undefined,
): Generator<void, Question[]> {
  const questions: Question[] = []
  let weight = 0
  let checked: readonly string[] | undefined
  for (const [i, request] of requests.entries()) {
    const asked = askedOf(request, i, checked)
    checked = asked.permissions
    questions.push({
      key: request.key,
      asked: { ...asked, ...(organizationId !== undefined && { organizationId }) },
    })
    weight += weightOf(asked)
    if (weight < stepWeight) continue
    weight = 0
    yield
  }
  return questions
}

/** Judges each by memory or else by asking, in their order, in which they draw from limits too. */
function* judgeAll(
  judge: BatchJudge,
  questions: readonly Question[],
  asker: Asker,
): Generator<void, (Verdict | Promise<Verdict>)[]> {
  const judged: (Verdict | Promise<Verdict>)[] = []
  let weight = 0
  for (const { key, asked } of questions) {
    const verdict = judge.verifyCached(key, asked) ?? judge.verify(key, asked, asker)
    // Those that fail before the last is judged are heard of with the others.
    if (verdict instanceof Promise) verdict.catch(() => {})
    judged.push(verdict)
    weight += weightOf(asked)
    if (weight < stepWeight) continue
    weight = 0
    yield
  }
  return judged
}

/** Judges once more what was found valid some time ago, as no call: what it drew is drawn, and it is counted already. */
async function judgeAgain(
  judge: BatchJudge,
  questions: readonly Question[],
  verdicts: Verdict[],
  asker: Asker,
): Promise<void> {
  await Promise.all(
    questions.map(async ({ key, asked: { cost: _, ...asked } }, i) => {
      if (!verdicts[i]?.valid) return
      const again =
        judge.verifyCached(key, asked, 'heartbeat') ??
        (await judge.verify(key, asked, { keyId: asker.keyId, purpose: 'heartbeat' }))
      if (!again.valid) verdicts[i] = again
    }),
  )
}

function weightOf({ permissions }: VerifyOptions): number {
  return 1 + (permissions?.length ?? 0)
}
