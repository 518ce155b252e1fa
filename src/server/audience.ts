// Those who hear the same of changes: the readers of one organization, or those of the root, who hear of all.

import type { Condition } from '../core/conditions.ts'
import type { Sink } from '../http/streams.ts'
import type { Verifiers } from '../verification/remote.ts'

/** Changes that come faster are told together: a thousand streams are not written to for each. */
const tellEveryMs = 20
/** Nobody forgets facts because units are called back: that comes often, and is told this often at most. */
const tellRecallsEveryMs = 100
/** An event stays short, for readers that bound the length of a line. */
const mostIdsAnEvent = 100
/** If more changed than this before any could be told, all are to be forgotten. */
const mostUntold = 10_000

/** Who reads a stream: its token is judged again and again while it reads. */
export interface StreamReader {
  token: string
  /** The address from which it reads. */
  ip?: string | undefined
  keyId: string
  /** The organization of whose keys it hears; all if absent. */
  organizationId?: string
  /** What it can judge; an older one does not know that an organization can change, and forgets all. */
  judges: ReadonlySet<Condition>
}

/** What changed, by ids; of counters, which units are called back. */
export interface Changes {
  keys: readonly string[]
  organizations: readonly string[]
  plans: readonly string[]
  counters: readonly string[]
}

/** No change that anybody acts on, such as a barrier. */
export const noChanges: Changes = { keys: [], organizations: [], plans: [], counters: [] }
const kinds = ['keys', 'organizations', 'plans', 'counters'] as const
type Untold = Record<(typeof kinds)[number], Set<string>>

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
  /** What changed since the last event; null if anything may have. */
  #untold: Untold | null | undefined
  #toldAt = Number.NEGATIVE_INFINITY
  #telling: NodeJS.Timeout | undefined
  #isTellingSlowly = false

  constructor(verifiers: Verifiers, organizationId: string | undefined, ushers: Ushers) {
    this.#verifiers = verifiers
    this.#scope = organizationId === undefined ? {} : { organizationId }
    this.#ushers = ushers
  }

  /** Hears what changed in scope; undefined if anything may have. */
  hear(changes: Changes | undefined): void {
    if (changes === undefined) this.#untold = null
    else if (this.#untold !== null) this.#collect(changes)
    const isSlow = changes !== undefined && isOfCounters(changes)
    const waitMs = this.#toldAt + (isSlow ? tellRecallsEveryMs : tellEveryMs) - performance.now()
    if (waitMs <= 0) this.tell()
    else if (this.#telling === undefined || (this.#isTellingSlowly && !isSlow)) {
      clearTimeout(this.#telling)
      this.#isTellingSlowly = isSlow
      this.#telling = setTimeout(() => this.tell(), waitMs).unref()
    }
  }

  #collect(changes: Changes): void {
    this.#untold ??= { keys: new Set(), organizations: new Set(), plans: new Set(), counters: new Set() }
    let size = 0
    for (const kind of kinds) {
      const untold = this.#untold[kind]
      // Of counters that are left out here, the answers to their messages tell verifiers.
      for (const id of changes[kind]) if (kind !== 'counters' || untold.size < mostUntold) untold.add(id)
      if (kind !== 'counters') size += untold.size
    }
    if (size > mostUntold) this.#untold = null
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
    const untold = this.#untold
    this.#untold = undefined
    this.#toldAt = performance.now()
    const isOfKeys = untold !== null && untold.organizations.size === 0 && untold.plans.size === 0
    const forget = eventBytes('forget', { sequence })
    const bytes = untold === null ? forget : changedBytes(sequence, untold)
    const forOlder = isOfKeys ? changedBytes(sequence, { keys: untold.keys }) : forget
    for (const [sink, reader] of this.readers) {
      if (untold === null || mayConcern(untold, reader)) this.#ushers.judge(sink, reader)
      this.#ushers.send(sink, reader.judges.has('organization') ? bytes : forOlder)
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

/** The names of lists in an event. A reader of an older version needs the first. */
const listNames = { keys: 'key_ids', organizations: 'organization_ids', plans: 'plans', counters: 'counters' }

/** The word of changes as events, the last of which says that all was told. */
function changedBytes(
  sequence: number,
  changes: Partial<Untold> & Pick<Untold, 'keys'>,
): Uint8Array<ArrayBuffer> {
  let text = ''
  const last: Record<string, unknown> = { key_ids: [] }
  for (const kind of kinds) {
    const ids = [...(changes[kind] ?? [])]
    while (ids.length > mostIdsAnEvent)
      text += eventText('changed', { key_ids: [], [listNames[kind]]: ids.splice(0, mostIdsAnEvent) })
    if (ids.length > 0) last[listNames[kind]] = ids
  }
  return new TextEncoder().encode(text + eventText('changed', { ...last, sequence }))
}

/** Tells whether changes may end what a reader may read. Of a plan's, each organization on it may be told. */
function mayConcern({ keys, organizations }: Untold, { keyId, organizationId = '' }: StreamReader): boolean {
  return keys.has(keyId) || organizations.has(organizationId)
}

function isOfCounters({ keys, organizations, plans, counters }: Changes): boolean {
  return counters.length > 0 && keys.length === 0 && organizations.length === 0 && plans.length === 0
}

function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
