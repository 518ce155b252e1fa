// Spans and log records as OTLP writes them, in JSON or as Protocol Buffers (opentelemetry.io/docs/specs/otlp). The names of
// the fields are those of its JSON; their numbers are those of opentelemetry-proto 1.
import { redactTokens } from '../../core/token.ts'
import type { Trace } from '../exchange.ts'
import { type Messages, writeMessage } from './protobuf.ts'

type Value = string | number | boolean | readonly string[]
export type Attributes = Readonly<Record<string, Value | undefined>>

/** A request that was answered. Instants are in milliseconds since 1970. */
export interface SpanItem {
  trace: Trace
  name: string
  startedAt: number
  endedAt: number
  attributes: Attributes
  hasFailed: boolean
}

/** A verdict that was given. */
export interface LogItem {
  trace: Trace
  at: number
  event: string
  body: string
  attributes: Attributes
}

/** Writes a batch as the body of a request. */
export type WriteBatch<Item> = (items: readonly Item[]) => Uint8Array<ArrayBuffer>

interface Format {
  protocol: 'http/protobuf' | 'http/json'
  resource: Attributes
  version: string
}

/** Makes what writes spans. */
export function spanWriter({ protocol, resource, version }: Format): WriteBatch<SpanItem> {
  const head = { resource: { attributes: toPairs(resource) } }
  const scope = { name: 'latchkey', version }
  return (items) => {
    const spans = items.map(toSpan)
    const request = { resourceSpans: [{ ...head, scopeSpans: [{ scope, spans }] }] }
    return write(protocol, 'ExportTraceServiceRequest', request)
  }
}

/** Makes what writes log records. */
export function logWriter({ protocol, resource, version }: Format): WriteBatch<LogItem> {
  const head = { resource: { attributes: toPairs(resource) } }
  const scope = { name: 'latchkey', version }
  return (items) => {
    const logRecords = items.map(toLogRecord)
    const request = { resourceLogs: [{ ...head, scopeLogs: [{ scope, logRecords }] }] }
    return write(protocol, 'ExportLogsServiceRequest', request)
  }
}

const server = 2
const failed = 2
const info = 9

function toSpan({ trace, name, startedAt, endedAt, attributes, hasFailed }: SpanItem) {
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    traceState: trace.state,
    parentSpanId: trace.parentId,
    flags: flagsOf(trace),
    name,
    kind: server,
    startTimeUnixNano: toNanoseconds(startedAt),
    endTimeUnixNano: toNanoseconds(endedAt),
    attributes: toPairs(attributes),
    ...(hasFailed && { status: { code: failed } }),
  }
}

function toLogRecord({ trace, at, event, body, attributes }: LogItem) {
  return {
    timeUnixNano: toNanoseconds(at),
    observedTimeUnixNano: toNanoseconds(at),
    severityNumber: info,
    severityText: 'INFO',
    eventName: event,
    body: { stringValue: body },
    attributes: toPairs(attributes),
    traceId: trace.traceId,
    spanId: trace.spanId,
    flags: flagsOf(trace),
  }
}

function flagsOf({ isSampled }: Trace): number {
  return isSampled ? 1 : 0
}

/** As a text: a number does not hold so many digits. */
function toNanoseconds(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1_000)) * 1_000n)
}

function toPairs(attributes: Attributes) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toAnyValue(value) }],
  )
}

function toAnyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: redactTokens(value) }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map(toAnyValue) } }
}

function write(protocol: Format['protocol'], name: string, request: object): Uint8Array<ArrayBuffer> {
  if (protocol === 'http/json') return new TextEncoder().encode(JSON.stringify(request))
  return writeMessage(messages, name, request) as Uint8Array<ArrayBuffer>
}

const messages: Messages = {
  ExportTraceServiceRequest: { resourceSpans: [1, 'ResourceSpans'] },
  ResourceSpans: { resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans'] },
  ScopeSpans: { scope: [1, 'InstrumentationScope'], spans: [2, 'Span'] },
  Span: {
    traceId: [1, 'hex'],
    spanId: [2, 'hex'],
    traceState: [3, 'string'],
    parentSpanId: [4, 'hex'],
    name: [5, 'string'],
    kind: [6, 'enum'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'KeyValue'],
    status: [15, 'Status'],
    flags: [16, 'fixed32'],
  },
  Status: { code: [3, 'enum'] },
  ExportLogsServiceRequest: { resourceLogs: [1, 'ResourceLogs'] },
  ResourceLogs: { resource: [1, 'Resource'], scopeLogs: [2, 'ScopeLogs'] },
  ScopeLogs: { scope: [1, 'InstrumentationScope'], logRecords: [2, 'LogRecord'] },
  LogRecord: {
    timeUnixNano: [1, 'fixed64'],
    severityNumber: [2, 'enum'],
    severityText: [3, 'string'],
    body: [5, 'AnyValue'],
    attributes: [6, 'KeyValue'],
    flags: [8, 'fixed32'],
    traceId: [9, 'hex'],
    spanId: [10, 'hex'],
    observedTimeUnixNano: [11, 'fixed64'],
    eventName: [12, 'string'],
  },
  Resource: { attributes: [1, 'KeyValue'] },
  InstrumentationScope: { name: [1, 'string'], version: [2, 'string'] },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'] },
  AnyValue: {
    stringValue: [1, 'string'],
    boolValue: [2, 'bool'],
    intValue: [3, 'int64'],
    doubleValue: [4, 'double'],
    arrayValue: [5, 'ArrayValue'],
  },
  ArrayValue: { values: [1, 'AnyValue'] },
}
