// How often a key may sign in: a program in a loop writes few rows, whoever else signs in meanwhile.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { startTestServer } from './setup/server.ts'
import { makeKey, signIn } from './setup/sessions.ts'

onEachDatabase('signing in over and over', (makeDatabase) => {
  test('a key signs in thirty times a minute, over all processes, and is told when it may again', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const server = await startTestServer(database, { now: clock.now })
    const second = await openLatchkey({ database, now: clock.now })
    const key = await makeKey(server.latchkey)
    const other = await makeKey(server.latchkey)
    const start = () => server.request('POST', '/v1/sessions', { token: key.key })
    await server.latchkey.sessions.start(key.key)
    clock.advance(10_000)
    for (let i = 0; i < 14; i++) await second.sessions.start(key.key)
    const answers = await Promise.all(Array.from({ length: 20 }, start))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(15)
    const refused = await start()
    expect(refused).toMatchObject({ status: 429, json: { code: 'too_many_sessions' } })
    expect(refused.headers.get('retry-after')).toBe('50')
    expect(refused.headers.get('set-cookie')).toBeNull()
    const before = await readAll(database)
    for (let i = 0; i < 20; i++) expect((await start()).status).toBe(429)
    await expect(second.sessions.start(key.key)).rejects.toMatchObject({ code: 'too_many_sessions' })
    expect(await readAll(database)).toBe(before)
    // Neither another key nor what is already signed in is held up.
    await second.sessions.start(other.key)

    clock.advance(49_999)
    expect((await start()).headers.get('retry-after')).toBe('1')
    clock.advance(1)
    expect((await start()).status).toBe(200)
    expect((await start()).status).toBe(429)
    clock.advance(60_000)
    expect((await start()).status).toBe(200)
    await second.close()
    await server.close()
  })

  test('of many sign-ins at once no more succeed, though the clock goes on while they wait for each other', async () => {
    const clock = makeClock()
    const now = () => {
      clock.advance(1)
      return clock.now()
    }
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Signing in' })
    const started = await Promise.allSettled(Array.from({ length: 50 }, () => latchkey.sessions.start(key)))
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(30)
  })

  test('a fresh sign-in counts as one, and ending sessions makes no room', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const server = await startTestServer(database, { now: clock.now })
    const key = await makeKey(server.latchkey)
    const { browser } = await signIn(server, key.key)
    const headers = { ...browser, 'sec-fetch-site': 'same-origin' }
    const refresh = () => server.request('POST', '/v1/sessions/self/refresh', { token: key.key, headers })
    for (let i = 0; i < 19; i++) expect((await refresh()).status).toBe(200)
    for (let i = 0; i < 10; i++) {
      const again = await signIn(server, key.key)
      await server.request('DELETE', `/v1/sessions/${again.session.id}`, { token: key.key })
    }
    for (const answer of [await refresh(), await server.request('POST', '/v1/sessions', { token: key.key })])
      expect(answer).toMatchObject({ status: 429, json: { code: 'too_many_sessions' } })
    await using direct = await connectDirectly(database)
    const rows = await direct.run(`select id from audit_events where action like 'session.%'`)
    expect(rows.length).toBe(40)
    await server.close()
  })

  test('made-up cookies wait for their own address, and hold up nobody who is signed in', async () => {
    const latchkey = await openLatchkey({ database: await makeDatabase() })
    const key = await latchkey.createRootKey()
    const started = await latchkey.sessions.start(key.key)
    const elsewhere = await latchkey.sessions.start(key.key)
    const from = { ip: '198.51.100.7' }
    expect(await latchkey.sessions.authenticate(started, from)).toBeDefined()
    const madeUp = Array.from({ length: 300 }, (_, i) => {
      const value = String(i).padEnd(43, 'a')
      return latchkey.sessions.authenticate({ value, pageValue: value }, from)
    })
    const flood = Promise.allSettled(madeUp)
    // Known from before, even from the same address; and another address has turns of its own.
    expect(await latchkey.sessions.authenticate(started, from)).toBeDefined()
    expect(await latchkey.sessions.authenticate(elsewhere, { ip: '203.0.113.9' })).toBeDefined()
    const outcomes = await flood
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.length).toBeGreaterThan(200)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'store_unavailable' })
    await latchkey.close()
  })

  test('a clock that is set back shuts nobody out', async () => {
    const clock = makeClock()
    const latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const key = await latchkey.createRootKey()
    for (let i = 0; i < 30; i++) await latchkey.sessions.start(key.key)
    await expect(latchkey.sessions.start(key.key)).rejects.toMatchObject({ code: 'too_many_sessions' })
    clock.advance(-3_600_000)
    await latchkey.sessions.start(key.key)
    await latchkey.close()
  })
})
