// What the processes of one service say to each other.
import type { Snapshot } from '../../http/metrics.ts'

/**
 * From a worker: it has the port and waits to be told to serve; it serves; it takes no new connections any more; it was
 * asked for the metrics of all; these are its own.
 */
export type FromWorker =
  | { kind: 'bound'; url: string }
  | { kind: 'ready' }
  | { kind: 'accepts no more' }
  | { kind: 'scrape'; id: number }
  | { kind: 'snapshot'; id: number; snapshot: Snapshot }

/**
 * From the primary: serve; tell your metrics; these are the metrics of all, or none if they cannot be had; take no
 * new connections; stop.
 */
export type ToWorker =
  | { kind: 'serve' }
  | { kind: 'take'; id: number }
  | { kind: 'metrics'; id: number; text: string | undefined }
  | { kind: 'stop accepting' }
  | { kind: 'stop' }
