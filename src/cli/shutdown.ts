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

/** Ends the process in order at the first SIGTERM or SIGINT, at once at the second. */
export function stopOnSignal(server: Closable, latchkey: Closable, log: Logger): void {
  let firstAt: number | undefined
  const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        log.info({ signal }, 'stopping')
        void stop(server, latchkey, log)
      } else if (performance.now() - firstAt > echoMs) {
        log.warn({ signal }, 'stopped at once')
        process.exit(128 + signalNumbers[signal])
      }
    })
  }
}

async function stop(server: Closable, latchkey: Closable, log: Logger): Promise<void> {
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

async function endsWithin(milliseconds: number, promise: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, milliseconds, false)
  const ended = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return ended
}
