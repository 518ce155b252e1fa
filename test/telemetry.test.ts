// What a collector is told: a span for each request, a log record for each verdict, never a token; and what becomes of a server
// whose collector is away, slow or broken: nothing.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { readTelemetrySettings } from '../src/core/telemetry-settings.ts'
import { Exporter } from '../src/http/telemetry/exporter.ts'
import { createAcme } from './setup/acme.ts'
import { type Collector, startCollector, valuesOf } from './setup/collector.ts'
import { makeSqlite, onOneDatabase } from './setup/databases.ts'
import { startOwnCollector } from './setup/own-collector.ts'
import { casesIfLong } from './setup/rounds.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'
const sampled = `00-${traceId}-${parentId}-01`

function settingsFor(url: string, env: Record<string, string> = {}) {
  return readTelemetrySettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    OTEL_BLRP_SCHEDULE_DELAY: '20',
    LATCHKEY_OTEL_VERDICTS: 'all',
    ...env,
  })
}

onOneDatabase('SQLite', 'a collector', (makeDatabase) => {
  const ends: (() => PromiseLike<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function start(env: Record<string, string> = {}, behave?: Parameters<typeof startCollector>[0]) {
    const collector = await startCollector(behave)
    const server = await startTestServer(await makeDatabase(), { telemetry: settingsFor(collector.url, env) })
    ends.push(
      () => collector[Symbol.asyncDispose](),
      () => server.close(),
    )
    await createAcme(server.latchkey)
    const key = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:*'],
    })
    const verify = (body: object = {}, headers: Record<string, string> = {}) =>
      server.request('POST', '/v1/keys/verify', {
        token: server.rootKey,
        body: { key: key.key, ...body },
        headers,
      })
    return { collector, server, key, verify }
  }

  const told = (collector: Collector, spans: number, records: number) =>
    expect
      .poll(() => [collector.spans.length, collector.records.length], { timeout: 10_000 })
      .toEqual([spans, records])

  test.each(['http/protobuf', 'http/json'])(
    'is told of each request and verdict, by every door, in %s',
    async (protocol) => {
      const { collector, server, key, verify } = await start({
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a%20b',
        OTEL_EXPORTER_OTLP_COMPRESSION: protocol === 'http/json' ? 'gzip' : 'none',
        OTEL_SERVICE_NAME: 'keys',
      })
      const trace = { traceparent: sampled, tracestate: 'vendor=a:1' }
      // By the general way, and then by the fast one.
      await verify({ permissions: ['emails:send'] }, trace)
      await verify({ permissions: ['emails:send'] }, trace)
      await verify({ permissions: ['domains:read'] })
      await verify({ cost: 3 })
      await verify({ cost: { credits: 2 } })
      for (const _ of [1, 2])
        await server.request('GET', '/v1/auth?permission=emails:send', { token: key.key, headers: trace })
      const batch = [{ key: key.key }, { key: 're_nonsense', permissions: ['a:b'] }]
      await server.request('POST', '/v1/keys/verify/batch', {
        token: server.rootKey,
        body: batch,
      })
      await server.request('GET', '/v1/keys/none', { token: server.rootKey })
      await server.request('GET', '/nowhere')
      await told(collector, 10, 9)
      const [first, second] = collector.spans
      for (const span of [first, second]) {
        expect(span).toMatchObject({ traceId, parentSpanId: parentId, traceState: 'vendor=a:1', kind: 2 })
        expect(span?.name).toBe('POST /v1/keys/verify')
        expect(Number(span?.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(span?.startTimeUnixNano))
        expect(Math.abs(Number(span?.endTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000)
      }
      expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(10)
      const byName = Object.groupBy(collector.spans, ({ name }) => name)
      expect(Object.keys(byName).sort()).toEqual(
        [
          'GET',
          'GET /v1/auth',
          'GET /v1/keys/{id}',
          'POST /v1/keys/verify',
          'POST /v1/keys/verify/batch',
        ].sort(),
      )
      expect(valuesOf(byName['GET /v1/keys/{id}']?.[0]?.attributes ?? [])).toMatchObject({
        'http.request.method': 'GET',
        'http.route': '/v1/keys/{id}',
        'http.response.status_code': 404,
        'error.type': 'key_not_found',
        'latchkey.key_id': expect.any(String),
      })
      const records = collector.records.map(({ attributes, body, eventName, ...record }) => {
        expect([eventName, body.stringValue]).toEqual([
          'latchkey.verdict',
          valuesOf(attributes)['latchkey.code'],
        ])
        return { ...record, ...valuesOf(attributes) }
      })
      const ofKey = { 'latchkey.key_id': key.id, 'latchkey.organization_id': 'acme' }
      const valid = { ...ofKey, 'latchkey.code': 'valid', 'latchkey.valid': true }
      const sends = { ...valid, traceId, 'latchkey.permissions': ['emails:send'] }
      expect(records).toMatchObject([
        ...[sends, sends],
        { ...ofKey, 'latchkey.code': 'insufficient_permissions', 'latchkey.permissions': ['domains:read'] },
        { ...valid, 'latchkey.cost': 3, 'latchkey.caller_key_id': expect.any(String) },
        { ...valid, 'latchkey.cost.credits': 2 },
        ...[sends, sends],
        valid,
        { 'latchkey.code': 'malformed', 'latchkey.valid': false, 'latchkey.permissions': ['a:b'] },
      ])
      expect(records[0]?.spanId).toBe(first?.spanId)
      expect(collector.resource).toMatchObject({
        'service.name': 'keys',
        'service.version': expect.any(String),
        'process.pid': process.pid,
      })
      const paths = new Set(collector.requests.map(({ path }) => path))
      expect([...paths].sort()).toEqual(['/v1/logs', '/v1/traces'])
      for (const { headers } of collector.requests)
        expect(headers).toMatchObject({
          'x-tenant': 'a b',
          'user-agent': expect.stringMatching(/^latchkey\//),
        })
      expect(server.log.find(({ trace_id }) => trace_id === traceId)).toMatchObject({ code: 'valid' })
      await server.request('GET', '/metrics').then(({ text }) => {
        expect(text).toMatch(/latchkey_otel_exported_total\{signal="logs"\} 9\n/)
        expect(text).toMatch(/latchkey_otel_dropped_total\{signal="traces"\} 0\n/)
      })
    },
  )

  test('is told no token, wherever a caller puts one', async () => {
    const { collector, server, key, verify } = await start()
    const tokens = [key.key, server.rootKey]
    for (const token of tokens) {
      await verify(
        { permissions: [token, token.toLowerCase()] },
        { 'x-request-id': token, tracestate: `a=${token}`, traceparent: sampled },
      )
      await server.request('GET', `/v1/keys/${token}?a=${token}`, { token: server.rootKey })
      await server.request('GET', `/v1/auth?permission=${token}`, { token, headers: { 'user-agent': token } })
    }
    await expect.poll(() => collector.spans.length, { timeout: 10_000 }).toBe(6)
    for (const { bytes } of collector.requests)
      for (const token of tokens) expect(bytes.includes(token.slice(-40))).toBe(false)
  })

  test('is told of the requests that their caller or the sampler chose, and of those verdicts that are asked for', async () => {
    const parentBased = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }
    const { collector, verify } = await start({ ...parentBased, LATCHKEY_OTEL_VERDICTS: 'refused' })
    await verify({}, { traceparent: sampled })
    await verify({}, { traceparent: `00-${traceId}-${parentId}-00` })
    await verify()
    await verify({ permissions: ['domains:read'] }, { traceparent: `ff-${traceId}-${parentId}-01` })
    await told(collector, 1, 1)
    expect(collector.spans[0]?.traceId).toBe(traceId)
    expect(collector.records[0]?.traceId).toMatch(/^(?!4bf92f)[\da-f]{32}$/)
  })

  test('that is away, hangs or refuses delays no answer and no end, and what it does not take is counted', async () => {
    const hanging = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => hanging.once('listening', resolve))
    const { port } = hanging.address() as AddressInfo
    for (const url of [`http://127.0.0.1:${port}`, 'http://127.0.0.1:1']) {
      const small = { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BLRP_MAX_QUEUE_SIZE: '10' }
      const telemetry = settingsFor(url, { ...small, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter2' })
      const server: TestServer = await startTestServer(await makeDatabase(), { telemetry })
      for (let i = 0; i < 100; i++) await server.request('GET', '/healthz')
      const { text } = await server.request('GET', '/metrics')
      expect(Number(/latchkey_otel_dropped_total\{signal="traces"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(
        60,
      )
      await server.close()
      const warned = server.log.filter(({ level }) => level === 40)
      expect(warned.length).toBeGreaterThan(0)
      expect(JSON.stringify(server.log)).not.toContain('hunter2')
    }
    hanging.closeAllConnections()
    hanging.close()
  })

  test('gets what is left when the server stops', async () => {
    const collector = await startCollector()
    const late = { OTEL_BSP_SCHEDULE_DELAY: '60000' }
    const server = await startTestServer(await makeDatabase(), {
      telemetry: settingsFor(collector.url, late),
    })
    for (let i = 0; i < 3; i++) await server.request('GET', '/healthz')
    expect(collector.spans).toEqual([])
    await server.close()
    expect(collector.spans).toHaveLength(3)
    await collector[Symbol.asyncDispose]()
  })
})

describe('an exporter', () => {
  const open = (url: string, warn: (message: string) => void = () => {}) =>
    new Exporter<string>({
      settings: {
        ...{ url, headers: {}, protocol: 'http/json', isCompressed: false },
        ...{ timeoutMs: 1_000, maxQueue: 4, maxBatch: 2, delayMs: 5 },
      },
      write: (items) => new TextEncoder().encode(items.join()),
      userAgent: 'test',
      warn,
    })

  test('sends a batch again that the collector asks for again, and drops one that it refuses', async () => {
    const statuses = [503, 429, 200, 400, 200]
    const bodies: string[] = []
    await using collector = await startCollector((response, n) => {
      response.writeHead(statuses[n - 1] ?? 200, { 'retry-after': '0' }).end()
      return true
    })
    const warnings: string[] = []
    const exporter = open(`${collector.url}/v1/traces?key=hunter2`, (message) => warnings.push(message))
    for (const item of ['a', 'b']) exporter.add(item)
    await expect.poll(() => exporter.exported).toBe(2)
    for (const item of ['c', 'd']) exporter.add(item)
    await expect.poll(() => exporter.dropped).toBe(2)
    exporter.add('e')
    await expect.poll(() => exporter.exported).toBe(3)
    bodies.push(...collector.requests.map(({ bytes }) => bytes.toString()))
    expect(bodies).toEqual(['a,b', 'a,b', 'a,b', 'c,d', 'e'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('answers 503')
    expect(warnings[0]).not.toContain('hunter2')
    await exporter.close(100)
  })

  test('sends what is left when it is closed, whatever it is doing just then', async () => {
    await using collector = await startCollector((response) => {
      response.end()
      return true
    })
    // In each of the steps after the first batch was taken, in one of which nothing is under way and that is not known yet.
    for (let steps = 0; steps < 12; steps++) {
      const exporter = open(collector.url)
      let exported = 0
      const closed = new Promise<void>((resolve) => {
        const closeAfter = (left: number) => {
          if (left > 0) queueMicrotask(() => closeAfter(left - 1))
          else resolve(exporter.close(2_000))
        }
        Object.defineProperty(exporter, 'exported', {
          get: () => exported,
          set: (count: number) => {
            if (exported === 0) closeAfter(steps)
            exported = count
          },
        })
      })
      for (const item of ['a', 'b', 'c']) exporter.add(item)
      await closed
      expect([steps, exporter.exported, exporter.dropped]).toEqual([steps, 3, 0])
    }
  })

  test('drops what cannot be written, and goes on', async () => {
    await using collector = await startCollector((response) => {
      response.end()
      return true
    })
    const exporter = new Exporter<string>({
      settings: {
        ...{ url: collector.url, headers: {}, protocol: 'http/json', isCompressed: false },
        ...{ timeoutMs: 1_000, maxQueue: 4, maxBatch: 1, delayMs: 5 },
      },
      write: ([item]) => {
        if (item === 'bad') throw new TypeError('Not written.')
        return new TextEncoder().encode(item)
      },
      userAgent: 'test',
      warn: () => {},
    })
    for (const item of ['a', 'bad', 'b']) exporter.add(item)
    await expect.poll(() => [exporter.exported, exporter.dropped]).toEqual([2, 1])
  })

  test('follows no redirect, which could take its headers elsewhere', async () => {
    await using elsewhere = await startCollector()
    await using collector = await startCollector((response) => {
      response.writeHead(307, { location: elsewhere.url }).end()
      return true
    })
    const exporter = open(collector.url)
    exporter.add('a')
    await expect.poll(() => exporter.dropped).toBe(1)
    expect(elsewhere.requests).toEqual([])
  })
})

test.each(casesIfLong(['http/protobuf', 'http/json']))(
  'the OpenTelemetry collector takes spans and records in %s',
  async (protocol) => {
    await using collector = await startOwnCollector()
    await using sqlite = makeSqlite()
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }
    const server = await startTestServer(sqlite.url, { telemetry: settingsFor(collector.url, env) })
    await createAcme(server.latchkey)
    const { id, key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const headers = { traceparent: sampled, tracestate: 'vendor=a' }
    const body = { key, permissions: ['emails:send'], cost: 3 }
    await server.request('POST', '/v1/keys/verify', { token: server.rootKey, body, headers })
    await server.close()
    for (const line of [
      ...[`Trace ID       : ${traceId}`, `Parent ID      : ${parentId}`, 'TraceState     : vendor=a'],
      ...['Name           : POST /v1/keys/verify', 'Kind           : Server'],
      ...['-> http.response.status_code: Int(200)', '-> service.name: Str(latchkey)'],
      ...['EventName: latchkey.verdict', 'Body: Str(insufficient_permissions)', '-> latchkey.cost: Int(3)'],
      ...[`-> latchkey.key_id: Str(${id})`, '-> latchkey.permissions: Slice(["emails:send"])'],
      ...['-> latchkey.valid: Bool(false)'],
    ])
      await expect.poll(collector.printed, { timeout: 10_000 }).toContain(line)
    expect(collector.printed()).not.toContain(key)
  },
  900_000,
)
