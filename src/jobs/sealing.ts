// The sealer: gives every event its place in the log of all and in that of its organization, once and for ever.
//
// The claim on the job makes one process the sealer, as a rule. Nothing depends on that: any process may seal at any time, since
// the log grows only from the size that was read (`store/sealed-log.ts`).
import { newId } from '../core/ids.ts'
import type { RandomSource } from '../core/token.ts'
import type { AuditLogTable, AuditNodesTable } from '../store/log-tables.ts'
import {
  type Backlog,
  deleteQueued,
  type LogHead,
  moveBacklog,
  readBacklog,
  readBacklogEvents,
  readHeads,
  readQueue,
  sweepUnqueued,
  type UnsealedEvent,
  wholeLog,
  writeSealing,
} from '../store/sealed-log.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import { type LeafSource, leafOf, leafTexts } from '../transparency/leaf.ts'
import { GrowingTree, leafHash } from '../transparency/merkle.ts'
import type { Clock } from '../verdict/clock.ts'
import type { Again, JobKind, Work } from './kinds.ts'

/** How long an event waits at most for the sealer to look, as a rule. */
const sealEveryMs = 200
/** Where nothing has happened for a while it looks less often, unless this very process records something. */
const idleAfterMs = 10_000
const idleEveryMs = 1_000
/** How many events a transaction seals: others wait for it on SQLite. */
const pageEvents = 500
/** So long a process is the sealer, before another one may be. */
const runMs = 50_000
const maxRunMs = 60_000
const nextRunMs = 1_000
/** How often it is looked for events that were recorded without being queued, and how old they are then. */
const sweepEveryMs = 60_000
const sweptAfterMs = 10 * 60_000
const sweptEvents = 1_000
/** Only the levels are kept that proofs are made from: each hash of one is that of 256 of the one below. */
const levelsBetweenNodes = 8

/** What sealing needs. */
export interface Sealer {
  store: Pick<Store, 'read' | 'write' | 'dialect'>
  random: RandomSource
  /** Hears, in the transaction that seals them, of which organizations there are events. */
  onSealed?(tx: Tx, organizationIds: readonly string[]): Promise<void>
  /** Has this process look for the work that came of it. */
  wake?(): void
}

/** By it a process that records events tells its own sealer, if it has one, which may look seldom. */
export class SealBell {
  /** Whether it has rung since the sealer looked. */
  hasRung = false
  #wake = () => {}

  ring(): void {
    this.hasRung = true
    this.#wake()
  }

  /** `wake` is called when it rings next. */
  listen(wake: () => void): void {
    this.#wake = wake
  }
}

type SealClock = Pick<Clock, 'now' | 'monotonic' | 'after'>

/** The work of sealing, for one process at a time. */
export function sealingJob(sealer: Sealer, clock: SealClock, bell = new SealBell()): JobKind {
  const last = { sealedAt: Number.NEGATIVE_INFINITY }
  return { everyMs: nextRunMs, maxRunMs, run: (work) => sealFor(sealer, clock, bell, last, work) }
}

async function sealFor(
  sealer: Sealer,
  clock: SealClock,
  bell: SealBell,
  last: { sealedAt: number },
  work: Work,
): Promise<Again | undefined> {
  const beganAt = clock.monotonic()
  let sweptAt = Number.NEGATIVE_INFINITY
  while (clock.monotonic() - beganAt < runMs) {
    work.requireHeld()
    const pageAt = clock.monotonic()
    bell.hasRung = false
    const sealed = await sealSome(sealer)
    if (sealed === 0 && clock.monotonic() - sweptAt >= sweepEveryMs) {
      sweptAt = clock.monotonic()
      await sweep(sealer, clock, work)
    }
    const now = clock.monotonic()
    if (sealed > 0) last.sealedAt = now
    // After a full page at least as much time as it took: others have half of the database.
    if (sealed === pageEvents) await pause(clock, work.signal, now - pageAt)
    else if (now - last.sealedAt < idleAfterMs) await pause(clock, work.signal, sealEveryMs)
    else if (!bell.hasRung) await pause(clock, work.signal, idleEveryMs, bell)
  }
  return { afterMs: 0 }
}

/** Seals the next events, if there are any, and tells how many: a full page if there may be more at once. What is visible is sealed in the order of its arrival. */
export async function sealSome(sealer: Sealer): Promise<number> {
  const { store } = sealer
  const backlog = await store.read(readBacklog)
  if (backlog.sealed_until >= backlog.until && backlog.queued === null) return 0
  const sealed = await store.write((tx) => sealPage(tx, sealer, backlog))
  sealer.wake?.()
  return sealed
}

/** Seals everything that was recorded before the call. */
export async function sealAll(sealer: Sealer): Promise<void> {
  while ((await sealSome(sealer)) === pageEvents);
}

