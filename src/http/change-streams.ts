// The streams of server-sent events (WHATWG HTML, section 9.2) that tell verifiers which keys changed.

import { LatchkeyError } from '../errors.ts'
import type { ChangedKey, News } from '../follower.ts'
import type { Latchkey } from '../latchkey.ts'
import type { Sink, Stream } from './sinks.ts'

/** What a stream says at its start, for whoever reads it to know that it understands the rest. */
export const streamFormat = 1
const beatEveryMs = 1_000
/** Changes that come faster are told together: a thousand streams are not written to for each. */
const tellEveryMs = 20
/** An event stays short, for readers that bound the length of a line. */
const mostIdsAnEvent = 100
/** A stream whose reader is behind by more than this ends. */
const longestQueueBytes = 64 * 1024

/** How many streams a process keeps open: by one key, and in all. */
export interface StreamBounds {
  maxByKey: number
  max: number
}

/** A fleet of verifiers may share a key; half of a server's connections are left to others. */
const defaultBounds: StreamBounds = { maxByKey: 256, max: 4_096 }

const needed = { permissions: ['latchkey:keys:verify'] }

/** Who reads a stream: its token is judged again and again while it reads. */
export interface StreamReader {
  token: string
  keyId: string
  /** The organization of whose keys it hears; all if absent. */
  organizationId?: string
}

/**
 * Every open stream of this process. An event tells which keys changed since the one before, and up to which
 * change everything has been told; a beat says the same each second while this process is sure to have seen
 * every change, and only then. Of how fresh that is when it arrives it says nothing: a stream may be late by any
 * time. That is what `GET /v1/changes/latest` is for; see `client/verifier.ts`.
 */
