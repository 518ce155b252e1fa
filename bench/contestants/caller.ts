// A process that verifies tokens at a pace, in the library: one of two on a database. `node caller.ts <database> <cached
// secrets>`. It counts its draws itself: each is one transaction, which writes a row for each of its counters.
import { setTimeout } from 'node:timers/promises'
import { LatchkeyError, openLatchkey, type Verdict } from '../../src/index.ts'
import { Allotments } from '../../src/verdict/allotment.ts'
import { mulberry32 } from '../../test/setup/chance.ts'
import { quantileOf } from '../rounds.ts'
import type { Called, CallOrder } from '../two-processes.ts'

const [database = '', cachedSecrets] = process.argv.slice(2)
const latchkey = await openLatchkey({ database, cachedSecrets: Number(cachedSecrets) })

const counted = { draws: 0, rows: 0 }
const accept = Allotments.prototype.accept
Allotments.prototype.accept = function (message, answers) {
  counted.draws++
  counted.rows += message.counters.length
  accept.call(this, message, answers)
}

/** Milliseconds since 1970, by a clock that is not set: two processes of one machine read it alike. */
const now = () => performance.timeOrigin + performance.now()

/** The calls of this process in the schedule that both know: when each is due, and of which token. */
function* scheduled({ seconds, perSecond, isRandom, seed, process: own, tokens }: CallOrder) {
  const random = mulberry32(seed)
  let at = 0
  for (let i = 0; at < seconds * 1000; i++) {
    const process = isRandom ? Math.floor(random() * 2) : i % 2
    const token = isRandom ? Math.floor(random() * tokens.length) : Math.floor(i / 2) % tokens.length
    if (process === own) yield { at, token: tokens[token] as string }
    at += ((isRandom ? -Math.log(1 - random()) : 1) * 1000) / perSecond
  }
}

async function run(order: CallOrder): Promise<Called> {
  const before = { ...counted }
  const instants: number[] = []
  /** Absent of a call that failed. */
  const admitted: (boolean | undefined)[] = []
  const [fromDue, fromCall]: [number[], number[]] = [[], []]
  const waiting: Promise<void>[] = []
  let lastAnswerAt = 0
  let failed = 0
  const note = (index: number, due: number, verdict: Verdict) => {
    const answeredAt = now()
    if (!verdict.valid && verdict.code !== 'rate_limited') throw new Error(`A token was ${verdict.code}.`)
    lastAnswerAt = answeredAt
    admitted[index] = verdict.valid
    fromDue.push(answeredAt - due)
    fromCall.push(answeredAt - (instants[index] as number))
  }
  const call = (token: string, due: number) => {
    const index = instants.push(now()) - 1
    const verdict = latchkey.verifyCached(token)
    if (verdict !== undefined) note(index, due, verdict)
    else {
      const fail = (error: unknown) => {
        // The database did not take a draw in time; all calls that wait for it fail.
        if (!(error instanceof LatchkeyError && error.code === 'store_unavailable')) throw error
        failed++
      }
      waiting.push(latchkey.verify(token).then((answer) => note(index, due, answer), fail))
    }
  }
  for (const { at, token } of scheduled(order)) {
    const due = order.startAt + at
    while (now() < due) await setTimeout(1)
    call(token, due)
  }
  await Promise.all(waiting)
  return {
    ...(order.tellsCalls && { instants, lastAnswerAt }),
    calls: instants.length,
    refused: admitted.filter((isAdmitted) => isAdmitted === false).length,
    failed,
    waited: waiting.length,
    draws: counted.draws - before.draws,
    rows: counted.rows - before.rows,
    p99FromDueMs: quantileOf(fromDue, 0.99),
    p99FromCallMs: quantileOf(fromCall, 0.99),
  }
}

process.on('message', async (order: CallOrder) => process.send?.(await run(order)))
process.once('disconnect', async () => {
  await latchkey.close()
  process.exit()
})
process.send?.('ready')
