// The hot calls have a door of their own: whatever comes, it answers as the app does, and writes the same down.
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp, createPipeline } from '../src/http/app.ts'
import { createFastPath } from '../src/http/fast-path.ts'
import { createHotDoor } from '../src/http/hot.ts'
import { readJson } from '../src/http/json.ts'
import { readPlainBody } from '../src/http/plain-request.ts'
import { readVerifyRequest, writeVerdict } from '../src/http/verdicts.ts'
import { type Latchkey, openLatchkey, type Verdict } from '../src/index.ts'
import { toWire } from '../src/wire.ts'
import { makeSqlite } from './setup/databases.ts'

interface Sent {
  method?: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
  chunked?: boolean
}

interface Door {
  url: string
  lines: Record<string, unknown>[]
  /** How many requests the hot door took, and how many of them the fast path. */
  taken: number
  fast: number
  close: () => Promise<void>
}

const database = makeSqlite()
let latchkey: Latchkey
let hot: Door
let app: Door
const tokens: Record<string, string> = {}

beforeAll(async () => {
  latchkey = await openLatchkey({ database: database.url })
  tokens.root = (await latchkey.ensureRootKey())?.key as string
  for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
  const create = (organizationId: string, permissions: string[], expiresAt: Date | null = null) =>
    latchkey.keys.create({
      organizationId,
      name: 'Ключ "x" 🔑',
      permissions,
      expiresAt,
      metadata: { a: ['ü', 1] },
    })
  tokens.plain = (await create('acme', ['emails:send', 'files:*'])).key
  tokens.expiring = (await create('acme', ['emails:send'], new Date(Date.now() + 3_600_000))).key
  tokens.foreign = (await create('globex', ['emails:send'])).key
  tokens.verifier = (await create('acme', ['latchkey:keys:verify'])).key
  const revoked = await create('acme', [])
  tokens.revoked = revoked.key
  await latchkey.keys.revoke(revoked.id)
  const rotated = await create('acme', [])
  tokens.rotated = rotated.key
  await latchkey.keys.rotate(rotated.id)
  tokens.unknown = (await create('acme', [])).key.replace(/^re_.{16}/, 're_0000000000000000')
  hot = await openDoor(true)
  app = await openDoor(false)
})

afterAll(async () => {
  await hot.close()
  await app.close()
  await latchkey.close()
  await database.remove()
})

async function openDoor(withHotDoor: boolean): Promise<Door> {
  const lines: Record<string, unknown>[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const pipeline = createPipeline(latchkey, { log, logVerdicts: 'all' })
  const takeFast = createFastPath(pipeline)
  const takeHot = createHotDoor(pipeline)
  const listener = getRequestListener(createApp(pipeline).fetch, { overrideGlobalObjects: false })
  const door = { url: '', lines, taken: 0, fast: 0, close: async () => {} }
  const server = createServer((incoming, outgoing) => {
    if (withHotDoor && takeFast(incoming, outgoing)) door.fast++
    else if (withHotDoor && takeHot(incoming, outgoing)) door.taken++
    else void listener(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  door.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  door.close = () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections())
  return door
}

function send(door: Door, { method = 'POST', path, headers = {}, body, chunked = false }: Sent) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(door.url + path, {
      method,
      headers: { 'x-request-id': 'the-same', ...length, ...headers },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { date: _, connection: __, 'keep-alive': ___, ...rest } = response.headers
        resolve({
          status: response.statusCode as number,
          headers: rest,
          body: Buffer.concat(chunks).toString(),
        })
      })
    })
    if (chunked) for (const part of [body?.slice(0, 5), body?.slice(5)]) request.write(part as string)
    else if (body !== undefined) request.write(body)
    request.end()
  })
}

/** Sends the same through both doors, twice, so that memory answers too; gives the answer that both gave. */
async function throughBoth(
  sent: Sent,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const answers = []
  for (const door of [hot, app, hot, app]) {
    const before = door.lines.length
    const answer = await send(door, sent)
    const lines = door.lines.slice(before).map(({ duration_ms: _, ...line }) => line)
    answers.push({ answer, lines })
  }
  for (const other of answers.slice(1)) expect(other).toEqual(answers[0])
  expect(answers[0]?.lines).toHaveLength(1)
  return (answers[0] as (typeof answers)[number]).answer
}

const json = { 'content-type': 'application/json' }
const asRoot = () => ({ ...json, authorization: `Bearer ${tokens.root}` })

