// What a process asks of its counters, message by message.
import { expect, test } from 'vitest'
import type { Allowance } from '../src/core/limits.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import type { Claim, Message } from '../src/verdict/claims.ts'
import type { DrawAnswer } from '../src/verdict/counter.ts'

const granted: DrawAnswer = {
  granted: 0,
  given: 0,
  kept: 0,
  period: 0,
  left: 1_000,
  elsewhere: 0,
  emptyForMs: 0,
  endsInMs: null,
  endsAt: null,
}

function makeAllotments() {
  const clock = { now: 1_000 }
  const allotments = new Allotments(
    { monotonic: () => clock.now, after: () => () => {} },
    () => {},
    () => true,
  )
  /** Answers what is asked for: what calls need, and what is wanted. */
  const answer = (message: Message) =>
    allotments.accept(
      message,
      message.counters.map(({ need, want, unspent }) => ({
        ...granted,
        given: need,
        granted: want,
        kept: unspent,
      })),
    )
  return { clock, allotments, answer }
}

const hundredAMinute: Allowance = { kind: 'rate', limit: 100, windowMs: 60_000, burst: 1_000 }

function claimOf(name: string, organizationId = 'acme', allowance = hundredAMinute): Claim {
  const owner = { scope: 'key', ownerId: name, organizationId } as const
  const limit = { counterId: name, ...owner, name: 'requests', allowance, defaultCost: 1, epoch: 0 }
  return { limit, cost: 1 }
}

test('what runs low is renewed, however many calls wait for other counters', async () => {
  const { clock, allotments, answer } = makeAllotments()
  const busy = [claimOf('busy')]
  const first = allotments.wait(busy)
  answer(allotments.prepare() as Message)
  expect(await first).toEqual({ taken: true })
  clock.now += 200
  const others = Array.from({ length: 1_000 }, (_, i) => allotments.wait([claimOf(`other-${i}`)]))
  while (allotments.take(busy, clock.now) !== undefined) expect(allotments.hasNews).toBe(true)
  const message = allotments.prepare() as Message
  expect(message.counters).toHaveLength(500)
  expect(message.counters.map(({ holding }) => holding.counterId)).toContain('busy')
  answer(message)
  expect(allotments.take(busy, clock.now)).toEqual({ taken: true })
  while (allotments.hasNews) answer(allotments.prepare() as Message)
  expect(new Set((await Promise.all(others)).map(({ taken }) => taken))).toEqual(new Set([true]))
})

test('a call is in the next message, however many of another organization wait for other counters', async () => {
  const { allotments, answer } = makeAllotments()
  const crowd = Array.from({ length: 4_000 }, (_, i) => allotments.wait([claimOf(`key-${i}`, 'globex')]))
  const first = allotments.prepare() as Message
  const neighbour = allotments.wait([claimOf('neighbour')])
  answer(first)
  const next = allotments.prepare() as Message
  expect(next.counters.map(({ holding }) => holding.counterId)).toContain('neighbour')
  answer(next)
  expect(await neighbour).toEqual({ taken: true })
  expect(allotments.hasNews).toBe(true)
  while (allotments.hasNews) answer(allotments.prepare() as Message)
  await Promise.all(crowd)
})

test('calls that wait when the lease ends ask anew, also very many', async () => {
  const { allotments, answer } = makeAllotments()
  // More than a call of a function may have arguments.
  const waiting = Array.from({ length: 140 }, (_, i) => claimOf(`key-${i}`, `organization-${i}`)).flatMap(
    (claim) => Array.from({ length: 1_000 }, () => allotments.wait([claim])),
  )
  expect(allotments.prepare()?.waiters).toHaveLength(waiting.length)
  allotments.drop()
  answer(allotments.prepare() as Message)
  expect(new Set((await Promise.all(waiting)).map(({ taken }) => taken))).toEqual(new Set([true]))
})

