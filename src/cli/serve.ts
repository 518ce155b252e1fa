// `latchkey serve`: opens the database, makes the first root key if there is none, and serves until told to stop.
import type { Command } from 'commander'
import type { Logger } from 'pino'
import { readServeSettings, type ServeFlags, type ServeSettings, withoutPassword } from '../config.ts'
import type { CreatedKey } from '../schemas.ts'
import { formatFirstStart } from './banner.ts'
import { databaseOption, openDatabase } from './connection.ts'
import { CommandError, exitCodes } from './failures.ts'
import { addExamples, collect } from './options.ts'
import { print } from './output.ts'
import { whileWaiting } from './progress.ts'
import { stopOnSignal } from './shutdown.ts'

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the API; on an empty database, make the first root key and print it, once')
    .option('--host <address>', 'the address to listen on (or LATCHKEY_HOST; default: 127.0.0.1)')
    .option('--port <port>', 'the port to listen on, 0 for any free one (or LATCHKEY_PORT; default: 7373)')
    .addOption(databaseOption())
    .option(
      '--key-prefix <list>',
      'prefixes of tokens, the default first (or LATCHKEY_KEY_PREFIX; default: re)',
    )
    .option('--log-level <level>', 'trace to fatal, or silent (or LATCHKEY_LOG_LEVEL; default: info)')
    .option(
      '--trusted-proxy <address>',
      'believe X-Forwarded-For from here (repeatable; or LATCHKEY_TRUSTED_PROXIES)',
      collect,
    )
    .action((flags: ServeFlags) => serve(readServeSettings(flags)))
  addExamples(
    command,
    'latchkey serve',
    'latchkey serve --host 0.0.0.0 --database postgres://latchkey@db.internal/latchkey',
    'latchkey serve --key-prefix re_live,re_test 2>> latchkey.log',
  )
  command.addHelpText(
    'after',
    '\nThe log goes to standard error, a line of JSON an event. SIGTERM and SIGINT stop it in order.',
  )
}

const logFlushMs = 100

async function serve(settings: ServeSettings): Promise<void> {
  // Loaded only here: the other commands have no use for a server.
  const [{ startServer }, { pino }] = await Promise.all([import('../http/server.ts'), import('pino')])
  const log = makeLog(pino, settings)
  const latchkey = await whileWaiting(openDatabase(settings), 'Still opening the database')
  const rootKey = await latchkey.ensureRootKey(settings.rootKey)
  const { host, port, trustedProxies } = settings
  let server: { url: string; close(): Promise<void> }
  try {
    server = await startServer(latchkey, { host, port, log, trustedProxies })
  } catch (error) {
    // The key was made and is never shown again, whether or not there is a server to use it on.
    if (rootKey && !settings.rootKey)
      print('The root key, shown now and never again:', '', `  ${rootKey.key}`, '')
    await latchkey.close()
    throw explainListening(error, settings)
  }
  stopOnSignal(server, latchkey, log)
  announce(server.url, settings, rootKey)
  log.info({ url: server.url, database: withoutPassword(settings.database) }, 'serving')
}

/** Standard error: what stands on standard output, the root key, is for a person and no log. */
function makeLog(pino: typeof import('pino').pino, { logLevel }: ServeSettings): Logger {
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // Lines wait for each other a little, so that a busy server does not wait for its log; the end flushes them.
    pino.destination({ dest: 2, sync: false, minLength: 4096, periodicFlush: logFlushMs }),
  )
}

function announce(url: string, settings: ServeSettings, rootKey: CreatedKey | undefined): void {
  const showsRootKey = rootKey !== undefined && settings.rootKey === undefined
  // In one write, so that whoever reads the first line has the root key too.
  print(
    `Latchkey serves ${url} from ${withoutPassword(settings.database)}`,
    ...(showsRootKey ? formatFirstStart(url, rootKey.key) : []),
  )
}

function explainListening(error: unknown, { host, port }: ServeSettings): unknown {
  const reason = listeningFaults[(error as NodeJS.ErrnoException).code ?? '']
  return reason
    ? new CommandError(exitCodes.unreachable, `Cannot serve on ${host} port ${port}: ${reason}`, error)
    : error
}

const listeningFaults: Record<string, string> = {
  EADDRINUSE: 'another program listens there. Stop it, or take another with --port or LATCHKEY_PORT.',
  EACCES: 'this user may not listen there. Take a port from 1024 up with --port or LATCHKEY_PORT.',
  EADDRNOTAVAIL: 'this machine has no such address. Take one of its own with --host or LATCHKEY_HOST.',
  ENOTFOUND: 'there is no such host. Take an address of this machine with --host or LATCHKEY_HOST.',
}
