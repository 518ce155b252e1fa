// What is kept of profiles in memory until it is written: bounded, and shared fairly.
import { expect, test } from 'vitest'
import { Profiles } from '../src/verdict/profiles.ts'

const now = Date.UTC(2026, 5, 15, 12, 30)
const hour = Math.floor(now / 3_600_000)
const answerOf = (keyId: string) => ({ keyId, organizationId: 'acme', permissions: Object.freeze(['a']) })

function call(profiles: Profiles, name: string, context: { ip?: string; userAgent?: string }): void {
  const secret = profiles.of(`kid of ${name}`, answerOf(name))
  profiles.add(secret, profiles.known.of({ context }), 'valid', 1, now)
}

test('whoever makes up many clients has 256 of them told apart, and takes no place of others', () => {
  const profiles = new Profiles()
  for (let i = 0; i < 1_000; i++) call(profiles, 'attacker', { userAgent: `made up ${i}` })
  for (let i = 0; i < 3; i++) call(profiles, 'other', { ip: `192.0.2.${i}` })
  const collected = profiles.collect(hour)
  const ofAttacker = collected.filter(({ keyId }) => keyId === 'attacker')
  expect(ofAttacker).toHaveLength(256 + 1)
  expect(ofAttacker.find(({ isRest }) => isRest)?.calls).toBe(1_000 - 256)
  expect(collected.filter(({ keyId }) => keyId === 'other').map(({ isRest }) => isRest)).toEqual([
    false,
    false,
    false,
  ])
  expect(profiles.collect(hour)).toEqual([])
})

test('many that make up many leave room for those that come after them', () => {
  const profiles = new Profiles()
  const userAgent = 'x'.repeat(240)
  for (let key = 0; key < 2_000; key++)
    for (let i = 0; i < 256; i++) call(profiles, `attacker ${key}`, { userAgent: `${userAgent}${key} ${i}` })
  for (let i = 0; i < 3; i++) call(profiles, 'other', { ip: `192.0.2.${i}` })
  const collected = profiles.collect(hour)
  expect(collected.length).toBeLessThan(256 * 2_000 * 0.5)
  expect(collected.filter(({ keyId, isRest }) => keyId === 'other' && !isRest)).toHaveLength(3)
  expect(collected.reduce((sum, { calls }) => sum + calls, 0)).toBe(2_000 * 256 + 3)
  // What was collected leaves its room.
  for (let i = 0; i < 256; i++) call(profiles, 'other', { ip: '192.0.2.1', userAgent: `made up ${i}` })
  expect(profiles.collect(hour).filter(({ isRest }) => !isRest)).toHaveLength(256)
})

test('a call is looked up in no more time if programs ask for a permission of each of many resources', () => {
  const { known } = new Profiles()
  let reads = 0
  // Frozen, so that it is kept as it is, and each look at it counts.
  const asking = (text: string): string[] => {
    const get = () => {
      reads++
      return text
    }
    return Object.freeze(Object.defineProperty<string[]>([''], 0, { get })) as string[]
  }
  const contexts = [undefined, { ip: '192.0.2.1' }, { operation: 'GET /files/*' }]
  const lists = Array.from({ length: 1_000 }, (_, i) => asking(`files:${i}`))
  const all = contexts.flatMap((context) =>
    lists.map((permissions) => known.of({ permissions, ...(context && { context }) })),
  )
  expect(new Set(all).size).toBe(contexts.length * lists.length)
  expect(reads).toBeLessThan(all.length * 10)
  const again = contexts.flatMap((context) =>
    lists.map((_, i) => known.of({ permissions: [`files:${i}`], ...(context && { context }) })),
  )
  expect(again.every((circumstances, i) => circumstances === all[i])).toBe(true)
  expect(reads).toBeLessThan(all.length * 20)
  const several = { permissions: ['a', 'b'] }
  expect(known.of(several)).toBe(known.of({ permissions: ['a', 'b'] }))
  expect(known.of(several)).not.toBe(known.of({ permissions: ['b', 'a'] }))
})

test('what could not be written is added to what comes after it', () => {
  const profiles = new Profiles()
  call(profiles, 'key', { ip: '192.0.2.1' })
  for (const profile of profiles.collect(hour)) profiles.giveBack(profile)
  call(profiles, 'key', { ip: '192.0.2.1' })
  call(profiles, 'key', { ip: '192.0.2.2' })
  expect(profiles.collect(hour).map(({ ip, calls }) => [ip, calls])).toEqual([
    ['192.0.2.1', 2],
    ['192.0.2.2', 1],
  ])
})
