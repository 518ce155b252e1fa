// How often counters are called back.
import { expect, test } from 'vitest'
import { RecallPace } from '../src/domain/limits/recall-pace.ts'

/** When a counter is called back that calls are short of at each of these instants. */
function recalled(pace: RecallPace, instants: readonly number[], id = 'requests'): number[] {
  return instants.filter((now) => pace.choose([id], now).has(id))
}

const everyTen = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + 10 * i)

test('a counter that stays empty is called back at once, and then less and less often', () => {
  const pace = new RecallPace()
  expect(recalled(pace, everyTen(0, 4_000))).toEqual([0, 200, 600, 1_400, 2_200, 3_000, 3_800])
})

test('one that was not empty for a while is called back as often as the first time', () => {
  const pace = new RecallPace()
  expect(recalled(pace, [0, 200, 600, 1_400])).toHaveLength(4)
  expect(recalled(pace, everyTen(1_400 + 1_600, 3_300))).toEqual([3_000, 3_200])
})

test('one that is empty again within twice its pause is not', () => {
  const pace = new RecallPace()
  expect(recalled(pace, [0, 200, 600, 1_400, 2_999])).toHaveLength(5)
  expect(recalled(pace, everyTen(3_000, 4_000))).toEqual([3_800])
})

test('one whose recall came to nothing is called back at once', () => {
  const pace = new RecallPace()
  pace.choose(['requests', 'others'], 0)
  pace.forget('requests')
  expect(pace.choose(['requests', 'others'], 1)).toEqual(new Set(['requests']))
})

test('at most sixteen are called back at once, and the others the next time', () => {
  const pace = new RecallPace()
  const ids = Array.from({ length: 40 }, (_, i) => `key-${i}`)
  const chosen = [0, 1, 2, 3].map((now) => pace.choose(ids, now))
  expect(chosen.map(({ size }) => size)).toEqual([16, 16, 8, 0])
  expect(new Set(chosen.flatMap((some) => [...some]))).toEqual(new Set(ids))
})

test('very many counters do not stay in memory', () => {
  const pace = new RecallPace()
  for (let i = 0; i <= 10_001; i++) pace.choose([`key-${i}`], 0)
  expect(pace.choose(['key-0'], 1).size).toBe(1)
})
