// An OpenTelemetry collector's OTLP/HTTP endpoint, as a test wants it to behave. It reads Protocol Buffers by a reader of its own, by
// the numbers that opentelemetry-proto 1 gives to fields, into the form that OTLP has in JSON.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

interface Pair {
  key: string
  value: {
    stringValue?: string
    intValue?: string
    boolValue?: boolean
    arrayValue?: { values: Pair['value'][] }
  }
}

export interface CollectedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Pair[]
  status?: { code: number }
}

export interface CollectedRecord {
  timeUnixNano: string
  body: { stringValue: string }
  eventName: string
  attributes: Pair[]
  traceId: string
  spanId: string
}

/** What came to an endpoint. */
export interface Collector extends AsyncDisposable {
  url: string
  spans: CollectedSpan[]
  records: CollectedRecord[]
  /** Of the process that told. */
  resource: Record<string, unknown>
  requests: { path: string; headers: IncomingMessage['headers']; bytes: Buffer }[]
}

/** Answers as a collector that takes everything, unless the test has an answer of its own. */
export async function startCollector(
  behave: (response: ServerResponse, n: number) => boolean = () => false,
): Promise<Collector> {
  const collected: Pick<Collector, 'spans' | 'records' | 'resource' | 'requests'> = {
    spans: [],
    records: [],
    resource: {},
    requests: [],
  }
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part)
    const bytes = Buffer.concat(parts)
    collected.requests.push({ path: incoming.url ?? '', headers: incoming.headers, bytes })
    if (behave(response, collected.requests.length)) return
    take(collected, incoming, bytes)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...collected,
    get resource() {
      return collected.resource
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function take(
  collected: Pick<Collector, 'spans' | 'records' | 'resource'>,
  { url = '', headers }: IncomingMessage,
  bytes: Buffer,
): void {
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  const isSpans = url.endsWith('/v1/traces')
  const request = (
    headers['content-type'] === 'application/json'
      ? JSON.parse(plain.toString())
      : readMessage(isSpans ? 'Traces' : 'Logs', plain)
  ) as {
    resourceSpans?: { resource: { attributes: Pair[] }; scopeSpans: { spans: CollectedSpan[] }[] }[]
    resourceLogs?: { resource: { attributes: Pair[] }; scopeLogs: { logRecords: CollectedRecord[] }[] }[]
  }
  for (const { resource, scopeSpans } of request.resourceSpans ?? []) {
    collected.resource = valuesOf(resource.attributes)
    for (const { spans } of scopeSpans) collected.spans.push(...spans)
  }
  for (const { resource, scopeLogs } of request.resourceLogs ?? []) {
    collected.resource = valuesOf(resource.attributes)
    for (const { logRecords } of scopeLogs) collected.records.push(...logRecords)
  }
}

/** Attributes by their names. */
export function valuesOf(attributes: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]))
}

function plainOf({ stringValue, intValue, boolValue, arrayValue }: Pair['value']): unknown {
  if (arrayValue) return (arrayValue.values ?? []).map(plainOf)
  return stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue))
}

type Kind = 'text' | 'hex' | 'int' | 'bool' | 'long' | 'double' | 'nanos' | 'word'
type Fields = Record<number, [name: string, kind: Kind | Capitalize<string>, isList?: true]>
const messages: Record<string, Fields> = {
  Traces: { 1: ['resourceSpans', 'ResourceSpans', true] },
  ResourceSpans: { 1: ['resource', 'Resource'], 2: ['scopeSpans', 'ScopeSpans', true] },
  ScopeSpans: { 1: ['scope', 'Scope'], 2: ['spans', 'Span', true] },
  Span: {
    ...{ 1: ['traceId', 'hex'], 2: ['spanId', 'hex'], 3: ['traceState', 'text'], 4: ['parentSpanId', 'hex'] },
    ...{ 5: ['name', 'text'], 6: ['kind', 'int'], 7: ['startTimeUnixNano', 'nanos'] },
    ...{ 8: ['endTimeUnixNano', 'nanos'], 9: ['attributes', 'KeyValue', true] },
    ...{ 15: ['status', 'Status'], 16: ['flags', 'word'] },
  },
  Status: { 2: ['message', 'text'], 3: ['code', 'int'] },
  Logs: { 1: ['resourceLogs', 'ResourceLogs', true] },
  ResourceLogs: { 1: ['resource', 'Resource'], 2: ['scopeLogs', 'ScopeLogs', true] },
  ScopeLogs: { 1: ['scope', 'Scope'], 2: ['logRecords', 'LogRecord', true] },
  LogRecord: {
    ...{ 1: ['timeUnixNano', 'nanos'], 2: ['severityNumber', 'int'], 3: ['severityText', 'text'] },
    ...{ 5: ['body', 'AnyValue'], 6: ['attributes', 'KeyValue', true], 8: ['flags', 'word'] },
    ...{ 9: ['traceId', 'hex'], 10: ['spanId', 'hex'], 11: ['observedTimeUnixNano', 'nanos'] },
    ...{ 12: ['eventName', 'text'] },
  },
  Resource: { 1: ['attributes', 'KeyValue', true] },
  Scope: { 1: ['name', 'text'], 2: ['version', 'text'] },
  KeyValue: { 1: ['key', 'text'], 2: ['value', 'AnyValue'] },
  AnyValue: {
    ...{ 1: ['stringValue', 'text'], 2: ['boolValue', 'bool'], 3: ['intValue', 'long'] },
    ...{ 4: ['doubleValue', 'double'], 5: ['arrayValue', 'ArrayValue'] },
  },
  ArrayValue: { 1: ['values', 'AnyValue', true] },
}

function readMessage(name: string, bytes: Buffer): Record<string, unknown> {
  const message: Record<string, unknown> = {}
  let at = 0
  const readVarint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error(`${name} ends within a number.`)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(readVarint())
    const [field, kind, isList] = messages[name]?.[tag >> 3] ?? []
    if (field === undefined || kind === undefined) throw new Error(`${name} has no field ${tag >> 3}.`)
    const value = readValue(kind, tag & 7)
    if (isList) message[field] = [...((message[field] as unknown[]) ?? []), value]
    else message[field] = value
  }
  return message

  function readValue(kind: string, wireType: number): unknown {
    const expected = { int: 0, bool: 0, long: 0, double: 1, nanos: 1, word: 5 }[kind] ?? 2
    if (wireType !== expected) throw new Error(`${name}: ${kind} in the wire type ${wireType}.`)
    if (wireType === 0) {
      const value = readVarint()
      return kind === 'long' ? String(value) : kind === 'bool' ? value === 1n : Number(value)
    }
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : Number(readVarint())
    const part = bytes.subarray(at, at + length)
    at += length
    if (part.length < length) throw new Error(`${name} ends within ${kind}.`)
    if (kind === 'double') return part.readDoubleLE()
    if (kind === 'nanos') return String(part.readBigUInt64LE())
    if (kind === 'word') return part.readUInt32LE()
    if (kind === 'text') return new TextDecoder('utf-8', { fatal: true }).decode(part)
    return kind === 'hex' ? part.toString('hex') : readMessage(kind, part)
  }
}
