// The bound on staleness, in a model: the real memory, lease and barrier under simulated faults.
import { describe, expect, test } from 'vitest'
import { leaseMs } from '../src/core/bounds.ts'
import { Lease } from '../src/verdict/lease.ts'
import { type Breakage, simulate } from './torture/lease-model.ts'

const seeds = Number(process.env.LATCHKEY_TEST_RUNS ?? 250)

describe('the lease', () => {
  test('holds for less than two seconds from the instant at which its read began', () => {
    const lease = new Lease()
    expect(lease.holds(0, 0)).toBe(false)
    lease.confirm(1_000, 50_000)
    expect(lease.holds(1_000 + leaseMs - 1, 50_000)).toBe(true)
    expect(lease.holds(1_000 + leaseMs, 50_000)).toBe(false)
    expect(leaseMs).toBeLessThan(2_000)
  })

  test('ends sooner where the wall clock ran ahead, and no later where it was set back', () => {
    const lease = new Lease()
    lease.confirm(1_000, 50_000)
    expect(lease.holds(1_100, 50_000 + leaseMs)).toBe(false)
    expect(lease.holds(1_000 + leaseMs, 0)).toBe(false)
  })

  test(`lets no revoked token in after two seconds, in ${seeds} histories of pauses, partitions and clock steps`, async () => {
    let valid = 0
    let barriers = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const history = await simulate(seed)
      expect(history.violation, `node test/torture/lease.ts 1 --from ${seed}`).toBeUndefined()
      valid += history.valid
      barriers += history.barriers
    }
    // A model in which nothing is ever valid, or no barrier ever ends, would prove nothing.
    expect(valid).toBeGreaterThan(100 * seeds)
    expect(barriers).toBeGreaterThan(0)
  })

  test.each<Breakage>(['lease', 'clock', 'log', 'barrier', 'overtaken', 'pause', 'proof', 'identity'])(
    'is missed by the model when broken: %s',
    async (breakage) => {
      let violation: string | undefined
      for (let seed = 1; seed <= 500 && violation === undefined; seed++) {
        violation = (await simulate(seed, breakage)).violation
      }
      expect(violation).toBeDefined()
    },
  )
})
