// Dates that many callers get.
import { expect, test } from 'vitest'
import { sharedDate } from '../src/core/shared-dates.ts'

const instant = Date.UTC(2026, 1, 1, 8, 31, 7, 250)

test('a shared date is a Date in every other way', () => {
  const date = sharedDate(instant)
  expect(date).toBeInstanceOf(Date)
  expect(date).toEqual(new Date(instant))
  expect(JSON.stringify({ date })).toBe('{"date":"2026-02-01T08:31:07.250Z"}')
  expect(structuredClone(date)).toEqual(new Date(instant))
  expect(new Date(date).setFullYear(2027)).toBe(Date.UTC(2027, 1, 1, 8, 31, 7, 250))
  expect(sharedDate(instant)).toBe(date)
})

test('no method changes what others see', () => {
  const date = sharedDate(instant)
  const setters = Object.getOwnPropertyNames(Date.prototype).filter((name) => /^set/.test(name))
  expect(setters.length).toBeGreaterThanOrEqual(15)
  for (const name of setters)
    expect(() => (date as unknown as Record<string, (value: number) => void>)[name]?.(1), name).toThrow(
      'To change one, copy it: new Date(date).',
    )
  expect(() => Object.assign(date, { note: 'mine' })).toThrow(TypeError)
  expect(date.getTime()).toBe(instant)
})

test('very many instants do not stay in memory', () => {
  const first = sharedDate(0)
  for (let i = 1; i <= 2_000; i++) sharedDate(i * 1_000)
  expect(sharedDate(0)).not.toBe(first)
  expect(sharedDate(0)).toEqual(first)
})
