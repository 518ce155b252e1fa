// The cache of facts against a simple model, its memory, and one read of the store however many ask at once.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openChangeLog } from '../src/coherence/change-log.ts'
import { assembleToken, parseToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { FactsCache } from '../src/verdict/cache.ts'
import { bareCircumstances } from '../src/verdict/circumstances.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { sizeOfFacts, toFacts } from '../src/verdict/facts.ts'
import { Owners } from '../src/verdict/owners.ts'
import { Tallies } from '../src/verdict/tally.ts'
import { digestToken } from '../src/verification/digest.ts'
import { Memory } from '../src/verification/read-through.ts'
import { verify } from '../src/verification/verify.ts'
import { createAcme } from './setup/acme.ts'
import { noDraws } from './setup/allotments.ts'
import { onEachDatabase } from './setup/databases.ts'
import { unbound } from './setup/unbound.ts'
import { listenerOf } from './setup/uses.ts'

const runs = Number(process.env.LATCHKEY_TEST_RUNS ?? 1_000)
const bytesAtMost = 290

describe('the cache', () => {
  test('keeps the latest use of a secret, though the clock was set back', () => {
    const told: number[] = []
    const cache = new FactsCache(
      { secrets: 1, bytes: 10_000 },
      (token) => textOf(digestToken(token)),
      listenerOf((_kid, _answer, at) => told.push(at)),
    )
    cache.remember(kidOf(1), digestToken(tokenOf(1, 1)), factsOf(1, 1))
    const start = Date.UTC(2026, 0, 31)
    for (const at of [start, start + 5_000, start + 1_000]) {
      const cached = cache.findByKid(kidOf(1))
      if (cached) cache.noteUse(cached, at, bareCircumstances)
    }
    cache.reportUses()
    expect(told).toEqual([start + 5_000])
  })

  test('holds what a simple model holds, forgets the least recently used, and loses no use', () => {
    fc.assert(
      fc.property(bounds, fc.array(steps, { maxLength: 80 }), ({ secrets, bytes }, taken) => {
        const model = new CacheModel(secrets, bytes)
        const reported = new Map<string, number>()
        const noteUse = (kid: string, _: unknown, at: number) =>
          reported.set(kid, Math.max(at, reported.get(kid) ?? 0))
        const cache = new FactsCache(
          { secrets, bytes },
          (token) => textOf(digestToken(token)),
          listenerOf(noteUse),
        )
        for (const step of taken) {
          const cached = 'kid' in step ? cache.findByKid(kidOf(step.kid)) : undefined
          if ('kid' in step) expect(cached !== undefined).toBe(model.find(step.kid))
          if (step.kind === 'remember') {
            const token = tokenOf(step.kid, step.mark)
            cache.remember(kidOf(step.kid), digestToken(token), factsOf(step.kid % 4, step.mark))
            model.remember(step.kid, step.mark)
          } else if (step.kind === 'use' && cached !== undefined) {
            cache.noteUse(cached, step.at, bareCircumstances)
            model.used.set(kidOf(step.kid), Math.max(step.at, model.used.get(kidOf(step.kid)) ?? 0))
          } else if (step.kind === 'find' && cached !== undefined) {
            const mark = model.marks.get(step.kid) ?? 0
            expect(cached.answer).toMatchObject({ keyId: `key-${step.kid % 4}`, name: `mark-${mark}` })
            expect(cached.terms.organizationId).toBe('acme')
            expect(cache.lookup(tokenOf(step.kid, mark))).toEqual(cached)
            expect(cache.lookup(tokenOf(step.kid, mark ^ 1))).toBeUndefined()
          } else if (step.kind === 'forget') {
            cache.forgetKey(`key-${step.key}`)
            model.forgetKey(step.key)
          } else if (step.kind === 'clear') {
            cache.clear()
            model.marks.clear()
          } else if (step.kind === 'report') {
            cache.reportUses()
            expect(reported).toEqual(model.used)
            const told = new Map(reported)
            reported.clear()
            cache.reportUses()
            expect(reported.size).toBe(0)
            for (const [kid, at] of told) reported.set(kid, at)
          }
          expect(cache.size).toBe(model.marks.size)
          expect(cache.bytes).toBe(model.bytes)
        }
        cache.clear()
        expect(reported).toEqual(model.used)
        expect(cache.size).toBe(0)
      }),
      { numRuns: runs },
    )
  })

  test('makes room as secrets come, and keeps the order of their uses', () => {
    const secrets = 5_000
    const cache = new FactsCache(
      { secrets, bytes: 2 ** 40 },
      (token) => textOf(digestToken(token)),
      listenerOf(() => {}),
    )
    const remember = (n: number) => cache.remember(kidOf(n), digestToken(tokenOf(n, 1)), factsOf(n, 1))
    const isThere = (n: number) => cache.findByKid(kidOf(n)) !== undefined
    // The oldest ones are used again before there is room for all, some of them twice.
    for (let n = 0; n < secrets; n++) {
      remember(n)
      if (n % 1_000 === 999) for (let used = 0; used < 100; used++) expect(isThere(used)).toBe(true)
    }
    expect(cache.size).toBe(secrets)
    for (let n = secrets; n < secrets + 50; n++) remember(n)
    const gone: number[] = []
    for (let n = 0; n < secrets + 50; n++) if (!isThere(n)) gone.push(n)
    expect(gone).toEqual(Array.from({ length: 50 }, (_, i) => 100 + i))
    expect(cache.lookup(tokenOf(4_321, 1))?.answer).toEqual(factsOf(4_321, 1).answer)
    for (let n = 150; n < 250; n++) cache.forgetKey(factsOf(n, 1).answer.keyId)
    expect(cache.size).toBe(secrets - 100)
  })

  test(`takes at most ${bytesAtMost} bytes a secret, with two permissions`, () => {
    const script = join(import.meta.dirname, 'setup/cache-memory.ts')
    const bytes = Number(
      execFileSync(process.execPath, ['--expose-gc', script, '100000'], { encoding: 'utf8' }),
    )
    console.log(`${bytes} bytes a remembered secret, 100,000 of them`)
    expect(bytes).toBeLessThanOrEqual(bytesAtMost)
  })

  test('holds metadata as text, so that a secret takes no more than its bound counts', () => {
    const script = join(import.meta.dirname, 'setup/cache-memory.ts')
    const args = ['--expose-gc', script, '3000', 'heavy']
    const bytes = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
    console.log(`${bytes} bytes a remembered secret with 4 KiB of metadata`)
    expect(bytes).toBeLessThanOrEqual(2 * 4096)
  })
})

onEachDatabase('a secret', (makeDatabase) => {
  test('is read once, however many ask for it at once, and again only when it changed', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const [one, other] = [await issue(), await issue()]
    const store = await openStore(database)
    const { memory, reads } = countReads(store)
    const ask = (key: string) => Array.from({ length: 50 }, () => verify(memory, key))
    const verdicts = await Promise.all([...ask(one.key), ...ask(other.key)])
    expect(verdicts.every(({ valid }) => valid)).toBe(true)
    await Promise.all(ask(one.key))
    expect(reads).toEqual({ [kidIn(one.key)]: 1, [kidIn(other.key)]: 1 })
    await latchkey.keys.revoke(one.id)
    while ((await verify(memory, one.key)).valid) await new Promise(setImmediate)
    expect(reads).toEqual({ [kidIn(one.key)]: 2, [kidIn(other.key)]: 1 })
    await memory.follower.stop()
    await store.close()

    function issue() {
      return latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    }
  })
})

