// What of a call a relay hands on, and what of the answer it hands back: to and from a server that says what it has heard.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { LatchkeyClientError } from '../src/client/errors.ts'
import { TooMany } from '../src/client/verifier/failures.ts'
import { describeAway } from '../src/relay/judge.ts'
import { type RelayCall, Upstream } from '../src/relay/upstream.ts'

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function callOf(headers: Record<string, string> = {}, keyId = 'key', signal?: AbortSignal): RelayCall {
  const exchange = { requestId: 'req_1', ip: '192.0.2.7' }
  return {
    exchange,
    header: (name: string) => headers[name],
    caller: { type: 'key', keyId },
    signal,
  } as RelayCall
}

const json = { 'content-type': 'application/json' }

test('a call keeps its token, its trace and its name, comes from its caller, and nothing else goes on', async () => {
  const heard: IncomingHttpHeaders[] = []
  const url = await serve(({ headers }, outgoing) => {
    heard.push(headers)
    const told = { 'retry-after': '7', 'www-authenticate': 'Bearer', 'set-cookie': 'a=b', server: 'x' }
    outgoing.writeHead(401, { ...json, ...told }).end('{}')
  })
  const upstream = new Upstream(url)
  const handed = { authorization: 'Bearer t', traceparent: '00-1', tracestate: 'a=1' }
  const kept = { cookie: 'a=b', 'x-forwarded-for': '198.51.100.1', 'x-api-key': 'k' }
  const reply = await upstream.pass(callOf({ ...handed, ...kept, via: '1.1 other' }), 'POST', '/', '{}')
  expect(reply).toMatchObject({ status: 401, body: '{}' })
  expect(reply.headers).toEqual({ ...json, 'retry-after': '7', 'www-authenticate': 'Bearer' })
  const own = upstream.ownHeaders().via as string
  expect(heard[0]).toMatchObject({ ...handed, 'x-request-id': 'req_1', 'x-forwarded-for': '192.0.2.7' })
  expect(heard[0]?.via).toBe(`1.1 other, ${own}`)
  expect([heard[0]?.cookie, heard[0]?.['x-api-key']]).toEqual([undefined, undefined])
  // However many have handed it on since.
  const via = [own, `1.1 other, ${own}, 1.1 third`, '1.1 other', undefined]
  expect(via.map((text) => upstream.hasSent(() => text))).toEqual([true, true, false, false])
})

test('a redirect takes no token anywhere', async () => {
  let asked = 0
  const elsewhere = await serve((_, outgoing) => {
    asked++
    outgoing.writeHead(200, json).end('{}')
  })
  const url = await serve((_, outgoing) => void outgoing.writeHead(307, { location: elsewhere }).end())
  const asking = new Upstream(url).pass(callOf({ authorization: 'Bearer t' }), 'GET', '/')
  await expect(asking).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(asked).toBe(0)
})

test('a caller that goes away is asked for no longer', async () => {
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const url = await serve((_, outgoing) => {
    outgoing.once('close', end)
    hear()
  })
  const caller = new AbortController()
  const asking = new Upstream(url).pass(callOf({}, 'key', caller.signal), 'GET', '/')
  await heard
  caller.abort()
  // By the caller's end, and not by the time that is up.
  await expect(asking).rejects.toMatchObject({ cause: { name: 'AbortError' } })
  await ended
})

test('streams are counted for their key as long as they last, and no longer', async () => {
  const status = 200
  const type = () => (status === 200 ? 'text/event-stream' : 'application/problem+json')
  const url = await serve(
    (_, outgoing) => void outgoing.writeHead(status, { 'content-type': type() }).write('{}'),
  )
  const upstream = new Upstream(url)
  const callers: AbortController[] = []
  const open = (keyId = 'key') => {
    const caller = new AbortController()
    callers.push(caller)
    return upstream.open(callOf({}, keyId, caller.signal), '/')
  }
  const [first] = await Promise.all(Array.from({ length: 256 }, () => open()))
  await expect(open()).rejects.toMatchObject({ code: 'too_many_streams' })
  expect((await open('other')).status).toBe(200)
  expect(upstream.streamCount).toBe(257)
  // It ends by its reader, and by its connection: that is one end.
  const sink = { write: () => {}, end: () => {}, fail: () => {}, queued: () => 0 }
  first?.stream?.(sink as never)()
  callers[0]?.abort()
  expect(upstream.streamCount).toBe(256)
  expect((await open()).status).toBe(200)
  await expect(open()).rejects.toMatchObject({ code: 'too_many_streams' })
  upstream.closeStreams()
})

test('a stream that is refused is none, and one that nobody reads ends', async () => {
  let isRefused = true
  const url = await serve((_, outgoing) => {
    if (isRefused) outgoing.writeHead(403, { 'content-type': 'application/problem+json' }).end('{}')
    else outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  const upstream = new Upstream(url)
  expect((await upstream.open(callOf(), '/')).status).toBe(403)
  expect(upstream.streamCount).toBe(0)
  isRefused = false
  const { stream } = await upstream.open(callOf(), '/')
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>()
  const write = () => fail('It was written to.')
  stream?.({ write, end: () => {}, fail, queued: () => 64 * 1024 + 1 } as never)
  expect(await failed).toContain('too slowly')
  await expect.poll(() => upstream.streamCount).toBe(0)
})

test('of answers without end, a bounded part is held at once, and it is let go of', async () => {
  const open = new Map<object, number>()
  let most = 0
  let isEndless = true
  const url = await serve(async (_, outgoing) => {
    outgoing.writeHead(200, json)
    if (!isEndless) return void outgoing.end('{}')
    const part = Buffer.alloc(256 * 1024, ' ')
    while (!outgoing.destroyed) {
      open.set(outgoing, (open.get(outgoing) ?? 0) + part.length)
      most = Math.max(
        most,
        [...open.values()].reduce((sum, bytes) => sum + bytes, 0),
      )
      if (!outgoing.write(part)) await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')])
    }
    open.delete(outgoing)
  })
  const upstream = new Upstream(url)
  const asking = Array.from({ length: 12 }, () => upstream.pass(callOf(), 'POST', '/', '{}'))
  for (const one of await Promise.allSettled(asking))
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'upstream_unavailable' } })
  // What connections hold comes to it; each of them alone may take half of the bound.
  expect(most).toBeLessThan(140 * 1024 * 1024)
  isEndless = false
  expect(await upstream.pass(callOf(), 'POST', '/', '{}')).toMatchObject({ status: 200, body: '{}' })
})

test.each<[string, ConstructorParameters<typeof LatchkeyClientError>[0], number?]>([
  ['The relay stops.', 'aborted'],
  ['is this relay itself', 'relay_loop', 508],
  ['of a version', 'unsupported_server', 404],
  ['refuses the token of this relay', 'invalid_token', 401],
  ['needs latchkey:keys:verify', 'missing_permission', 403],
  ['not answer as a Latchkey server', 'unexpected_answer', 200],
  ['does not answer, and without it', 'store_unavailable', 503],
  ['does not answer, and without it', 'server_unreachable'],
])('who asks a relay is told what its upstream is at: %s', (words, code, status) => {
  const told = describeAway(
    new LatchkeyClientError(code, 'Of the operator.', status === undefined ? {} : { status }),
  )
  expect(told).toContain(words)
  expect(told).not.toContain('operator')
})

test('who asks a relay is told if it has asked for too much at once, or if nothing is known yet', () => {
  expect(describeAway(new TooMany())).toContain('Too many unknown tokens')
  expect(describeAway(undefined)).toContain('does not answer, and without it')
})
