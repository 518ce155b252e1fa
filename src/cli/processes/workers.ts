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

/** How long a worker may take from its start until it has the port; the primary has migrated the database before. */
const readyDeadlineMs = 30_000

/** Processes that serve together. */
export interface Workers {
  /** Starts the first; resolves with its address when it has the port. Throws {@link WorkerFailure} if it cannot. */
  begin(): Promise<string>
  /** Lets the first serve and starts the others, `count` in all; resolves once each serves or has failed. */
  serve(count: number): Promise<void>
  /** Asks all to stop, busy or not; resolves once they have, with whether each did in order. */
  stop(): Promise<boolean>
  /** Ends all at once. */
  kill(): void
}

/** A first worker that ended before it served; it has said why. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
  /** Undefined if a signal ended it. */
  readonly exitCode: number | undefined

  constructor(exitCode: number | null) {
    super('The first worker ended before it served.')
    this.exitCode = exitCode ?? undefined
  }
}

/** Prepares workers, each this same command in a process of its own. */
export function createWorkers(log: Logger, readyWithinMs = readyDeadlineMs): Workers {
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

  /** Starts one, and each that replaces it; `bound` and `ready` reject if it ends before. */
  function start(failures = 0): { bound: Promise<string>; ready: Promise<void> } {
    const bound = Promise.withResolvers<string>()
    const ready = Promise.withResolvers<void>()
    const startedAt = performance.now()
    const worker = cluster.fork()
    // One that hangs would be missing for ever, and nobody would know.
    const deadline = setTimeout(() => {
      log.error({ worker: worker.process.pid }, 'a worker did not start in time, so the primary ended it')
      worker.process.kill('SIGKILL')
    }, readyWithinMs)
    live.add(worker)
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'accepts no more') close(worker)
      else if (message.kind === 'bound') {
        clearTimeout(deadline)
        open.add(worker)
        bound.resolve(message.url)
        if (isServing) send(worker, { kind: 'serve' })
      } else if (message.kind === 'ready') {
        scrapes.join(worker)
        ready.resolve()
      }
    })
    // A worker that is just ending hears nothing any more.
    worker.on('error', () => {})
    worker.once('exit', (exitCode: number | null, signal: string | null) => {
      clearTimeout(deadline)
      live.delete(worker)
      close(worker)
      const failure = new WorkerFailure(exitCode)
      bound.reject(failure)
      ready.reject(failure)
      if (isStopping) {
        inOrder &&= exitCode === 0
        if (live.size === 0) allEnded.resolve()
      } else if (isServing) replace(worker, exitCode, signal, performance.now() - startedAt, failures)
    })
    // A caller that does not wait for one of them has no use for its failure: it is in the log.
    bound.promise.catch(() => {})
    ready.promise.catch(() => {})
    return { bound: bound.promise, ready: ready.promise }
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
    log.error(line, 'a worker ended, and the primary starts another')
    setTimeout(() => {
      if (!isStopping) start(failed)
    }, pauseMs)
  }

  let first: ReturnType<typeof start> | undefined
  return {
    begin: () => {
      // The first alone: if it cannot serve, one sentence says so.
      first = start()
      return first.bound
    },
    serve: async (count) => {
      if (isStopping) return
      isServing = true
      for (const worker of live) send(worker, { kind: 'serve' })
      const others = Array.from({ length: count - live.size }, () => start())
      await Promise.allSettled([first, ...others].map((worker) => worker?.ready))
    },
    stop: async () => {
      isStopping = true
      if (live.size === 0) allEnded.resolve()
      if (open.size === 0) allClosed.resolve()
      // First all doors, and then the connections: a client whose connection ends must not come in by another door that
      // is just closing.
      for (const worker of open) send(worker, { kind: 'stop accepting' })
      await endsWithin(doorsDeadlineMs, allClosed.promise)
      for (const worker of live) send(worker, { kind: 'stop' })
      const ended = await endsWithin(stopDeadlineMs, allEnded.promise)
      kill()
      return ended && inOrder
    },
    kill,
  }

  function kill(): void {
    for (const worker of live) worker.process.kill('SIGKILL')
  }
}
