// No key can make another that may do more than itself, by ten thousand random cases: on create, update and rotate.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requireGrantable } from '../src/core/access.ts'
import { isGrantable } from '../src/core/permissions.ts'
import { type Caller, type Latchkey, LatchkeyError, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller, readerOf } from './setup/callers.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { rounds } from './setup/rounds.ts'

/** How many are carried out; the rule by which they are judged is tried on ten thousand. */
const casesOn: Record<DatabaseKind, number> = { SQLite: rounds(1_500, 10_000), PostgreSQL: rounds(300, 600) }
const batchSize = 50

// What is granted is compared by what it means: all the concrete permissions that it opens, over an alphabet in
// which `other` stands for whatever no pattern names and a fourth segment for any further ones.
const segments = ['keys', 'read', 'latchkey']
const permission = fc
  .array(fc.constantFrom(...segments, '*'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(':'))
  // No key is given another one of Latchkey's own.
  .filter(isGrantable)
const permissions = fc.array(permission, { maxLength: 3 })
/** What callers hold: each is a key, made once. */
const holdings = fc.sample(permissions, 200)
const universe = concrete(4)

const scenario = fc.record({
  command: fc.constantFrom('create' as const, 'update' as const, 'rotate' as const),
  root: fc.boolean(),
  held: fc.constantFrom(...holdings),
  granted: permissions,
})
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never

test('10,000 random grants are within the rule if and only if the caller holds them', () => {
  const counts = { allowed: 0, refused: 0 }
  for (const drawn of fc.sample(scenario, 10_000)) {
    const { root, held, granted } = drawn
    const caller = { ...readerOf(root ? 'root' : 'acme'), permissions: [...held, 'latchkey:keys:write'] }
    const outcome = outcomeOf(() => requireGrantable(caller, granted))
    const expected = mayGrant(drawn) ? 'allowed' : 'refused'
    if (outcome !== expected) expect.fail(`${JSON.stringify(drawn)} is ${outcome}.`)
    counts[expected]++
  }
  expect(Math.min(counts.allowed, counts.refused)).toBeGreaterThan(500)
})

onEachDatabase('no escalation', (makeDatabase, kind) => {
  test(`${casesOn[kind]} random grants succeed if and only if the caller may make them`, async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const scenarios = fc.sample(scenario, casesOn[kind])
    const callers = new Map<string, Promise<Caller>>()
    const counts = { allowed: 0, refused: 0 }
    for (let start = 0; start < scenarios.length; start += batchSize) {
      const batch = scenarios.slice(start, start + batchSize)
      const outcomes = await Promise.all(batch.map((scenario) => attempt(latchkey, callers, scenario)))
      for (const [i, outcome] of outcomes.entries()) {
        const expected = mayGrant(batch[i] as Scenario) ? 'allowed' : 'refused'
        expect(outcome, JSON.stringify(batch[i])).toBe(expected)
        counts[expected]++
      }
    }
    // Neither answer is an exception: the cases say something.
    expect(Math.min(counts.allowed, counts.refused)).toBeGreaterThan(scenarios.length / 20)
  })
})

/** Lets a caller that holds `held` have a key that may do `granted`; tells whether it got it. */
async function attempt(
  latchkey: Latchkey,
  callers: Map<string, Promise<Caller>>,
  { command, root, held, granted }: Scenario,
): Promise<string> {
  const holder = `${root} ${held}`
  if (!callers.has(holder))
    callers.set(holder, makeCaller(latchkey, root ? 'root' : 'acme', [...held, 'latchkey:keys:write']))
  const caller = await callers.get(holder)
  const create = (permissions: string[], caller?: Caller) =>
    latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions }, caller && { actor: caller })
  try {
    if (command === 'create') {
      await create(granted, caller)
    } else if (command === 'update') {
      const { id } = await create([])
      await latchkey.keys.update(id, { permissions: granted }, caller && { actor: caller })
    } else {
      const { id } = await create(granted)
      await latchkey.keys.rotate(id, {}, caller && { actor: caller })
    }
    return 'allowed'
  } catch (error) {
    return refusalOf(error)
  }
}

function outcomeOf(grant: () => void): string {
  try {
    grant()
    return 'allowed'
  } catch (error) {
    return refusalOf(error)
  }
}

/** `refused` for the refusal of a grant; throws what is none. */
function refusalOf(error: unknown): string {
  if (error instanceof LatchkeyError && error.code === 'permission_escalation') return 'refused'
  throw error
}

/** The design's sentence: what is granted is covered by what is held; root may grant all outside `latchkey:`. */
function mayGrant({ root, held, granted }: Scenario): boolean {
  const holds = new Set(held.flatMap((permission) => [...meaningOf(permission)]))
  return granted.every((permission) => {
    if (root && !permission.startsWith('latchkey:')) return true
    // One held permission must cover it whole. Over an alphabet with an `other` the union says the same.
    return [...meaningOf(permission)].every((one) => holds.has(one))
  })
}

const meanings = new Map<string, Set<string>>()

function meaningOf(permission: string): Set<string> {
  const known = meanings.get(permission)
  if (known) return known
  const parts = permission.split(':')
  const meaning = new Set(
    universe
      .filter((words) => {
        const reserved = words[0] === 'latchkey' && words.length > 1
        if (reserved && !permission.startsWith('latchkey:')) return false
        if (parts.at(-1) === '*' ? words.length < parts.length : words.length !== parts.length) return false
        return parts.every((part, i) => part === '*' || part === words[i])
      })
      .map((words) => words.join(':')),
  )
  meanings.set(permission, meaning)
  return meaning
}

function concrete(longest: number): string[][] {
  const alphabet = [...segments, 'other']
  let words: string[][] = [[]]
  const all: string[][] = []
  for (let length = 1; length <= longest; length++) {
    words = words.flatMap((word) => alphabet.map((segment) => [...word, segment]))
    all.push(...words)
  }
  return all
}
