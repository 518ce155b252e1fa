// The streams of server-sent events (WHATWG HTML, section 9.2) that tell verifiers which keys changed.

import { setTimeout } from 'node:timers/promises'
import { beatMs, streamFormat } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { Sink, Stream } from '../http/streams.ts'
import type { Latchkey } from '../latchkey.ts'
import type { Changed } from '../verification/remote.ts'
import { Audience, type Changes, eventBytes, noChanges, type StreamReader } from './audience.ts'

/** A stream whose reader is behind by more than this ends. */
const longestQueueBytes = 64 * 1024

/** How long a stop waits for units that verifiers hold, and how often it looks whether they are back. */
const longestRecallMs = 500
const recallLookMs = 20

/** How many streams a process keeps open: by one key, and in all. */
export interface StreamBounds {
  maxByKey: number
  max: number
}

/** A fleet of verifiers may share a key; half of a server's connections are left to others. */
const defaultBounds: StreamBounds = { maxByKey: 256, max: 4_096 }

const needed = { permissions: ['latchkey:keys:verify'] }

/**
 * Every open stream of this process, in an audience for each organization and one for the root. An event tells which keys
 * changed since the one before, and up to which change everything has been told; a beat says the same each second while
 * this process is sure to have seen every change, and only then. Of how fresh that is when it arrives it says nothing: a stream may be late by any
 * time. That is what `GET /v1/changes/latest` is for; see `client/verifier/verifier.ts`.
 */
export class ChangeStreams {
  readonly #latchkey: Latchkey
  readonly #bounds: StreamBounds
  readonly #open = new Map<Sink, StreamReader>()
  readonly #countByKey = new Map<string, number>()
  /** By the organization; the root's, which hears of all, by none. */
  readonly #audiences = new Map<string | undefined, Audience>()
  #unsubscribe: Promise<() => void> | undefined
  #beating: NodeJS.Timeout | undefined
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
    this.#unsubscribe ??= this.#latchkey.verifiers.subscribe(({ changed }) => this.#hear(changed))
    await this.#unsubscribe
    await this.#latchkey.verifiers.findSequence(reader)
    if (this.#latchkey.verifiers.latest(reader) === undefined || this.#closed) {
      throw new LatchkeyError('store_unavailable', 'The server cannot follow changes now. Try again.')
    }
    return (sink) => {
      this.#add(sink, reader)
      return () => this.#remove(sink)
    }
  }

  /** Asks verifiers for the units of these counters, and waits until they are back, or for a moment. */
  async recall(lent: readonly Changed[]): Promise<void> {
    this.#hear(lent)
    const begunAt = performance.now()
    while (this.#latchkey.verifiers.hasLent() && performance.now() - begunAt < longestRecallMs)
      await setTimeout(recallLookMs)
  }

  /** Ends every stream and lets no other begin. */
  close(): void {
    this.#closed = true
    for (const sink of this.#open.keys()) this.#end(sink)
    void this.#unsubscribe?.then((unsubscribe) => unsubscribe())
  }

  #add(sink: Sink, reader: StreamReader): void {
    const audience = this.#audiences.get(reader.organizationId) ?? this.#makeAudience(reader)
    const told = audience.tell()
    // Many may have been let in together before the first of them had begun.
    if (this.#isCrowded(reader) || told === undefined) {
      sink.end()
      return
    }
    this.#audiences.set(reader.organizationId, audience)
    audience.readers.set(sink, reader)
    this.#open.set(sink, reader)
    this.#countByKey.set(reader.keyId, (this.#countByKey.get(reader.keyId) ?? 0) + 1)
    this.#beating ??= setInterval(() => this.#beat(), beatMs).unref()
    this.#send(sink, eventBytes('hello', { format: streamFormat, sequence: told }))
    if (this.#closed) this.#end(sink)
  }

  #makeAudience({ organizationId }: StreamReader): Audience {
    const send = (sink: Sink, bytes: Uint8Array<ArrayBuffer>) => this.#send(sink, bytes)
    const judge = (sink: Sink, reader: StreamReader) => void this.#judge(sink, reader)
    return new Audience(this.#latchkey.verifiers, organizationId, { send, judge })
  }

  #isCrowded({ keyId }: StreamReader): boolean {
    const { max, maxByKey } = this.#bounds
    return this.#open.size >= max || (this.#countByKey.get(keyId) ?? 0) >= maxByKey
  }

  #refuseCrowd(reader: StreamReader): void {
    if (!this.#isCrowded(reader)) return
    const { max, maxByKey } = this.#bounds
    const bounds = `A process keeps at most ${maxByKey} streams of a key open, and ${max} in all.`
    throw new LatchkeyError('too_many_streams', `${bounds} Close some, or try again later.`)
  }

  #remove(sink: Sink): void {
    const reader = this.#open.get(sink)
    if (reader === undefined) return
    this.#open.delete(sink)
    const audience = this.#audiences.get(reader.organizationId)
    audience?.readers.delete(sink)
    if (audience?.readers.size === 0) {
      audience.close()
      this.#audiences.delete(reader.organizationId)
    }
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

  #hear(changed: readonly Changed[] | undefined): void {
    if (changed === undefined) {
      for (const audience of this.#audiences.values()) audience.hear(undefined)
      return
    }
    this.#audiences.get(undefined)?.hear(toChanges(changed))
    const byOrganization = Map.groupBy(changed, ({ organizationId }) => organizationId)
    const hasPlans = changed.some(({ topic }) => topic === 'plan')
    for (const [organizationId, audience] of this.#audiences) {
      if (organizationId === undefined) continue
      // All changes of an organization at once: its number takes account of each of them already.
      const own = byOrganization.get(organizationId)
      if (own === undefined && !hasPlans) continue
      const changes = own ? toChanges(own) : noChanges
      // Nobody here knows who is on which plan, and no organization hears the names of others' plans.
      audience.hear(hasPlans ? { ...changes, organizations: [organizationId] } : changes)
    }
  }

  #beat(): void {
    for (const audience of this.#audiences.values()) audience.beat()
    if (this.#latchkey.verifiers.latest() === undefined) return
    for (const [sink, reader] of this.#open)
      if (!this.#latchkey.verifyCached(reader.token, needed, 'heartbeat', { ip: reader.ip })?.valid)
        void this.#judge(sink, reader)
  }

  /** Ends a stream whose reader may not read any more. Where the database is away nothing is told, and nothing ended. */
  async #judge(sink: Sink, { token, ip }: StreamReader): Promise<void> {
    const verdict = await this.#latchkey
      .verify(token, needed, { ip, purpose: 'heartbeat' })
      .catch(() => undefined)
    if (verdict?.valid === false && this.#open.has(sink)) this.#end(sink)
  }

  #send(sink: Sink, text: Uint8Array<ArrayBuffer>): void {
    if (!this.#open.has(sink)) return
    if (sink.queued() > longestQueueBytes) {
      this.#remove(sink)
      sink.fail('The client reads the changes too slowly.')
    } else sink.write(text)
  }
}

function toChanges(changed: readonly Changed[]): Changes {
  const idsOf = (wanted: string) => changed.filter(({ topic }) => topic === wanted).map(({ id }) => id)
  return {
    keys: idsOf('key'),
    organizations: idsOf('organization'),
    plans: idsOf('plan'),
    counters: idsOf('limit'),
  }
}
