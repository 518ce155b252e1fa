// `latchkey serve`: opens the database, listens, makes the first root key if there is none, and serves until told to stop.
import cluster from 'node:cluster'
import { Option } from 'commander'
import type { Logger } from 'pino'
import { readServeSettings, type ServeFlags, type ServeSettings, withoutPassword } from '../../config.ts'
import type { RunningServer } from '../../http/http-server.ts'
import type { Latchkey } from '../../latchkey.ts'
import type { ServerSettings } from '../../server/server.ts'
import { openDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { databaseOption } from '../kit/options.ts'
import { surviveClosedOutput } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'
import { whileWaiting } from '../kit/progress.ts'
import { servingOptions } from '../kit/serving-options.ts'
import { announce } from '../processes/first-start.ts'
import { explainListening, makeLog } from '../processes/serving.ts'
import { liveUntilStopped, settled, stopServing } from '../processes/shutdown.ts'

const options = servingOptions()

export const serveCommand = defineCommand({
  path: 'serve',
  summary: 'serve the API; on an empty database, create the first root key and print it once',
  on: nothing,
  options: [
    options.host,
    options.port,
    new Option('--workers <count>', 'the number of processes that serve (or LATCHKEY_WORKERS; default: 1)'),
    databaseOption(),
    new Option(
      '--key-prefix <list>',
      'prefixes of new tokens, the default first (or LATCHKEY_KEY_PREFIX; default: what the database has, or re)',
    ),
    options.logLevel,
    options.logVerdicts,
    options.cachedSecrets,
    options.cacheBytes,
    options.trustedProxy,
    options.keepAlive,
    new Option(
      '--webhook-networks <list>',
      "networks in which the operator's own receivers of webhooks may be (or LATCHKEY_WEBHOOK_NETWORKS)",
    ),
    new Option(
      '--webhook-name-servers <list>',
      "the name servers that find receivers (or LATCHKEY_WEBHOOK_NAME_SERVERS; default: the system's)",
    ),
    new Option('--webhook-proxy <url>', 'a proxy through which webhooks go (or LATCHKEY_WEBHOOK_PROXY)'),
    new Option(
      '--checkpoint-file <path>',
      'append hourly checkpoints of the audit log to this file (or LATCHKEY_CHECKPOINT_FILE; default: none)',
    ),
    new Option(
      '--permissions-file <path>',
      'make the catalogue of permissions what this file says (or LATCHKEY_PERMISSIONS_FILE; default: none)',
    ),
    new Option(
      '--public-url <url>',
      'the address under which clients reach the server (or LATCHKEY_PUBLIC_URL; default: none)',
    ),
    options.basicAuth,
    new Option(
      '--token-sign-in <keys>',
      'whose tokens open sessions in browsers: root, all or off (or LATCHKEY_TOKEN_SIGN_IN; default: all)',
    ),
  ],
  examples: [
    'latchkey serve',
    'latchkey serve --host 0.0.0.0 --database postgres://latchkey@db.internal/latchkey',
    'latchkey serve --workers 4',
    'latchkey serve --key-prefix re_live,re_test 2>> latchkey.log',
    'latchkey serve --webhook-networks 10.1.0.0/16,127.0.0.0/8',
  ],
  notes:
    'The server writes its log to standard error, one line of JSON per event. On SIGTERM, SIGINT and SIGHUP it stops in order.',
  run: async (_, { options: flags }): Promise<undefined> => {
    await serve(readServeSettings(flags as ServeFlags))
  },
})

async function serve(settings: ServeSettings): Promise<void> {
  surviveClosedOutput()
  // Loaded only here: the other commands have no use for a log.
  const { pino } = await import('pino')
  if (settings.workers === 1) return serveAlone(settings, makeLog(pino, settings))
  if (cluster.isPrimary) return serveByWorkers(settings, makeLog(pino, settings))
  return serveAsWorker(settings, makeLog(pino, settings, process.pid))
}

async function serveAlone(settings: ServeSettings, log: Logger): Promise<void> {
  let latchkey: Latchkey | undefined
  let server: RunningServer | undefined
  await liveUntilStopped(log, {
    begin: async (stop) => {
      const opened = await whileWaiting(openToServe(settings, log), 'Still opening the database')
      latchkey = opened
      if (stop.asked) return
      server = await listen(opened, settings, log, {
        beforeServing: async (url) => {
          await fillCatalogue(opened, settings)
          if (!stop.asked) await announce(opened, url, settings, log)
        },
      })
      log.info({ url: server.url, database: withoutPassword(settings.database) }, 'serving')
    },
    end: async (begun) => {
      await settled(begun)
      return stopServing(server, latchkey, log)
    },
  })
}

/** Makes the database ready, and then leaves it to the workers. */
async function serveByWorkers(settings: ServeSettings, log: Logger): Promise<void> {
  const { createWorkers, WorkerFailure } = await import('../processes/workers.ts')
  const workers = createWorkers(log)
  const life = liveUntilStopped(log, {
    begin: async (stop) => {
      await using latchkey = await whileWaiting(openToServe(settings, log), 'Still opening the database')
      if (stop.asked) return
      await fillCatalogue(latchkey, settings)
      const url = await workers.begin()
      if (!stop.asked) await announce(latchkey, url, settings, log)
      await workers.serve(settings.workers)
      const database = withoutPassword(settings.database)
      if (!stop.asked) log.info({ url, database, workers: settings.workers }, 'serving')
    },
    end: async (begun) => {
      const [inOrder] = await Promise.all([workers.stop(), settled(begun)])
      if (inOrder) log.info('stopped')
      else log.error('a worker did not stop in order: the last uses of keys may not have been written')
      process.exit(inOrder ? exitCodes.ok : exitCodes.unreachable)
    },
    abandon: () => workers.kill(),
  })
  await life.catch((error: unknown) => {
    if (!(error instanceof WorkerFailure)) throw error
    process.exitCode = error.exitCode ?? exitCodes.failed
  })
}

async function serveAsWorker(settings: ServeSettings, log: Logger): Promise<void> {
  const [{ joinPrimary }, { createMetrics }] = await Promise.all([
    import('../processes/worker.ts'),
    import('../../http/metrics.ts'),
  ])
  const primary = joinPrimary()
  try {
    const latchkey = await openToServe(settings, log)
    const server = await listen(latchkey, settings, log, {
      metrics: primary.share(createMetrics()),
      beforeServing: primary.bound,
    })
    primary.ready(server, () => void stopServing(server, latchkey, log))
  } catch (error) {
    primary.leave()
    throw error
  }
}

/** Opens the database of a server, which proves nobody's identity by itself. */
async function openToServe(settings: ServeSettings, log: Logger): Promise<Latchkey> {
  const latchkey = await openDatabase({ ...settings, unlistedProviders: 'refuse' }, (message) =>
    log.warn(message),
  )
  try {
    latchkey.signIn.check()
    return latchkey
  } catch (error) {
    await latchkey.close()
    throw error
  }
}

/** Makes the catalogue of permissions what the file says, if there is one. */
async function fillCatalogue({ keys }: Latchkey, { permissionsFile }: ServeSettings): Promise<void> {
  if (permissionsFile === undefined) return
  const { readCatalogueFile } = await import('../kit/catalogue-file.ts')
  await keys.describePermissions({ permissions: await readCatalogueFile(permissionsFile), replace: true })
}

/** Serves. If the server cannot start, closes the database and throws. */
async function listen(
  latchkey: Latchkey,
  settings: ServeSettings,
  log: Logger,
  more: Pick<ServerSettings, 'metrics' | 'beforeServing'>,
): Promise<RunningServer> {
  const { host, port, trustedProxies, logVerdicts, keepAliveMs, telemetry, publicUrl } = settings
  const { startServer } = await import('../../server/server.ts')
  try {
    const server = await startServer(latchkey, {
      host,
      port,
      log,
      logVerdicts,
      trustedProxies,
      telemetry,
      publicUrl,
      basicAuth: settings.basicAuth,
      tokenSignIn: settings.tokenSignIn,
      connections: { keepAliveMs },
      ...more,
    })
    // Strikes off processes that crashed before: the first change that waits for all would wait for them.
    void latchkey.waitUntilApplied()
    return server
  } catch (error) {
    await latchkey.close()
    throw explainListening(error, settings)
  }
}
