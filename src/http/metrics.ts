// What Prometheus may know: how many requests, how long they took, and which verdicts. Never which key.
import { AggregatorRegistry, Counter, collectDefaultMetrics, Registry } from 'prom-client'
import type { VerdictCode } from '../schemas.ts'
import { RequestDurations, requestLabels, Timings } from './timings.ts'

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
  const timings = new Timings()
  const verdicts = new Map<VerdictCode, number>()
  new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Answered requests.',
    labelNames: requestLabels,
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, requests } of timings.all) this.inc(labels, requests)
    },
  })
  new RequestDurations(timings, registry)
  new Counter({
    name: 'latchkey_verdicts_total',
    help: 'Verdicts given, by their code.',
    labelNames: ['code'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [code, count] of verdicts) this.inc({ code }, count)
    },
  })
  return {
    countRequest: (route, method, status, seconds) => timings.of(route, method, status).add(seconds),
    countVerdict: (code) => void verdicts.set(code, (verdicts.get(code) ?? 0) + 1),
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