test('units that nobody uses go back within eleven seconds or so of the last use', async () => {
  const { clock, allotments, answer } = makeAllotments()
  const claim = [claimOf('idle')]
  const first = allotments.wait(claim)
  answer(allotments.prepare() as Message)
  await first
  const usedAt = clock.now + 3_000
  for (clock.now += 1_000; clock.now <= usedAt; clock.now += 1_000) {
    allotments.take(claim, clock.now)
    allotments.sweep()
  }
  let message: Message | undefined
  for (; message === undefined; clock.now += 1_000) {
    allotments.sweep()
    message = allotments.prepare()
    if (message?.counters.every(({ back }) => back === 0)) {
      answer(message)
      message = undefined
    }
  }
  expect(message.counters[0]).toMatchObject({ unspent: 0, back: expect.any(Number), want: 0 })
  expect(clock.now - usedAt).toBeGreaterThanOrEqual(10_000)
  expect(clock.now - usedAt).toBeLessThanOrEqual(12_000)
})

test('a counter is known for a minute after the last draw, also if it had nothing for any call', async () => {
  const { clock, allotments } = makeAllotments()
  const passed: number[] = []
  for (let i = 0; i < 8; i++) {
    const call = allotments.wait([claimOf('empty')])
    const message = allotments.prepare() as Message
    passed.push(message.counters[0]?.passedMs ?? -1)
    allotments.accept(message, [granted])
    expect(await call).toMatchObject({ taken: false })
    clock.now += 12_000
    allotments.sweep()
  }
  expect(passed).toEqual([0, ...Array.from({ length: 7 }, () => 12_000)])
  clock.now += 48_000
  allotments.sweep()
  expect(allotments.size).toBe(0)
})

test('where very many counters are in use, each is asked for what it needs until its turn comes again', async () => {
  const { clock, allotments, answer } = makeAllotments()
  const wantOf = (name: string) => {
    const calls = allotments.wait([claimOf(name)])
    const [counter] = (allotments.prepare() as Message).counters
    answer(allotments.prepare() as Message)
    return calls.then(() => counter?.want)
  }
  expect(await wantOf('alone')).toBe(4)
  const others = Array.from({ length: 60_000 }, (_, i) =>
    allotments.wait([claimOf(`key-${i}`, `org-${i % 9}`)]),
  )
  while (allotments.hasNews) answer(allotments.prepare() as Message)
  await Promise.all(others)
  clock.now += 1_000
  allotments.sweep()
  // A minute passes until each of 60,000 counters was drawn for: six calls, one in ten seconds.
  expect(await wantOf('one more')).toBe(6 + 1)
})

test('a look waits for nothing that is known, and has what it saw asked for again', async () => {
  const { clock, allotments, answer } = makeAllotments()
  const [claim] = [claimOf('looked at')]
  const look = [{ ...claim, cost: 0 }]
  // Nothing is known: as where the key itself must be read first.
  expect(allotments.take(look, clock.now)).toBeUndefined()
  const first = allotments.wait(look)
  answer(allotments.prepare() as Message)
  expect(await first).toEqual({ taken: true })
  clock.now += 999
  expect(allotments.take(look, clock.now)).toEqual({ taken: true })
  expect(allotments.hasNews).toBe(false)
  clock.now += 1
  expect(allotments.take(look, clock.now)).toEqual({ taken: true })
  const message = allotments.prepare() as Message
  expect(message.counters).toMatchObject([{ need: 0 }])
  // One look is under way: the next ones ask for no other.
  expect(allotments.take(look, clock.now)).toEqual({ taken: true })
  answer(message)
  expect(allotments.hasNews).toBe(false)
  // What is so old says nothing, nor does what was seen of the limit before a change of it.
  expect(allotments.take(look, clock.now + 9_999)).toEqual({ taken: true })
  expect(allotments.take(look, clock.now + 10_000)).toBeUndefined()
  const allowance = { ...claim.limit.allowance, limit: 2_000 } as const
  const changed = [{ limit: { ...claim.limit, allowance, holding: undefined }, cost: 0 }]
  expect(allotments.take(changed, clock.now)).toBeUndefined()
})

