// Judging by what the store has: reads that are shared, late, overtaken or refused, on a real SQLite file by clocks that the
// test moves. A store behind a network is the same one, read by statements of many kids.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChangeLog } from '../src/coherence/change-log.ts'
import { leaseMs } from '../src/core/bounds.ts'
import { assembleToken, type ParsedToken, parseToken } from '../src/core/token.ts'
import type { CreatedKey, Latchkey } from '../src/index.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore, type Store } from '../src/store/store.ts'
import type { Memory } from '../src/verification/read-through.ts'
import { verify, verifyKid } from '../src/verification/verify.ts'
import { verifyBatch } from '../src/verification/verify-batch.ts'
import { makeSqlite } from './setup/databases.ts'
import { type MemoryOptions, openMemoryOn } from './setup/memory.ts'

const kidIn = (token: string) => (parseToken(token) as ParsedToken).kid
const tokenOf = (kid: string, mark = 0) => assembleToken('re', kid, new Uint8Array(32).fill(mark))
const kidAt = (i: number) => `kid${String(i).padStart(13, '0')}`
const unknown = tokenOf(kidAt(0))
const notFound = { valid: false, code: 'not_found' }

let database: ReturnType<typeof makeSqlite>
let latchkey: Latchkey
let store: Store
let created: CreatedKey
let limited: CreatedKey

beforeAll(async () => {
  database = makeSqlite()
  latchkey = await openLatchkey({ database: database.url })
  for (const id of ['acme', 'other']) await latchkey.organizations.create({ id, name: id })
  created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a'] })
  limited = await latchkey.keys.create({
    organizationId: 'acme',
    name: 'Old',
    expiresAt: new Date(Date.now() + 3_600_000),
  })
  store = await openStore(database.url)
})
afterAll(async () => {
  await store.close()
  await latchkey.close()
  await database.remove()
})

/** A memory of its own on the real store. */
async function openMemory(...how: MemoryOptions) {
  const opened = await openMemoryOn(store, ...how)
  open.push(opened.memory)
  return opened
}

let open: Memory[] = []
beforeEach(() => async () => {
  for (const memory of open) await memory.follower.stop()
  open = []
})

