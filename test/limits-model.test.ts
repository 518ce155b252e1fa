// Limits in a model: the real counters and allotments under simulated faults.
import { describe, expect, test } from 'vitest'
import { type Breakage, breakages, loanBreakages, simulate } from './torture/limits-model.ts'

const seeds = Number(process.env.LATCHKEY_TEST_RUNS ?? 40)

const remoteSeeds = Math.ceil(seeds / 2)
// Where the model first misses a rule that few histories need.
const firstSeeds: Partial<Record<Breakage, number>> = {
  'report first': 16,
  lease: 46,
  period: 101,
  recall: 92,
  'loan outlives lease': 240,
  'loan is not out': 816,
  'message twice': 40,
  'late unused': 230,
  'told by answers': 1_100,
}

describe('limits', () => {
  test(`are never overdrawn, and nothing is refused for ever, in ${seeds} histories of faults`, async () => {
    const sum = { admitted: 0, refused: 0, evicted: 0, settled: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const history = await simulate(seed)
      expect(history.violation, `node test/torture/limits.ts 1 --from ${seed}`).toBeUndefined()
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += history[name]
    }
    // A model in which nothing is admitted, refused, evicted or settled would prove nothing.
    expect(sum.admitted).toBeGreaterThan(100 * seeds)
    expect(sum.refused).toBeGreaterThan(100 * seeds)
    expect(sum.evicted).toBeGreaterThan(0)
    expect(sum.settled).toBeGreaterThan(10 * seeds)
  })

  test.each(breakages)('are seen to be broken by the model without a rule: %s', async (breakage) => {
    let violation: string | undefined
    const first = firstSeeds[breakage] ?? 1
    for (let seed = first; seed < first + 100 && violation === undefined; seed++)
      violation = (await simulate(seed, breakage)).violation
    expect(violation).toBeDefined()
  })

  test(`are never overdrawn by verifiers elsewhere, in ${remoteSeeds} histories of faults`, async () => {
    let admitted = 0
    for (let seed = 1; seed <= remoteSeeds; seed++) {
      const history = await simulate(seed, undefined, 3)
      expect(history.violation, `node test/torture/limits.ts 1 --from ${seed} --verifiers 3`).toBeUndefined()
      admitted += history.admitted
    }
    expect(admitted).toBeGreaterThan(200 * remoteSeeds)
  })

  test.each(loanBreakages)('are seen to be broken by the model with verifiers: %s', async (breakage) => {
    let violation: string | undefined
    const first = firstSeeds[breakage] ?? 1
    for (let seed = first; seed < first + 100 && violation === undefined; seed++)
      violation = (await simulate(seed, breakage, 3)).violation
    expect(violation).toBeDefined()
  })
})