export class ChangeStreams {
  readonly #latchkey: Latchkey
  readonly #bounds: StreamBounds
  readonly #open = new Map<Sink, StreamReader>()
  readonly #countByKey = new Map<string, number>()
  readonly #encoder = new TextEncoder()
  #unsubscribe: Promise<() => void> | undefined
  #beating: NodeJS.Timeout | undefined
  #telling: NodeJS.Timeout | undefined
  /** Everything up to this change has been told. */
  #told = 0
  #untold: News | undefined
  #toldAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(latchkey: Latchkey, bounds = defaultBounds) {
    this.#latchkey = latchkey
    this.#bounds = bounds
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size
  }

  /**
   * Makes a stream for a reader; it counts as open once it has somewhere to go. Throws `too_many_streams`, and
   * `store_unavailable` if nothing is heard of changes.
   */
  async open(reader: StreamReader): Promise<Stream> {
    this.#refuseCrowd(reader)
    this.#unsubscribe ??= this.#latchkey.verifiers.subscribe((news) => this.#hear(news))
    await this.#unsubscribe
    const latest = this.#latchkey.verifiers.latest()
    if (latest === undefined || this.#closed) {
      throw new LatchkeyError('store_unavailable', 'Changes cannot be followed now; try again.')
    }
    this.#tell()
    this.#told = latest.sequence
    return (sink) => {
      this.#add(sink, reader)
      return () => this.#remove(sink)
    }
  }

  /** Ends every stream and lets no other begin. */
  close(): void {
    this.#closed = true
    for (const sink of this.#open.keys()) this.#end(sink)
    void this.#unsubscribe?.then((unsubscribe) => unsubscribe())
  }

  #add(sink: Sink, reader: StreamReader): void {
    // Many may have been let in together before the first of them had begun.
    if (this.#isCrowded(reader)) {
      sink.end()
      return
    }
    this.#open.set(sink, reader)
    this.#countByKey.set(reader.keyId, (this.#countByKey.get(reader.keyId) ?? 0) + 1)
    this.#beating ??= setInterval(() => this.#beat(), beatEveryMs).unref()
    this.#send(sink, this.#event('hello', { format: streamFormat, sequence: this.#told }))
    if (this.#closed) this.#end(sink)
  }

  #isCrowded({ keyId }: StreamReader): boolean {
    const { max, maxByKey } = this.#bounds
    return this.#open.size >= max || (this.#countByKey.get(keyId) ?? 0) >= maxByKey
  }

  #refuseCrowd(reader: StreamReader): void {
    if (!this.#isCrowded(reader)) return
    const { max, maxByKey } = this.#bounds
    const bounds = `A key may have ${maxByKey} streams open on a process, and all keys ${max}.`
    throw new LatchkeyError('too_many_streams', `${bounds} Close some, or try again.`)
  }

  #remove(sink: Sink): void {
    const reader = this.#open.get(sink)
    if (reader === undefined) return
    this.#open.delete(sink)
    const count = (this.#countByKey.get(reader.keyId) ?? 1) - 1
    if (count > 0) this.#countByKey.set(reader.keyId, count)
    else this.#countByKey.delete(reader.keyId)
    if (this.#open.size > 0) return
    clearInterval(this.#beating)
    this.#beating = undefined
  }

  #end(sink: Sink): void {
    this.#remove(sink)
    sink.end()
  }

  #hear(news: News): void {
    const before = this.#untold
    const changed =
      before && news.changed && before.changed ? [...before.changed, ...news.changed] : news.changed
    this.#untold = { sequence: news.sequence, changed: before && !before.changed ? undefined : changed }
    const waitMs = this.#toldAt + tellEveryMs - performance.now()
    if (waitMs <= 0) this.#tell()
    else this.#telling ??= setTimeout(() => this.#tell(), waitMs).unref()
  }

  #tell(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    const news = this.#untold
    if (news === undefined) return
    this.#untold = undefined
    this.#told = news.sequence
    this.#toldAt = performance.now()
    const { sequence, changed } = news
    const texts = new Map<string | undefined, Uint8Array<ArrayBuffer>>()
    for (const [sink, reader] of this.#open) {
      const { organizationId } = reader
      let text = texts.get(organizationId)
      if (text === undefined) {
        text = changed
          ? this.#changes(sequence, changed, organizationId)
          : this.#event('forget', { sequence })
        texts.set(organizationId, text)
      }
      if (changed === undefined || changed.some(({ keyId }) => keyId === reader.keyId)) {
        void this.#judge(sink, reader)
      }
      this.#send(sink, text)
    }
  }

  #beat(): void {
    this.#tell()
    if (this.#latchkey.verifiers.latest() === undefined) return
    const text = this.#event('beat', { sequence: this.#told })
    for (const [sink, reader] of this.#open) {
      this.#send(sink, text)
      if (!this.#latchkey.verifyCached(reader.token, needed)?.valid) void this.#judge(sink, reader)
    }
  }

  /** Ends a stream whose reader may not read any more. Where the database is away nothing is told, and nothing ended. */
  async #judge(sink: Sink, { token }: StreamReader): Promise<void> {
    const verdict = await this.#latchkey.verify(token, needed).catch(() => undefined)
    if (verdict?.valid === false && this.#open.has(sink)) this.#end(sink)
  }

  #send(sink: Sink, text: Uint8Array<ArrayBuffer>): void {
    if (!this.#open.has(sink)) return
    if (sink.queued() > longestQueueBytes) {
      this.#remove(sink)
      sink.fail('The reader of the changes is too slow.')
    } else sink.write(text)
  }

  /** The word of changes as events, the last of which says that all was told. */
  #changes(
    sequence: number,
    changed: readonly ChangedKey[],
    scope: string | undefined,
  ): Uint8Array<ArrayBuffer> {
    const own = changed.filter(({ organizationId }) => scope === undefined || organizationId === scope)
    const ids = [...new Set(own.map(({ keyId }) => keyId))]
    let text = ''
    while (ids.length > mostIdsAnEvent)
      text += eventText('changed', { key_ids: ids.splice(0, mostIdsAnEvent) })
    return this.#encoder.encode(text + eventText('changed', { key_ids: ids, sequence }))
  }

  #event(name: string, data: object): Uint8Array<ArrayBuffer> {
    return this.#encoder.encode(eventText(name, data))
  }
}

function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
