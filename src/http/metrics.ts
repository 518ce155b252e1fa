// What Prometheus may know: how many requests, how long they took, and which verdicts. Never which key.
import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { VerdictCode } from '../schemas.ts'

/** What the metrics of a process hold at an instant, in a form that goes from one process to another. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface Metrics {
  countRequest(route: string, method: string, status: number, seconds: number): void
  countVerdict(code: VerdictCode): void
  contentType: string
  /** The text that a scrape reads. */
  render(): Promise<string>
  take(): Promise<Snapshot>
}

/** Makes the metrics of one server, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  const labelNames = ['route', 'method', 'status'] as const
  const requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Answered requests.',
    labelNames,
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'latchkey_http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  const verdicts = new Counter({
    name: 'latchkey_verdicts_total',
    help: 'Verdicts given, by their code.',
    labelNames: ['code'] as const,
    registers: [registry],
  })
  return {
    countRequest: (route, method, status, seconds) => {
      requests.inc({ route, method, status })
      durations.observe({ route, method, status }, seconds)
    },
    countVerdict: (code) => verdicts.inc({ code }),
    contentType: registry.contentType,
    render: () => registry.metrics(),
    take: () => registry.getMetricsAsJSON(),
  }
}

/** Sums what several processes hold, as one; of delays in their event loops, the mean or the worst. */
export function sumSnapshots(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  return AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON()
}

/** The text that a scrape reads, of several processes as one. */
export function renderSnapshots(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics()
}

/** What of a snapshot stays true when its process has ended: counts, but no memory or open files. */
export function keepCounts(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ type }) => ['counter', 'histogram'].includes(String(type)))
}
