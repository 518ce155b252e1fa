// One of several processes that serve on one port, as the process that started it sees it.
import cluster from 'node:cluster'
import type { RunningServer } from '../../http/http-server.ts'
import type { Metrics } from '../../http/metrics.ts'
import { exitCodes } from '../kit/failures.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A worker's way to the primary. */
export interface Primary {
  /** Metrics that count here and show those of all workers. */
  share(metrics: Metrics): Metrics
  /** Says that this worker has the port; resolves when it may serve. */
  bound(url: string): Promise<void>
  /** Says that this worker serves; `stop` is how to end it. */
  ready(server: RunningServer, stop: () => void): void
  /** Lets this process end by itself. */
  leave(): void
}

/**
 * Joins the primary that forked this process. Until it has the port, a stop ends it at once; from then on it ends in
 * order, also if the primary has ended without telling it.
 */
export function joinPrimary(): Primary {
  const scrapes = new Map<number, PromiseWithResolvers<string>>()
  const mayServe = Promise.withResolvers<void>()
  let lastId = 0
  let metrics: Metrics | undefined
  let server: RunningServer | undefined
  let stopServing: (() => void) | undefined
  let isBound = false
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    // Requests that came in since are answered first.
    if (!isBound) process.exit(exitCodes.ok)
    mayServe.resolve()
    stopServing?.()
  }
  // A primary that is gone hears nothing any more, and that is no reason to end before the last uses are written.
  process.on('error', () => {})
  cluster.worker?.once('disconnect', () => {
    // Node would end this process at once.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
    stop()
  })
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stop()
    else if (message.kind === 'serve') mayServe.resolve()
    else if (message.kind === 'stop accepting') void stopAccepting()
    else if (message.kind === 'take') void tell(message.id)
    else if (message.kind === 'metrics') {
      const { id, text } = message
      if (text === undefined) scrapes.get(id)?.reject(new Error('The workers’ metrics cannot be summed.'))
      else scrapes.get(id)?.resolve(text)
      scrapes.delete(id)
    }
  })

  async function stopAccepting(): Promise<void> {
    await server?.stopAccepting()
    send({ kind: 'accepts no more' })
  }

  async function tell(id: number): Promise<void> {
    if (metrics) send({ kind: 'snapshot', id, snapshot: await metrics.take() })
  }

  return {
    share: (own) => {
      metrics = own
      return {
        ...own,
        render: () => {
          const id = ++lastId
          const scrape = Promise.withResolvers<string>()
          scrapes.set(id, scrape)
          send({ kind: 'scrape', id })
          return scrape.promise
        },
      }
    },
    bound: (url) => {
      isBound = true
      send({ kind: 'bound', url })
      return mayServe.promise
    },
    ready: (running, stopThis) => {
      server = running
      stopServing = stopThis
      send({ kind: 'ready' })
      if (isStopping) stopThis()
    },
    leave: () => {
      isStopping = true
      cluster.worker?.disconnect()
    },
  }
}

function send(message: FromWorker): void {
  // A primary that is gone ends this process all the same.
  process.send?.(message, undefined, undefined, () => {})
}
