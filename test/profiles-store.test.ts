// How profiles of calls are written: each once, as many as a key may have a day, and the rest together.
import { expect, test } from 'vitest'
import { maxProfilesOfKey } from '../src/core/bounds.ts'
import type { ProfileCount } from '../src/core/usage-counts.ts'
import { retentionJob } from '../src/jobs/retention.ts'
import { instantsOf } from '../src/store/instants.ts'
import { readLastUses, type Use } from '../src/store/last-use.ts'
import { openStore } from '../src/store/store.ts'
import { saveUsage } from '../src/store/usage.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { makePostgres, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { runAll } from './setup/jobs.ts'
import { hourMs, readProfileRows } from './setup/usage.ts'

const begun = Date.UTC(2026, 5, 15, 12, 30)
const hour = Math.floor(begun / hourMs)
const dayMs = 24 * hourMs
const day = Math.floor(hour / 24)

function profile(more: Partial<ProfileCount> = {}): ProfileCount {
  const what = { operation: 'POST /emails', ip: '192.0.2.7', userAgent: 'curl/8', permissions: 'emails:send' }
  return { keyId: 'a', kid: 'kid-a', hour, code: 'valid', ...what, isRest: false, calls: 1, last: 5, ...more }
}

onEachDatabase('profiles of calls', (makeDatabase) => {
  async function openStage() {
    const database = await makeDatabase()
    const store = await openStore(database, () => {})
    let number = 0
    return {
      write: (profiles: ProfileCount[], now = begun, source = 'process', uses: Use[] = []) =>
        saveUsage(
          store,
          { source, owner: '', number: ++number, counts: [], profiles, uses },
          instantsOf(store.dialect, () => now)(),
        ),
      read: () => readProfileRows(database),
      store,
      async clean(now: number, places = 30) {
        const kept = { hours: 35, days: 800, places }
        await runAll(retentionJob(store, systemClock, () => now, kept))
      },
      async texts() {
        await using direct = await connectDirectly(database)
        return (await direct.run('select text from usage_texts order by text')).map(({ text }) => text)
      },
      [Symbol.asyncDispose]: () => store.close(),
    }
  }

  test('are added up by day, secret, operation, place, permissions and code, with the last call', async () => {
    await using stage = await openStage()
    await stage.write([
      profile({ calls: 2, last: 7 }),
      profile({ calls: 3, last: 6 }),
      profile({ code: 'revoked' }),
    ])
    await stage.write([
      profile({ last: 4 }),
      profile({ operation: '', ip: '', userAgent: '', permissions: '' }),
    ])
    await stage.write([profile({ hour: hour + 24, last: 9 })], begun + 24 * hourMs)
    const { hour: _, keyId, ...rest } = profile()
    const row = { ...rest, key: keyId, day }
    expect(await stage.read()).toEqual(
      expect.arrayContaining([
        { ...row, calls: 6, last: 7 },
        { ...row, code: 'revoked' },
        { ...row, operation: '', ip: '', userAgent: '', permissions: '' },
        { ...row, day: day + 1, last: 9 },
      ]),
    )
    expect(await stage.read()).toHaveLength(4)
  })

  test('are as many as a key may have a day; the others are counted together, by secret and code', async () => {
    await using stage = await openStage()
    const many = (from: number, count: number, more = {}) =>
      Array.from({ length: count }, (_, i) => profile({ userAgent: `agent ${from + i}`, ...more }))
    // What memory had no room for takes none here, and what is called most is told apart first.
    await stage.write([profile({ isRest: true, calls: 10, last: 8 }), ...many(0, 200)])
    const more = [...many(150, 200, { calls: 2 }), ...many(600, 5, { calls: 3 })]
    await stage.write([...more, ...many(0, 1, { keyId: 'b', kid: 'kid-b' })])
    await stage.write(many(0, 1))
    await stage.write(many(900, 1, { code: 'revoked' }))
    const rows = await stage.read()
    const ofA = rows.filter(({ key, isRest }) => key === 'a' && !isRest)
    expect(ofA).toHaveLength(maxProfilesOfKey)
    const surplus = 355 - maxProfilesOfKey
    const rests = rows.filter(({ isRest }) => isRest)
    expect(rests).toHaveLength(2)
    expect(rests).toMatchObject([
      { code: 'revoked', calls: 1 },
      { code: 'valid', calls: 2 * surplus + 10, last: 8, kid: 'kid-a' },
    ])
    // Whatever has a row already is counted in it.
    expect(ofA.find(({ userAgent }) => userAgent === 'agent 0')?.calls).toBe(2)
    expect(rows.filter(({ key }) => key === 'b')).toMatchObject([{ userAgent: 'agent 0', calls: 1 }])
  })

  test('lose their places after 30 days, and are deleted after 90, with texts that no row has', async () => {
    await using stage = await openStage()
    await stage.write([profile()])
    const later = begun + 5 * dayMs
    await stage.write([profile({ hour: hour + 5 * 24, operation: 'GET /emails' })], later)
    const places = async () => (await stage.read()).map(({ ip, userAgent }) => `${ip} ${userAgent}`)
    const [known, gone] = ['192.0.2.7 curl/8', ' ']
    await stage.clean(begun + 30 * dayMs)
    expect(await places()).toEqual([known, known])
    await stage.clean(begun + 31 * dayMs)
    expect(await places()).toEqual([gone, known])
    await stage.clean(begun + 31 * dayMs, 2)
    expect(await places()).toEqual([gone, gone])
    await stage.clean(begun + 90 * dayMs)
    expect(await stage.read()).toHaveLength(2)
    await stage.clean(begun + 91 * dayMs)
    expect((await stage.read()).map(({ operation }) => operation)).toEqual(['GET /emails'])
    // The kid and the permissions are noted again after a week alone, and kept so much longer.
    await stage.clean(begun + 98 * dayMs)
    expect(await stage.texts()).toContain('POST /emails')
    await stage.clean(begun + 99 * dayMs)
    expect(await stage.texts()).toEqual(['GET /emails'])
  })

  test('have a text again whose number was deleted', async () => {
    await using stage = await openStage()
    await stage.write([profile()])
    await stage.clean(begun + 99 * dayMs)
    expect(await stage.texts()).toEqual([])
    await stage.write([profile({ hour: hour + 99 * 24 })], begun + 99 * dayMs)
    expect(await stage.read()).toMatchObject([{ operation: 'POST /emails', kid: 'kid-a' }])
  })

  test('keep a text for as long as one of them has it', async () => {
    await using stage = await openStage()
    for (const later of [0, 20])
      await stage.write([profile({ hour: hour + later * 24 })], begun + later * dayMs)
    await stage.clean(begun + 110 * dayMs)
    expect(await stage.read()).toMatchObject([{ day: day + 20, operation: 'POST /emails', kid: 'kid-a' }])
  })

  test('tell with the last use of a key from where that was, in whatever order uses are written', async () => {
    await using stage = await openStage()
    const use = (at: number, kid: string) => ({
      ...{ kid, keyId: 'a', organizationId: 'acme', at },
      ...{ operation: `GET /${at}`, ip: `192.0.2.${at}`, userAgent: `agent ${at}` },
    })
    const read = async () => (await stage.store.read((db) => readLastUses(db, ['a']))).get('a')
    const last = { at: 7, kid: 'new', operation: 'GET /7', ip: '192.0.2.7', user_agent: 'agent 7' }
    await stage.write([], begun, 'first', [use(7, 'new'), use(5, 'old')])
    expect(await read()).toMatchObject(last)
    await stage.write([], begun, 'second', [use(6, 'new')])
    expect(await read()).toMatchObject(last)
    await stage.write([], begun, 'second', [use(8, 'old')])
    expect(await read()).toMatchObject({ at: 8, kid: 'old', operation: 'GET /8', ip: '192.0.2.8' })
  })
})

test('on PostgreSQL a profile gets a text anew that is deleted while it is written', async () => {
  await using ownDatabase = await makePostgres()
  const { url } = ownDatabase
  const store = await openStore(url, () => {})
  const write = (number: number, days: number) =>
    saveUsage(
      store,
      {
        ...{ source: 'process', owner: '', number, counts: [], uses: [] },
        profiles: [profile({ hour: hour + days * 24 })],
      },
      instantsOf(store.dialect, () => begun + days * dayMs)(),
    )
  await write(1, 0)
  await using direct = await connectDirectly(url)
  await using watch = await connectDirectly(url)
  await direct.run('begin')
  await direct.run('delete from usage_texts')
  const writing = write(2, 20)
  await expect
    .poll(() => watch.run('select 1 from pg_locks where not granted'), { interval: 10 })
    .not.toEqual([])
  await direct.run('commit')
  await writing
  await store.close()
  const rows = await readProfileRows(url)
  expect(rows).toMatchObject([
    { day: day + 20, kid: 'kid-a', operation: 'POST /emails', permissions: 'emails:send' },
  ])
})
