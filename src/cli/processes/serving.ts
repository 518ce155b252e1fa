// What `latchkey serve` and `latchkey relay` share: their log, and why they cannot listen.
import type { Logger } from 'pino'
import type { ServingSettings } from '../../core/serving-settings.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { openLogDestination } from './log-destination.ts'

/** Standard error: what stands on standard output, the root key, is for a person and no log. */
export function makeLog(
  pino: typeof import('pino').pino,
  { logLevel, workers = 1 }: Pick<ServingSettings, 'logLevel'> & { workers?: number },
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

/** What keeps a process from serving, for whom starts it. */
export function explainListening(
  error: unknown,
  { host, port }: Pick<ServingSettings, 'host' | 'port'>,
): unknown {
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
