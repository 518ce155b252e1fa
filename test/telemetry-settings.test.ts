// The variables of OpenTelemetry's specification, as `latchkey serve` reads them.
import { expect, test } from 'vitest'
import { readTelemetrySettings } from '../src/core/telemetry-settings.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }

test('nobody is told anything unless an endpoint is named', () => {
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_SERVICE_NAME: 'keys' },
    { ...endpoint, OTEL_SDK_DISABLED: 'TRUE', LATCHKEY_OTEL_VERDICTS: 'all' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
  ])
    expect(readTelemetrySettings(env)).toBeUndefined()
})

test('an endpoint gets traces, and verdicts if they are asked for', () => {
  expect(readTelemetrySettings(endpoint)).toEqual({
    traces: {
      url: 'http://collector:4318/v1/traces',
      headers: {},
      protocol: 'http/protobuf',
      isCompressed: false,
      timeoutMs: 10_000,
      maxQueue: 8_192,
      maxBatch: 512,
      delayMs: 5_000,
    },
    verdicts: undefined,
    sampler: { isParentBased: true, ratio: 1 },
    resource: {},
  })
  const all = readTelemetrySettings({
    ...endpoint,
    LATCHKEY_OTEL_VERDICTS: 'refused',
    OTEL_TRACES_EXPORTER: 'none',
  })
  expect(all?.traces).toBeUndefined()
  expect(all?.verdicts).toMatchObject({
    url: 'http://collector:4318/v1/logs',
    which: 'refused',
    delayMs: 1_000,
  })
})

test('what is said of one signal goes before what is said of all', () => {
  const settings = readTelemetrySettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/base',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://logs/in?stream=a',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20one, x-a=1',
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'authorization=Bearer%20two',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BLRP_SCHEDULE_DELAY: '7',
    OTEL_SERVICE_NAME: 'keys',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=prod%2Fa',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    LATCHKEY_OTEL_VERDICTS: 'all',
  })
  expect(settings).toMatchObject({
    traces: {
      url: 'https://collector/base/v1/traces',
      headers: { authorization: 'Bearer one', 'x-a': '1' },
      protocol: 'http/json',
      ...{ isCompressed: true, timeoutMs: 500, maxQueue: 100, maxBatch: 100, delayMs: 5_000 },
    },
    verdicts: {
      url: 'https://logs/in?stream=a',
      headers: { authorization: 'Bearer two', 'x-a': '1' },
      protocol: 'http/protobuf',
      ...{ which: 'all', maxQueue: 8_192, delayMs: 7 },
    },
    sampler: { isParentBased: true, ratio: 0.25 },
    resource: { 'service.name': 'keys', 'deployment.environment.name': 'prod/a' },
  })
})

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://ada:hunter2@collector'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'hunter2'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=a%20hunter2%'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'hunter2'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=hunter2%0d%0ab: c'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '0'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', 'many'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['LATCHKEY_OTEL_VERDICTS', 'valid'],
])('%s=%s is refused by its name, and not repeated', (variable, value) => {
  const env = { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', [variable]: value }
  expect(() => readTelemetrySettings(env)).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      message: expect.stringMatching(new RegExp(`^${variable}: (?!.*hunter2).*\\.$`)),
    }),
  )
})

test('verdicts for nobody are refused', () => {
  expect(() => readTelemetrySettings({ LATCHKEY_OTEL_VERDICTS: 'all' })).toThrow(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  )
})
