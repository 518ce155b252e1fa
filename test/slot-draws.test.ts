// What a call draws by the rows of its slot is what it would draw by its claims: two processes meet the same history, and one of
// them learns no rows.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredLimit } from '../src/core/stored-limits.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import { FactsCache } from '../src/verdict/cache.ts'
import type { Claim, Message } from '../src/verdict/claims.ts'
import { describeClaims, type LimitsOfVerdict } from '../src/verdict/drawing.ts'
import type { Facts } from '../src/verdict/facts.ts'
import { countLimits } from '../src/verdict/owners.ts'
import { Profiles } from '../src/verdict/profiles.ts'
import { SlotDraws } from '../src/verdict/slot-draws.ts'
import { heldAt, rowNumbers, Stock, versionAt } from '../src/verdict/stock.ts'
import { unbound } from './setup/unbound.ts'

const wall = Date.UTC(2026, 0, 1)
const organizationId = 'acme'
const slots = 6

function limitsOf(version: number): StoredLimit[] {
  const common = { isSet: false, epoch: version >> 2 }
  return [
    {
      ...common,
      name: 'requests',
      allowance: { kind: 'rate', limit: 60 + (version & 1), windowMs: 60_000, burst: 90 },
      defaultCost: 1 + (version & 2),
    },
    {
      ...common,
      name: 'credits',
      allowance: { kind: 'quota', limit: 200, resets: 'hourly', anchor: null, overdraft: null },
      // The last version only looks.
      defaultCost: version === 7 ? 0 : 2,
    },
  ]
}

/** The limits as each version has them: the same objects for all that share them. */
const versions = Array.from({ length: 8 }, (_, version) => limitsOf(version))

const many = ['a', 'b', 'c'].map((name): StoredLimit => ({ ...(versions[0]?.[0] as StoredLimit), name }))

