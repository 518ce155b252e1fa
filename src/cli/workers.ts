// Several processes that serve on one port: starts them, replaces those that end, and stops them all in order.
import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { createScrapes, send } from './scrapes.ts'
import { endsWithin } from './shutdown.ts'
import type { FromWorker } from './worker-messages.ts'

/** A worker that lived so long is no part of a crash loop: the next one starts at once. */
const steadyMs = 10_000
const firstPauseMs = 100
const longestPauseMs = 10_000
/** How long a worker may take to close its door; it has no time to spare. */
const doorsDeadlineMs = 500
/** Longer than an orderly end of one worker may take; with the former, less than 10 s. */
const stopDeadlineMs = 9_200

/** Processes that serve together. */
export interface Workers {
  /** The address that all of them serve. */
  url: string
  /** Asks all to stop; resolves once they have, with whether each did in order. */
  stop(): Promise<boolean>
}

/** A first worker that ended before it served; it has said why. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined

  constructor(exitCode: number | null) {
    super('The first worker ended before it served.')
    this.exitCode = exitCode ?? undefined
  }
}

/**
 * Starts so many workers, each this same command in a process of its own; resolves once they serve. Throws
 * {@link WorkerFailure} where the first one cannot.
 */
export async function startWorkers(count: number, log: Logger): Promise<Workers> {
  cluster.setupPrimary({ serialization: 'advanced' })
  const scrapes = createScrapes()
  const live = new Set<Worker>()
  /** Those that take new connections. */
  const open = new Set<Worker>()
  const allClosed = Promise.withResolvers<void>()
  const allEnded = Promise.withResolvers<void>()
  let isServing = false
  let isStopping = false
  let inOrder = true

  /** Starts one, and whatever comes after it; resolves when it serves or, where it cannot, has ended. */
  function start(failures = 0): Promise<string> {
    const ready = Promise.withResolvers<string>()
    const startedAt = performance.now()
    const worker = cluster.fork()
    live.add(worker)
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'accepts no more') close(worker)
      if (message.kind !== 'ready') return
      open.add(worker)
      scrapes.join(worker)
      ready.resolve(message.url)
    })
    worker.once('exit', (exitCode: number | null, signal: string | null) => {
      live.delete(worker)
      close(worker)
      ready.reject(new WorkerFailure(exitCode))
      if (isStopping) {
        inOrder &&= exitCode === 0
        if (live.size === 0) allEnded.resolve()
      } else if (isServing) replace(worker, exitCode, signal, performance.now() - startedAt, failures)
    })
    return ready.promise
  }

  function close(worker: Worker): void {
    open.delete(worker)
    if (isStopping && open.size === 0) allClosed.resolve()
  }

  function replace(
    worker: Worker,
    exitCode: number | null,
    signal: string | null,
    livedMs: number,
    failures: number,
  ): void {
    const failed = livedMs < steadyMs ? failures + 1 : 0
    const pauseMs = failed === 0 ? 0 : Math.min(firstPauseMs * 2 ** (failed - 1), longestPauseMs)
    const line = { worker: worker.process.pid, exit_code: exitCode, signal, next_in_ms: pauseMs }
    log.error(line, 'a worker ended: another takes its place')
    setTimeout(() => {
      // One that cannot start has said why, and is followed by the next.
      if (!isStopping) start(failed).catch(() => {})
    }, pauseMs)
  }

  // The first alone: where it cannot serve, one sentence says so.
  const url = await start()
  isServing = true
  await Promise.allSettled(Array.from({ length: count - 1 }, () => start()))
  return {
    url,
    stop: async () => {
      isStopping = true
      if (live.size === 0) allEnded.resolve()
      if (open.size === 0) allClosed.resolve()
      // First all doors, and then what is inside: who is told to go must not come in by another door that is
      // just closing.
      for (const worker of open) send(worker, { kind: 'stop accepting' })
      await endsWithin(doorsDeadlineMs, allClosed.promise)
      for (const worker of live) send(worker, { kind: 'stop' })
      const ended = await endsWithin(stopDeadlineMs, allEnded.promise)
      for (const worker of live) worker.process.kill('SIGKILL')
      return ended && inOrder
    },
  }
}
