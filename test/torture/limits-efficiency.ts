// Prints what limits cost without faults, in the model: `node test/torture/limits-efficiency.ts [seconds]`.
import type { Rate } from '../../src/core/limits.ts'
import { run } from './limits-efficiency-model.ts'

const seconds = Number(process.argv[2] ?? 60)
const shapes: Record<string, Omit<Rate, 'kind'>> = {
  '100 a minute': { limit: 100, windowMs: 60_000, burst: 100 },
  '100 a minute, burst 20': { limit: 100, windowMs: 60_000, burst: 20 },
  '100 a minute, burst 1': { limit: 100, windowMs: 60_000, burst: 1 },
  '10 a second': { limit: 10, windowMs: 1_000, burst: 10 },
  '10 a second, burst 20': { limit: 10, windowMs: 1_000, burst: 20 },
  '10 a second, burst 1': { limit: 10, windowMs: 1_000, burst: 1 },
  '1,000 a second': { limit: 1_000, windowMs: 1_000, burst: 1_000 },
  '1,000 a second, burst 100': { limit: 1_000, windowMs: 1_000, burst: 100 },
}
const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)

console.log('shape | load | of the exact bucket | refused, beside it | transactions a second a process')
for (const [name, rate] of Object.entries(shapes)) {
  const perSecond = (rate.limit / rate.windowMs) * 1_000
  for (const [load, times, isRandom] of [
    ['ten times, evenly', 10, false],
    ['ten times, at random', 10, true],
    ['0.9, evenly', 0.9, false],
    ['0.9, at random', 0.9, true],
  ] as const) {
    const sum = await run({ rate, keys: 1, callsPerSecond: perSecond * times, isRandom, seconds })
    const refused = share(sum.calls - sum.admitted, sum.calls) - share(sum.calls - sum.exact, sum.calls)
    console.log(
      `${name} | ${load} | ${share(sum.admitted, sum.exact).toFixed(4)} | ${(100 * refused).toFixed(2)} % | ${(sum.transactions / 2 / seconds).toFixed(1)}`,
    )
  }
}
for (const isRandom of [false, true]) {
  const rate = { limit: 100, windowMs: 60_000, burst: 100 }
  const sum = await run({ rate, keys: 10_000, callsPerSecond: 10_000, isRandom, seconds })
  console.log(
    `10,000 keys at 100 a minute, 10,000 calls a second ${isRandom ? 'at random' : 'evenly'}: ${share(sum.admitted, sum.exact).toFixed(4)} of the exact buckets, ${(sum.transactions / seconds).toFixed(0)} transactions and ${(sum.rowWrites / seconds).toFixed(0)} row writes a second, ${(100 * share(sum.waited, sum.calls)).toFixed(1)} % of the calls waited`,
  )
}