describe.each(['at once', 'by statements'] as const)('a store that is read %s', (kind) => {
  test('is asked once for a secret, whose uses are noted, and again when the lease has run out', async () => {
    const { memory, clock, reads, told } = await openMemory(kind)
    const asked = { permissions: ['a'] }
    const use = { kid: kidIn(created.key), answer: { keyId: created.id, organizationId: 'acme' } }
    expect(await verify(memory, created.key, asked)).toMatchObject({ valid: true, keyId: created.id })
    expect(told()).toMatchObject([[use, clock.wall]])
    clock.wall += 5
    expect(await verify(memory, created.key)).toMatchObject({ valid: true, keyId: created.id })
    expect(told()).toMatchObject([[use, clock.wall]])
    expect(reads).toEqual([[kidIn(created.key)]])
    expect(await verify(memory, created.key, { permissions: ['b'] })).toMatchObject({ missing: ['b'] })
    expect(told()).toEqual([])
    clock.time += leaseMs
    // Read again for a heartbeat, which is no use.
    expect(await verify(memory, created.key, {}, { purpose: 'heartbeat' })).toMatchObject({ valid: true })
    expect(told()).toEqual([])
    expect(await verify(memory, created.key, { organizationId: 'other' })).toEqual(notFound)
    expect(reads).toHaveLength(3)
    expect(told()).toEqual([])
  })

  test('lets in no other token of the same kid, and none of an unknown one', async () => {
    const { memory, reads } = await openMemory(kind)
    expect(await verify(memory, tokenOf(kidIn(created.key)))).toEqual(notFound)
    expect(await verify(memory, unknown)).toEqual(notFound)
    expect(reads).toHaveLength(2)
    expect((await verify(memory, created.key)).valid).toBe(true)
    expect(await verify(memory, tokenOf(kidIn(created.key)))).toEqual(notFound)
    expect(reads).toHaveLength(2)
  })

  test('is asked anew for an unknown kid after a moment, and at once for one that was made', async () => {
    const { memory, clock, reads } = await openMemory(kind)
    const ask = async () => {
      expect(await verify(memory, unknown)).toEqual(notFound)
      return reads.splice(0).length
    }
    expect([await ask(), await ask()]).toEqual([1, 0])
    clock.time += 199
    expect(await ask()).toBe(0)
    clock.time += 1
    expect([await ask(), await ask()]).toEqual([1, 0])
    memory.forgetAbsent(kidIn(unknown))
    expect([await ask(), await ask()]).toEqual([1, 0])
    memory.forgetAll()
    expect([await ask(), await ask()]).toEqual([1, 0])
  })

  test.each([
    ['less than a lease', leaseMs - 1, 1],
    ['a lease', leaseMs, 2],
  ])('is believed if the process was paused for %s', async (_, pausedMs, expected) => {
    let pause = () => {}
    const { memory, clock, reads } = await openMemory(kind, (rows) => {
      pause()
      // What the first read found is from before the revocation.
      return reads.length > 1 ? rows.map((row) => ({ ...row, revokedAt: 1 })) : rows
    })
    pause = () => {
      pause = () => {}
      clock.time += pausedMs
    }
    const verdict = await verify(memory, created.key)
    expect(verdict.code).toBe(expected === 1 ? 'valid' : 'revoked')
    expect(reads).toHaveLength(expected)
  })

  test('refuses a question of a wrong form by a promise', async () => {
    const { memory, reads } = await openMemory(kind)
    const wrong = { permissions: 'a' as unknown as string[] }
    for (const token of [created.key, unknown, 'none'])
      await expect(verify(memory, token, wrong)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(reads).toEqual([])
  })

  test('says what it has of a kid, whatever is remembered of it', async () => {
    const { memory, clock, told } = await openMemory(kind)
    expect(await verifyKid(memory, kidAt(1))).toEqual(notFound)
    expect(await verifyKid(memory, kidIn(created.key))).toMatchObject({ valid: true, keyId: created.id })
    expect(told()).toHaveLength(1)
    expect(await verifyKid(memory, kidIn(limited.key))).toMatchObject({ valid: true })
    told()
    clock.wall += 3_600_000
    clock.time += leaseMs
    expect(await verifyKid(memory, kidIn(limited.key))).toMatchObject({ valid: false, code: 'expired' })
    expect(told()).toEqual([])
  })

  test('judges each of a batch by its own question, however many it must be asked for', async () => {
    const { memory, reads } = await openMemory(kind)
    expect(await verifyBatch(memory, [])).toEqual([])
    const strangers = Array.from({ length: 600 }, (_, i) => ({ key: tokenOf(kidAt(i + 10)) }))
    const requests = [
      { key: created.key },
      ...strangers.slice(0, 300),
      { key: created.key, permissions: ['b'] },
      { key: 'none' },
      ...strangers.slice(300),
      { key: limited.key, permissions: [] },
    ]
    for (const asker of [undefined, { keyId: 'caller' }, { ip: '192.0.2.1' }]) {
      const verdicts = await verifyBatch(memory, requests, {}, asker)
      const codes = verdicts.map(({ code }) => code)
      const lost = Array.from({ length: 300 }, () => 'not_found')
      expect(codes).toEqual(['valid', ...lost, 'insufficient_permissions', 'malformed', ...lost, 'valid'])
    }
    expect(new Set(reads.flat()).size).toBe(602)
    const foreign = await verifyBatch(memory, [{ key: created.key, permissions: ['a'] }], {
      organizationId: 'other',
    })
    expect(foreign).toEqual([notFound])
    const own = await verifyBatch(memory, [{ key: created.key, permissions: ['b'] }], {
      organizationId: 'acme',
    })
    expect(own).toMatchObject([{ missing: ['b'] }])
  })

  test('refuses a batch by the place of what is wrong with it, before anything is judged', async () => {
    const { memory, reads } = await openMemory(kind)
    const right = { key: created.key }
    const refusal = (wrong: object) =>
      verifyBatch(memory, [right, wrong as typeof right]).catch(({ message }) => message)
    expect(await refusal({ ...right, permission: ['a'] })).toContain('[1].permission: Unknown option.')
    expect(await refusal({ ...right, permissions: ['a b'] })).toContain(
      '[1].permissions[0]: Must be a permission',
    )
    expect(reads).toEqual([])
  })

  test('that fails is an error to whoever asked, and is asked anew by the next', async () => {
    let isBroken = true
    const { memory, reads } = await openMemory(kind, (rows) => {
      if (isBroken) throw new Error('broken')
      return rows
    })
    await expect(verify(memory, created.key)).rejects.toThrow('broken')
    await expect(verifyBatch(memory, [{ key: created.key }])).rejects.toThrow('broken')
    isBroken = false
    expect((await verify(memory, created.key)).valid).toBe(true)
    expect(reads).toHaveLength(3)
  })
})

describe('reads by statements', () => {
  test('are shared by those who ask at once, and one row that cannot be read fails alone', async () => {
    const { memory, reads } = await openMemory('by statements', (rows) =>
      rows.map((row) => (row.keyId === limited.id ? { ...row, permissions: 'broken' } : row)),
    )
    const keys = [created.key, unknown, limited.key, created.key, unknown]
    const asked = await Promise.allSettled(keys.map((key) => verify(memory, key)))
    expect(reads).toEqual([[kidIn(created.key), kidIn(unknown), kidIn(limited.key)]])
    const outcomes = asked.map((each) => (each.status === 'fulfilled' ? each.value.code : each.reason.name))
    expect(outcomes).toEqual(['valid', 'not_found', 'SyntaxError', 'valid', 'not_found'])
  })

  test.each([
    ['a change', (memory: Memory) => memory.forget('key', 'any other key')],
    ['a gap in the log', (memory: Memory) => memory.forgetAll()],
    ['the making of that kid', (memory: Memory) => memory.forgetAbsent(kidIn(created.key))],
  ])('that %s has overtaken are neither shared nor remembered', async (_, overtake) => {
    const gate = Promise.withResolvers<void>()
    const { memory, reads } = await openMemory('by statements', async (rows) => {
      if (reads.length > 1) return rows
      await gate.promise
      return rows.map((row) => ({ ...row, name: 'Before' }))
    })
    const nameOf = async () => {
      const verdict = await verify(memory, created.key)
      return verdict.valid ? verdict.name : verdict.code
    }
    const before = nameOf()
    while (reads.length === 0) await new Promise(setImmediate)
    const shared = nameOf()
    overtake(memory)
    expect(await nameOf()).toBe('CI')
    expect(reads).toHaveLength(2)
    gate.resolve()
    expect([await before, await shared]).toEqual(['Before', 'Before'])
    expect(await nameOf()).toBe('CI')
    expect(reads).toHaveLength(2)
  })

  test('of a process that hears of no change are not remembered', async () => {
    const register = () => Promise.reject(new Error('away'))
    const { memory, reads, told } = await openMemory('by statements', undefined, { register })
    for (let i = 1; i <= 3; i++) {
      expect((await verify(memory, created.key)).valid).toBe(true)
      expect(await verify(memory, unknown)).toEqual(notFound)
      expect(reads).toHaveLength(2 * i)
      expect(memory.cache.size).toBe(0)
      expect(told()).toHaveLength(1)
    }
    const atOnce = await openMemory('at once', undefined, { register })
    expect(atOnce.memory.readNow({ kid: kidIn(created.key) })).toBeUndefined()
    expect((await verify(atOnce.memory, created.key)).valid).toBe(true)
    expect(atOnce.memory.cache.size).toBe(0)
  })

  test('are made, and not remembered, while a busy disk keeps the process from registering', async () => {
    const quiet = Promise.withResolvers<void>()
    const log = openChangeLog(store)
    const register = (follower: string) => quiet.promise.then(() => log.register(follower))
    const { memory, reads } = await openMemory('by statements', undefined, { register })
    for (let i = 0; i < 2; i++) expect(await verify(memory, created.key)).toMatchObject({ valid: true })
    expect(reads).toHaveLength(2)
    quiet.resolve()
    await memory.follower.start()
    for (let i = 0; i < 2; i++) expect(await verify(memory, created.key)).toMatchObject({ valid: true })
    expect(reads).toHaveLength(3)
  })

  test('judges none of a batch by a read from before a pause', async () => {
    let pause = () => {}
    const { memory, clock } = await openMemory('by statements', (rows) => {
      const wasPaused = clock.time > 1_000
      pause()
      return wasPaused ? rows.map((row) => ({ ...row, revokedAt: 1 })) : rows
    })
    pause = () => {
      clock.time = 1_000 + leaseMs
    }
    const verdicts = await verifyBatch(memory, [{ key: created.key }, { key: limited.key }])
    expect(verdicts.map(({ code }) => code)).toEqual(['revoked', 'revoked'])
  })

  test.each([
    ['less than a lease', leaseMs - 1, 'valid'],
    ['a lease', leaseMs, 'revoked'],
  ])('are believed at the end of a batch that takes %s', async (_, takenMs, code) => {
    let statements = 0
    const { memory, clock, reads } = await openMemory('by statements', (rows) => {
      // The first 256 kids are read by four of them.
      if (++statements === 5) clock.time += takenMs
      return statements > 5 ? rows.map((row) => ({ ...row, revokedAt: 1 })) : rows
    })
    const strangers = Array.from({ length: 300 }, (_, i) => ({ key: tokenOf(kidAt(i)) }))
    const [first, ...others] = await verifyBatch(memory, [{ key: created.key }, ...strangers])
    expect(first?.code).toBe(code)
    expect(new Set(others.map((each) => each.code))).toEqual(new Set(['not_found']))
    const own = reads.filter((kids) => kids.includes(kidIn(created.key)))
    expect(own).toHaveLength(code === 'valid' ? 1 : 2)
  })

  test('let no key pass at the end of a batch that has expired while the batch waited', async () => {
    const renewLease = () => memory.follower.lease.confirm(clock.time, clock.wall)
    const { memory, clock, reads } = await openMemory('by statements', (rows) => {
      if (reads.length !== 2) return rows
      clock.time += leaseMs
      clock.wall += 2 * 3_600_000
      renewLease()
      return rows
    })
    expect(await verify(memory, limited.key)).toMatchObject({ code: 'valid' })
    renewLease()
    const [first] = await verifyBatch(memory, [{ key: limited.key }, { key: unknown }])
    expect(first?.code).toBe('expired')
    // What was read so late is read again; what memory holds is not.
    expect(reads).toEqual([[kidIn(limited.key)], [kidIn(unknown)], [kidIn(unknown)]])
  })

  test('let no key pass at the end of a batch that was revoked while the batch waited', async () => {
    const { memory, reads } = await openMemory('by statements', (rows) => {
      if (reads.length === 3) for (const { id } of [created, limited]) memory.forget('key', id)
      return reads.length < 3 ? rows : rows.map((row) => ({ ...row, revokedAt: 1 }))
    })
    const own = [{ key: created.key }, { key: limited.key }]
    for (const { key } of own) expect(await verify(memory, key)).toMatchObject({ code: 'valid' })
    const verdicts = await verifyBatch(memory, [...own, { key: unknown }])
    expect(verdicts.map(({ code }) => code)).toEqual(['revoked', 'revoked', 'not_found'])
  })

  test('wait when four statements are under way, and go out 64 kids a statement as soon as one is done', async () => {
    const gates: (() => void)[] = []
    const { memory, reads } = await openMemory('by statements', async (rows) => {
      await new Promise<void>((resolve) => gates.push(resolve))
      return rows
    })
    const asked = Array.from({ length: 6 * 64 }, (_, i) =>
      memory.read({ kid: kidAt(i) }, { keyId: 'caller' }),
    )
    while (gates.length < 4) await new Promise(setImmediate)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(reads.map((kids) => kids.length)).toEqual([64, 64, 64, 64])
    gates[0]?.()
    while (gates.length < 5) await new Promise(setImmediate)
    expect(reads.map((kids) => kids.length)).toEqual([64, 64, 64, 64, 64])
    for (const gate of gates.splice(1)) gate()
    while (gates.length < 2) await new Promise(setImmediate)
    for (const gate of gates) gate()
    for (const { known } of await Promise.all(asked)) expect(known).toBeUndefined()
    expect(reads.flat()).toEqual(Array.from({ length: 6 * 64 }, (_, i) => kidAt(i)))
  })
})

test('a process that stops asks for no more changes, whatever hints and alarms still come, and trusts nothing', async () => {
  let looks = 0
  const wakers: (() => void)[] = []
  let unheard = 0
  const { memory, clock } = await openMemory('at once', undefined, {
    readChanges: (...args) => {
      looks++
      return store.readChanges(...args)
    },
    listen: (hint) => {
      wakers.push(hint)
      return () => unheard++
    },
  })
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  }
  for (const wake of wakers) wake()
  while (looks < 2) await new Promise(setImmediate)
  expect(memory.isFresh(clock.wall)).toBe(true)
  await memory.follower.stop()
  expect([memory.isFresh(clock.wall), memory.follower.following, unheard]).toEqual([false, false, 1])
  const before = looks
  for (const wake of wakers) wake()
  await memory.follower.start()
  await turns()
  expect(looks).toBe(before)
  expect(memory.isFresh(clock.wall)).toBe(false)
})

test('of the kids that were unknown, ten thousand are remembered, and the first goes first', async () => {
  const { memory } = await openMemory('at once', undefined, { findFactsNow: () => undefined })
  for (let i = 0; i < 10_000; i++) memory.readNow({ kid: kidAt(i) })
  const absent = () => [0, 1, 2, 10_000].map((i) => memory.isAbsent({ kid: kidAt(i) }))
  expect(absent()).toEqual([true, true, true, false])
  memory.readNow({ kid: kidAt(10_000) })
  expect(absent()).toEqual([false, true, true, true])
})
