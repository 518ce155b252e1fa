// No key gives a key of its own organization a longer life than its own, however it tries: by random cases.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Caller, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'

const casesOn: Record<DatabaseKind, number> = { SQLite: 600, PostgreSQL: 100 }
const batchSize = 20

/** In milliseconds from now; null is never. */
const lifetime = fc.option(fc.constantFrom(1_000, 2_000, 3_000), { nil: null })
const organization = fc.constantFrom('root', 'acme')
const scenario = fc.record({
  command: fc.constantFrom('create', 'move the expiry', 'give a permission', 'rotate', 'rename'),
  own: fc.boolean(),
  callerOrganization: organization,
  keyOrganization: organization,
  callerLifetime: lifetime,
  keyLifetime: lifetime,
  newLifetime: lifetime,
})
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never

onEachDatabase('a lifetime', (makeDatabase, kind) => {
  test(`in ${casesOn[kind]} random cases a grant succeeds if and only if it ends no later than the caller`, async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await latchkey.ensureRootKey()
    await createAcme(latchkey)
    const scenarios = fc
      .sample(scenario, 4 * casesOn[kind])
      .filter(isPossible)
      .slice(0, casesOn[kind])
    const counts = { allowed: 0, permission_escalation: 0 }
    for (let start = 0; start < scenarios.length; start += batchSize) {
      const batch = scenarios.slice(start, start + batchSize)
      const outcomes = await Promise.all(batch.map((each) => attempt(latchkey, clock, each)))
      for (const [i, outcome] of outcomes.entries()) {
        const expected = mayGrant(batch[i] as Scenario) ? 'allowed' : 'permission_escalation'
        expect(outcome, JSON.stringify(batch[i])).toBe(expected)
        counts[expected]++
      }
    }
    // One in six is refused on average: so few by chance in one run of ten thousand.
    expect(Math.min(counts.allowed, counts.permission_escalation)).toBeGreaterThan(scenarios.length / 30)
  })

  test('an expiry that was shortened a moment ago binds the caller in every process', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using one = await openLatchkey({ database, now: clock.now })
    await using two = await openLatchkey({ database, now: clock.now })
    await createAcme(one)
    const caller = await makeCaller(two, 'acme', ['latchkey:keys:write'])
    await one.keys.update(caller.keyId, { expiresAt: clock.in(1_000) })
    expect(await codeOf(two.keys.create({ name: 'CI' }, { actor: caller }))).toBe('permission_escalation')
    await two.keys.create({ name: 'CI', expiresAt: clock.in(1_000) }, { actor: caller })
  })
})

/** Only a caller of the root organization sees other organizations' keys; a key's own new life is a move of its expiry. */
function isPossible({ own, command, callerOrganization, keyOrganization }: Scenario): boolean {
  if (callerOrganization !== 'root' && keyOrganization !== callerOrganization) return false
  return !own || (command !== 'create' && keyOrganization === callerOrganization)
}

async function attempt(latchkey: Latchkey, clock: Clock, each: Scenario): Promise<string> {
  const expiry = (ms: number | null) => (ms === null ? null : clock.in(ms))
  const permissions = ['latchkey:keys:write', 'emails:send']
  const caller = await makeCaller(latchkey, each.callerOrganization, permissions, {
    expiresAt: expiry(each.callerLifetime),
  })
  const input = { organizationId: each.keyOrganization, name: 'CI', expiresAt: expiry(each.keyLifetime) }
  const key = each.own ? { id: caller.keyId } : await latchkey.keys.create(input)
  try {
    await command(latchkey, caller, key.id, each, expiry(each.newLifetime))
    return 'allowed'
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function command(
  latchkey: Latchkey,
  caller: Caller,
  id: string,
  { command, keyOrganization }: Scenario,
  expiresAt: Date | null,
): Promise<void> {
  if (command === 'create') {
    const made = await latchkey.keys.create(
      { organizationId: keyOrganization, name: 'CI', expiresAt },
      { actor: caller },
    )
    await callerBy(latchkey, made.key)
  }
  if (command === 'move the expiry') await latchkey.keys.update(id, { expiresAt }, { actor: caller })
  if (command === 'give a permission')
    await latchkey.keys.update(id, { permissions: ['emails:send'] }, { actor: caller })
  if (command === 'rotate') await latchkey.keys.rotate(id, {}, { actor: caller })
  if (command === 'rename') await latchkey.keys.update(id, { name: 'Renamed' }, { actor: caller })
}

function mayGrant(each: Scenario): boolean {
  const { command, own, callerOrganization, keyOrganization, callerLifetime, newLifetime } = each
  const never = Number.POSITIVE_INFINITY
  const callerEnd = callerLifetime ?? never
  const keyEnd = own ? callerEnd : (each.keyLifetime ?? never)
  const newEnd = newLifetime ?? never
  if (keyOrganization !== callerOrganization) return true
  if (command === 'create') return newEnd <= callerEnd
  if (command === 'move the expiry') return newEnd <= keyEnd || newEnd <= callerEnd
  // Its own key holds it already.
  if (command === 'give a permission') return own || keyEnd <= callerEnd
  return command === 'rename' || keyEnd <= callerEnd
}
