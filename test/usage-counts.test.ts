// What is counted, and how it is written: every verdict once, in its hour, whatever becomes of an answer.
import { describe, expect, test } from 'vitest'
import { maxSourcesOfKey } from '../src/core/bounds.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import { allOfPlaces } from '../src/core/places.ts'
import { generateToken } from '../src/core/token.ts'
import type { UsageCount } from '../src/core/usage-counts.ts'
import { systemRandom } from '../src/domain/random.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { instantsOf } from '../src/store/instants.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { type SavedUsage, saveUsage, type UsageBatch } from '../src/store/usage.ts'
import { closeHours } from '../src/store/usage-rollup.ts'
import type { Clock } from '../src/verdict/clock.ts'
import { UsageRecorder } from '../src/verification/usage.ts'
import { saveReport } from '../src/verification/usage-reports.ts'
import { createAcme } from './setup/acme.ts'
import { mulberry32 } from './setup/chance.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { rounds } from './setup/rounds.ts'
import { startTestServer } from './setup/server.ts'
import { hourMs, readAmounts, readUsageRows } from './setup/usage.ts'

/** In the middle of an hour. */
const begun = Date.UTC(2026, 5, 15, 12, 30)
const hour = Math.floor(begun / hourMs)

onEachDatabase('what is counted', (makeDatabase) => {
  test('is every verdict once, by key and code, and the units that it drew', async () => {
    const database = await makeDatabase()
    const { now } = makeClock(begun)
    const latchkey = await openLatchkey({ database, now })
    await createAcme(latchkey)
    const make = (more = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['emails:*'], ...more })
    const limits = [{ name: 'requests', limit: 3, resets: 'monthly' as const }]
    const [key, limited] = [await make(), await make({ limits })]
    const { key: token } = key
    const unknown = generateToken('re', systemRandom).token
    const foreign = { permissions: ['domains:read'] }
    // From the store, and then from memory.
    expect(await latchkey.verify(token)).toMatchObject({ valid: true })
    expect(latchkey.verifyCached(token)).toMatchObject({ valid: true })
    expect(latchkey.verifyCached(token, foreign)).toMatchObject({ valid: false })
    expect(latchkey.verifyCached(token, { organizationId: 'other' })).toMatchObject({ code: 'not_found' })
    expect(latchkey.verifyCached('re_nonsense')).toMatchObject({ code: 'malformed' })
    expect(await latchkey.verify(unknown)).toMatchObject({ code: 'not_found' })
    // No calls of the operator's API.
    latchkey.verifyCached(token, {}, 'management')
    latchkey.verifyCached(token, {}, 'heartbeat')
    await latchkey.authenticate(token)
    for (const cost of [1, 2, 1]) await latchkey.verify(limited.key, { cost })
    const batch = await latchkey.verifyBatch([
      { key: token },
      { key: token, ...foreign },
      { key: limited.key, cost: 0 },
      { key: limited.key },
      { key: 're_nonsense' },
      { key: unknown },
    ])
    const refusals = ['insufficient_permissions', 'valid', 'quota_exceeded', 'malformed', 'not_found']
    expect(batch.map(({ code }) => code)).toEqual(['valid', ...refusals])
    await latchkey.keys.revoke(key.id)
    await latchkey.verify(token)
    await latchkey.close()
    expect(await readAmounts(database)).toEqual({
      [`${hour} ${key.id} valid`]: 3,
      [`${hour} ${key.id} insufficient_permissions`]: 2,
      [`${hour} ${key.id} revoked`]: 1,
      [`${hour} ${limited.id} valid`]: 3,
      [`${hour} ${limited.id} quota_exceeded`]: 2,
      [`${hour} ${limited.id} key/requests`]: 3,
      [`${hour}  not_found`]: 3,
      [`${hour}  malformed`]: 2,
    })
  })

  test('is every verdict once, through whichever door of the server', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { latchkey, rootKey } = server
    await createAcme(latchkey)
    const make = (more = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['emails:*'], ...more })
    const limits = [{ name: 'requests', limit: 2, windowSeconds: 2_592_000 }]
    const [key, limited, revoked] = [await make(), await make({ limits }), await make()]
    await latchkey.keys.revoke(revoked.id)
    const statuses = async (path: string, tokens: readonly string[]) => {
      const answered = []
      for (const token of tokens) answered.push((await server.request('GET', path, { token })).status)
      return answered
    }
    // Twice each: from the store or memory, and then from memory.
    const tokens = [key, limited, revoked].flatMap(({ key: token }) => [token, token])
    expect(await statuses('/v1/auth', tokens)).toEqual([200, 200, 200, 200, 401, 401])
    expect(await statuses('/v1/auth', [limited.key, limited.key, 're_nonsense'])).toEqual([429, 429, 401])
    expect(await statuses('/v1/auth?permission=domains:read', [key.key, key.key])).toEqual([403, 403])
    for (const token of tokens)
      await server.request('POST', '/v1/keys/verify', { token: rootKey, body: { key: token } })
    const items = tokens.map((token) => ({ key: token }))
    await server.request('POST', '/v1/keys/verify/batch', { token: rootKey, body: items })
    await server.close()
    const sums: Record<string, number> = {}
    for (const { key: id, measure, amount } of await readUsageRows(database)) {
      const name = `${id === '' ? '' : { [key.id]: 'key', [limited.id]: 'limited', [revoked.id]: 'revoked' }[id]} ${measure}`
      sums[name] = (sums[name] ?? 0) + amount
    }
    expect(sums).toEqual({
      'key valid': 2 + 2 + 2,
      'key insufficient_permissions': 2,
      'limited valid': 2,
      'limited rate_limited': 2 + 2 + 2,
      'limited key/requests': 2,
      'revoked revoked': 2 + 2 + 2,
      ' malformed': 1,
    })
  })

  test('goes to the hour of the call, also if it is written in the next one', async () => {
    const database = await makeDatabase()
    const clock = makeClock((hour + 1) * hourMs - 50)
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const { key, id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [] })
    await latchkey.verify(key)
    // This one is counted in the slot of its secret.
    expect(latchkey.verifyCached(key)).toMatchObject({ valid: true })
    clock.advance(100)
    for (let i = 0; i < 3; i++) expect(latchkey.verifyCached(key)).toMatchObject({ valid: true })
    await latchkey.close()
    expect(await readAmounts(database)).toEqual({
      [`${hour} ${id} valid`]: 2,
      [`${hour + 1} ${id} valid`]: 3,
    })
  })

  test('is what a reservation drew, and then what its settlement gave back or drew beyond it', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, sealingKeys: [sealingKey] })
    await createAcme(latchkey)
    const limits = [{ name: 'credits', limit: 100, resets: null }]
    const make = () => latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [], limits })
    const [back, more] = [await make(), await make()]
    for (const [key, cost] of [
      [back, 3],
      [more, 12],
    ] as const) {
      const verdict = await latchkey.verify(key.key, { cost: 10, reserveSeconds: 60 })
      const { reservation } = verdict as { reservation: string }
      for (let i = 0; i < 2; i++) await latchkey.settle(reservation, cost)
    }
    await latchkey.close()
    const units = new Map<string, number>()
    for (const { key, measure, amount } of await readUsageRows(database))
      if (measure === 'key/credits') units.set(key, (units.get(key) ?? 0) + amount)
    expect(units).toEqual(
      new Map([
        [back.id, 3],
        [more.id, 12],
      ]),
    )
  })
})

