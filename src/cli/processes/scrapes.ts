// The metrics of all workers as one: a scrape reaches one of them, and must show what all have done.
import type { Worker } from 'node:cluster'
import { keepCounts, renderSnapshots, type Snapshot, sumSnapshots } from '../../http/metrics.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A worker that is silent for so long counts with what it told last. */
const patienceMs = 1_000

/** Sums what workers have counted, those that have ended included: a count never falls. */
export interface Scrapes {
  /** Counts a worker in, until it ends. */
  join(worker: Worker): void
}

export function createScrapes(): Scrapes {
  /** What each worker told last. */
  const latest = new Map<Worker, Snapshot>()
  /** What those that have ended had counted, in few parts. */
  const ended: Snapshot[] = []
  let summing = Promise.resolve()
  const workers = new Set<Worker>()
  const waiting = new Map<number, () => void>()
  let lastId = 0

  function take(worker: Worker): Promise<void> {
    const id = ++lastId
    return new Promise((resolve) => {
      const timer = setTimeout(settle, patienceMs)
      waiting.set(id, settle)
      send(worker, { kind: 'take', id })
      function settle(): void {
        clearTimeout(timer)
        waiting.delete(id)
        resolve()
      }
    })
  }

  async function scrape(): Promise<string> {
    await Promise.all([...workers].map(take))
    return renderSnapshots([...ended, ...latest.values()])
  }

  function leave(worker: Worker): void {
    workers.delete(worker)
    const counted = latest.get(worker)
    latest.delete(worker)
    if (counted) ended.push(keepCounts(counted))
    summing = summing
      .then(async () => {
        const parts = [...ended]
        // At each instant between, the parts are all there.
        if (parts.length > 1) ended.splice(0, parts.length, await sumSnapshots(parts))
      })
      .catch(() => {})
  }

  return {
    join: (worker) => {
      workers.add(worker)
      worker.once('exit', () => leave(worker))
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'snapshot') {
          if (workers.has(worker)) latest.set(worker, message.snapshot)
          waiting.get(message.id)?.()
        } else if (message.kind === 'scrape') {
          const { id } = message
          scrape().then(
            (text) => send(worker, { kind: 'metrics', id, text }),
            () => send(worker, { kind: 'metrics', id, text: undefined }),
          )
        }
      })
    },
  }
}

/** Sends to a worker; one that is just ending hears nothing any more. */
export function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {})
}
