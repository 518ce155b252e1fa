// `latchkey serve`: opens the database, listens, makes the first root key if there is none, and serves until told to stop.
import cluster from 'node:cluster'
import { Option } from 'commander'
import type { Logger } from 'pino'
import { readServeSettings, type ServeFlags, type ServeSettings, withoutPassword } from '../../config.ts'
import type { Latchkey } from '../../latchkey.ts'
import type { RunningServer, ServerSettings } from '../../server/server.ts'
import { openDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { collect, databaseOption } from '../kit/options.ts'
import { surviveClosedOutput } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'
import { whileWaiting } from '../kit/progress.ts'
import { announce } from '../processes/first-start.ts'
import { openLogDestination } from '../processes/log-destination.ts'
import { liveUntilStopped, settled, stopServing } from '../processes/shutdown.ts'

export const serveCommand = defineCommand({
  path: 'serve',
  summary: 'serve the API; on an empty database, create the first root key and print it once',
  on: nothing,
  options: [
    new Option('--host <address>', 'the address to listen on (or LATCHKEY_HOST; default: 127.0.0.1)'),
    new Option(
      '--port <port>',
      'the port to listen on, 0 for any free one (or LATCHKEY_PORT; default: 7373)',
    ),
    new Option('--workers <count>', 'the number of processes that serve (or LATCHKEY_WORKERS; default: 1)'),
    databaseOption(),
    new Option(
      '--key-prefix <list>',
      'prefixes of new tokens, the default first (or LATCHKEY_KEY_PREFIX; default: what the database has, or re)',
    ),
    new Option('--log-level <level>', 'trace to fatal, or silent (or LATCHKEY_LOG_LEVEL; default: info)'),
    new Option(
      '--log-verdicts <which>',
      'verdicts to log one by one: all, refused or none (or LATCHKEY_LOG_VERDICTS; default: refused)',
    ),
    new Option(
      '--cached-secrets <count>',
      'the number of secrets that each process caches (or LATCHKEY_CACHED_SECRETS; default: 100000)',
    ),
    new Option(
      '--cache-bytes <bytes>',
      'the size of that cache in bytes (or LATCHKEY_CACHE_BYTES; default: 1280 per secret)',
    ),
    new Option(
      '--trusted-proxy <address>',
      'trust X-Forwarded-For and Forwarded from this address (repeatable; or LATCHKEY_TRUSTED_PROXIES)',
    ).argParser(collect),
    new Option(
      '--keep-alive <seconds>',
      'how long the server keeps an idle connection (or LATCHKEY_KEEP_ALIVE; default: 3660)',
    ),
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
    new Option(
      '--basic-auth <part>',
      'take tokens of HTTP Basic on /v1/auth: password, or user-name for either (or LATCHKEY_BASIC_AUTH; default: none)',
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
  run: async (_, { options }): Promise<undefined> => {
    await serve(readServeSettings(options as ServeFlags))
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
      const opened = await whileWaiting(
        openDatabase(settings, (message) => log.warn(message)),
        'Still opening the database',
      )
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
      await using latchkey = await whileWaiting(
        openDatabase(settings, (message) => log.warn(message)),
        'Still opening the database',
      )
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
    const latchkey = await openDatabase(settings, (message) => log.warn(message))
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
  const { host, port, trustedProxies, logVerdicts, keepAliveMs, telemetry, publicUrl, basicAuth } = settings
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
      basicAuth,
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

/** Standard error: what stands on standard output, the root key, is for a person and no log. */
function makeLog(
  pino: typeof import('pino').pino,
  { logLevel, workers }: ServeSettings,
  worker?: number,
): Logger {
  return pino(
    {
      level: logLevel,
      base: worker === undefined ? null : { worker },
      timestamp: isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // Processes that share a pipe: it keeps writes of up to 4 KiB whole (PIPE_BUF of pipe(7)).
    workers === 1
      ? openLogDestination({ minWriteBytes: 8192, maxWriteBytes: 65_536 })
      : openLogDestination({ minWriteBytes: 2048, maxWriteBytes: 4096 }),
  )
}

let lastNow = 0
let lastIsoTime = ''

/** The instant as pino's own function writes it, made once a millisecond. */
function isoTime(): string {
  const now = Date.now()
  if (now !== lastNow) {
    lastNow = now
    lastIsoTime = `,"time":"${new Date(now).toISOString()}"`
  }
  return lastIsoTime
}

function explainListening(error: unknown, { host, port }: ServeSettings): unknown {
  const reason = listeningFaults[(error as NodeJS.ErrnoException).code ?? '']
  return reason
    ? new CommandError(exitCodes.unreachable, `Cannot serve on ${host} port ${port}: ${reason}`, error)
    : error
}

const listeningFaults: Record<string, string> = {
  EADDRINUSE: 'another program uses this port. Stop it, or choose another port with --port or LATCHKEY_PORT.',
  EACCES: 'this user may not use this port. Choose a port from 1024 up with --port or LATCHKEY_PORT.',
  EADDRNOTAVAIL:
    'this machine does not have this address. Choose one of its own with --host or LATCHKEY_HOST.',
  ENOTFOUND: 'no host has this name. Choose an address of this machine with --host or LATCHKEY_HOST.',
}
