// Random requests, bodies and verdicts: the hot calls' own doors answer them as the app does.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromWire, toWire } from '../src/core/wire.ts'
import { readJson } from '../src/http/json.ts'
import type { Verdict } from '../src/index.ts'
import { readPlainBatch, readPlainBody } from '../src/server/plain-request.ts'
import { readVerifyBatch, readVerifyRequest, writeVerdict } from '../src/server/verdict-json.ts'
import { type Doors, openDoors } from './setup/doors.ts'

let doors: Doors

/** Contexts in the wire's form, most of them sound. */
const nearContexts = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record(
        { ip: fc.ipV4(), user_agent: fc.constant('curl/8.5.0'), operation: fc.constant('POST /a') },
        { requiredKeys: [] },
      )
      .chain((context) => fc.shuffledSubarray(Object.entries(context)).map(Object.fromEntries)),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        ip: fc.constantFrom('::1', 'x', ''),
        user_agent: fc.constantFrom('a"b', 'ü', '', '\n', 'x'.repeat(600)),
        operation: fc.constantFrom('GET /a?b', `GET /re_${'aB'.repeat(33)}`),
        userAgent: fc.constant('a'),
      },
      { requiredKeys: [] },
    ),
  },
)

beforeAll(async () => {
  doors = await openDoors()
})

afterAll(() => doors[Symbol.asyncDispose]())

describe('the doors of the hot calls, at random', () => {
  test('answers any mixture of plain and odd parts as the app does', async () => {
    const { asRoot, hot, throughBoth, tokens } = doors
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
      .record(
        { key: token, permissions: fc.array(permission, { maxLength: 3 }), context: nearContexts },
        { requiredKeys: ['key'] },
      )
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
    // One that the fast path takes is among them, whatever chance brings.
    const plain = {
      method: 'GET' as const,
      path: '/v1/auth',
      headers: { authorization: `Bearer ${tokens.plain}` },
    }
    // Whatever is random in an answer is the request id of one that gave none of its own.
    await fc.assert(
      fc.asyncProperty(sent, async (request) => {
        await throughBoth({ ...request, headers: { ...request.headers, 'x-request-id': 'the-same' } })
      }),
      { numRuns: 150, examples: [[plain]] },
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
        {
          key: fc.string(),
          permissions: fc.array(fc.constantFrom('a', 'a:*', 'a b', '', 'é', '"')),
          context: nearContexts,
        },
        { requiredKeys: ['key'] },
      )
      .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value).replaceAll('":', '": ')))
    const mutated = fc
      .tuple(near, fc.nat(), fc.string({ maxLength: 2, unit: 'binary' }))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1))
    const texts = fc.oneof(
      near,
      mutated,
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    )
    let [plain, told] = [0, 0]
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = Buffer.from(text)
        const read = readPlainBody(bytes)
        if (read === undefined) return
        plain++
        if (read.context !== undefined) told++
        expect(read).toEqual(readVerifyRequest(fromWire(readJson(bytes) as object)))
      }),
      { numRuns: 2_000 },
    )
    expect(plain).toBeGreaterThan(30)
    expect(told).toBeGreaterThan(10)
    const batches = fc
      .tuple(
        fc.array(fc.oneof({ weight: 20, arbitrary: near }, texts), { maxLength: 4 }),
        fc.constantFrom(',', ', ', ',', ' ,'),
        fc.oneof(
          { weight: 5, arbitrary: fc.constant('[@]') },
          fc.constantFrom('[@,]', '[@', '@]', ' [@]', '[[@]]', '[@] '),
        ),
      )
      .map(([items, comma, around]) => around.replace('@', () => items.join(comma)))
    let plainBatches = 0
    fc.assert(
      fc.property(batches, (text) => {
        const bytes = Buffer.from(text)
        const read = readPlainBatch(bytes)
        if (read === undefined) return
        plainBatches++
        expect(read).toEqual(readVerifyBatch((readJson(bytes) as object[]).map(fromWire)))
      }),
      { numRuns: 2_000 },
    )
    expect(plainBatches).toBeGreaterThan(30)
  })

  test('leaves a context that is not sound, or that has a name twice, to the strict reader', () => {
    const read = (members: string) => readPlainBody(Buffer.from(`{"key":"a","context":{${members}}}`))
    expect(read('"operation":"a","ip":"::1"')?.context).toEqual({ operation: 'a', ip: '::1' })
    for (const members of [
      '',
      '"ip":"::1","ip":"::1"',
      '"ip":"x"',
      '"userAgent":"a"',
      '"ip":1',
      '"operation":"a?b"',
    ])
      expect(read(members)).toBeUndefined()
  })

  test('leaves a batch that is longer than it may be, or asks for too much, to the strict reader', () => {
    const item = { key: 'a', permissions: ['a'] }
    const sizes = [0, 1, 1_000, 1_001].map((length) => Array.from({ length }, () => item))
    const read = sizes.map((items) => readPlainBatch(Buffer.from(JSON.stringify(items)))?.length)
    expect(read).toEqual([undefined, 1, 1_000, undefined])
    const long = [item, { key: 'a', permissions: Array.from({ length: 128 }, (_, i) => 'p'.repeat(100) + i) }]
    expect(readPlainBatch(Buffer.from(JSON.stringify(long)))).toBeUndefined()
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
    const units = fc.integer({ min: 0, max: 10 ** 12 })
    const limit = fc
      .record({
        name: fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/),
        scope: fc.constantFrom('key', 'organization', 'ancestor'),
        id: fc.uuid(),
        limit: units,
        windowSeconds: fc.option(fc.integer({ min: 1, max: 2_592_000 }), { nil: undefined }),
        remaining: units,
        resetsAt: fc.option(
          fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
          { nil: null },
        ),
      })
      .map(({ name, scope, id, limit, windowSeconds, remaining, resetsAt }) => ({
        ...{ name, scope, id, limit },
        ...(windowSeconds !== undefined && { windowSeconds }),
        ...{ remaining, resetsAt },
      }))
    const limits = fc.array(limit, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(known, limits, fc.string(), (facts, drawn, reservation) => {
        const valid = { valid: true, code: 'valid', ...facts } as Verdict
        const revoked = { valid: false, code: 'revoked', ...facts } as Verdict
        const limited = { ...valid, limits: drawn } as Verdict
        const reserved = { ...limited, reservation } as Verdict
        const refused = {
          ...revoked,
          code: 'rate_limited',
          limits: drawn,
          exceeded: [],
          retryAfterMs: 1,
        } as Verdict
        for (const verdict of [valid, revoked, limited, reserved, refused])
          expect(writeVerdict(verdict)).toBe(JSON.stringify(toWire(verdict)))
      }),
    )
  })
})
