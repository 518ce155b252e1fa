// Where OpenTelemetry's traces and logs go: read from the variables that its specification names
// (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables, …/protocol/exporter).
import { LatchkeyError } from './errors.ts'
import { type LogVerdicts, logVerdictsChoices } from './log-verdicts.ts'

/** Where one kind of telemetry goes, and how much of it waits. */
export interface SignalSettings {
  url: string
  /** May hold secrets: never logged. */
  headers: Record<string, string>
  protocol: 'http/protobuf' | 'http/json'
  isCompressed: boolean
  /** How long one attempt may take. */
  timeoutMs: number
  /** What is beyond is dropped. */
  maxQueue: number
  maxBatch: number
  /** How long something waits for others to be sent with it. */
  delayMs: number
}

/** What `latchkey serve` tells a collector. */
export interface TelemetrySettings {
  /** Spans of requests; undefined for none. */
  traces: SignalSettings | undefined
  /** Of which verdicts there are log records, and where they go; undefined for none. */
  verdicts: (SignalSettings & { which: Exclude<LogVerdicts, 'none'> }) | undefined
  sampler: Sampler
  /** What is said of this process. */
  resource: Record<string, string>
}

/** Which traces are recorded. */
export interface Sampler {
  /** Whether a caller that has decided for its trace has decided for this part of it. */
  isParentBased: boolean
  /** Of others, which share is recorded. */
  ratio: number
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads what goes to a collector; undefined if nothing does. Throws `invalid_input`, which repeats no value. */
export function readTelemetrySettings(env: Environment): TelemetrySettings | undefined {
  const which = readChoice(env, 'LATCHKEY_OTEL_VERDICTS', logVerdictsChoices) ?? 'none'
  const isOff = given(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
  const traces = isOff || isNone(env, 'TRACES') ? undefined : readSignal(env, 'TRACES', 'BSP', 5_000)
  const logs =
    isOff || which === 'none' || isNone(env, 'LOGS') ? undefined : readSignal(env, 'LOGS', 'BLRP', 1_000)
  if (which !== 'none' && logs === undefined && !isOff)
    refuse('LATCHKEY_OTEL_VERDICTS', 'Set OTEL_EXPORTER_OTLP_ENDPOINT to the address of a collector too.')
  if (traces === undefined && logs === undefined) return undefined
  return {
    traces,
    verdicts: logs && which !== 'none' ? { ...logs, which } : undefined,
    sampler: readSampler(env),
    resource: {
      ...readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES'),
      ...(given(env, 'OTEL_SERVICE_NAME') && {
        'service.name': given(env, 'OTEL_SERVICE_NAME') as string,
      }),
    },
  }
}

type Signal = 'TRACES' | 'LOGS'

function isNone(env: Environment, signal: Signal): boolean {
  return readChoice(env, `OTEL_${signal}_EXPORTER`, ['otlp', 'none']) === 'none'
}

function readSignal(
  env: Environment,
  signal: Signal,
  queue: 'BSP' | 'BLRP',
  delayMs: number,
): SignalSettings | undefined {
  const url = readEndpoint(env, signal)
  if (url === undefined) return undefined
  // What is said of one signal goes before what is said of all.
  const name = (what: string) =>
    [`OTEL_EXPORTER_OTLP_${signal}_${what}`, `OTEL_EXPORTER_OTLP_${what}`].find((one) => given(env, one)) ??
    `OTEL_EXPORTER_OTLP_${what}`
  const number = (what: string, usual: number, most: number) =>
    readNumber(env, `OTEL_${queue}_${what}`, usual, most)
  const maxQueue = number('MAX_QUEUE_SIZE', 8_192, 1_000_000)
  return {
    url,
    headers: { ...readPairs(env, 'OTEL_EXPORTER_OTLP_HEADERS'), ...readPairs(env, name('HEADERS')) },
    protocol: readChoice(env, name('PROTOCOL'), ['http/protobuf', 'http/json']) ?? 'http/protobuf',
    isCompressed: readChoice(env, name('COMPRESSION'), ['gzip', 'none']) === 'gzip',
    timeoutMs: readNumber(env, name('TIMEOUT'), 10_000, 600_000),
    maxQueue,
    maxBatch: Math.min(maxQueue, number('MAX_EXPORT_BATCH_SIZE', 512, 8_192)),
    delayMs: number('SCHEDULE_DELAY', delayMs, 600_000),
  }
}

function readEndpoint(env: Environment, signal: Signal): string | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`
  const from = given(env, own) ? own : 'OTEL_EXPORTER_OTLP_ENDPOINT'
  const value = given(env, from)
  if (value === undefined) return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return refuse(from, 'Must be the address of a collector, such as http://127.0.0.1:4318.')
  if (url.username || url.password)
    return refuse(from, 'Must have no user and no password. Use OTEL_EXPORTER_OTLP_HEADERS.')
  if (from === own) return url.href
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`
  return url.href
}

const samplers: Record<string, { isParentBased: boolean; ratio?: number }> = {
  always_on: { isParentBased: false, ratio: 1 },
  always_off: { isParentBased: false, ratio: 0 },
  traceidratio: { isParentBased: false },
  parentbased_always_on: { isParentBased: true, ratio: 1 },
  parentbased_always_off: { isParentBased: true, ratio: 0 },
  parentbased_traceidratio: { isParentBased: true },
}

function readSampler(env: Environment): Sampler {
  const name = readChoice(env, 'OTEL_TRACES_SAMPLER', Object.keys(samplers)) ?? 'parentbased_always_on'
  const { isParentBased, ratio } = samplers[name] as (typeof samplers)[string]
  if (ratio !== undefined) return { isParentBased, ratio }
  const argument = Number(given(env, 'OTEL_TRACES_SAMPLER_ARG') ?? 1)
  if (!(argument >= 0 && argument <= 1)) refuse('OTEL_TRACES_SAMPLER_ARG', 'Must be a number from 0 to 1.')
  return { isParentBased, ratio: argument }
}

/** Reads `name=value,name=value`, as W3C Baggage writes them: values are percent-encoded. */
function readPairs(env: Environment, variable: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const pair of (given(env, variable) ?? '').split(',')) {
    if (pair.trim() === '') continue
    const [, name, text = ''] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    const value = decode(text)
    if (name === undefined || value === undefined || /[^\t\x20-\x7e\x80-\xff]/.test(value))
      return refuse(variable, 'Must be a list such as name=value,name=value, with values percent-encoded.')
    pairs[name] = value
  }
  return pairs
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function readNumber(env: Environment, variable: string, usual: number, most: number): number {
  const value = given(env, variable)
  if (value === undefined) return usual
  if (/^\d{1,9}$/.test(value) && Number(value) >= 1 && Number(value) <= most) return Number(value)
  return refuse(variable, `Must be a whole number from 1 to ${most}.`)
}

function readChoice<Choice extends string>(
  env: Environment,
  variable: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = given(env, variable)
  if (value === undefined || choices.includes(value as Choice)) return value as Choice | undefined
  return refuse(variable, `Must be ${new Intl.ListFormat('en', { type: 'disjunction' }).format(choices)}.`)
}

/** Set to nothing is not set, as the specification has it too. */
function given(env: Environment, variable: string): string | undefined {
  return env[variable]?.trim() || undefined
}

function refuse(variable: string, sentence: string): never {
  throw new LatchkeyError('invalid_input', `${variable}: ${sentence}`)
}