test.each<[units: number, limit: string, allowance: Allowance]>([
  [4, '100 a minute', hundredAMinute],
  [20, '600 a minute', { ...hundredAMinute, limit: 600 }],
  [64, 'a million a minute', { ...hundredAMinute, limit: 1e6 }],
  [10, '10,000 a month', { kind: 'quota', limit: 10_000, resets: 'monthly', anchor: null, overdraft: null }],
  [64, 'a million', { kind: 'quota', limit: 1e6, resets: null, anchor: null, overdraft: null }],
])('the first draw wants %i units of %s', async (units, _, allowance) => {
  const { allotments, answer } = makeAllotments()
  const call = allotments.wait([claimOf('new', 'acme', allowance)])
  const message = allotments.prepare() as Message
  expect(message.counters[0]).toMatchObject({ need: 1, want: units })
  answer(message)
  expect(await call).toEqual({ taken: true })
})

test('a pace that rises is met by the next draw, by at most four times what was used', () => {
  const { clock, allotments, answer } = makeAllotments()
  const claims = [claimOf('busy')]
  void allotments.wait(claims)
  answer(allotments.prepare() as Message)
  const wants: number[] = []
  for (const afterMs of [100, 100, 1_000]) {
    clock.now += afterMs
    let used = 0
    while (allotments.take(claims, clock.now) !== undefined) used++
    const message = allotments.prepare() as Message
    wants.push((message.counters[0]?.want ?? 0) / used)
    answer(message)
  }
  // The call that waited was used as well: five units in all, and after that all that was held.
  expect(wants).toEqual([(4 * 5) / 4, 4, 2])
})

test('a call that finds nothing at hand asks at once, unless the store has too little', () => {
  const { clock, allotments, answer } = makeAllotments()
  const claims = [claimOf('busy')]
  const drain = () => {
    while (allotments.take(claims, clock.now) !== undefined);
    void allotments.wait(claims)
    return allotments.prepare()
  }
  answer(drain() as Message)
  clock.now += 20
  const message = drain() as Message
  allotments.accept(message, [{ ...granted, given: 1, granted: 3 }])
  clock.now += 20
  expect(drain()).toBeUndefined()
})

test('a call is refused that waits for a counter which a draw meanwhile finds empty', async () => {
  const { allotments } = makeAllotments()
  const claims = [claimOf('busy')]
  const first = allotments.wait(claims)
  const message = allotments.prepare() as Message
  const second = allotments.wait(claims)
  allotments.accept(message, [{ ...granted, left: 0, emptyForMs: 100 }])
  expect(await first).toEqual({ taken: false, exceeded: claims })
  expect(allotments.prepare()).toBeUndefined()
  expect(await second).toEqual({ taken: false, exceeded: claims })
})

test('units that were lent before a limit was changed go back to the store, and nobody spends them', async () => {
  const { clock, allotments, answer } = makeAllotments()
  const claim = claimOf('lent')
  const first = allotments.wait([claim])
  answer(allotments.prepare() as Message)
  await first
  const lent = allotments.lend(claim.limit, 2)
  expect(lent).toBe(2)
  const limit = { ...claim.limit, allowance: { ...hundredAMinute, limit: 1 }, holding: undefined }
  const changed = [{ limit, cost: 1 }]
  const second = allotments.wait(changed)
  allotments.accept(allotments.prepare() as Message, [{ ...granted, left: 0, kept: lent }])
  expect(await second).toEqual({ taken: false, exceeded: changed })
  allotments.endLoan(allotments.holdingOf(limit), 0, lent)
  expect(allotments.take(changed, clock.now)).toBeUndefined()
  expect(allotments.prepare()?.counters).toMatchObject([{ back: lent, want: 0 }])
})
