// Those who hear the same of changes: the readers of one organization, or those of the root, who hear of all.

import type { Sink } from '../http/streams.ts'
import type { Verifiers } from '../verification/remote.ts'

/** Changes that come faster are told together: a thousand streams are not written to for each. */
const tellEveryMs = 20
/** An event stays short, for readers that bound the length of a line. */
const mostIdsAnEvent = 100
/** If more keys changed than this before any could be told, all are to be forgotten. */
const mostUntold = 10_000

/** Who reads a stream: its token is judged again and again while it reads. */
export interface StreamReader {
  token: string
  keyId: string
  /** The organization of whose keys it hears; all if absent. */
  organizationId?: string
}

/** What an audience has done with a reader. */
export interface Ushers {
  send(sink: Sink, bytes: Uint8Array<ArrayBuffer>): void
  /** Judges the reader's token again: its key has changed, or may have. */
  judge(sink: Sink, reader: StreamReader): void
}

/**
 * Tells its readers of the changes in one scope, in that scope's own numbers. Of a change outside the scope they hear
 * nothing: neither an event nor a number, nor does it move the instant at which they hear of their own.
 */
export class Audience {
  readonly readers = new Map<Sink, StreamReader>()
  readonly #verifiers: Verifiers
  readonly #scope: { organizationId?: string }
  readonly #ushers: Ushers
  /** The keys that changed since the last event; null if any key may have. */
  #untold: Set<string> | null | undefined
  #toldAt = Number.NEGATIVE_INFINITY
  #telling: NodeJS.Timeout | undefined

  constructor(verifiers: Verifiers, organizationId: string | undefined, ushers: Ushers) {
    this.#verifiers = verifiers
    this.#scope = organizationId === undefined ? {} : { organizationId }
    this.#ushers = ushers
  }

  /** Hears of keys in scope that changed, none for a barrier; undefined if any key may have. */
  hear(keyIds: readonly string[] | undefined): void {
    if (keyIds === undefined) this.#untold = null
    else if (this.#untold !== null) {
      this.#untold ??= new Set()
      for (const keyId of keyIds) this.#untold.add(keyId)
      if (this.#untold.size > mostUntold) this.#untold = null
    }
    const waitMs = this.#toldAt + tellEveryMs - performance.now()
    if (waitMs > 0) this.#telling ??= setTimeout(() => this.tell(), waitMs).unref()
    else this.tell()
  }

  /** Tells what has not been told yet; returns up to which change all is told, undefined if that is not known. */
  tell(): number | undefined {
    clearTimeout(this.#telling)
    this.#telling = undefined
    const sequence = this.#verifiers.sequence(this.#scope)
    if (sequence === undefined) {
      this.#findSequence()
      return undefined
    }
    if (this.#untold === undefined) return sequence
    const keyIds = this.#untold
    this.#untold = undefined
    this.#toldAt = performance.now()
    const bytes = keyIds ? changedBytes(sequence, [...keyIds]) : eventBytes('forget', { sequence })
    for (const [sink, reader] of this.readers) {
      if (keyIds === null || keyIds.has(reader.keyId)) this.#ushers.judge(sink, reader)
      this.#ushers.send(sink, bytes)
    }
    return sequence
  }

  /** Says up to which change all is told, if this process is sure to have seen the last. */
  beat(): void {
    const sequence = this.tell()
    if (sequence === undefined || this.#verifiers.latest(this.#scope) === undefined) return
    const bytes = eventBytes('beat', { sequence })
    for (const sink of this.readers.keys()) this.#ushers.send(sink, bytes)
  }

  close(): void {
    clearTimeout(this.#telling)
  }

  /** Has the number found, and then tells what waits for it. Where it is not found, the next beat tries again. */
  #findSequence(): void {
    void this.#verifiers.findSequence(this.#scope).then((sequence) => {
      if (sequence !== undefined && this.#untold !== undefined && this.readers.size > 0) this.tell()
    })
  }
}

/** An event as its bytes. */
export function eventBytes(name: string, data: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(eventText(name, data))
}

/** The word of changes as events, the last of which says that all was told. */
function changedBytes(sequence: number, keyIds: string[]): Uint8Array<ArrayBuffer> {
  let text = ''
  while (keyIds.length > mostIdsAnEvent)
    text += eventText('changed', { key_ids: keyIds.splice(0, mostIdsAnEvent) })
  return new TextEncoder().encode(text + eventText('changed', { key_ids: keyIds, sequence }))
}

function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