const kids = fc.integer({ min: 0, max: 9 })
const bounds = fc.record({
  secrets: fc.integer({ min: 0, max: 6 }),
  bytes: fc.constantFrom(0, 1_000, 2_000, 1_000_000),
})
const sizeOf = (kid: number, mark: number) => sizeOfFacts(factsOf(kid % 4, mark))
const dayMs = 86_400_000
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('find' as const), kid: kids }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('remember' as const),
      kid: kids,
      mark: fc.integer({ min: 0, max: 255 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('use' as const),
      kid: kids,
      // Clocks are set, by minutes and by months.
      at: fc.oneof(
        fc.integer({ min: 1_800_000_000_000, max: 1_800_000_100_000 }),
        fc.integer({ min: 1, max: 30_000 }).map((days) => days * dayMs),
      ),
    }),
  },
  fc.record({ kind: fc.constant('forget' as const), key: fc.integer({ min: 0, max: 3 }) }),
  fc.constant({ kind: 'clear' as const }),
  fc.constant({ kind: 'report' as const }),
)

/** Kids in the order of their use, the oldest first, each with the mark that was last remembered. */
class CacheModel {
  readonly capacity: number
  readonly maxBytes: number
  readonly marks = new Map<number, number>()
  readonly used = new Map<string, number>()

