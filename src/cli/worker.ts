// One of several processes that serve on one port, as the process that started it sees it.
import cluster from 'node:cluster'
import type { Metrics } from '../http/metrics.ts'
import type { RunningServer } from '../http/server.ts'
import { exitCodes } from './failures.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A worker's way to the primary. */
export interface Primary {
  /** Metrics that count here and show those of all workers. */
  share(metrics: Metrics): Metrics
  /** Says that this worker serves; `stop` is how to end it. */
  ready(server: RunningServer, stop: () => void): void
  /** Lets this process end by itself. */
  leave(): void
}

/** Joins the primary that forked this process. Until it serves, a stop ends it at once. */
export function joinPrimary(): Primary {
  const scrapes = new Map<number, PromiseWithResolvers<string>>()
  let lastId = 0
  let metrics: Metrics | undefined
  let server: RunningServer | undefined
  let stop: () => void = () => process.exit(exitCodes.ok)
  // The terminal and systemd send theirs to every process of a service; the primary stops all in the right order.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stop()
    else if (message.kind === 'stop accepting') {
      server?.stopAccepting()
      send({ kind: 'accepts no more' })
    } else if (message.kind === 'take') void tell(message.id)
    else if (message.kind === 'metrics') {
      const { id, text } = message
      if (text === undefined) scrapes.get(id)?.reject(new Error('The workers’ metrics cannot be summed.'))
      else scrapes.get(id)?.resolve(text)
      scrapes.delete(id)
    }
  })

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
    ready: (running, stopServing) => {
      server = running
      stop = stopServing
      send({ kind: 'ready', url: running.url })
    },
    leave: () => cluster.worker?.disconnect(),
  }
}

function send(message: FromWorker): void {
  // A primary that is gone ends this process all the same.
  process.send?.(message, undefined, undefined, () => {})
}
