// `latchkey relay`: verifies tokens beside those who ask, for a server that is elsewhere, until told to stop.
import { Option } from 'commander'
import { type RelayFlags, type RelaySettings, readRelaySettings } from '../../config.ts'
import type { RunningRelay } from '../../relay/relay.ts'
import { defineCommand } from '../kit/define-command.ts'
import { printSurely, surviveClosedOutput } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'
import { servingOptions } from '../kit/serving-options.ts'
import { explainListening, makeLog } from '../processes/serving.ts'
import { liveUntilStopped, settled, stopServing } from '../processes/shutdown.ts'

const options = servingOptions()

export const relayCommand = defineCommand({
  path: 'relay',
  summary: 'verify tokens beside your API, for a server elsewhere; has no database',
  on: nothing,
  options: [
    new Option('--upstream <url>', 'the server, or another relay (or LATCHKEY_UPSTREAM; required)'),
    options.host,
    options.port,
    options.logLevel,
    options.logVerdicts,
    options.cachedSecrets,
    options.cacheBytes,
    options.trustedProxy,
    options.keepAlive,
    options.basicAuth,
  ],
  examples: [
    'latchkey relay --upstream https://keys.example.com',
    'latchkey relay --upstream https://keys.example.com --host 0.0.0.0 --port 7374',
  ],
  notes:
    'LATCHKEY_KEY is the token by which the relay asks its upstream: of a key with latchkey:keys:verify. The relay writes its log to standard error. On SIGTERM, SIGINT and SIGHUP it stops in order.',
  run: async (_, { options: flags }): Promise<undefined> => {
    await relay(readRelaySettings(flags as RelayFlags))
  },
})

async function relay(settings: RelaySettings): Promise<void> {
  surviveClosedOutput()
  // Loaded only here: the other commands have no use for a log.
  const [{ pino }, { startRelay }] = await Promise.all([import('pino'), import('../../relay/relay.ts')])
  const log = makeLog(pino, settings)
  const { upstream, keepAliveMs } = settings
  if (isReadable(upstream))
    log.warn({ upstream }, 'the upstream is asked by http: whoever is between can read the tokens')
  let running: RunningRelay | undefined
  await liveUntilStopped(log, {
    begin: async (stop) => {
      const begun = startRelay({ ...settings, log, connections: { keepAliveMs } })
      running = await begun.catch((error: unknown) => {
        throw explainListening(error, settings)
      })
      if (stop.asked) return
      // Nobody needs to read where it serves, and nothing depends on it.
      await printSurely(`Latchkey relays ${running.url} for ${upstream}`).catch(() => {})
      log.info({ url: running.url, upstream }, 'relaying')
    },
    end: async (begun) => {
      await settled(begun)
      return stopServing(running, running && { close: running.leave }, log)
    },
  })
}

/** Whether tokens go over a network as they are. */
function isReadable(upstream: string): boolean {
  const { protocol, hostname } = new URL(upstream)
  return protocol === 'http:' && !/^(?:localhost|127\..*|\[::1\])$/.test(hostname)
}