  constructor(capacity: number, maxBytes: number) {
    this.capacity = capacity
    this.maxBytes = maxBytes
  }

  get bytes(): number {
    return [...this.marks].reduce((sum, [kid, mark]) => sum + sizeOf(kid, mark), 0)
  }

  find(kid: number): boolean {
    const mark = this.marks.get(kid)
    if (mark === undefined) return false
    this.marks.delete(kid)
    this.marks.set(kid, mark)
    return true
  }

  remember(kid: number, mark: number): void {
    this.marks.delete(kid)
    if (this.capacity === 0 || sizeOf(kid, mark) > this.maxBytes) return
    this.marks.set(kid, mark)
    while (this.marks.size > this.capacity || this.bytes > this.maxBytes)
      this.marks.delete(this.marks.keys().next().value ?? 0)
  }

  forgetKey(key: number): void {
    for (const kid of [...this.marks.keys()]) if (kid % 4 === key) this.marks.delete(kid)
  }
}

function kidOf(kid: number): string {
  return `kid${String(kid).padStart(13, '0')}`
}

function tokenOf(kid: number, mark: number): string {
  return assembleToken('re', kidOf(kid), new Uint8Array(32).fill(mark))
}

function textOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('latin1')
}

function factsOf(key: number, mark: number) {
  return toFacts(
    {
      endedAt: null,
      graceEndsAt: null,
      keyId: `key-${key}`,
      organizationId: 'acme',
      name: `mark-${mark}`,
      permissions: mark % 3 === 0 ? '["a","b:c"]' : '[]',
      metadata: mark % 5 === 0 ? `{"plan":"${'x'.repeat(mark)}"}` : '{}',
      expiresAt: null,
      revokedAt: null,
      ...unbound,
      limits: null,
    },
    new Owners(100),
  )
}

/** A memory on a real store that counts the reads of each kid. */
function countReads(store: Store): { memory: Memory; reads: Record<string, number> } {
  const reads: Record<string, number> = {}
  const { findFactsNow } = store
  const count = (kid: string) => {
    reads[kid] = (reads[kid] ?? 0) + 1
    return kid
  }
  const source: Store = {
    ...store,
    findManyFacts: (kids) => {
      for (const kid of kids) count(kid)
      return store.findManyFacts(kids)
    },
    ...(findFactsNow && { findFactsNow: (kid) => findFactsNow(count(kid)) }),
  }
  return {
    memory: new Memory(
      source,
      openChangeLog(source),
      systemClock,
      { secrets: 100, bytes: 2 ** 20 },
      { note: () => {}, tallies: new Tallies() },
      () => 'counter',
      noDraws,
    ),
    reads,
  }
}

function kidIn(token: string): string {
  return parseToken(token)?.kid ?? ''
}
