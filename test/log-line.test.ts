// What is written down of requests: the line of a verdict, made by hand, must be the line that pino would have written;
// the metrics, counted by hand, must be those of prom-client; and no flood fills the log.
import fc from 'fast-check'
import { pino } from 'pino'
import { Counter, Histogram, Registry } from 'prom-client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { LatchkeyError } from '../src/core/errors.ts'
import type { LogVerdicts } from '../src/core/log-verdicts.ts'
import type { Exchange } from '../src/http/exchange.ts'
import { createRecorder } from '../src/http/log.ts'
import { createMetrics, renderSnapshots } from '../src/http/metrics.ts'

test('the line of a verdict is the same whether pino writes it or we do', () => {
  const metrics = createMetrics()
  const exchanges = fc.record(
    {
      requestId: fc.uuid(),
      method: fc.constantFrom('GET', 'POST'),
      ip: fc.constant(undefined),
      peer: fc.constant(undefined),
      startedAt: fc.constant(0),
      route: fc.constantFrom('/v1/auth', '/v1/keys/verify'),
      keyId: fc.uuid(),
      kid: fc.stringMatching(/^[0-9A-Za-z]{16}$/),
    },
    { requiredKeys: ['requestId', 'method', 'ip', 'peer', 'startedAt', 'route'] },
  )
  for (const options of [
    {},
    { base: null },
    { base: null, formatters: { level: (level: string) => ({ level }) } },
  ]) {
    fc.assert(
      fc.property(exchanges, fc.constantFrom(200, 401, 403), (exchange, status) => {
        const lines: string[] = []
        const log = pino(
          { ...options, timestamp: () => ',"time":1' },
          { write: (line: string) => void lines.push(line) },
        )
        const noted: Exchange = { ...exchange, verdicts: ['valid'] }
        const { record } = createRecorder(log, metrics, 'all')
        record(noted, status)
        // Two verdicts take the general way; but for their count the line has the same fields.
        record({ ...noted, verdicts: ['valid', 'valid'] }, status)
        const [ours, pinos] = lines.map((line) => JSON.parse(line))
        expect(Object.keys(ours)).toEqual(
          Object.keys(pinos).map((name) => (name === 'codes' ? 'code' : name)),
        )
        const { duration_ms: _, code, ...rest } = ours
        const { duration_ms: __, codes, ...others } = pinos
        expect(rest).toEqual(others)
        expect([code, codes]).toEqual(['valid', { valid: 2 }])
        expect(lines[0]?.endsWith('}\n')).toBe(true)
      }),
    )
  }
})

test('no line is written below the level that the log was given', () => {
  const lines: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  const exchange = {
    requestId: 'a',
    method: 'GET',
    ip: undefined,
    peer: undefined,
    startedAt: 0,
    verdicts: ['valid'] as const,
  }
  createRecorder(log, createMetrics(), 'all').record(exchange, 200)
  expect(lines).toEqual([])
})

