// What Prometheus may know: how many requests, how long they took, and which verdicts. Never which key.
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type AttemptCounts, attemptOutcomes, type Backlog } from '../core/backlog.ts'
import type { JobCounts } from '../core/job-counts.ts'
import type { VerdictCode } from '../core/shapes/verification.ts'
import type { TelemetryCounts } from './telemetry/telemetry.ts'
import { RequestDurations, requestLabels, Timings } from './timings.ts'

/** What the metrics of a process hold at an instant, in a form that goes from one process to another. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface Metrics {
  countRequest(route: string, method: string, status: number, seconds: number): void
  countVerdict(code: VerdictCode): void
  /** Shows the size of the write-ahead log of the SQLite file each time the metrics are read. */
  watchWal(readBytes: () => number): void
  /** Shows the counts of background jobs each time the metrics are read. */
  watchJobs(readCounts: () => readonly JobCounts[]): void
  /** Shows what came of attempts to deliver events each time the metrics are read. */
  watchAttempts(readCounts: () => AttemptCounts): void
  /** Shows what waits in the database each time the metrics are read; nothing of it where that is unknown. */
  watchBacklog(readBacklog: () => Promise<Backlog | undefined>): void
  /** Shows how much usage was dropped each time the metrics are read. */
  watchUsage(readDropped: () => number): void
  /** Shows what went to an OpenTelemetry collector each time the metrics are read. */
  watchTelemetry(readCounts: () => readonly TelemetryCounts[]): void
  /** Shows how a relay is each time the metrics are read. */
  watchRelay(read: () => { isReady: boolean; streams: number }): void
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
  const verdicts = new Map<VerdictCode, { count: number }>()
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
    help: 'Verdicts by code.',
    labelNames: ['code'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [code, { count }] of verdicts) this.inc({ code }, count)
    },
  })
  return {
    countRequest: (route, method, status, seconds) => timings.of(route, method, status).add(seconds),
    countVerdict: (code) => {
      const counter = verdicts.get(code)
      if (counter) counter.count++
      else verdicts.set(code, { count: 1 })
    },
    watchWal: (readBytes) => {
      new Gauge({
        name: 'latchkey_sqlite_wal_bytes',
        help: 'Size of the write-ahead log (-wal) of the SQLite file.',
        registers: [registry],
        // Several processes on one file see the same log.
        aggregator: 'max',
        collect() {
          this.set(readBytes())
        },
      })
    },
    watchJobs: (readCounts) => {
      new Counter({
        name: 'latchkey_jobs_total',
        help: 'Runs of background jobs by kind and result.',
        labelNames: ['kind', 'outcome'] as const,
        registers: [registry],
        collect() {
          this.reset()
          for (const { kind, ...counts } of readCounts())
            for (const outcome of ['done', 'failed', 'lost'] as const)
              this.inc({ kind, outcome }, counts[outcome])
        },
      })
      new Gauge({
        name: 'latchkey_jobs_lag_seconds',
        help: 'Time since the oldest background job that no process has begun became due.',
        labelNames: ['kind'] as const,
        registers: [registry],
        // Each process sees the same work.
        aggregator: 'max',
        collect() {
          for (const { kind, lagMs } of readCounts()) this.set({ kind }, lagMs / 1_000)
        },
      })
    },
    watchAttempts: (readCounts) => {
      new Counter({
        name: 'latchkey_webhook_attempts_total',
        help: 'Attempts to deliver an event to a webhook by result.',
        labelNames: ['outcome'] as const,
        registers: [registry],
        collect() {
          this.reset()
          const counts = readCounts()
          for (const outcome of attemptOutcomes) this.inc({ outcome }, counts[outcome])
        },
      })
    },
    watchBacklog: (readBacklog) => showBacklog(registry, readBacklog),
    watchUsage: (readDropped) => {
      new Counter({
        name: 'latchkey_usage_dropped_total',
        help: 'Counts and last uses that were not written: too many or too old, or refused by the database.',
        registers: [registry],
        collect() {
          this.reset()
          this.inc(readDropped())
        },
      })
    },
    watchTelemetry: (readCounts) => {
      for (const [which, help] of [
        ['exported', 'Spans and log records that the OpenTelemetry collector has taken.'],
        ['dropped', 'Spans and log records that it did not take in time.'],
      ] as const)
        new Counter({
          name: `latchkey_otel_${which}_total`,
          help,
          labelNames: ['signal'] as const,
          registers: [registry],
          collect() {
            this.reset()
            for (const { signal, [which]: count } of readCounts()) this.inc({ signal }, count)
          },
        })
    },
    watchRelay: (read) => {
      for (const [name, help, value] of [
        ['ready', 'Whether the relay may answer from memory.', () => Number(read().isReady)],
        ['streams', 'Streams of changes that pass through the relay.', () => read().streams],
      ] as const)
        new Gauge({
          name: `latchkey_relay_${name}`,
          help,
          registers: [registry],
          collect() {
            this.set(value())
          },
        })
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
    take: () => registry.getMetricsAsJSON(),
  }
}

