// How fast a webhook goes on: when an event is tried again, when a receiver is left alone, and when it is disabled.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterAttempt,
  disabledBy,
  isOutage,
  nextAttemptAt,
  type PaceOutcome,
  type PaceState,
  widthAfter,
} from '../src/domain/webhooks/pace.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000] as const
const healthy: PaceState = {
  failures: 0,
  failing_since: null,
  failed_at: null,
  delivered_at: null,
  paused_until: null,
}
const delivered: PaceOutcome = { isDelivered: true, httpStatus: 200, retryAfter: undefined }
const failed = (httpStatus: number | null = 500, retryAfter?: string): PaceOutcome => ({
  isDelivered: false,
  httpStatus,
  retryAfter,
})
/** In the midst of what chance adds. */
const half = 0.5

/** The state after outcomes, one every so many milliseconds from an instant on. */
function after(outcomes: readonly PaceOutcome[], everyMs = 0, from = 0, state = healthy): PaceState {
  return outcomes.reduce(
    (before, outcome, i) => afterAttempt(before, outcome, from + i * everyMs, half),
    state,
  )
}

test('an event is tried eight times within 32 hours, with waits that grow', () => {
  const waits = Array.from({ length: 8 }, (_, i) => nextAttemptAt(i + 1, 0, half))
  const steps = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour]
  expect(waits).toEqual([...steps, null])
  expect(steps.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(32 * hour)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, chance) => {
        const wait = nextAttemptAt(attempts, 0, chance) as number
        const usual = steps[attempts - 1] as number
        expect(Math.abs(wait - usual)).toBeLessThanOrEqual(usual / 10 + 1)
      },
    ),
  )
})

test('ten failures in a row are an outage, in which each next attempt waits a step longer, and one success ends it', () => {
  const nine = after(Array(9).fill(failed()))
  expect([isOutage(nine), nine.paused_until]).toEqual([false, null])
  const ten = after([failed()], 0, 100, nine)
  expect([isOutage(ten), ten.paused_until]).toEqual([true, 100 + 5 * second])
  const pauses = Array.from({ length: 8 }, (_, i) => after(Array(11 + i).fill(failed())).paused_until)
  expect(pauses).toEqual([
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    14 * hour,
    14 * hour,
  ])
  expect(after([delivered], 0, 7, ten)).toEqual({ ...healthy, delivered_at: 7 })
  expect([1, 2, 4, 8, 16].map(widthAfter)).toEqual([2, 4, 8, 16, 16])
})

test('a receiver that asks for time gets it, up to an hour, and one that is busy a little', () => {
  const now = Date.UTC(2026, 0, 31)
  const pause = (outcome: PaceOutcome) => (after([outcome], 0, now).paused_until ?? now) - now
  expect(pause(failed(503, '120'))).toBe(120 * second)
  expect(pause(failed(429, '0'))).toBe(second)
  expect(pause(failed(503, '999999999'))).toBe(hour)
  expect(pause(failed(503, new Date(now + 90 * second).toUTCString()))).toBe(90 * second)
  expect(pause(failed(503, new Date(now - day).toUTCString()))).toBe(second)
  for (const nonsense of ['-1', 'soon', '1e9', '', '99999999999999999999']) {
    expect(pause(failed(503, nonsense)), nonsense).toBe(0)
    expect(pause(failed(429, nonsense)), nonsense).toBe(second)
  }
  for (const status of [429, 502, 504]) expect(pause(failed(status)), String(status)).toBe(second)
  for (const status of [400, 404, 500, 503, null]) expect(pause(failed(status)), String(status)).toBe(0)
  // Each time twice as long, up to a minute.
  expect(after(Array(4).fill(failed(429))).paused_until).toBe(8 * second)
  expect(after(Array(9).fill(failed(429))).paused_until).toBe(minute)
  // An earlier wish is not forgotten by an attempt that was under way.
  expect(after([failed(503, '600'), failed(429)]).paused_until).toBe(600 * second)
})

test('a receiver is disabled when it is gone, and when nothing has arrived for five days', () => {
  expect(disabledBy(after([failed(410)]), failed(410), 0)).toBe('gone')
  expect(disabledBy(healthy, delivered, 0)).toBeUndefined()
  const outcomes = Array(12).fill(failed())
  const [almost, fully] = [after(outcomes, 10 * hour), after([...outcomes, failed()], 10 * hour)]
  expect(disabledBy(almost, failed(), 11 * 10 * hour)).toBeUndefined()
  expect(disabledBy(fully, failed(), 12 * 10 * hour)).toBe('failing')
  // One that arrived in between begins the time anew.
  const arrived = after([...outcomes, delivered, failed()], 10 * hour)
  expect(disabledBy(arrived, failed(), 13 * 10 * hour)).toBeUndefined()
  // Failures that lie more than a day apart are none that goes on.
  const rare = after(Array(12).fill(failed()), 25 * hour)
  expect(disabledBy(rare, failed(), 11 * 25 * hour)).toBeUndefined()
})

test('whatever a receiver answers, a webhook is in one of the states that are told', () => {
  const outcome = fc.oneof(
    fc.constant(delivered),
    fc.record({
      isDelivered: fc.constant(false),
      httpStatus: fc.oneof(fc.constant(null), fc.integer({ min: 300, max: 599 })),
      retryAfter: fc.oneof(fc.constant(undefined), fc.string(), fc.nat().map(String)),
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(outcome, fc.nat(day)), { maxLength: 40 }), (attempts) => {
      let [state, now] = [healthy, 0]
      for (const [one, laterMs] of attempts) {
        now += laterMs
        state = afterAttempt(state, one, now, half)
        expect(state.failures === 0).toBe(state.failing_since === null)
        expect(state.failures === 0).toBe(one.isDelivered)
        expect(state.failing_since ?? now).toBeLessThanOrEqual(now)
        // Nobody is left alone for longer than the longest step, and in an outage for no less than the first.
        expect((state.paused_until ?? now) - now).toBeLessThanOrEqual(14 * hour)
        if (isOutage(state)) expect(state.paused_until).toBeGreaterThanOrEqual(now + 5 * second)
      }
    }),
  )
})
