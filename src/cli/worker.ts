// One of several processes that serve on one port, as the process that started it sees it.
import cluster from 'node:cluster'
import type { Metrics } from '../http/metrics.ts'
import { exitCodes } from './failures.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A worker's way to the primary. */
export interface Primary {
  /** Metrics that count here and show those of all workers. */
  share(metrics: Metrics): Metrics
  /** Says that this worker serves, and how it is to be stopped. */
  ready(url: string, stop: () => void): void
  /** Lets this process end by itself. */
  leave(): void
}

/** Joins the primary that forked this process. Until it serves, a stop ends it at once. */
export function joinPrimary(): Primary {
  const scrapes = new Map<number, PromiseWithResolvers<string>>()
  let lastId = 0
  let metrics: Metrics | undefined
  let stop: (() => void) | undefined = () => process.exit(exitCodes.ok)
  const stopOnce = () => {
    const stopNow = stop
    stop = undefined
    stopNow?.()
  }
  // The terminal sends Ctrl-C to every process; who decides is the primary.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', stopOnce)
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stopOnce()
    else if (message.kind === 'take') void tell(message.id)
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
    ready: (url, stopServing) => {
      stop &&= stopServing
      send({ kind: 'ready', url })
    },
    leave: () => cluster.worker?.disconnect(),
  }
}

function send(message: FromWorker): void {
  // A primary that is gone ends this process all the same.
  process.send?.(message, undefined, undefined, () => {})
}