describe('of refusals, the log holds a sample', () => {
  const by = (keyId: string, verdicts: Exchange['verdicts'], error?: LatchkeyError): Exchange => ({
    requestId: 'a',
    method: 'POST',
    ip: '203.0.113.7',
    peer: '203.0.113.7',
    startedAt: 0,
    keyId,
    ...(verdicts && { verdicts }),
    ...(error && { error }),
  })

  function startLog(logVerdicts: LogVerdicts) {
    const lines: Record<string, unknown>[] = []
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    return { lines, recorder: createRecorder(log, createMetrics(), logVerdicts) }
  }

  test.each([
    ['all', { valid: true, refused: true, batch: true, validBatch: true, management: true }],
    ['refused', { valid: false, refused: true, batch: true, validBatch: false, management: true }],
    ['none', { valid: false, refused: false, batch: false, validBatch: false, management: true }],
  ] as const)('of verdicts, `%s` are logged', (logVerdicts, expected) => {
    const isLogged = (verdicts: Exchange['verdicts']) => {
      const { lines, recorder } = startLog(logVerdicts)
      recorder.record(by('k', verdicts), 200)
      return lines.length === 1
    }
    expect({
      valid: isLogged(['valid']),
      refused: isLogged(['revoked']),
      batch: isLogged(['valid', 'expired']),
      validBatch: isLogged(['valid', 'valid']),
      management: isLogged(undefined),
    }).toEqual(expected)
  })

  test('a flood adds ten lines a second, then one with the count of what was left out', () => {
    const { lines, recorder } = startLog('refused')
    for (let i = 0; i < 1_000; i++) recorder.record(by('flooding', ['not_found']), 200)
    expect(lines).toHaveLength(10)
    recorder.flush()
    expect(lines.at(-1)).toMatchObject({ left_out: { not_found: 990 } })
    recorder.flush()
    expect(lines).toHaveLength(11)
  })

  test('a flood hides no line of another caller, nor one that says something else', () => {
    const { lines, recorder } = startLog('refused')
    for (let i = 0; i < 1_000; i++) recorder.record(by('flooding', ['not_found']), 200)
    recorder.record(by('another', ['not_found']), 200)
    recorder.record(by('flooding', ['revoked']), 200)
    recorder.record(by('flooding', undefined, new LatchkeyError('missing_permission', 'No.')), 403)
    expect(lines.slice(10)).toMatchObject([
      { key_id: 'another', code: 'not_found' },
      { key_id: 'flooding', code: 'revoked' },
      { key_id: 'flooding', problem: 'missing_permission' },
    ])
  })

  test('a flood of what anybody may ask for, or of lists, is sampled too, and hides neither changes nor refusals', () => {
    const { lines, recorder } = startLog('refused')
    const anonymous = (method: string, route: string): Exchange => ({ ...by('', undefined), method, route })
    for (let i = 0; i < 1_000; i++) {
      recorder.record({ ...anonymous('GET', '/healthz'), keyId: undefined }, 200)
      recorder.record({ ...by(`reader ${i}`, undefined), method: 'GET', route: '/v1/keys' }, 200)
      recorder.record({ ...by('verifier', undefined), method: 'POST', route: '/v1/keys/facts' }, 200)
      recorder.record({ ...by('reporter', undefined), method: 'POST', route: '/v1/keys/uses' }, 200)
    }
    expect(lines.length).toBeLessThan(150)
    lines.length = 0
    for (let i = 0; i < 50; i++)
      recorder.record({ ...by('writer', undefined), method: 'POST', route: '/v1/keys' }, 200)
    recorder.record(by('flooding', ['revoked']), 200)
    expect(lines).toHaveLength(51)
    recorder.flush()
    expect(lines.at(-1)).toMatchObject({ left_out: { 200: expect.any(Number) } })
  })

  test('callers without end are not told apart without end', () => {
    const { lines, recorder } = startLog('refused')
    for (let i = 0; i < 10_000; i++) recorder.record(by(String(i), ['not_found']), 200)
    expect(lines).toHaveLength(100)
    recorder.flush()
    expect(lines.at(-1)).toMatchObject({ left_out: { not_found: 9_900 } })
  })

  test('the count of a flood that has ended is written within a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { lines, recorder } = startLog('refused')
    for (let i = 0; i < 12; i++) recorder.record(by('flooding', ['not_found']), 200)
    vi.advanceTimersByTime(1_000)
    expect(lines.at(-1)).toMatchObject({ left_out: { not_found: 2 } })
  })

  test('a failing database adds a sample of errors too', () => {
    const { lines, recorder } = startLog('refused')
    const error = new LatchkeyError('store_unavailable', 'Gone.')
    for (let i = 0; i < 50; i++) recorder.record(by('k', undefined, error), 503)
    expect(lines).toHaveLength(10)
  })
})

test('the metrics have the names, labels and values that prom-client itself would give them', async () => {
  const metrics = createMetrics()
  const registry = new Registry()
  const labelNames = ['route', 'method', 'status'] as const
  const requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Answered requests.',
    labelNames,
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'latchkey_http_request_duration_seconds',
    help: 'Time from the arrival of a request to its answer.',
    labelNames,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  const seconds = [0, 0.0005, 0.000_51, 0.3, 2.5, 2.500_1, 60]
  for (const [i, length] of [...seconds, ...seconds].entries()) {
    const labels = { route: i % 2 ? '/a' : 'none', method: i % 3 ? 'GET' : 'POST', status: i % 5 ? 200 : 404 }
    requests.inc(labels)
    durations.observe(labels, length)
    metrics.countRequest(labels.route, labels.method, labels.status, length)
  }
  const ours = async () =>
    (await metrics.take()).filter(({ name }) => name.startsWith('latchkey_http_request'))
  const plain = (values: unknown) => JSON.parse(JSON.stringify(values, (_, value) => value ?? undefined))
  expect(plain(await ours())).toEqual(plain(await registry.getMetricsAsJSON()))
  const text = await metrics.render()
  for (const line of (await registry.metrics()).split('\n')) expect(text).toContain(line)
  // Asked again, it counts nothing twice; two processes count twice as much.
  expect(await ours()).toEqual(await ours())
  const summed = await renderSnapshots([await metrics.take(), await metrics.take()])
  expect(summed).toMatch(/^latchkey_http_request_duration_seconds_count\{[^}]*\} [2468]$/m)
})
