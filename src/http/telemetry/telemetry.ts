// What a server tells an OpenTelemetry collector: a span for each request, and a log record for each verdict if that is asked for.
// Loaded only if it is.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { LatchkeyError } from '../../core/errors.ts'
import { ownedKeyOf } from '../../core/rotated-verdict.ts'
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { TelemetrySettings } from '../../core/telemetry-settings.ts'
import type { Exchange, ReadHeader, Trace } from '../exchange.ts'
import { Exporter } from './exporter.ts'
import { type Attributes, type LogItem, logWriter, type SpanItem, spanWriter } from './otlp.ts'
import { readTrace } from './trace-context.ts'

/** How long a stop waits for the collector. */
const lastMs = 1_000

/** How much of a signal went where. */
export interface TelemetryCounts {
  signal: 'traces' | 'logs'
  exported: number
  dropped: number
}

/** Tells a collector of requests and verdicts. Nothing of it waits, and nothing of it throws. */
export interface Telemetry {
  /** Reads which trace a request belongs to. */
  begin(header: ReadHeader): Trace
  /** Tells of an exchange that was answered. */
  noteExchange(exchange: Exchange, status: number, durationMs: number): void
  /** Tells of a verdict, and of what was asked. */
  noteVerdict(exchange: Exchange, verdict: Verdict, asked: Pick<VerifyOptions, 'permissions' | 'cost'>): void
  counts(): TelemetryCounts[]
  /** Sends what is left, for a bounded time. */
  close(): Promise<void>
}

/** Starts to tell. `warn` is told what is wrong with the collector. */
export function startTelemetry(
  { traces, verdicts, sampler, resource: named }: TelemetrySettings,
  version: string,
  warn: (message: string) => void,
): Telemetry {
  const resource: Attributes = {
    'service.name': 'latchkey',
    'service.version': version,
    'service.instance.id': randomUUID(),
    'process.pid': process.pid,
    'host.name': hostname(),
    ...named,
  }
  const userAgent = `latchkey/${version}`
  const spans =
    traces &&
    new Exporter<SpanItem>({
      ...{ settings: traces, userAgent, warn },
      write: spanWriter({ protocol: traces.protocol, resource, version }),
    })
  const logs =
    verdicts &&
    new Exporter<LogItem>({
      ...{ settings: verdicts, userAgent, warn },
      write: logWriter({ protocol: verdicts.protocol, resource, version }),
    })
  return {
    begin: (header) => readTrace(header, sampler),
    noteExchange: (exchange, status, durationMs) => {
      const { trace } = exchange
      if (spans === undefined || trace?.isSampled !== true) return
      const endedAt = Date.now()
      spans.add(toSpanItem(exchange, trace, status, endedAt - durationMs, endedAt))
    },
    noteVerdict: (exchange, verdict, asked) => {
      const { trace } = exchange
      if (logs === undefined || trace === undefined) return
      if (verdicts?.which === 'refused' && verdict.valid) return
      logs.add(toLogItem(exchange, trace, verdict, asked))
    },
    counts: () => [
      ...(spans ? [{ signal: 'traces' as const, exported: spans.exported, dropped: spans.dropped }] : []),
      ...(logs ? [{ signal: 'logs' as const, exported: logs.exported, dropped: logs.dropped }] : []),
    ],
    close: async () => {
      await Promise.all([spans?.close(lastMs), logs?.close(lastMs)])
    },
  }
}

/** Named as the conventions for HTTP servers have it (opentelemetry.io/docs/specs/semconv/http). */
function toSpanItem(
  { method, route, requestId, keyId, verdicts, error }: Exchange,
  trace: Trace,
  status: number,
  startedAt: number,
  endedAt: number,
): SpanItem {
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'error.type': errorType(error, status),
    'latchkey.request_id': requestId,
    'latchkey.key_id': keyId,
    'latchkey.code': verdicts?.length === 1 ? verdicts[0] : undefined,
    'latchkey.verdicts': verdicts?.length,
  }
  const name = route === undefined ? method : `${method} ${route}`
  return { trace, name, startedAt, endedAt, attributes, hasFailed: status >= 500 }
}

function errorType(error: unknown, status: number): string | undefined {
  if (error instanceof LatchkeyError) return error.code
  return status >= 500 ? String(status) : undefined
}

function toLogItem(
  { requestId, keyId }: Exchange,
  trace: Trace,
  verdict: Verdict,
  { permissions, cost }: Pick<VerifyOptions, 'permissions' | 'cost'>,
): LogItem {
  const ofKey = 'keyId' in verdict ? ownedKeyOf(verdict) : undefined
  return {
    trace,
    at: Date.now(),
    event: 'latchkey.verdict',
    body: verdict.code,
    attributes: {
      'latchkey.code': verdict.code,
      'latchkey.valid': verdict.valid,
      'latchkey.key_id': ofKey?.keyId,
      'latchkey.organization_id': ofKey?.organizationId,
      'latchkey.permissions': permissions,
      ...costAttributes(cost),
      'latchkey.caller_key_id': keyId,
      'latchkey.request_id': requestId,
    },
  }
}

/** Of each limit, or of those that are named. */
function costAttributes(cost: VerifyOptions['cost']): Attributes {
  if (typeof cost !== 'object') return { 'latchkey.cost': cost }
  return Object.fromEntries(Object.entries(cost).map(([name, units]) => [`latchkey.cost.${name}`, units]))
}