/**
 * Makes what seals the next events, a page of them, for readers who want to find what was recorded before they asked. Those that
 * come while it runs share one more run. If the database takes no changes, they find what is sealed.
 */
export function sharedSealing(sealer: Sealer): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    if (next !== undefined) return next
    const own = running.then(async () => {
      next = undefined
      running = sealSome(sealer).catch(() => {})
      await running
    })
    next = own
    return own
  }
}

async function sealPage(tx: Tx, { store, random, onSealed }: Sealer, backlog: Backlog): Promise<number> {
  const { dialect } = store
  // Before the events: if another one seals them in between, the size is another one too.
  const [whole] = await readHeads(tx, dialect, [wholeLog])
  if (whole === undefined) throw new TypeError('The log of all has a head.')
  const isOld = backlog.sealed_until < backlog.until
  const { arrivals, events } = isOld
    ? { arrivals: [], events: await readBacklogEvents(tx, dialect, backlog, pageEvents) }
    : await readQueue(tx, dialect, pageEvents)
  if (events.length === 0) {
    if (isOld) await moveBacklog(tx, backlog, backlog.until)
    await deleteQueued(tx, dialect, arrivals)
    return isOld || arrivals.length > 0 ? pageEvents : 0
  }
  const organizations = [...new Set(events.map(({ event }) => event.organization_id))]
  const heads = [whole, ...(await readHeads(tx, dialect, organizations))]
  const sealing = seal(events, heads, random)
  // Another process has sealed them, and nothing is written here.
  if (!(await writeSealing(tx, dialect, { ...sealing, size: whole.size, arrivals }))) return pageEvents
  if (isOld) await moveBacklog(tx, backlog, events.at(-1)?.event.id ?? backlog.until)
  await onSealed?.(tx, organizations)
  // Behind the last page of the backlog, however short, stands the queue.
  return isOld ? pageEvents : events.length
}

/** Appends events to the logs of all and of their organizations. */
function seal(
  events: readonly UnsealedEvent[],
  heads: readonly LogHead[],
  random: RandomSource,
): { rows: AuditLogTable[]; heads: LogHead[]; nodes: AuditNodesTable[] } {
  const trees = new Map(
    heads.map(({ log, size, peaks }) => [log, new GrowingTree(size, Buffer.from(peaks, 'base64'))]),
  )
  const nodes: AuditNodesTable[] = []
  const append = (log: string, hash: Buffer): number => {
    const tree = trees.get(log) ?? new GrowingTree()
    trees.set(log, tree)
    tree.append(hash, (node) => {
      if (node.level % levelsBetweenNodes === 0)
        nodes.push({ log, level: node.level, number: node.number, hash: node.hash.toString('base64') })
    })
    return tree.size
  }
  const rows = events.map(({ event, actorOrganizationId }) => {
    const source = toLeafSource(event, actorOrganizationId)
    const texts = leafTexts(source)
    const details_salt = newSalt(random)
    const origin_salt = texts.origin === null ? null : newSalt(random)
    const leaf = leafOf(source, texts, { details: details_salt, origin: origin_salt })
    const hash = leafHash(leaf)
    return {
      position: append(wholeLog, hash),
      sequence: append(event.organization_id, hash),
      organization_id: event.organization_id,
      event_id: event.id,
      leaf,
      details_salt,
      origin_salt,
    }
  })
  const grown = [...trees].map(([log, { size, peaks }]) => ({ log, size, peaks: peaks.toString('base64') }))
  return { rows, nodes, heads: grown }
}

/** An event as its leaf is made of it. */
export function toLeafSource(
  event: UnsealedEvent['event'],
  actorOrganizationId: string | undefined,
): LeafSource {
  return {
    id: event.id,
    at: event.at,
    action: event.action,
    actor: event.actor,
    actorType: event.actor_type ?? (event.actor === null ? 'operator' : 'key'),
    isForeign: event.actor !== null && actorOrganizationId !== event.organization_id,
    organizationId: event.organization_id,
    keyId: event.key_id,
    changes: event.changes,
    requestId: event.request_id,
    ip: event.ip,
    via: event.via,
  }
}

function newSalt(random: RandomSource): string {
  return Buffer.from(random(new Uint8Array(16))).toString('base64url')
}

async function sweep({ store, random }: Sealer, { now }: Pick<Clock, 'now'>, work: Work): Promise<void> {
  const before = newId({ now: () => Math.max(0, now() - sweptAfterMs), random })
  let isDone = false
  while (!isDone) {
    work.requireHeld()
    isDone = await store.write((tx) => sweepUnqueued(tx, sweptEvents, before))
  }
}

function pause(
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
  milliseconds: number,
  bell?: SealBell,
): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      callOff()
      signal.removeEventListener('abort', goOn)
      resolve()
    }
    bell?.listen(goOn)
    const callOff = clock.after(milliseconds, goOn)
    signal.addEventListener('abort', goOn)
  })
}
