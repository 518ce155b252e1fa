// The line of a verdict is written by hand: it must be the line that pino would have written.
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Exchange } from '../src/http/exchange.ts'
import { createRecorder } from '../src/http/log.ts'
import { createMetrics } from '../src/http/metrics.ts'

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
