// How a process serves: where it listens, what it logs, and how long it keeps idle connections. The server and
// the relay take the same.
import { type Environment, type Given, pick, refuse } from './given-settings.ts'
import { type LogVerdicts, logVerdictsChoices } from './log-verdicts.ts'
import { readKeepAlive, readPort } from './number-settings.ts'
import { readTelemetrySettings, type TelemetrySettings } from './telemetry-settings.ts'

/** The pino levels, and `silent`. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** What flags say of it, as they were typed. */
export interface ServingFlags {
  host?: string
  port?: string
  logLevel?: string
  logVerdicts?: string
  keepAlive?: string
}

export interface ServingSettings {
  host: string
  /** 0 takes any free one. */
  port: number
  logLevel: LogLevel
  logVerdicts: LogVerdicts
  /** How long an idle connection is kept, in milliseconds. */
  keepAliveMs: number
  /** Which collector is told of requests and verdicts; undefined for none. */
  telemetry: TelemetrySettings | undefined
}

/** Reads it. Throws `invalid_input`. */
export function readServing(flags: ServingFlags, env: Environment): ServingSettings {
  return {
    host: pick('--host', flags.host, 'LATCHKEY_HOST', env)?.value ?? '127.0.0.1',
    port: readPort(pick('--port', flags.port, 'LATCHKEY_PORT', env)),
    logLevel: readLogLevel(pick('--log-level', flags.logLevel, 'LATCHKEY_LOG_LEVEL', env)),
    logVerdicts: readLogVerdicts(pick('--log-verdicts', flags.logVerdicts, 'LATCHKEY_LOG_VERDICTS', env)),
    keepAliveMs: readKeepAlive(pick('--keep-alive', flags.keepAlive, 'LATCHKEY_KEEP_ALIVE', env)),
    telemetry: readTelemetrySettings(env),
  }
}

function readLogLevel(given: Given | undefined): LogLevel {
  if (given === undefined) return 'info'
  const level = logLevels.find((name) => name === given.value)
  return level ?? refuse(`${given.from}: Must be one of ${logLevels.join(', ')}.`)
}

function readLogVerdicts(given: Given | undefined): LogVerdicts {
  if (given === undefined) return 'refused'
  const choice = logVerdictsChoices.find((name) => name === given.value)
  return choice ?? refuse(`${given.from}: Must be one of ${logVerdictsChoices.join(', ')}.`)
}
