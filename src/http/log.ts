// One line a request, in the log and in the metrics. No token ever gets here, and the last guard is here too.
import { type Logger, symbols } from 'pino'
import { LatchkeyError } from '../core/errors.ts'
import type { LogVerdicts } from '../core/log-verdicts.ts'
import type { VerdictCode } from '../core/shapes/verification.ts'
import { redactTokens } from '../core/token.ts'
import type { Exchange } from './exchange.ts'
import { createLogSampler, type LeftOut } from './log-sampler.ts'
import type { Metrics } from './metrics.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Writes down what was answered, in the log and in the metrics. */
export interface ExchangeRecorder {
  /**
   * Writes down that an exchange was answered with a status, now or at a reading of the monotonic clock; an answer of
   * 5xx with what caused it.
   */
  record(exchange: Exchange, status: number, endedAt?: number): void
  /** Writes how many lines were left out since that was last said. */
  flush(): void
}

/**
 * Makes a recorder. It counts every exchange in the metrics. A line it writes for every exchange if `logVerdicts` is
 * `all`; otherwise it leaves out those that gave only valid verdicts (with `none`, all that gave verdicts), and of
 * those that changed nothing it writes a sample and how many it left out (`log-sampler.ts`).
 */
export function createRecorder(
  log: Logger,
  metrics: Metrics,
  logVerdicts: LogVerdicts,
  telemetry?: Telemetry,
): ExchangeRecorder {
  const report = (leftOut: LeftOut) => log.info({ left_out: leftOut }, 'requests left out of the log')
  const refusals = createLogSampler(report)
  // Apart, so that many who read hide no refusal.
  const reads = createLogSampler(report)

  function getsLine(
    { method, route, verdicts, error, keyId, memberId, portalSessionId, ip }: Exchange,
    status: number,
  ): boolean {
    if (logVerdicts === 'all') return true
    const refused = verdicts === undefined ? undefined : firstRefused(verdicts)
    if (verdicts !== undefined && error === undefined && (refused === undefined || logVerdicts === 'none'))
      return false
    const caller = keyId ?? memberId ?? portalSessionId ?? ip ?? ''
    if (error === undefined && refused === undefined && status < 400)
      return !isRead(method, route) || reads.admits(String(status), caller)
    const code = error instanceof LatchkeyError ? error.code : (refused ?? String(status))
    return refusals.admits(code, caller)
  }

  return {
    record: (exchange, status, endedAt = performance.now()) => {
      const { method, route, verdicts, startedAt } = exchange
      const durationMs = endedAt - startedAt
      metrics.countRequest(route ?? 'none', method, status, durationMs / 1000)
      if (verdicts !== undefined) for (const code of verdicts) metrics.countVerdict(code)
      telemetry?.noteExchange(exchange, status, durationMs)
      if (getsLine(exchange, status)) writeLine(log, exchange, status, durationMs)
    },
    flush: () => {
      refusals.flush()
      reads.flush()
    },
  }
}

/** What is asked by POST and answered without a change in the database: last uses are written in batches, later. */
const readsByPost = new Set<string | undefined>(['/v1/keys/facts', '/v1/keys/uses'])

/** Tells whether a request changes nothing at once, so that the database does not bound how many there are. */
function isRead(method: string, route: string | undefined): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) || readsByPost.has(route)
}

function firstRefused(verdicts: readonly VerdictCode[]): VerdictCode | undefined {
  for (const code of verdicts) if (code !== 'valid') return code
  return undefined
}

function writeLine(log: Logger, exchange: Exchange, status: number, durationMs: number): void {
  const { requestId, method, route, keyId, memberId, kid, verdicts, trace, error } = exchange
  if (status < 500 && verdicts?.length === 1 && error === undefined) {
    if (log.isLevelEnabled('info')) writePlainLine(log, exchange, status, durationMs)
    return
  }
  const line = {
    request_id: requestId,
    trace_id: trace?.traceId,
    method,
    route,
    status,
    duration_ms: roundMs(durationMs),
    key_id: keyId,
    member_id: memberId,
    portal_session_id: exchange.portalSessionId,
    kid,
    problem: error instanceof LatchkeyError ? error.code : undefined,
    ...(verdicts?.length === 1 ? { code: verdicts[0] } : { codes: verdicts && tally(verdicts) }),
  }
  if (status >= 500) log.error({ ...line, error: describeError(error) }, 'request')
  else log.info(line, 'request')
}

/** Writes down that an answer broke off after its beginning was sent, and why. */
export function recordBreak(log: Logger, { requestId, route, keyId }: Exchange, error: unknown): void {
  const line = { request_id: requestId, route, key_id: keyId, error: describeError(error) }
  log.error(line, 'the answer was not sent completely')
}

interface Internals {
  [symbols.lsCacheSym]: Record<number, string>
  [symbols.timeSym](): string
  [symbols.chindingsSym]: string
  [symbols.streamSym]: { write(line: string): void }
}

/**
 * Writes the line of a verdict as pino would, in a third of the time: these come millions of times. Every text in
 * it is of an alphabet that JSON takes as it is.
 */
function writePlainLine(log: Logger, exchange: Exchange, status: number, durationMs: number): void {
  const internals = log as unknown as Internals
  const { requestId, method, route, keyId, kid, verdicts, trace } = exchange
  const within = trace === undefined ? '' : `,"trace_id":"${trace.traceId}"`
  const by = keyId === undefined ? '' : `,"key_id":"${keyId}"`
  const of = kid === undefined ? '' : `,"kid":"${kid}"`
  internals[symbols.streamSym].write(
    `${internals[symbols.lsCacheSym][30]}${internals[symbols.timeSym]()}${internals[symbols.chindingsSym]},"request_id":"${requestId}"${within},"method":"${method}","route":"${route}","status":${status},"duration_ms":${roundMs(durationMs)}${by}${of},"code":"${verdicts?.[0]}","msg":"request"}\n`,
  )
}

function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}

/** Tells what an error says of itself and of its causes, without anything of a token's form. */
function describeError(error: unknown, depth = 4): Record<string, unknown> | undefined {
  if (error === undefined) return undefined
  if (!(error instanceof Error)) return { message: redactTokens(String(error)) }
  const { name, message, stack, cause } = error
  const code = 'code' in error ? redactTokens(String(error.code)) : undefined
  return {
    name,
    code,
    message: redactTokens(message),
    stack: redactTokens(stack ?? ''),
    cause: depth > 0 ? describeError(cause, depth - 1) : undefined,
  }
}

function tally(verdicts: readonly VerdictCode[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const code of verdicts) counts[code] = (counts[code] ?? 0) + 1
  return counts
}
