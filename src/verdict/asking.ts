// What a process asks of one counter.
import type { CounterMessage } from './claims.ts'
import type { Holding } from './holding.ts'

/** What units serve for, at the least; longer if very many counters are in use. */
const horizonMs = 2_000
const activePerMs = 1

/** What a message says of a holding and wants for it, beside what calls need, if so many counters are in use. */
export function ask(holding: Holding, now: number, active: number): CounterMessage {
  const horizon = Math.max(horizonMs, active / activePerMs)
  const isLeft = holding.isRecalled || (holding.isIdle(now) && holding.waiting === 0)
  const target = holding.target(now, horizon)
  const { held, unused } = holding
  const lent = holding.unspentElsewhere(now)
  holding.isRecalled = false
  holding.isAsked = true
  holding.messages++
  holding.unused = 0
  if (isLeft) holding.held = 0
  return {
    holding,
    epoch: holding.limit.epoch,
    period: holding.period,
    passedMs: holding.passedMs(now),
    unspent: isLeft ? lent : held + lent,
    back: isLeft ? held : 0,
    unused,
    need: 0,
    least: 0,
    want: isLeft ? 0 : target,
    isLong: horizon > horizonMs,
  }
}
