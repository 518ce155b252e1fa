// An orderly end: what is in flight finishes, what is buffered is written, and the process exits within 10 s.
import type { Logger } from 'pino'
import { exitCodes } from './failures.ts'

const requestsDeadlineMs = 7000
const databaseDeadlineMs = 2000
/** Ctrl-C under `npm start` comes twice at once, from the terminal and from npm. */
const echoMs = 250

interface Closable {
  close(): Promise<void>
}

/** Calls back at the first SIGTERM or SIGINT; at the second, ends the process at once. */
export function onStopSignal(log: Logger, stop: () => void): void {
  let firstAt: number | undefined
  const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        log.info({ signal }, 'stopping')
        stop()
      } else if (performance.now() - firstAt > echoMs) {
        log.warn({ signal }, 'stopped at once')
        process.exit(128 + signalNumbers[signal])
      }
    })
  }
}

/** Ends what a process serves, then what it serves from, and then the process. */
export async function stopServing(server: Closable, latchkey: Closable, log: Logger): Promise<never> {
  try {
    if (!(await endsWithin(requestsDeadlineMs, server.close()))) log.warn('requests in flight were cut off')
    if (!(await endsWithin(databaseDeadlineMs, latchkey.close())))
      throw new Error('The database did not close.')
    log.info('stopped')
    process.exit(exitCodes.ok)
  } catch (error) {
    log.error({ err: error }, 'the last uses of keys may not have been written')
    process.exit(exitCodes.unreachable)
  }
}

/** Waits for a promise so long at the most; tells whether it ended by then. */
export async function endsWithin(milliseconds: number, promise: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, milliseconds, false)
  const ended = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return ended
}
