// Many tokens judged together: in slices between which others are served, and none by what has changed meanwhile.
import { nowhere } from './cache.ts'
import { LatchkeyError, refuseField } from './errors.ts'
import type { Facts } from './facts.ts'
import { checkAskedPermissions } from './judge.ts'
import { leaseMs } from './lease.ts'
import type { Memory, Reading } from './memory.ts'
import { unknownOption } from './options.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from './schemas.ts'
import { kidOf, type ParsedToken } from './token.ts'
import type { Asker } from './verdict/turns.ts'
import { isLate, judgeRead, readPromptly, verifyNow } from './verify.ts'

/** How many secrets a batch asks for at once. */
const maxReads = 256
/** How often what has changed meanwhile is judged anew. */
const maxRounds = 4
const requestNames = ['key', 'permissions']

interface Judged {
  verdict: Verdict
  /** When it was judged from memory, or when the read began by which it was judged, by the monotonic clock. */
  since: number
  /** What memory held of the secret, if it was judged from memory. */
  answer?: Facts['answer'] | undefined
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
  const scope = organizationId === undefined ? {} : { organizationId }
  const questions = await memory.slices.map(name, requests, (request, i) => {
    const fault = unknownOption(request, requestNames)
    if (fault) refuseField(`[${i}].${fault.path}`, fault.message)
    const { permissions } = request
    checkAskedPermissions(permissions, `[${i}].permissions`)
    return permissions === undefined ? scope : { ...scope, permissions }
  })
  const judged: (Judged | undefined)[] = requests.map(() => undefined)
  const all = requests.map(({ key }, i) => ({ i, key, asked: questions[i] as VerifyOptions }))
  let open: Question[] = all
  for (let round = 0; round < maxRounds; round++) {
    await judgeSome(memory, open, judged, name, asker)
    // No promise from here to the return: what stands now is what the caller gets.
    const isFresh = memory.isFresh(memory.clock.now())
    open = all.filter(({ i, key }) => !stands(memory, key, judged[i], isFresh))
    if (open.length === 0) return judged.map((one) => (one as Judged).verdict)
  }
  throw new LatchkeyError(
    'store_unavailable',
    'The database is too slow for a batch of this size; ask for fewer.',
  )
}

interface Question {
  i: number
  key: string
  asked: VerifyOptions
}

/** Judges each token once. One whose read came too late stays as it was. */
async function judgeSome(
  memory: Memory,
  open: readonly Question[],
  judged: (Judged | undefined)[],
  name: string,
  asker: Asker,
): Promise<void> {
  const { slices } = memory
  const cold: (Question & { parsed: ParsedToken })[] = []
  await slices.map(name, open, (question) => {
    const { i, key, asked } = question
    const since = memory.clock.monotonic()
    // Without a lease only a read makes a verdict here.
    const isRead = !memory.isFresh(memory.clock.now())
    const outcome = verifyNow(memory, key, asked)
    if ('kid' in outcome) cold.push({ ...question, parsed: outcome })
    else judged[i] = { verdict: outcome, since, ...(!isRead && { answer: answerOf(memory, key) }) }
  })
  for (let start = 0; start < cold.length; start += maxReads) {
    const some = cold.slice(start, start + maxReads)
    const readings = await Promise.all(some.map(({ parsed }) => readPromptly(memory, parsed.kid, asker)))
    await slices.map(name, some, ({ i, asked, parsed }, at) => {
      const reading = readings[at] as Reading
      // Others came between: this process may have been paused since.
      if (isLate(memory, reading)) return
      judged[i] = { verdict: judgeRead(memory, parsed, reading, asked), since: reading.begunAt }
    })
  }
}

/**
 * Whether a verdict is no older than any other: no older than a lease, in which a key may have expired too, and, if it was
 * judged from memory, memory still holds the same of its secret, under a lease. That a token is unknown needs no proof:
 * no change makes it more so.
 */
function stands(memory: Memory, key: string, judged: Judged | undefined, isFresh: boolean): boolean {
  if (judged === undefined) return false
  const { verdict, since } = judged
  if (verdict.code === 'malformed' || verdict.code === 'not_found') return true
  if (memory.clock.monotonic() - since >= leaseMs) return false
  return (
    !('answer' in judged) ||
    (isFresh && judged.answer !== undefined && answerOf(memory, key) === judged.answer)
  )
}

function answerOf(memory: Memory, key: string): Facts['answer'] | undefined {
  if (typeof key !== 'string') return undefined
  const slot = memory.cache.find(kidOf(key), 0)
  return slot === nowhere ? undefined : memory.cache.answerAt(slot)
}