type Figures = readonly (readonly [labels: Record<string, string>, value: number])[]

function showBacklog(registry: Registry, readBacklog: () => Promise<Backlog | undefined>): void {
  const show = (
    name: string,
    help: string,
    labelNames: string[],
    figuresOf: (backlog: Backlog) => Figures,
  ) => {
    new Gauge({
      ...{ name, help, labelNames, registers: [registry] },
      // Each process sees the same database.
      aggregator: 'max',
      async collect() {
        const backlog = await readBacklog()
        this.reset()
        for (const [labels, value] of backlog ? figuresOf(backlog) : []) this.set(labels, value)
        // Without labels a reset shows 0, and nobody knows that.
        if (backlog === undefined && labelNames.length === 0) this.remove()
      },
    })
  }
  show('latchkey_webhooks', 'Webhooks by status.', ['status'], ({ webhooks }) =>
    Object.entries(webhooks).map(([status, count]) => [{ status }, count]),
  )
  for (const [name, what, waitingOf] of [
    ['webhook', 'that webhooks have not delivered', ({ undelivered }: Backlog) => undelivered],
    ['log', 'that are not in the log yet', ({ unsealed }: Backlog) => unsealed],
  ] as const) {
    show(`latchkey_${name}_events_waiting`, `Events ${what}.`, [], (backlog) => [
      [{}, waitingOf(backlog).count],
    ])
    show(
      `latchkey_${name}_oldest_waiting_seconds`,
      `Time since the oldest of the events ${what}.`,
      [],
      (backlog) => [[{}, waitingOf(backlog).oldestMs / 1_000]],
    )
  }
  show(
    'latchkey_sealed_values',
    'Secrets that are sealed in the database, by the key that sealed them.',
    ['key'],
    ({ sealed: { keys, lost } }) => {
      const sum = (some: readonly { values: number }[]) => some.reduce((all, { values }) => all + values, 0)
      return [
        [{ key: 'first' }, sum(keys.slice(0, 1))],
        [{ key: 'older' }, sum(keys.slice(1))],
        [{ key: 'lost' }, sum(lost)],
      ]
    },
  )
}

/** More scrapes in a second than any set of collectors makes; each takes milliseconds. */
const maxRenders = 10

/**
 * Renders at most {@link maxRenders} times a second, and one at a time: more scrapes get what the latest render gave,
 * or shall give. Anybody may ask for the metrics, so they must not take the process's whole time.
 */
export function shareRenders(
  render: () => Promise<string>,
  now = () => performance.now(),
): () => Promise<string> {
  let latest: Promise<string> | undefined
  let isRunning = false
  let windowStart = Number.NEGATIVE_INFINITY
  let renders = 0
  return () => {
    if (now() - windowStart >= 1_000) {
      windowStart = now()
      renders = 0
    }
    if (latest !== undefined && (isRunning || renders >= maxRenders)) return latest
    renders++
    isRunning = true
    latest = render().finally(() => {
      isRunning = false
    })
    return latest
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