describe('the door of the hot calls', () => {
  test.each(['plain', 'expiring', 'foreign', 'revoked', 'rotated', 'unknown', 'verifier'])(
    'judges a token as the app does: %s',
    async (name) => {
      const before = { taken: hot.taken, fast: hot.fast }
      for (const permissions of [undefined, [], ['emails:send'], ['files:a:b', 'emails:read']]) {
        const body = JSON.stringify({ key: tokens[name], permissions })
        expect((await throughBoth({ path: '/v1/keys/verify', headers: asRoot(), body })).status).toBe(200)
        const asVerifier = { ...json, authorization: `Bearer ${tokens.verifier}` }
        await throughBoth({ path: '/v1/keys/verify', headers: asVerifier, body })
        const many = JSON.stringify([
          { key: tokens[name], permissions },
          { key: 'rubbish' },
          { key: tokens.plain },
        ])
        expect(
          (await throughBoth({ path: '/v1/keys/verify/batch', headers: asVerifier, body: many })).status,
        ).toBe(200)
        const query = (permissions ?? [])
          .map((permission) => `permission=${encodeURIComponent(permission)}`)
          .join('&')
        for (const headers of [
          { authorization: `bearer ${tokens[name]}` },
          { 'x-api-key': tokens[name] as string },
        ]) {
          await throughBoth({ method: 'GET', path: `/v1/auth?${query}`, headers })
        }
      }
      expect(hot.taken).toBeGreaterThan(before.taken)
      expect(hot.fast).toBeGreaterThan(before.fast)
    },
  )

  test('refuses as the app does, whatever comes', async () => {
    const key = tokens.plain as string
    const good = JSON.stringify({ key })
    const bodies: (string | Uint8Array)[] = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{}',
      '{"key":1}',
      '{"key":"x","extra":1}',
      '{"key":"x","permissions":"a"}',
      '{"key":"x","permissions":["a b"]}',
      '{"key":"x","permissions":[1]}',
      '{"key":"x","key":"y"}',
      '{"Key":"x"}',
      '{"key":"x","__proto__":{}}',
      '\ufeff{}',
      `{"key":"${'x'.repeat(70_000)}"}`,
      new Uint8Array([123, 255, 125]),
      JSON.stringify({ key, permissions: Array.from({ length: 129 }, () => 'emails:send') }),
    ]
    for (const path of ['/v1/keys/verify', '/v1/keys/verify/batch']) {
      for (const body of bodies) await throughBoth({ path, headers: asRoot(), body })
      for (const body of bodies.slice(0, 12))
        await throughBoth({ path, headers: asRoot(), body: `[${body}]` })
      for (const count of [0, 1000, 1001]) {
        const body = JSON.stringify(Array.from({ length: count }, () => ({ key: 'x' })))
        await throughBoth({ path, headers: asRoot(), body })
      }
      const authorizations = [
        undefined,
        'Basic x',
        'Bearer',
        'Bearer  ',
        'Bearer x',
        `Bearer ${tokens.revoked}`,
        `Bearer ${key}`,
      ]
      for (const authorization of authorizations) {
        await throughBoth({
          path,
          headers: { ...json, ...(authorization !== undefined && { authorization }) },
          body: good,
        })
      }
      const twice = [`Bearer ${tokens.root}`, `Bearer ${tokens.root}`]
      await throughBoth({ path, headers: { ...json, authorization: twice }, body: good })
      for (const type of [
        'text/plain',
        'application/json; charset=utf-8',
        'application/json; charset=latin1',
        '',
      ]) {
        await throughBoth({ path, headers: { ...asRoot(), 'content-type': type }, body: good })
      }
      await throughBoth({ path, headers: { ...asRoot(), 'content-encoding': 'gzip' }, body: good })
      await throughBoth({ path, headers: asRoot(), body: good, chunked: true })
      await throughBoth({ path: `${path}?a=1`, headers: asRoot(), body: good })
      await throughBoth({ path: `${path}?key=${key}`, headers: asRoot(), body: good })
      await throughBoth({ path: `${path}/`, headers: asRoot(), body: good })
      for (const method of ['PUT', 'GET', 'HEAD', 'OPTIONS'])
        await throughBoth({ method, path, headers: asRoot() })
    }
    const queries = [
      '',
      '?',
      '?permission=',
      '?permission=a%20b',
      '?permission=%ff',
      '?other=1',
      `?permission=${key}`,
    ]
    for (const query of queries) {
      for (const headers of [
        {},
        { authorization: `Bearer ${key}` },
        { authorization: `Bearer ${key}`, 'x-api-key': 'other' },
      ]) {
        for (const method of ['GET', 'HEAD', 'POST'])
          await throughBoth({ method, path: `/v1/auth${query}`, headers })
      }
    }
  })

  test('answers any mixture of plain and odd parts as the app does', async () => {
    const token = fc.constantFrom(
      ...Object.values(tokens),
      'rubbish',
      '',
      'ü',
      `secret-token:${tokens.plain}`,
    )
    const permission = fc.constantFrom(
      'emails:send',
      'files:a',
      'x',
      '*',
      'a b',
      '',
      'ü',
      '"',
      '\\',
      'a,b',
      ']',
    )
    const body = fc
      .record({ key: token, permissions: fc.array(permission, { maxLength: 3 }) }, { requiredKeys: ['key'] })
      .chain((request) =>
        fc.constantFrom(
          JSON.stringify(request),
          JSON.stringify(request).replaceAll('":', '": ').replaceAll('",', '", '),
          JSON.stringify(request, undefined, 1),
          ` ${JSON.stringify(request)}`,
          JSON.stringify({ permissions: [], ...request }),
          JSON.stringify({ ...request, other: 1 }),
          JSON.stringify(request).slice(0, -1),
        ),
      )
    const headers = fc.record(
      {
        authorization: fc.oneof(
          fc.constant(`Bearer ${tokens.root}`),
          token.filter((text) => text !== 'ü').map((text) => `Bearer ${text}`),
          fc.constantFrom(
            'bearer x',
            'Bearer',
            'Basic eA==',
            `Bearer  ${tokens.root}`,
            `BEARER ${tokens.plain}`,
          ),
        ),
        'x-api-key': token.filter((text) => text !== 'ü'),
        'content-type': fc.constantFrom(
          'application/json',
          'Application/JSON',
          'application/json; charset=utf-8',
          'text/plain',
        ),
        'x-request-id': fc.constantFrom('a-b_C9', 'a b', 'x'.repeat(65)),
        'x-forwarded-for': fc.constantFrom('203.0.113.7', 'rubbish'),
        'content-encoding': fc.constantFrom('identity', 'gzip'),
      },
      { requiredKeys: [] },
    )
    const query = fc.constantFrom(
      '',
      '?',
      '?permission=emails:send',
      '?permission=emails%3Asend',
      '?a=1',
      '?permission=',
    )
    const sent = fc.oneof(
      fc.record({
        method: fc.constant('POST'),
        path: fc
          .oneof({ weight: 5, arbitrary: fc.constant('') }, query)
          .map((end) => `/v1/keys/verify${end}`),
        headers: headers.map((given) => ({ ...asRoot(), ...given })),
        body,
        chunked: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
      }),
      fc.record({
        method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
        path: query.map((end) => `/v1/auth${end}`),
        headers,
      }),
    )
    const before = hot.fast
    // Whatever is random in an answer is the request id of one that gave none of its own.
    await fc.assert(
      fc.asyncProperty(sent, async (request) => {
        await throughBoth({ ...request, headers: { ...request.headers, 'x-request-id': 'the-same' } })
      }),
      { numRuns: 150 },
    )
    expect(hot.fast).toBeGreaterThan(before)
  })

  test('reads a plain body as the strict reader reads it', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '"key"',
      '"permissions"',
      ':',
      ',',
      ' ',
      '[',
      ']',
      '"a:b"',
      '"\\u0061"',
      'ü',
      '1',
    )
    const near = fc
      .record(
        { key: fc.string(), permissions: fc.array(fc.constantFrom('a', 'a:*', 'a b', '', 'é', '"')) },
        { requiredKeys: ['key'] },
      )
      .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value).replaceAll(':', ': ')))
    const mutated = fc
      .tuple(near, fc.nat(), fc.string({ maxLength: 2, unit: 'binary' }))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1))
    const texts = fc.oneof(
      near,
      mutated,
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    )
    let plain = 0
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = Buffer.from(text)
        const read = readPlainBody(bytes)
        if (read === undefined) return
        plain++
        expect(read).toEqual(readVerifyRequest(readJson(bytes)))
      }),
      { numRuns: 1_000 },
    )
    expect(plain).toBeGreaterThan(30)
  })

  test('judges a caller anew whose body came late', async () => {
    const { id, key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'late',
      permissions: ['latchkey:keys:verify'],
    })
    await latchkey.verify(key)
    const answered = new Promise<number>((resolve, reject) => {
      const body = JSON.stringify({ key: tokens.plain })
      const request = httpRequest(`${hot.url}/v1/keys/verify`, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${key}`, 'content-length': String(body.length) },
      })
      request.on('error', reject)
      request.on('response', (response) => {
        response.resume()
        resolve(response.statusCode as number)
      })
      const before = hot.fast
      request.flushHeaders()
      const wait = setInterval(() => {
        if (hot.fast === before) return
        clearInterval(wait)
        latchkey.keys.revoke(id).then(() => setTimeout(() => request.end(body), 150), reject)
      }, 5)
    })
    expect(await answered).toBe(401)
  })

  test('writes each verdict as the general way would', () => {
    const known = fc.record({
      keyId: fc.uuid(),
      organizationId: fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/),
      name: fc.string({ unit: 'grapheme' }),
      permissions: fc.array(fc.stringMatching(/^[a-z]{1,5}(:[a-z*]{1,5})?$/)),
      expiresAt: fc.option(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), {
        nil: null,
      }),
      metadata: fc.dictionary(fc.string(), fc.jsonValue()),
    })
    fc.assert(
      fc.property(known, (facts) => {
        const valid = { valid: true, code: 'valid', ...facts } as Verdict
        const revoked = { valid: false, code: 'revoked', ...facts } as Verdict
        for (const verdict of [valid, revoked])
          expect(writeVerdict(verdict)).toBe(JSON.stringify(toWire(verdict)))
      }),
    )
  })
})