const sealingKey = Buffer.alloc(32, 7).toString('base64')

onEachDatabase('a batch', (makeDatabase) => {
  test('that is sent again, to whichever process, is written once', async () => {
    await using stage = await openStage(await makeDatabase())
    const { first, second, save } = stage
    const batch = makeBatch(2, [count('a', 5)])
    await save(first, batch)
    await save(second, batch)
    await save(first, makeBatch(1, [count('a', 7)]))
    await save(second, { ...batch, source: 'another' })
    expect(await stage.amounts()).toEqual({ [`${hour} a valid`]: 10 })
  })

  test('that two processes are given at once is written once', async () => {
    await using stage = await openStage(await makeDatabase())
    const { first, second, save } = stage
    for (let number = 1; number <= 5; number++) {
      const batch = makeBatch(number, [count('a', 1), count('b', 1)])
      const saved = await Promise.all([first, second, first].map((store) => save(store, batch)))
      expect(saved.map(({ isWritten }) => isWritten)).toEqual([true, true, true])
    }
    expect(await stage.amounts()).toEqual({ [`${hour} a valid`]: 5, [`${hour} b valid`]: 5 })
  })

  test('that is void is never written, and one that was written is never void', async () => {
    await using stage = await openStage(await makeDatabase())
    const { first, save } = stage
    const nothing = { counts: [], uses: [], isVoid: true as const }
    const isWritten = async (batch: UsageBatch) => (await save(first, batch)).isWritten
    const [written, late] = [makeBatch(1, [count('a', 1)]), makeBatch(2, [count('a', 2)])]
    expect(await isWritten(written)).toBe(true)
    expect(await isWritten({ ...written, ...nothing })).toBe(true)
    for (let i = 0; i < 2; i++) expect(await isWritten({ ...late, ...nothing })).toBe(false)
    // Its own answer was lost, and this is the first that its process hears.
    expect(await isWritten(late)).toBe(false)
    expect(await isWritten(makeBatch(3, [count('a', 4)]))).toBe(true)
    expect(await stage.amounts()).toEqual({ [`${hour} a valid`]: 5 })
  })

  test('that comes after its hour was closed counts in the first open hour, and there as late', async () => {
    await using stage = await openStage(await makeDatabase())
    const { clock, first, save } = stage
    await save(first, makeBatch(1, [count('a', 1)]))
    const close = () => first.write((tx) => closeHours(tx, stage.at()))
    // The hour ends in half an hour, and closes a quarter of an hour later.
    clock.advance(45 * 60_000 - 1)
    await close()
    await save(first, makeBatch(2, [count('a', 2)]))
    expect(await readUsageRows(stage.database)).toMatchObject([{ period: hour, amount: 3, late: 0 }])
    clock.advance(1)
    await close()
    await save(first, makeBatch(3, [count('a', 4), count('a', 8, hour + 1), count('a', 16, hour - 9)]))
    await save(first, makeBatch(4, [count('a', 32)]))
    const after = [
      { period: hour, amount: 3, late: 0 },
      { period: hour + 1, amount: 60, late: 52 },
    ]
    expect(await readUsageRows(stage.database)).toMatchObject(after)
  })

  test('of a clock that is ahead counts in the hour that runs', async () => {
    await using stage = await openStage(await makeDatabase())
    await stage.save(stage.first, makeBatch(1, [count('a', 1, hour + 5), count('a', 2)]))
    expect(await readUsageRows(stage.database)).toMatchObject([{ period: hour, amount: 3, late: 0 }])
  })

  test('that the database refuses is told apart, dropped and told once, and all others are written', async () => {
    const database = await makeDatabase()
    await using stage = await openStage(database)
    await using direct = await connectDirectly(database)
    await direct.run(
      database.startsWith('sqlite')
        ? `create trigger refusing before insert on usage_names when new.name like 'bad %'
          begin select raise(abort, 'refused'); end`
        : `alter table usage_names add check (name not like 'bad %')`,
    )
    const told: unknown[] = []
    const recorder = new UsageRecorder({
      source: 'process',
      clock: stage.steady,
      save: (batch) => stage.save(stage.first, batch),
      onRefused: (error) => told.push(error),
    })
    const ids = Array.from({ length: 600 }, (_, i) => `key ${i}`)
    const countEach = (keyIds: readonly string[]) => {
      for (const id of keyIds)
        recorder.tallies.count(recorder.tallies.of(id, 'acme'), valid, stage.clock.now())
    }
    countEach([...ids, 'bad a', 'bad b'])
    await recorder.flush()
    countEach(['bad c', ...ids])
    await recorder.close()
    expect(await stage.amounts()).toEqual(Object.fromEntries(ids.map((id) => [`${hour} ${id} valid`, 2])))
    expect({ told: told.length, dropped: recorder.dropped }).toEqual({ told: 1, dropped: 3 })
  })

  test('is never doubled and never lost, whichever answers are lost, however slow the database is', async () => {
    await using stage = await openStage(await makeDatabase())
    const chance = mulberry32(7)
    const expected: Record<string, number> = {}
    const recorders = [stage.first, stage.second, stage.first, stage.second].map((store, i) => {
      const save = async (batch: UsageBatch) => {
        const fate = chance()
        const cause = new Error('Query read timeout')
        // Not sent; or sent, and the answer is lost, with a sign that it took long or with none.
        if (fate < 0.2) throw new LatchkeyError('store_unavailable', 'Away.')
        if (fate < 0.3) throw new LatchkeyError('store_unavailable', 'Slow.', { cause })
        const saved = await stage.save(store, batch)
        if (fate < 0.5) throw new LatchkeyError('store_unavailable', 'Lost.')
        if (fate < 0.6) throw new LatchkeyError('store_unavailable', 'Lost and slow.', { cause })
        return saved
      }
      return new UsageRecorder({ source: `process ${i}`, clock: stage.steady, save })
    })
    for (let round = 0; round < rounds(12, 200); round++) {
      for (const { tallies } of recorders)
        for (let n = 0; n < 30; n++) {
          const keyId = `key ${Math.floor(chance() * 40)}`
          tallies.count(tallies.of(keyId, 'acme'), valid, stage.clock.now())
          const place = `${hour} ${keyId} valid`
          expected[place] = (expected[place] ?? 0) + 1
        }
      await Promise.all(recorders.map((recorder) => recorder.flush().catch(() => {})))
    }
    for (const recorder of recorders) {
      let isWritten = false
      while (!isWritten)
        isWritten = await recorder.flush().then(
          () => true,
          () => false,
        )
      await recorder.close().catch(() => {})
    }
    expect(await stage.amounts()).toEqual(expected)
  })
})

