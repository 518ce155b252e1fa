// The configurations of examples/gateways, run by the proxies themselves between a client and an upstream: who
// gets through, what reaches the upstream, and that nobody gets through where Latchkey does not answer.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LimitInput } from '../src/core/shapes/limits.ts'
import type { CreatedKey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import {
  accepts,
  type Gateway,
  gateways,
  sendLines,
  startGateway,
  startSilence,
  startUpstream,
} from './setup/gateways.ts'
import { areaOf, readingsOf } from './setup/path-readings.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { send, startTestServer, type TestServer } from './setup/server.ts'

const { targets: spellings }: { targets: string[] } = JSON.parse(
  readFileSync(new URL('setup/path-spellings.json', import.meta.url), 'utf8'),
)

describe.each(Object.keys(gateways))('the example for %s', (name) => {
  const { skip, note } = wants(missingPrograms([name]))

  describe.skipIf(skip)(`runs${note}`, () => {
    const stack = new AsyncDisposableStack()
    let server: TestServer
    let upstream: Awaited<ReturnType<typeof startUpstream>>
    let gateway: Gateway
    let sender: CreatedKey
    let reader: CreatedKey
    const create = (permissions: string[]) =>
      server.latchkey.keys.create({ organizationId: 'acme', name: 'Key', permissions })
    beforeAll(async () => {
      const database = makeSqlite()
      stack.defer(database.remove)
      server = await startTestServer(database.url)
      stack.defer(() => server.close())
      await createAcme(server.latchkey)
      sender = await create(['emails:*'])
      reader = await create(['files:read'])
      upstream = stack.use(await startUpstream())
      gateway = stack.use(await startGateway(name, server.url, upstream.url))
    })
    afterEach(() => {
      upstream.reached.length = 0
    })
    afterAll(() => stack.disposeAsync())

    const headersThatReached = () => {
      expect(upstream.reached).toHaveLength(1)
      const raw = upstream.reached[0]?.rawHeaders ?? []
      return raw.flatMap((value, i) => (i % 2 === 1 ? [[raw[i - 1]?.toLowerCase(), value]] : []))
    }
    const identity = () => headersThatReached().filter(([field]) => /^x[-_]latchkey/.test(field as string))
    const identityOf = ({ id, permissions }: CreatedKey) => [
      ['x-latchkey-key-id', id],
      ['x-latchkey-organization-id', 'acme'],
      ['x-latchkey-permissions', permissions.join(' ')],
    ]

    test('it listens on 127.0.0.1 and on no other address', async () => {
      const { port } = new URL(gateway.url)
      expect(await accepts(`127.0.0.1:${port}`)).toBe(true)
      expect(await accepts(`127.0.0.2:${port}`)).toBe(false)
    })

    test('a valid key comes through by either header, whole, and the upstream learns whose it is', async () => {
      for (const headers of [{ authorization: `Bearer ${sender.key}` }, { 'x-api-key': sender.key }]) {
        const body = { to: 'ada', text: 'x'.repeat(20_000) }
        const answer = await send(gateway.url, 'POST', '/emails/outbox?draft=1&permission=no', {
          headers,
          body,
        })
        expect([answer.status, answer.text]).toEqual([200, 'from the upstream'])
        expect(upstream.reached[0]).toMatchObject({
          method: 'POST',
          url: '/emails/outbox?draft=1&permission=no',
          body: JSON.stringify(body),
        })
        expect(identity().sort()).toEqual(identityOf(sender))
        upstream.reached.length = 0
      }
    })

    test('the token does not reach the upstream', async () => {
      const headers = { authorization: `Bearer ${sender.key}`, 'x-api-key': sender.key }
      expect((await send(gateway.url, 'GET', '/me', { headers })).status).toBe(200)
      expect(JSON.stringify(headersThatReached())).not.toContain(sender.key)
    })

    test('each route wants its own permission', async () => {
      const get = async (path: string, token: string) =>
        (await send(gateway.url, 'GET', path, { token })).status
      expect(await get('/emails', sender.key)).toBe(200)
      expect(await get('/files/a', reader.key)).toBe(200)
      expect(await get('/me', reader.key)).toBe(200)
      upstream.reached.length = 0
      expect(await get('/emails', reader.key)).toBe(403)
      expect(await get('/files/a', sender.key)).toBe(403)
      expect(await get('/files', sender.key)).toBe(403)
      const refused = await send(gateway.url, 'GET', '/files', { token: sender.key })
      expect([...refused.headers.keys()].filter((field) => field.startsWith('x-latchkey'))).toEqual([])
      expect(upstream.reached).toEqual([])
    })

    test('without a token, or with one that opens nothing, nobody comes through', async () => {
      const { id, key } = await create(['emails:send'])
      expect((await send(gateway.url, 'GET', '/emails', { token: key })).status).toBe(200)
      await server.latchkey.keys.revoke(id)
      upstream.reached.length = 0
      const unknown = `re_${'0'.repeat(65)}`
      for (const headers of [
        {},
        { authorization: 'Basic YTpi' },
        { authorization: 'Bearer nonsense' },
        { authorization: `Bearer ${unknown}` },
        { authorization: `Bearer ${key}` },
        { 'x-api-key': key },
        { authorization: `Bearer ${sender.key}`, 'x-api-key': reader.key },
      ]) {
        const answer = await send(gateway.url, 'GET', '/emails', { headers })
        expect(answer.status, JSON.stringify(headers)).toBe(401)
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
        expect([...answer.headers.keys()].filter((field) => field.startsWith('x-latchkey'))).toEqual([])
      }
      expect(upstream.reached).toEqual([])
    })

    test('what is no route, or hides which one it is, reaches nobody', async () => {
      for (const path of [
        '/',
        '/emailsx',
        '/other',
        '/_latchkey',
        '/_latchkey_any',
        '/files/../emails',
        '/files/%2e%2e/emails',
        '/files/..%2femails',
        '/files/%2E%2E%2Femails',
        '/emails/..%5cfiles',
        '//emails',
        '/files//../emails',
        '/files/.',
        '/files/./a',
        '/files/%252e%252e/emails',
        '/%65mails/..',
      ]) {
        const answer = await sendLines(gateway.url, [`GET ${path} HTTP/1.1`, `X-Api-Key: ${reader.key}`])
        expect(answer, path).toMatch(/^HTTP\/1.[01] (400|403|404) /)
      }
      expect(upstream.reached).toEqual([])
    })

    test('no spelling of a path reaches another area than the one that the key opens', async () => {
      const keys = { emails: sender, files: reader }
      for (const [own, other] of [
        ['emails', 'files'],
        ['files', 'emails'],
      ] as const) {
        for (const spelling of spellings) {
          const target = spelling.replaceAll('{own}', own).replaceAll('{other}', other)
          await sendLines(gateway.url, [`GET ${target} HTTP/1.1`, `X-Api-Key: ${keys[own].key}`])
          for (const { url } of upstream.reached.splice(0)) {
            const areas = new Set([...readingsOf(url)].map(areaOf))
            expect([...areas], `${JSON.stringify(target)} came as ${JSON.stringify(url)}`).toEqual([own])
          }
        }
      }
      // The same eyes see what an open door lets through.
      expect([...readingsOf('/emails/..;/files/1')].map(areaOf)).toContain('files')
    })

    test('a preflight comes through without a token, and is nothing but one', async () => {
      const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: POST']
      const ask = (first: string, fields: string[], body?: string) =>
        sendLines(gateway.url, [first, ...fields], body)
      for (const path of ['/emails', '/emails/1?a=b', '/files/a', '/me']) {
        const answer = await ask(`OPTIONS ${path} HTTP/1.1`, [
          ...preflight,
          'Access-Control-Request-Headers: authorization',
          'X-Latchkey-Key-Id: forged',
          'X_Latchkey_Key_Id: forged',
          'X-HTTP-Method-Override: DELETE',
          'X-HTTP-Method: DELETE',
          'X-Method-Override: DELETE',
          `Authorization: Bearer ${sender.key}`,
        ])
        expect(answer, path).toMatch(/^HTTP\/1.[01] 200 /)
        expect(upstream.reached[0]).toMatchObject({ method: 'OPTIONS', url: path })
        const fields = headersThatReached().map(([field]) => field)
        expect(fields).toEqual(expect.arrayContaining(['origin', 'access-control-request-method']))
        expect(
          fields.filter((field) => /method-?override|http-method|latchkey|authorization/i.test(field ?? '')),
        ).toEqual([])
        upstream.reached.length = 0
      }
      for (const [first, fields, status] of [
        ['OPTIONS /emails HTTP/1.1', [], 401],
        ['OPTIONS /emails HTTP/1.1', [preflight[0]], 401],
        ['OPTIONS /emails HTTP/1.1', [preflight[1]], 401],
        ['OPTIONS /emails HTTP/1.1', ['Origin:', preflight[1], 'X-Any: 1 1'], 401],
        ['options /emails HTTP/1.1', preflight, '40[0-5]'],
        ['OPTIONSX /emails HTTP/1.1', preflight, '40[0-5]'],
        ['GET /emails HTTP/1.1', preflight, 401],
        ['POST /emails HTTP/1.1', preflight, 401],
        ['DELETE /emails HTTP/1.1', [...preflight, 'X-HTTP-Method-Override: OPTIONS'], 401],
        ['OPTIONS /other HTTP/1.1', preflight, 404],
        ['OPTIONS /emails/..;/files/1 HTTP/1.1', preflight, 400],
        // Caddy answers this one itself.
        ['OPTIONS * HTTP/1.1', preflight, '(?:200|40[0-5])'],
      ] as [string, string[], number | string][]) {
        expect(await ask(first, fields), first + fields).toMatch(new RegExp(`^HTTP/1.[01] ${status} `))
      }
      expect(upstream.reached).toEqual([])
      // Without a preflight's headers a key asks as for any other method.
      const own = await ask('OPTIONS /emails HTTP/1.1', [`X-Api-Key: ${sender.key}`])
      expect(own).toMatch(/^HTTP\/1.[01] 200 /)
      expect(identity().sort()).toEqual(identityOf(sender))
    })

    test('what a client says under our names never reaches the upstream', async () => {
      const answer = await sendLines(gateway.url, [
        'GET /emails HTTP/1.1',
        `Authorization: Bearer ${sender.key}`,
        ...['Key-Id', 'Organization-Id', 'Permissions', 'Code'].flatMap((end) => [
          `X-Latchkey-${end}: forged`,
          `x-latchkey-${end.toLowerCase()}: forged`,
          `X-LATCHKEY-${end.toUpperCase()}: forged`,
          `x-LatchKey-${end}: forged`,
          `X_Latchkey_${end.replace('-', '_')}: forged`,
          `x_latchkey_${end.replace('-', '_').toLowerCase()}: forged`,
          `X-Latchkey_${end.replace('-', '_')}: forged`,
          `X_LATCHKEY-${end.toUpperCase()}: forged`,
        ]),
      ])
      expect(answer).toMatch(/^HTTP\/1.[01] 200 /)
      expect(identity().sort()).toEqual(identityOf(sender))
    })

    test('a client that has our headers taken for those of one connection gains nothing', async () => {
      const names = 'X-Latchkey-Key-Id, X-Latchkey-Organization-Id, X-Latchkey-Permissions'
      for (const connection of [names, 'Authorization', 'X-Api-Key']) {
        const answer = await sendLines(gateway.url, [
          'GET /emails HTTP/1.1',
          `Connection: close, ${connection}`,
          `Authorization: Bearer ${reader.key}`,
          'X-Latchkey-Key-Id: forged',
        ])
        expect(answer).toMatch(/^HTTP\/1.[01] (401|403) /)
      }
      expect(upstream.reached).toEqual([])
      await sendLines(gateway.url, [
        'GET /emails HTTP/1.1',
        `Connection: close, ${names}`,
        `Authorization: Bearer ${sender.key}`,
        'X-Latchkey-Key-Id: forged',
      ])
      const allowed = identityOf(sender).map(String)
      expect(identity().filter((header) => !allowed.includes(String(header)))).toEqual([])
    })

    test('a key with as many permissions as there may be comes through', async () => {
      const permissions = Array.from({ length: 127 }, (_, i) =>
        `${String(i).padStart(3, '0')}:`.padEnd(128, 'x'),
      )
      const big = await create(['emails:send', ...permissions])
      expect((await send(gateway.url, 'GET', '/emails', { token: big.key })).status).toBe(200)
      expect(identity().sort()).toEqual(identityOf(big))
      expect((await send(gateway.url, 'GET', '/files', { token: big.key })).status).toBe(403)
    })

    test('a client is told of its limits, with 429 if waiting helps and 402 if it does not', async () => {
      const limited = (limits: LimitInput[]) =>
        server.latchkey.keys.create({
          organizationId: 'acme',
          name: 'Key',
          permissions: ['emails:*'],
          limits,
        })
      const requests: LimitInput = { name: 'requests', limit: 2, windowSeconds: 86_400 }
      const credits: LimitInput = { name: 'credits', limit: 1, resets: null }
      const { key } = await limited([requests, { ...credits, limit: 9 }])
      const get = (path: string, token: string) => send(gateway.url, 'GET', path, { token })
      const told = ({ status, headers }: Awaited<ReturnType<typeof get>>) => [
        status,
        headers.get('ratelimit-policy'),
        headers.get('ratelimit')?.replaceAll(/t=\d+/g, 't=…'),
        Number(headers.get('retry-after')) > 0,
      ]
      const policy = '"requests";q=2;w=86400, "credits";q=9'
      for (const [path, left, status] of [
        ['/emails', '"requests";r=1;t=…, "credits";r=8', 200],
        ['/me', '"requests";r=0;t=…, "credits";r=7', 200],
        ['/emails', '"requests";r=0;t=…, "credits";r=7', 429],
        ['/me', '"requests";r=0;t=…, "credits";r=7', 429],
      ] as const)
        expect(told(await get(path, key)), path).toEqual([status, policy, left, status === 429])
      expect(upstream.reached.splice(0).map(({ url }) => url)).toEqual(['/emails', '/me'])

      const { key: spent } = await limited([credits])
      expect((await get('/emails', spent)).status).toBe(200)
      expect(told(await get('/emails', spent))).toEqual([402, '"credits";q=1', '"credits";r=0', false])
      expect(upstream.reached.splice(0).map(({ url }) => url)).toEqual(['/emails'])
      // Neither is what a permission refuses, nor a key without limits.
      const lacking = await get('/files', spent)
      expect(told(lacking)).toEqual([403, null, undefined, false])
      expect(told(await get('/emails', sender.key))).toEqual([200, null, undefined, false])
      for (const { rawHeaders } of upstream.reached.splice(0))
        expect(rawHeaders.filter((field) => /ratelimit/i.test(field))).toEqual([])
      const refused = await get('/emails', spent)
      expect([...refused.headers.keys()].filter((field) => field.startsWith('x-latchkey'))).toEqual([])
    })

    test('where Latchkey is away nobody comes through', async () => {
      await using away = await startGateway(name, 'http://127.0.0.1:9', upstream.url)
      const answer = await send(away.url, 'GET', '/emails', { token: sender.key })
      expect([500, 503]).toContain(answer.status)
      expect(upstream.reached).toEqual([])
    })

    test('where Latchkey does not answer nobody comes through', async () => {
      await using silence = await startSilence()
      await using hanging = await startGateway(name, silence.url, upstream.url)
      const answer = await send(hanging.url, 'GET', '/emails', { token: sender.key })
      expect([500, 503]).toContain(answer.status)
      expect(upstream.reached).toEqual([])
    })

    test('no token gets into what the proxy prints', async () => {
      await send(gateway.url, 'GET', '/emails', { token: sender.key })
      await send(gateway.url, 'GET', '/emails', { token: reader.key })
      expect(gateway.output()).not.toContain(sender.key)
      expect(gateway.output()).not.toContain(reader.key)
    })
  })
})
