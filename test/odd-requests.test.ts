// Odd requests, as RFC 9110 and RFC 9112 want them answered, at each of the ways by which the server serves calls.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import corpus from './setup/odd-requests.json' with { type: 'json' }
import { exchangeRaw, openRaw, requestBytes } from './setup/raw.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

interface OddRequest {
  name: string
  /** The lines of the head, and of the body behind an empty one, with what differs from call to call in braces. */
  lines: string[]
  status: number
  /** Headers of the answer by their names in lower case; null for those that must not be there. */
  headers?: Record<string, string | null>
  /** Whether the client is asked to go on before the answer. */
  continues?: true
}
const oddRequests = corpus as OddRequest[]

const database = makeSqlite()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer(database.url)
  await createAcme(server.latchkey)
})
afterAll(async () => {
  await server.close()
  await database.remove()
})

/** What serves each: the fast path, the way without the framework, and the framework. */
const reads = ['/v1/auth', '/v1/audit-log?limit=1', '/v1/keys?limit=1', '/healthz']
const writes: [target: string, body: string][] = [
  ['/v1/keys/verify', '{"key":"x"}'],
  ['/v1/keys/verify/batch', '[{"key":"x"}]'],
  ['/v1/organizations', '{"name":"Odd"}'],
]

interface Answer {
  status: number
  headers: Record<string, string>
  body: string
  isContinued: boolean
}

/** Sends a request of the corpus for a call, and reads the one answer to it. */
async function send({ lines }: OddRequest, target: string, body = ''): Promise<Answer> {
  const values: Record<string, string> = {
    '{target}': target,
    '{auth}': `Authorization: Bearer ${server.rootKey}`,
    '{length}': String(body.length),
    '{hex}': body.length.toString(16),
    '{body}': body,
  }
  const filled = lines.map((line) => line.replace(/\{\w+\}/g, (name) => values[name] ?? name))
  const end = filled.indexOf('', 1)
  const head = [...(end === -1 ? filled : filled.slice(0, end)), 'Connection: close'].join('\r\n')
  const content = end === -1 ? '' : filled.slice(end + 1).join('\r\n')
  const text = await exchangeRaw(server.url, `${head}\r\n\r\n${content}`)
  const [, continued = '', rest = ''] = /^(HTTP\/1\.1 100 Continue\r\n\r\n)?([\s\S]*)$/.exec(text) ?? []
  const [whole = '', answered = ''] = rest.split(/\r\n\r\n([\s\S]*)/)
  const [first = '', ...fields] = whole.split('\r\n')
  const headers = fields.map((field): [string, string] => {
    const [name = '', value = ''] = field.split(/: ?([\s\S]*)/)
    return [name.toLowerCase(), value]
  })
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: answered,
    isContinued: continued !== '',
  }
}

describe('an odd request is answered alike by every way of serving', () => {
  test.each(oddRequests)('$name: $status', async (odd) => {
    const isWrite = odd.lines.some((line) => line.startsWith('POST '))
    const calls = isWrite ? writes : reads.map((target) => [target, ''] as const)
    const refusals = new Set<string>()
    for (const [target, body] of calls) {
      const answer = await send(odd, target, body)
      const what = `${target}: ${answer.body.slice(0, 200)}`
      expect(answer.status, what).toBe(odd.status)
      expect(answer.isContinued, what).toBe(odd.continues === true)
      expect(answer.body, what).not.toMatch(/HTTP\/1\.1 \d/)
      expect(answer.headers, what).toMatchObject({
        connection: 'close',
        date: expect.stringMatching(/ GMT$/),
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
      for (const [name, value] of Object.entries(odd.headers ?? {}))
        expect(answer.headers[name] ?? null, `${what} ${name}`).toBe(value)
      if (answer.status < 400) continue
      const { request_id: _, ...problem } = JSON.parse(answer.body)
      expect(answer.headers['content-type'], what).toBe('application/problem+json')
      refusals.add(JSON.stringify(problem))
    }
    // A call's own limit, and its own methods, are the only things in which refusals may differ.
    if (![405, 413].includes(odd.status)) expect(refusals.size).toBeLessThanOrEqual(1)
  })
})

test('an optional body may be absent in every form that clients write', async () => {
  for (const [type, body] of [
    [undefined, undefined],
    [undefined, ''],
    ['application/json', ''],
    ['application/json', 'null'],
    ['application/json', ' null\n'],
    ['application/json', '{}'],
    ['text/plain;charset=UTF-8', ''],
    ['application/x-www-form-urlencoded', ''],
  ] as const) {
    const { id } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Rotated' })
    const headers = {
      ...(type !== undefined && { 'content-type': type }),
      ...(body !== undefined && { 'content-length': String(body.length) }),
    }
    const head = requestBytes('POST', `/v1/keys/${id}/rotate`, { token: server.rootKey, headers })
    const answer = await exchangeRaw(server.url, head + (body ?? ''))
    expect(answer, `${type} ${body}`).toMatch(/^HTTP\/1\.1 200 [\s\S]*"key":"re_/)
  }
})

test('a client that is still sending reads why its request was refused', async () => {
  // More than the buffers of both ends hold: the client must have been read from to get here.
  const size = 24 * 1024 * 1024
  const head = (path: string, more: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n${more}\r\n`
  const auth = `Authorization: Bearer ${server.rootKey}\r\n`
  for (const [sent, wanted] of [
    [head('/v1/keys/verify', auth), /^HTTP\/1\.1 413 [\s\S]*"code":"body_too_large"/],
    [head('/v1/organizations', auth), /^HTTP\/1\.1 413 [\s\S]*"code":"body_too_large"/],
    [head('/v1/organizations', 'Connection: close\r\n'), /^HTTP\/1\.1 401 [\s\S]*"code":"missing_token"/],
    [head('/v1/keys/verify', 'Connection: close\r\n'), /^HTTP\/1\.1 401 [\s\S]*"code":"missing_token"/],
    [
      `${head('/v1/keys', auth)}`.replace('Host: a\r\n', ''),
      /^HTTP\/1\.1 400 [\s\S]*"code":"malformed_request"/,
    ],
    ['GARBAGE\r\n\r\n', /^HTTP\/1\.1 400 [\s\S]*"code":"malformed_request"/],
  ] as const) {
    const { socket, closed } = await openRaw(server.url)
    socket.pause()
    // As a client does that looks for an answer once it has sent all.
    const written = new Promise((resolve) => socket.write(sent + ' '.repeat(size), resolve))
    await written
    socket.resume()
    expect(await closed, sent.slice(0, 80)).toMatch(wanted)
  }
})
