// An orderly end: what is in flight finishes, what is buffered is written, and the process exits within 10 s.
import type { Logger } from 'pino'
import { exitCodes } from '../kit/exit-codes.ts'
import { onStopSignal } from './signals.ts'

/** How long what is just beginning may go on before the process ends without it. */
const beginningDeadlineMs = 2000
const requestsDeadlineMs = 7000
const databaseDeadlineMs = 2000

interface Closable {
  close(): Promise<void>
}

/** Whether a stop was asked for; what begins looks here between its steps. */
export interface StopRequest {
  asked: boolean
}

/** How a server begins and ends. */
export interface Life {
  /** Begins step by step; goes no further once a stop was asked for. */
  begin(stop: StopRequest): Promise<void>
  /** Ends all that has begun, and the process; `begun` resolves when `begin` has come to its end, well or not. */
  end(begun: Promise<void>): Promise<never>
  /** Called before the process ends at once, at a second signal. */
  abandon?(): void
}

/** Begins; at the first signal to stop, even during the beginning, ends in order. Throws what `begin` throws. */
export async function liveUntilStopped(log: Logger, life: Life): Promise<void> {
  const stop: StopRequest = { asked: false }
  const begun = Promise.withResolvers<void>()
  onStopSignal({
    stop: (signal) => {
      log.info({ signal }, 'stopping')
      stop.asked = true
      void life.end(begun.promise)
    },
    stopAtOnce: (signal, exitCode) => {
      log.warn({ signal }, 'stopped at once')
      life.abandon?.()
      process.exit(exitCode)
    },
  })
  try {
    await life.begin(stop)
  } catch (error) {
    // What could not begin has ended, as it was told to.
    if (!stop.asked) throw error
  } finally {
    begun.resolve()
  }
}

/** Waits until what was beginning has begun, but no longer than a stop may take. */
export function settled(begun: Promise<void>): Promise<boolean> {
  return endsWithin(beginningDeadlineMs, begun)
}

/** Ends what a process serves, then what it serves from, and then the process. */
export async function stopServing(
  server: Closable | undefined,
  latchkey: Closable | undefined,
  log: Logger,
): Promise<never> {
  const startedAt = performance.now()
  try {
    if (server && !(await endsWithin(requestsDeadlineMs, server.close())))
      log.warn('the server closed connections before their requests were answered')
    // What the requests did not need of their time is the last uses', which others may be in the way of.
    const restMs = requestsDeadlineMs + databaseDeadlineMs - (performance.now() - startedAt)
    if (latchkey && !(await endsWithin(restMs, latchkey.close())))
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