class Process {
  readonly allotments: Allotments
  readonly #clock: { now: number }
  readonly #draws: SlotDraws | undefined
  readonly #claims: (readonly Claim[])[] = []
  readonly #version: number[]
  readonly #shared = countLimits('organization', organizationId, organizationId, [
    versions[0]?.[0] as StoredLimit,
  ])
  readonly #many = countLimits('organization', 'globex', organizationId, many)
  /** How many calls took what they draw by rows. */
  byRows = 0

  constructor(clock: { now: number }, draws?: SlotDraws) {
    this.#clock = clock
    this.#draws = draws
    this.#version = Array.from({ length: slots }, () => 0)
    const monotonic = () => clock.now
    this.allotments = new Allotments(
      { monotonic, after: () => () => {} },
      () => {},
      () => true,
    )
    for (let slot = 0; slot < slots; slot++) this.change(slot, 0)
  }

  /** The facts of a slot are read anew, with limits of a version. Two slots are of one key. */
  change(slot: number, version: number): void {
    this.#version[slot] = version
    this.#draws?.drop(slot)
    const limits = versions[version] as StoredLimit[]
    const own = countLimits('key', `key-${slot >> 1}`, organizationId, limits)
    // Of two other kinds of calls none learns rows: those that draw from what made their key, and from very many limits.
    const others = [
      this.#shared,
      [],
      countLimits('ancestor', 'key-0', organizationId, limits.slice(0, 1)),
      this.#many,
      this.#shared,
      [],
    ]
    this.#claims[slot] = [...own, ...(others[slot] as Claim[])]
  }

  call(slot: number): LimitsOfVerdict | string {
    const { now } = this.#clock
    const claims = this.#claims[slot] as readonly Claim[]
    const answer = { keyId: `key-${slot >> 1}`, organizationId }
    const limits = this.#draws?.take(slot, answer, this.allotments, now, wall + now)
    if (limits !== undefined) {
      this.byRows++
      return limits
    }
    const outcome = this.allotments.take(claims, now)
    if (outcome?.taken) {
      this.#draws?.learn(slot, claims)
      return describeClaims(claims, wall + now)
    }
    if (outcome === undefined) void this.allotments.wait(claims)
    return outcome === undefined ? 'waits' : 'refused'
  }

  /** Sends what it asks for, and has an answer that grants such a part of that. */
  draw(part: number, endsInMs: number | null): unknown {
    const message = this.allotments.prepare()
    if (message === undefined) return undefined
    const asked = message.counters.map(({ holding, ...counter }) => ({ ...counter, id: holding.counterId }))
    this.allotments.accept(message, answersOf(message, part, endsInMs, this.#clock.now))
    return asked
  }

  /** Has it hold many units of all that it knows. */
  fill(): void {
    const { stock, size } = this.allotments
    for (let row = 0; row < size; row++) stock.numbers[row * rowNumbers + heldAt] = 100
  }

  /** What it tells of all that it holds. */
  get held(): unknown {
    return this.#claims.map((claims) => claims.map(({ limit }) => limit.holding?.held))
  }
}

function answersOf({ counters }: Message, part: number, endsInMs: number | null, now: number) {
  return counters.map(({ need, want, unspent }) => ({
    granted: Math.floor(Math.max(0, want - unspent) * part),
    given: part === 0 ? 0 : need,
    kept: unspent,
    period: 0,
    left: part === 0.5 ? -3 : 50,
    elsewhere: 0,
    emptyForMs: part === 0 ? 500 : 0,
    endsInMs,
    endsAt: endsInMs === null ? null : wall + now + endsInMs,
  }))
}

type Step = (process: Process, clock: { now: number }) => unknown

const slot = fc.integer({ min: 0, max: slots - 1 })
const step: fc.Arbitrary<[name: string, step: Step]> = fc.oneof(
  { weight: 24, arbitrary: slot.map((at): [string, Step] => [`call ${at}`, (process) => process.call(at)]) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 1, 1, 0.5, 0), fc.constantFrom(null, null, 5_000, 200))
      .map(([part, endsInMs]): [string, Step] => [
        `draw ${part} ${endsInMs}`,
        (process) => process.draw(part, endsInMs),
      ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(slot, fc.integer({ min: 0, max: 7 }))
      .map(([at, version]): [string, Step] => [
        `change ${at} ${version}`,
        (process) => process.change(at, version),
      ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('key/key-0/requests/rate', 'key/key-1/credits/hourly', 'organization/acme/requests/rate')
      .map((id): [string, Step] => [`recall ${id}`, (process) => process.allotments.recall(id)]),
  },
  { weight: 1, arbitrary: fc.constant<[string, Step]>(['drop', (process) => process.allotments.drop()]) },
  { weight: 2, arbitrary: fc.constant<[string, Step]>(['sweep', (process) => process.allotments.sweep()]) },
)
const pauses = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 30, 250, 11_000, 75_000)

describe('what calls draw by rows', () => {
  test('is what they would draw by their claims, in any history', () => {
    let byRows = 0
    fc.assert(
      fc.property(fc.array(fc.tuple(step, pauses), { minLength: 40, maxLength: 160 }), (steps) => {
        const clock = { now: 1_000 }
        const [learning, plain] = [new Process(clock, new SlotDraws(slots)), new Process(clock)]
        for (const [[name, run], pause] of steps) {
          clock.now += pause
          expect(run(learning, clock), name).toEqual(run(plain, clock))
          expect(learning.held, name).toEqual(plain.held)
        }
        byRows += learning.byRows
      }),
      { numRuns: Number(process.env.LATCHKEY_TEST_RUNS ?? 200) },
    )
    // One that learned nothing would prove nothing.
    expect(byRows).toBeGreaterThan(100)
  })

  test('are of nobody else when a row is used again', () => {
    const stock = new Stock(1)
    const first = stock.add('first')
    stock.numbers.fill(5)
    const second = stock.add('second')
    expect([...stock.numbers]).toEqual([...Array(rowNumbers).fill(5), ...Array(rowNumbers).fill(0)])
    expect([stock.ownerOf(first), stock.ownerOf(second)]).toEqual(['first', 'second'])
    const { length } = stock.numbers
    stock.numbers.fill(7)
    for (let i = 0; i < 3; i++) stock.remove(stock.add('another'))
    stock.remove(second)
    expect(stock.add('third')).toBe(second)
    const row = [...stock.numbers].slice(second * rowNumbers, (second + 1) * rowNumbers)
    expect(row.slice(0, versionAt)).toEqual([0, 0, 0, 0, 0, 0])
    // Who remembers the row of the second one sees that it is another's.
    expect(row[versionAt]).not.toBe(7)
    expect(stock.ownerOf(second)).toBe('third')
    expect(stock.numbers.length).toBeLessThanOrEqual(2 * length)
  })

  test('take no more memory for all counters that were ever known', () => {
    const clock = { now: 1_000 }
    const process = new Process(clock, new SlotDraws(slots))
    const { length } = process.allotments.stock.numbers
    for (let i = 0; i < 200; i++) {
      process.call(i % 2)
      // Of a holding that was let go of, calls find the next one.
      expect(process.allotments.size).toBeGreaterThan(0)
      process.draw(0, null)
      process.draw(0, null)
      for (let second = 0; second < 75; second++) {
        clock.now += 1_000
        process.allotments.sweep()
      }
      expect(process.allotments.size).toBe(0)
    }
    expect(process.allotments.stock.numbers.length).toBe(length)
  })

  test('are spent until their period ends, and no longer', () => {
    const clock = { now: 1_000 }
    const process = new Process(clock, new SlotDraws(slots))
    process.call(1)
    process.draw(1, 500)
    clock.now += 499
    expect([process.call(1), process.call(1), process.byRows]).toEqual([
      expect.any(Array),
      expect.any(Array),
      1,
    ])
    clock.now += 1
    process.fill()
    expect(process.call(1)).toBe('waits')
  })

  test('are looked at by claims if a call of the key costs nothing', () => {
    const process = new Process({ now: 1_000 }, new SlotDraws(slots))
    process.change(1, 7)
    const calls = Array.from({ length: 12 }, () => {
      process.draw(1, null)
      return process.call(1)
    })
    expect(calls.filter(Array.isArray).length).toBeGreaterThan(2)
    expect(process.byRows).toBe(0)
  })

  test('are found by rows again once they were granted by a limit that was changed', () => {
    const process = new Process({ now: 1_000 }, new SlotDraws(slots))
    for (const version of [0, 1, 4]) {
      process.change(1, version)
      process.call(1)
      process.draw(1, null)
      process.fill()
      const before = process.byRows
      for (let i = 0; i < 3; i++) process.call(1)
      expect(process.byRows - before, `version ${version}`).toBe(2)
    }
  })

  test('are of no other secret that gets the same place in the cache', () => {
    const cache = new FactsCache({ secrets: 1, bytes: 2 ** 20 }, (text) => text.padEnd(32), {
      profiles: new Profiles(),
      noteUse: () => {},
      noteCalls: () => {},
    })
    const process = new Process({ now: 1_000 }, cache.draws)
    const answer = { keyId: 'key-0', organizationId }
    const facts = { answer: { ...answer, name: '', permissions: [], metadata: {} }, claims: [] }
    const known = {
      ...facts,
      terms: { ...unbound, expiresAt: null, organization: { claims: [] } },
    } as unknown as Facts
    cache.remember('a'.repeat(16), new Uint8Array(32), known)
    process.call(0)
    process.draw(1, null)
    process.call(0)
    const take = () => cache.draws.take(0, answer, process.allotments, 1_000, wall)
    expect(take()).toHaveLength(3)
    process.fill()
    cache.remember('b'.repeat(16), new Uint8Array(32), known)
    expect(take()).toBeUndefined()
  })
})
