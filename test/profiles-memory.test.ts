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
