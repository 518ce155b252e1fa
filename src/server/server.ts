// Serves Latchkey on a port.
import type { Logger } from 'pino'
import type { LogVerdicts } from '../core/log-verdicts.ts'
import type { StandardsSettings } from '../core/standards-settings.ts'
import type { TelemetrySettings } from '../core/telemetry-settings.ts'
import { type ListenSettings, type RunningServer, startHttpServer } from '../http/http-server.ts'
import type { Metrics } from '../http/metrics.ts'
import type { Telemetry } from '../http/telemetry/telemetry.ts'
import type { Latchkey } from '../latchkey.ts'
import { createApp, createPipeline } from './app.ts'
import { createHotDoor } from './direct-routes.ts'
import { createFastPath } from './fast-path.ts'
import { packageVersion } from './version.ts'

/** Where Latchkey listens, and what it tells. */
export interface ServerSettings extends Partial<StandardsSettings>, ListenSettings {
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed; none if absent. */
  trustedProxies?: readonly string[]
  /** Metrics of its own if absent. */
  metrics?: Metrics
  /** Which verdicts get a line in the log; the refused ones if absent. */
  logVerdicts?: LogVerdicts
  /** Which collector is told of requests and verdicts; none if absent. */
  telemetry?: TelemetrySettings | undefined
}

/** Starts to serve; the latchkey stays open at its end. Throws if the address is taken, and RangeError for a proxy that is no address. */
export async function startServer(latchkey: Latchkey, settings: ServerSettings): Promise<RunningServer> {
  const { telemetry: told, log } = settings
  const telemetry = told && (await beginTelemetry(told, log))
  const pipeline = createPipeline(latchkey, { ...settings, telemetry })
  const takeFast = createFastPath(pipeline)
  const takeHot = createHotDoor(pipeline)
  const serving = {
    pipeline,
    fetch: createApp(pipeline).fetch,
    take: (...exchange: Parameters<typeof takeFast>) => takeFast(...exchange) || takeHot(...exchange),
    beginClose: async () => {
      const { changes, stopping } = pipeline.parts
      // Of units that verifiers hold, only this process knows: once it has ended, they count as spent.
      const lent = latchkey.verifiers.recall()
      if (lent.length > 0) await changes.recall(lent)
      changes.close()
      stopping.abort()
      latchkey.endWaits()
    },
    endClose: async () => telemetry?.close(),
  }
  return startHttpServer(serving, settings)
}

/** Loaded only here: others need neither the code nor its timers. */
export async function beginTelemetry(settings: TelemetrySettings, log: Logger): Promise<Telemetry> {
  const { startTelemetry } = await import('../http/telemetry/telemetry.ts')
  return startTelemetry(settings, packageVersion(), (message) => log.warn(message))
}
