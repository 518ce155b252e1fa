// The value that the console's page alone holds: the cookie, which goes to every port of the host, opens nothing by
// itself, and to try it ends nothing.
import { expect, test } from 'vitest'
import { routes } from '../src/server/app.ts'
import { createAcme } from './setup/acme.ts'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { send, startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'
import { ask, expectEnded, type Headers, makeKey, signIn, writeUses } from './setup/sessions.ts'

/** What somebody may send as the page's value who does not hold it. */
const guesses: Record<string, Headers> = {
  none: {},
  empty: { 'latchkey-session': '' },
  'another session’s form': { 'latchkey-session': 'a'.repeat(43) },
  malformed: { 'latchkey-session': "' or 1=1 --" },
}

onOneDatabase('SQLite', 'the value of the page', (makeDatabase) => {
  test('a program on another port that got the cookie neither reads nor changes anything', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    const other = await signIn(server, (await makeKey(server.latchkey)).key)
    const { cookie } = browser
    await writeUses(server)
    const before = await readAll(database)
    const shown = Object.entries({
      ...guesses,
      'the value of another session': { 'latchkey-session': other.browser['latchkey-session'] },
      'the value of the cookie': { 'latchkey-session': cookie.slice('latchkey='.length) },
      'all but its end': { 'latchkey-session': `${browser['latchkey-session'].slice(0, 42)}-` },
    })
    for (const { method, path, operationId, access, tokenOnly, portal, form } of routes) {
      if (access === 'public') continue
      const target = path.replaceAll(/\{\w+\}/g, 'root')
      for (const [what, headers] of shown) {
        // A program says of its request whatever it likes.
        const answer = await ask(server, method, target, { cookie, ...headers }, bodyOf(method))
        if (form) expect(answer.json.error, operationId).toBe('invalid_client')
        else if (tokenOnly || portal) expect(answer.json.code, operationId).toBe('missing_token')
        else expectEnded(answer, `${operationId} with ${what}`)
      }
    }
    expect(await readAll(database)).toBe(before)
    expect((await ask(server, 'GET', '/v1/keys/self', browser)).status).toBe(200)
    await server.close()
  })

  test('the answer tells nothing of whether the cookie is that of a live session', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser } = await signIn(server, server.rootKey)
    const over = await signIn(server, server.rootKey)
    await ask(server, 'DELETE', '/v1/sessions/self', over.browser)
    for (const [what, headers] of Object.entries(guesses)) {
      const answers = new Set<string>()
      for (const cookie of [browser.cookie, over.browser.cookie, `latchkey=${'b'.repeat(43)}`]) {
        const answer = await ask(server, 'GET', '/v1/keys', { cookie, 'x-request-id': 'same', ...headers })
        expectEnded(answer as TestAnswer, what)
        answers.add(JSON.stringify([answer.text, [...answer.headers].filter(([name]) => name !== 'date')]))
      }
      expect(answers.size, what).toBe(1)
    }
    await server.close()
  })

  test('a request without the value asks no database', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    await using direct = await connectDirectly(database)
    await direct.run('alter table sessions rename to elsewhere')
    expectEnded(await ask(server, 'GET', '/v1/keys', { cookie: browser.cookie }))
    expect((await ask(server, 'GET', '/v1/keys', browser)).status).toBe(503)
    await direct.run('alter table elsewhere rename to sessions')
    await server.close()
  })

  test('a cookie that was planted shows somebody who is not signed in nothing, over TLS too', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser: attacker } = await signIn(server, (await makeKey(server.latchkey)).key)
    // Behind a proxy that nobody told of, a GET names no Origin: by its looks it came without TLS.
    for (const headers of [
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' },
    ]) {
      const answer = await send(server.url, 'GET', '/v1/keys/self', {
        headers: { cookie: attacker.cookie, ...headers },
      })
      expectEnded(answer as TestAnswer)
    }
    await server.close()
  })

  test('who signs in over a live session ends it, whatever key each is of, and a cookie alone ends none', async () => {
    const server = await startTestServer(await makeDatabase())
    const { latchkey } = server
    await createAcme(latchkey)
    const admin = await makeKey(latchkey, ['latchkey:keys:read'], 'acme')
    const first = await signIn(server, server.rootKey)
    const thief = await makeKey(latchkey, ['latchkey:keys:read'], 'acme')
    await signIn(server, thief.key, { cookie: first.browser.cookie, ...sameOrigin })
    await signIn(server, thief.key, { ...first.browser, 'latchkey-session': 'a'.repeat(43), ...sameOrigin })
    // Another page cannot, even if it had both.
    await signIn(server, thief.key, { ...first.browser, 'sec-fetch-site': 'same-site' })
    expect(await isLive(server, first.browser)).toBe(true)

    const second = await signIn(server, admin.key, {
      ...first.browser,
      ...sameOrigin,
      'x-request-id': 'over',
    })
    expect(await isLive(server, first.browser)).toBe(false)
    expect(await isLive(server, second.browser)).toBe(true)
    const { items } = await latchkey.audit.list({ action: 'session.ended' })
    expect(items).toMatchObject([
      {
        organizationId: 'root',
        changes: { session_id: first.session.id },
        requestId: 'over',
        ip: '127.0.0.1',
      },
    ])
    expect(items[0]?.actor).toBe(items[0]?.keyId)
    const third = await signIn(server, admin.key, { ...second.browser, ...sameOrigin })
    expect(await isLive(server, second.browser)).toBe(false)
    expect(await isLive(server, third.browser)).toBe(true)
    // What is over already is no reason against a new one.
    await signIn(server, admin.key, { ...second.browser, ...sameOrigin })
    expect((await latchkey.audit.list({ action: 'session.ended' })).items).toHaveLength(2)
    await server.close()
  })

  test('a session of before there was such a value opens nothing', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    await using direct = await connectDirectly(database)
    await direct.run('update sessions set page_digest = null')
    expectEnded(await ask(server, 'GET', '/v1/keys', browser))
    await server.close()
  })
})

const sameOrigin = { 'sec-fetch-site': 'same-origin' }

async function isLive(server: TestServer, browser: Headers): Promise<boolean> {
  return (await ask(server, 'GET', '/v1/keys/self', browser)).status === 200
}

function bodyOf(method: string): unknown {
  return method === 'POST' || method === 'PATCH' ? { name: 'Mine', permissions: ['latchkey:*'] } : undefined
}