onEachDatabase('the verifiers of a key', (makeDatabase) => {
  test('are at most as many as are bounded, also if several begin at once', async () => {
    const database = await makeDatabase()
    await using stage = await openStage(database)
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id: reporter } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.close()
    await using direct = await connectDirectly(database)
    const known = Array.from(
      { length: maxSourcesOfKey - 1 },
      (_, i) => `('${reporter}/old ${i}', '${reporter}', 1, 1, ${begun})`,
    )
    await direct.run(
      `insert into usage_sources (id, owner, number, written, flushed_at) values ${known.join(', ')}`,
    )
    const report = { number: 1, counts: [], profiles: [], uses: [], reporter, organizationId: 'acme' }
    const now = instantsOf(stage.first.dialect, stage.clock.now)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        saveReport(i % 2 ? stage.first : stage.second, { ...report, source: `new ${i}` }, allOfPlaces, now()),
      ),
    )
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refused.map(({ code }) => code)).toEqual(Array(7).fill('too_many_requests'))
    // One that has reported goes on.
    await saveReport(stage.first, { ...report, number: 2, source: 'old 0' }, allOfPlaces, now())
  })
})

describe('the hour of a count', () => {
  test("is the database's, as far as the process knows how far its own clock is off", async () => {
    const clock = makeClock(begun)
    const batches: UsageBatch[] = []
    const save = async (batch: UsageBatch): Promise<SavedUsage> => {
      batches.push(batch)
      return { isWritten: true, now: clock.now() + hourMs }
    }
    const recorder = new UsageRecorder({ source: 'a', clock: steadyOf(clock.now), save })
    const countOne = () => recorder.tallies.count(recorder.tallies.of('a', 'acme'), valid, clock.now())
    countOne()
    await recorder.flush()
    countOne()
    await recorder.flush()
    await recorder.close()
    expect(batches.map(({ counts }) => counts[0]?.hour)).toEqual([hour, hour + 1])
  })
})

const valid = {
  valid: true,
  code: 'valid',
  keyId: '',
  organizationId: '',
  name: '',
  permissions: [],
  expiresAt: null,
  metadata: {},
} as const

function count(keyId: string, amount: number, of = hour): UsageCount {
  return { keyId, organizationId: 'acme', hour: of, measure: 'valid', amount }
}

function makeBatch(number: number, counts: readonly UsageCount[]): UsageBatch {
  return { source: 'process', owner: '', number, counts, profiles: [], uses: [] }
}

function steadyOf(now: () => number): Pick<Clock, 'now' | 'monotonic'> {
  return { now, monotonic: () => performance.now() }
}

/** Two processes on a database, and the clock that both take for its own. */
async function openStage(database: string) {
  const clock = makeClock(begun)
  const [first, second] = [await openStore(database), await openStore(database)]
  const at = instantsOf(first.dialect, clock.now)
  return {
    database,
    clock,
    steady: steadyOf(clock.now),
    first,
    second,
    at,
    save: (store: Store, batch: UsageBatch) => saveUsage(store, batch, at()),
    amounts: () => readAmounts(database),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first.close(), second.close()])
    },
  }
}
