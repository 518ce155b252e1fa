// Sends what a process has to tell to a collector, in batches, off the path of any request: nothing waits for it. What the
// collector does not take in time is dropped and counted, so that a dead one costs a bounded memory and nothing else.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SignalSettings } from '../../core/telemetry-settings.ts'
import type { WriteBatch } from './otlp.ts'

const compress = promisify(gzip)

/** How often a batch is tried, and how long it waits before it is tried again: each time twice as long. */
const maxAttempts = 5
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** So often at most it is said that the collector takes nothing. */
const quietMs = 60_000
const longestAnswer = 64 * 1024

/** What an exporter works with. */
export interface ExporterOptions<Item> {
  settings: SignalSettings
  write: WriteBatch<Item>
  userAgent: string
  /** Says what is wrong, without anything that the settings hold. */
  warn(message: string): void
}

/** What became of a request to the collector. */
type Outcome = 'taken' | 'refused' | { pauseMs: number | undefined }

/** A queue to a collector. */
export class Exporter<Item> {
  readonly #options: ExporterOptions<Item>
  readonly #name: string
  #queue: Item[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  readonly #closing = new AbortController()
  #isLast = false
  #wake = () => {}
  #warnedAt = Number.NEGATIVE_INFINITY
  /** How many the collector has taken. */
  exported = 0
  /** How many were not kept, or not taken. */
  dropped = 0

  constructor(options: ExporterOptions<Item>) {
    this.#options = options
    // Its path and query may hold a key of the collector's.
    this.#name = new URL(options.settings.url).origin
  }

  /** Takes something to send. */
  add(item: Item): void {
    const { maxQueue, maxBatch, delayMs } = this.#options.settings
    if (this.#queue.length >= maxQueue || this.#isLast) {
      this.dropped++
      return
    }
    this.#queue.push(item)
    if (this.#queue.length >= maxBatch) this.#start()
    else if (this.#timer === undefined && this.#sending === undefined) {
      this.#timer = setTimeout(() => this.#start(), delayMs)
      this.#timer.unref()
    }
  }

  /** Sends what is left, for so long at most. What is left then is dropped. */
  async close(milliseconds: number): Promise<void> {
    this.#isLast = true
    this.#wake()
    const deadline = setTimeout(() => this.#closing.abort(), milliseconds)
    // What is sent just now may end without a look at what is left: it looked before this was the last time.
    do {
      this.#start()
      await this.#sending
    } while (this.#queue.length > 0 && !this.#isOver)
    clearTimeout(deadline)
    this.#drop(this.#queue.splice(0).length, 'did not take the last ones in time')
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
      const [first] = this.#queue
      // What came while the last batch was on its way.
      if (first !== undefined && !this.#isLast) {
        this.#timer = setTimeout(() => this.#start(), this.#options.settings.delayMs)
        this.#timer.unref()
      }
    })
  }

  async #send(): Promise<void> {
    const { maxBatch } = this.#options.settings
    do {
      const batch = this.#queue.splice(0, maxBatch)
      try {
        if (batch.length > 0) await this.#sendBatch(batch)
      } catch {
        // What cannot be written ends nothing but itself.
        this.#drop(batch.length)
        this.#warn('gets nothing of what cannot be written')
      }
    } while ((this.#queue.length >= maxBatch || (this.#isLast && this.#queue.length > 0)) && !this.#isOver)
  }

  get #isOver(): boolean {
    return this.#closing.signal.aborted
  }

  async #sendBatch(batch: readonly Item[]): Promise<void> {
    const { write, settings } = this.#options
    const written = write(batch)
    const body = settings.isCompressed ? new Uint8Array(await compress(written)) : written
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#post(body)
      if (outcome === 'taken') {
        this.exported += batch.length
        return
      }
      if (outcome === 'refused' || attempt === maxAttempts || this.#isOver) return this.#drop(batch.length)
      await this.#pause(outcome.pauseMs ?? firstPauseMs * 2 ** (attempt - 1))
    }
  }

  async #post(body: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    const { settings, userAgent } = this.#options
    const { url, headers, protocol, isCompressed, timeoutMs } = settings
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
          'user-agent': userAgent,
          ...(isCompressed && { 'content-encoding': 'gzip' }),
        },
        body,
        // A redirect could carry the headers to another address.
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
      await finish(response)
      if (response.ok) return 'taken'
      this.#warn(`answers ${response.status}`)
      // Those that may be sent again, by the specification.
      if (![429, 502, 503, 504].includes(response.status)) return 'refused'
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
      return { pauseMs: Number.isNaN(seconds) ? undefined : seconds * 1_000 }
    } catch (error) {
      this.#warn(reasonOf(error))
      return { pauseMs: undefined }
    }
  }

  /** Waits for about so long, or until the exporter is closed: several processes must not come back together. */
  #pause(milliseconds: number): Promise<void> {
    if (this.#isLast) return new Promise((resolve) => setTimeout(resolve, 50))
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(longestPauseMs, milliseconds) * (0.75 + Math.random() / 2))
      timer.unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #drop(count: number, why?: string): void {
    this.dropped += count
    if (count > 0 && why !== undefined)
      this.#options.warn(`The collector at ${this.#name} ${why}: ${count} dropped.`)
  }

  #warn(what: string): void {
    const now = performance.now()
    if (now - this.#warnedAt < quietMs) return
    this.#warnedAt = now
    this.#options.warn(
      `The collector at ${this.#name} ${what}. What it does not take is dropped (latchkey_otel_dropped_total); nothing else waits for it.`,
    )
  }
}

/** Reads a short answer to its end, after which its connection serves the next batch; gives up a long one. */
async function finish(response: Response): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  if (length <= longestAnswer) await response.arrayBuffer()
  else await response.body?.cancel()
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return 'did not answer in time'
  return typeof cause?.code === 'string' ? `cannot be reached (${cause.code})` : 'cannot be reached'
}
