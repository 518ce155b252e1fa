// What a browser is given for a token, how it shows it, and from which pages that is believed.
import { expect, test } from 'vitest'
import { routes } from '../src/server/app.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { send, startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'
import { ask, expectEnded, type Headers, makeKey, signIn, writeUses } from './setup/sessions.ts'

const hour = 3_600_000
const attributes = 'Path=/; Max-Age=43200; HttpOnly; SameSite=Strict'

onEachDatabase('the cookie of a session', (makeDatabase) => {
  test('a token that may read keys is exchanged for a cookie that no script and no other site can use', async () => {
    const clock = makeClock()
    const server = await startTestServer(await makeDatabase(), { now: clock.now })
    const { session, answer } = await signIn(server, server.rootKey, { 'user-agent': 'Firefox/140' })
    expect(answer.headers.get('set-cookie')).toMatch(/^latchkey=[A-Za-z0-9_-]{43}; /)
    expect(answer.headers.get('set-cookie')?.split(/; (.*)/)[1]).toBe(attributes)
    expect(answer.json.page_value).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(answer.headers.get('set-cookie')).not.toContain(answer.json.page_value)
    expect(session).toEqual({
      id: expect.any(String),
      created_at: clock.in(0).toISOString(),
      last_seen_at: clock.in(0).toISOString(),
      expires_at: clock.in(12 * hour).toISOString(),
      idle_expires_at: clock.in(hour).toISOString(),
      ip: '127.0.0.1',
      user_agent: 'Firefox/140',
      current: true,
      fresh_until: clock.in(hour / 6).toISOString(),
      provider: null,
    })
    const nobody = await makeKey(server.latchkey, ['emails:send'])
    const refused = await server.request('POST', '/v1/sessions', { token: nobody.key })
    expect(refused).toMatchObject({ status: 403, json: { code: 'missing_permission' } })
    expect(refused.headers.get('set-cookie')).toBeNull()
    await server.close()
  })

  test('over TLS the cookie is Secure and of this host alone, and only the browser or a trusted proxy can say so', async () => {
    const server = await startTestServer(await makeDatabase(), { trustedProxies: ['127.0.0.1'] })
    const stranger = await startTestServer(await makeDatabase())
    const forwarded = { 'x-forwarded-proto': 'https' }
    for (const headers of [{ origin: 'https://keys.example.com' }, forwarded]) {
      const { answer } = await signIn(server, server.rootKey, headers)
      expect(answer.headers.get('set-cookie')).toMatch(/^__Host-latchkey=[A-Za-z0-9_-]{43}; /)
      expect(answer.headers.get('set-cookie')?.split(/; (.*)/)[1]).toBe(`${attributes}; Secure`)
    }
    const plain: [TestServer, Headers][] = [
      [server, { origin: 'http://127.0.0.1:1' }],
      [server, { 'x-forwarded-proto': 'http' }],
      [server, { 'x-forwarded-proto': 'https, http' }],
      [stranger, forwarded],
    ]
    for (const [asked, headers] of plain) {
      const { answer } = await signIn(asked, asked.rootKey, headers)
      expect(answer.headers.get('set-cookie')).toMatch(/^latchkey=/)
    }
    await server.close()
    await stranger.close()
  })

  test('the value is in one answer only: not in the database, the log or any list', async () => {
    const database = await makeDatabase()
    const drawn: Uint8Array[] = []
    const server = await startTestServer(database, {
      random: (bytes) => {
        crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)
        drawn.push(bytes.slice())
        return bytes
      },
    })
    const { browser, answer, session } = await signIn(server, server.rootKey)
    const values = [browser.cookie.slice('latchkey='.length), browser['latchkey-session']]
    for (const value of values) {
      const bytes = Buffer.from(value, 'base64url')
      expect(drawn.some((each) => bytes.equals(each))).toBe(true)
    }
    const list = await ask(server, 'GET', '/v1/sessions', browser)
    const audit = await ask(server, 'GET', '/v1/audit-log', browser)
    await ask(server, 'DELETE', `/v1/sessions/${session.id}`, browser)
    expectEnded(await ask(server, 'GET', '/v1/sessions', browser))
    const again = await signIn(server, server.rootKey)
    const rows = await readAll(database)
    // Its own value a page must be told once; that of the cookie nobody.
    expect(list.text + audit.text).not.toContain(values[1])
    const written = [
      answer.text.replace(values[1] as string, ''),
      list.text,
      audit.text,
      JSON.stringify(server.log),
      rows,
    ].join('\n')
    expect(written).toContain(again.session.id)
    for (const secret of [...values, again.browser.cookie.slice('latchkey='.length)]) {
      for (const bytes of [Buffer.from(secret), Buffer.from(secret, 'base64url')]) {
        // As JSON has the bytes of either database.
        const decimals = [bytes.toJSON().data, new Uint8Array(bytes)].map((each) => JSON.stringify(each))
        const texts = [secret, bytes.toString('hex'), bytes.toString('base64')]
        for (const form of [...texts, ...decimals.map((each) => each.slice(1, -1))]) {
          expect(written).not.toContain(form.slice(0, 24))
        }
      }
    }
    await server.close()
  })

  test('a session cannot open a session nor follow changes, and its cookie says nothing to a proxy', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    const before = await readAll(database)
    for (const [method, path] of [
      ['POST', '/v1/sessions'],
      ['GET', '/v1/changes'],
      ['POST', '/v1/sessions/self/refresh'],
    ] as const) {
      const refused = await ask(server, method, path, browser)
      expect(refused, path).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    }
    const judged = await ask(server, 'GET', '/v1/auth', browser)
    expect(judged.status).toBe(401)
    expect(judged.headers.get('x-latchkey-code')).toBe('missing_token')
    expect(await readAll(database)).toBe(before)
    await server.close()
  })

  test('Authorization comes before the cookie, whatever it holds', async () => {
    const server = await startTestServer(await makeDatabase())
    const other = await makeKey(server.latchkey)
    const { browser } = await signIn(server, server.rootKey)
    const withBoth = (authorization: string, site = 'same-origin') =>
      server.request('GET', '/v1/keys/self', {
        headers: { ...browser, 'sec-fetch-site': site, authorization },
      })
    expect((await withBoth(`Bearer ${other.key}`)).json.id).toBe(other.id)
    // A token is no browser's: it is served from wherever it comes.
    expect((await withBoth(`Bearer ${other.key}`, 'cross-site')).status).toBe(200)
    expect((await withBoth('Bearer nonsense')).json.code).toBe('invalid_token')
    expect((await withBoth('Basic cm9vdDpyb290')).json.code).toBe('missing_token')
    await server.close()
  })

  test('a request by cookie is served to our own page alone, and any other changes nothing', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser } = await signIn(server, server.rootKey)
    const host = new URL(server.url).host
    const origins = {
      ours: `http://${host}`,
      'ours over TLS': `https://${host}`,
      none: undefined,
      foreign: 'https://evil.example',
      'another port': 'http://127.0.0.1:1',
      'a name like ours': `http://${host}.evil.example`,
      opaque: 'null',
    }
    const isOurs = (name: string) => name.startsWith('ours')
    let target = await makeKey(server.latchkey)
    // Every change has its event.
    const lastEvent = async () => (await server.latchkey.audit.list({ limit: 1 })).items[0]?.id
    for (const site of ['same-origin', 'none', 'same-site', 'cross-site', 'nonsense', undefined]) {
      for (const [name, origin] of Object.entries(origins)) {
        for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
          const isRead = method === 'GET' || method === 'HEAD'
          const served =
            site === undefined
              ? isOurs(name) || (isRead && name === 'none')
              : site === 'same-origin' || (site === 'none' && isRead)
          const isTls = origin?.startsWith('https:') === true
          const headers = {
            ...browser,
            cookie: isTls ? `__Host-${browser.cookie}` : browser.cookie,
            ...(site !== undefined && { 'sec-fetch-site': site }),
            ...(origin !== undefined && { origin }),
          }
          const what = `${method} ${site} ${name}`
          const before = await lastEvent()
          const path = isRead || method === 'POST' ? '/v1/keys' : `/v1/keys/${target.id}`
          const body = method === 'POST' || method === 'PATCH' ? { name: what } : undefined
          const answer = await send<Record<string, unknown>>(server.url, method, path, { headers, body })
          expect(answer.status, what).toBe(served ? 200 : 403)
          if (!served && method !== 'HEAD') expect(answer.json.code, what).toBe('cross_site_request')
          expect(answer.headers.get('set-cookie'), what).toBeNull()
          expect((await lastEvent()) === before, what).toBe(isRead || !served)
          if (served && method === 'DELETE') target = await makeKey(server.latchkey)
        }
      }
    }
    await server.close()
  })

  test('every guarded call refuses a cookie that comes from another site, or whose session is over', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    const over = await signIn(server, server.rootKey)
    await ask(server, 'DELETE', '/v1/sessions/self', over.browser)
    await writeUses(server)
    const before = await readAll(database)
    const guarded = routes.filter(({ access }) => access !== 'public')
    expect(guarded.length).toBeGreaterThan(18)
    for (const { method, path, operationId, tokenOnly, portal, form } of guarded) {
      const target = path.replaceAll(/\{\w+\}/g, 'root')
      for (const site of ['same-site', 'cross-site']) {
        const headers = { ...browser, 'sec-fetch-site': site }
        const answer = await server.request(method, target, { headers })
        const refusal = tokenOnly || portal ? [401, 'missing_token'] : [403, 'cross_site_request']
        // The endpoints of OAuth 2.0 name their errors otherwise.
        const given = form ? answer.json.error : answer.json.code
        expect([answer.status, given], operationId).toEqual(form ? [401, 'invalid_client'] : refusal)
      }
      if (!tokenOnly && !portal) expectEnded(await ask(server, method, target, over.browser))
    }
    expect(await readAll(database)).toBe(before)
    await server.close()
  })

  test('a cookie that another page planted opens nothing', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser } = await signIn(server, server.rootKey)
    const { browser: planted } = await signIn(server, (await makeKey(server.latchkey)).key)
    const { cookie } = browser
    const self = (cookies: string, headers: Headers = {}) =>
      send<Record<string, unknown>>(server.url, 'GET', '/v1/keys/self', {
        headers: { ...browser, cookie: cookies, 'sec-fetch-site': 'same-origin', ...headers },
      })
    // Of two of a name nobody knows which is ours; the one that cannot be planted comes first.
    expect((await self(`${cookie}; ${planted.cookie}`)).json.code).toBe('session_ended')
    const { id } = (await self(cookie)).json
    expect((await self(`${planted.cookie}; a=b; __Host-${cookie}`)).json.id).toBe(id)
    expect((await self(planted.cookie, { origin: 'https://keys.example.com' })).json.code).toBe(
      'missing_token',
    )
    expect((await self(`xlatchkey=1; ${cookie} ; latchkey2=x`)).json.id).toBe(id)
    expect((await self('theme=dark')).json.code).toBe('missing_token')
    await server.close()
  })

  test('whitespace of any other kind before a name makes it another name, which no prefix guards', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser } = await signIn(server, server.rootKey)
    for (const sign of ['\u00a0', '\u0085', '\u00ad']) {
      for (const name of [browser.cookie, `__Host-${browser.cookie}`]) {
        const planted = { ...browser, cookie: `a=b; ${sign}${name}`, 'sec-fetch-site': 'same-origin' }
        for (const path of ['/v1/keys/self', '/v1/audit-log']) {
          const refused = await server.request('GET', path, { headers: planted })
          expect(refused.json.code, JSON.stringify(planted.cookie)).toBe('missing_token')
        }
      }
    }
    await server.close()
  })

  test('a cookie that was set over TLS serves no page that came without, where Origin alone can tell', async () => {
    const server = await startTestServer(await makeDatabase())
    const { browser } = await signIn(server, server.rootKey, { origin: 'https://keys.example.com' })
    const { host } = new URL(server.url)
    const create = (origin: string) =>
      server.request('POST', '/v1/keys', { headers: { ...browser, origin }, body: { name: 'CI' } })
    expect((await create(`http://${host}`)).json.code).toBe('cross_site_request')
    expect((await create(`https://${host}`)).status).toBe(200)
    await server.close()
  })

  test('what is no session of ours is one refusal, to the byte', async () => {
    const server = await startTestServer(await makeDatabase())
    const values = [
      '',
      'x',
      'a'.repeat(43),
      'a'.repeat(44),
      `${'a'.repeat(42)}=`,
      "' or 1=1 --",
      server.rootKey,
    ]
    const answers = new Set<string>()
    for (const value of values) {
      const answer = await send(server.url, 'GET', '/v1/keys/self', {
        headers: {
          cookie: `latchkey=${value}`,
          'latchkey-session': 'a'.repeat(43),
          'sec-fetch-site': 'same-origin',
          'x-request-id': 'same',
        },
      })
      expectEnded(answer as TestAnswer)
      answers.add(answer.text)
    }
    expect(answers.size).toBe(1)
    await server.close()
  })
})
