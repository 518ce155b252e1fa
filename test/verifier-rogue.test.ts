// A verifier before a server that is none, or another version's: a clear error, bounded memory, no verdict invented.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createClient, createVerifier, type Verifier, type VerifierOptions } from '../src/client/index.ts'
import { sha256, sha256InPlainScript } from '../src/client/verifier/sha256.ts'
import { assembleToken } from '../src/core/token.ts'
import { digestText } from '../src/verification/digest.ts'

const token = assembleToken('re', '0123456789abcdef', new Uint8Array(32))

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Route = (answer: ServerResponse, request: IncomingMessage) => void

const hello = event('hello', { format: 1, sequence: 5 })
const secret = {
  key_id: '01a2075b-d7ae-7000-8000-1738a3bf9c93',
  organization_id: 'acme',
  name: 'K',
  permissions: [],
  expires_at: null,
  metadata: {},
  revoked_at: null,
  grace_ends_at: null,
  is_ended: false,
}
const facts = { sequence: 5, age_ms: 0, secret }

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

function json(value: unknown): Route {
  return (answer) => void answer.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

function stream(...texts: string[]): Route {
  return (answer) => {
    answer.setHeader('content-type', 'text/event-stream')
    for (const text of texts) answer.write(text)
  }
}

const beating: Route = (answer) => {
  answer.write(hello)
  const timer = setInterval(() => answer.write(event('beat', { sequence: 5 })), 20)
  answer.once('close', () => clearInterval(timer))
}

/** A server of ours that answers as it should, but for what is given. */
async function connect(
  routes: Partial<Record<string, Route>> = {},
  options: Partial<VerifierOptions> = {},
): Promise<Verifier> {
  const honest: Record<string, Route> = {
    '/v1/changes': stream(hello),
    '/v1/changes/latest': json({ sequence: 5, age_ms: 0 }),
    '/v1/keys/facts': json(facts),
    '/v1/keys/uses': json({ success: true }),
  }
  const server = createServer((request, answer) => {
    const route = { ...honest, ...routes }[request.url ?? '']
    if (route) route(answer, request)
    else answer.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const verifier = createVerifier({ url, token, timeoutMs: 1_000, ...options })
  cleanups.push(async () => {
    await verifier.close()
    server.closeAllConnections()
    server.close()
  })
  return verifier
}

test.each([
  ['an address without a scheme', { url: 'keys.example.com', token }],
  ['another scheme', { url: 'ftp://keys.example.com', token }],
  ['nothing for an address', { url: '', token }],
  ['a token with a character lost', { url: 'http://localhost', token: token.slice(0, -1) }],
  ['nothing for a token', { url: 'http://localhost', token: '' }],
])('%s is refused at once, by a client and by a verifier, and the token is not repeated', (_, options) => {
  for (const create of [createClient, createVerifier]) {
    let error: unknown
    try {
      create(options)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(/url|token/)
    expect((error as TypeError).message).not.toContain(token.slice(5, -6))
  }
})

test('the rogue server is believed where it is honest', async () => {
  const verifier = await connect()
  await verifier.ready()
  await verifier.verify(token)
  expect(verifier.verifyCached(token)?.valid).toBe(true)
})

describe('a stream', () => {
  const endless: Route = (answer) => {
    answer.write(`${hello}event: changed\ndata: {"key_ids":["`)
    const more = () => {
      while (!answer.destroyed && answer.write('x'.repeat(65_536)));
      if (!answer.destroyed) answer.once('drain', more)
    }
    more()
  }
  const rogues: [string, Route, string][] = [
    ['of another version', stream(event('hello', { format: 2, sequence: 5 })), 'unsupported_server'],
    ['without a greeting', stream(event('beat', { sequence: 5 })), 'unexpected_answer'],
    ['of rubbish', stream('<html>\n\n'), 'unexpected_answer'],
    ['of no JSON', stream('event: hello\ndata: {"format"\n\n'), 'unexpected_answer'],
    ['without a number', stream(event('hello', { format: 1 })), 'unexpected_answer'],
    ['that is a problem', (answer) => void answer.writeHead(500).end(), 'unexpected_answer'],
    ['that breaks off in half a line', (answer) => void answer.end(hello.slice(0, 20)), 'unexpected_answer'],
  ]
  test.each(rogues)('%s is a clear error', async (_, route, code) => {
    const verifier = await connect({ '/v1/changes': route })
    await expect(verifier.ready()).rejects.toMatchObject({ name: 'LatchkeyClientError', code })
    expect(verifier.verifyCached(token)).toBeUndefined()
  })

  test('of an older server, which knows no verifiers, is a clear error, and so is a question', async () => {
    const missing: Route = (answer) =>
      void answer
        .writeHead(404, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'route_not_found', title: 'Route not found' }))
    const verifier = await connect({ '/v1/changes': missing, '/v1/keys/facts': missing })
    await expect(verifier.ready()).rejects.toMatchObject({ code: 'unsupported_server' })
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unsupported_server' })
  })

  test('that says half a line and nothing more is not believed', async () => {
    let opened = 0
    const verifier = await connect({
      '/v1/changes': (answer) => {
        opened++
        answer.write(hello.slice(0, 20))
      },
    })
    const ready = verifier.ready()
    await expect(ready).rejects.toMatchObject({ code: expect.stringMatching(/timed_out|unreachable/) })
    while (opened < 2) await setTimeout(10)
    expect(verifier.verifyCached(token)).toBeUndefined()
  })

  test('whose line does not end is left, and memory stays bounded', async () => {
    let opened = 0
    const verifier = await connect({
      '/v1/changes': (answer, request) => {
        opened++
        endless(answer, request)
      },
    })
    void verifier.ready().catch(() => {})
    while (opened < 4) await setTimeout(10)
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200 * 1024 * 1024)
  })

  test('that beats without end proves nothing where no question is answered', async () => {
    const verifier = await connect({
      '/v1/changes': beating,
      '/v1/changes/latest': (answer) => void answer.writeHead(503).end(),
    })
    for (let i = 0; i < 20; i++) {
      await verifier.verify(token)
      expect(verifier.verifyCached(token)).toBeUndefined()
      await setTimeout(20)
    }
  })

  test('that lags behind the answers proves nothing either', async () => {
    const verifier = await connect({ '/v1/changes/latest': json({ sequence: 6, age_ms: 0 }) })
    for (let i = 0; i < 20; i++) {
      await verifier.verify(token)
      expect(verifier.verifyCached(token)).toBeUndefined()
      await setTimeout(20)
    }
  })
})

test.each([
  ['however late the answer comes', 1_700, 0],
  ['less the age that the server gives it', 0, 1_700],
  ['less both', 1_000, 700],
])('the lease runs from the question, %s', async (_, lateMs, age_ms) => {
  let clock = 1_000
  let asked = 0
  const latest: Route = (answer, request) => {
    // Only the first is answered.
    if (asked++ > 0) return
    clock += lateMs
    json({ sequence: 5, age_ms })(answer, request)
  }
  const clocks = { monotonic: () => clock, now: () => 1_800_000_000_000 + clock }
  const verifier = await connect({ '/v1/changes': beating, '/v1/changes/latest': latest }, clocks)
  await verifier.ready()
  await verifier.verify(token)
  clock += 99
  expect(verifier.verifyCached(token)?.valid).toBe(true)
  clock += 1
  expect(verifier.verifyCached(token)).toBeUndefined()
})

describe('an answer', () => {
  const strange: [string, unknown][] = [
    ['of a verdict', { valid: true, code: 'valid' }],
    ['without a secret', { sequence: 5, age_ms: 0 }],
    ['from the future', { ...facts, age_ms: -1_000 }],
    ['without an age', { ...facts, age_ms: null }],
    ['of a strange number', { ...facts, sequence: '5' }],
    ['without permissions', { ...facts, secret: { ...secret, permissions: undefined } }],
    ['of permissions in one text', { ...facts, secret: { ...secret, permissions: 'a:b' } }],
    ['of numbers for permissions', { ...facts, secret: { ...secret, permissions: [1] } }],
    ['with an instant that is none', { ...facts, secret: { ...secret, revoked_at: 'soon' } }],
    ['without an instant', { ...facts, secret: { ...secret, expires_at: undefined } }],
    ['that does not say whether it ended', { ...facts, secret: { ...secret, is_ended: undefined } }],
    ['of a list', []],
    ['of nothing', null],
  ]
  test.each(strange)('%s is no verdict', async (_, answer) => {
    const verifier = await connect({ '/v1/keys/facts': json(answer) })
    await verifier.ready()
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unexpected_answer' })
    expect(verifier.verifyCached(token)).toBeUndefined()
  })

  test('that is older than what was told is used once and not remembered', async () => {
    const verifier = await connect({ '/v1/keys/facts': json({ ...facts, sequence: 4 }) })
    await verifier.ready()
    expect((await verifier.verify(token)).valid).toBe(true)
    expect(verifier.verifyCached(token)).toBeUndefined()
  })

  test('that is too old to be true is asked for again, and then an error', async () => {
    const verifier = await connect({ '/v1/keys/facts': json({ ...facts, age_ms: 1_800 }) })
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'timed_out' })
  })

  test('from before the last change, of a database that was put back, ends what was believed', async () => {
    let sequence = 5
    const verifier = await connect({
      '/v1/changes': beating,
      '/v1/changes/latest': (answer, request) => json({ sequence, age_ms: 0 })(answer, request),
    })
    await verifier.ready()
    await verifier.verify(token)
    expect(verifier.verifyCached(token)?.valid).toBe(true)
    await setTimeout(100)
    sequence = 3
    while (verifier.verifyCached(token)) await setTimeout(5)
  })
})

test('the digest in plain script is SHA-256, for every length', () => {
  for (let length = 0; length < 200; length++) {
    const text = `${'é'.repeat(length % 3)}${'k'.repeat(length)}`
    expect(sha256InPlainScript(text)).toBe(digestText(text))
    expect(sha256(text)).toBe(digestText(text))
  }
})
