// The job that delivers: one for each webhook, claimed by one process at a time. It takes events from the log behind the
// webhook's cursor, and those again that have failed, and goes on until there is nothing to send.
//
// 1. An event is passed by the cursor only in the transaction that writes what became of it. A process that ends in between
//    has sent it, and another one sends it again, with the same id.
// 2. Of two processes that deliver for one webhook, since one was paused for longer than its claim lasts, one writes: each round
//    names the version of the state that it has read.
// 3. A receiver that fails or is slow holds up nobody else: each webhook is a job of its own, and waits for I/O alone.
import type { Commit } from '../../commit/commit.ts'
import { rootOrganizationId } from '../../core/access.ts'
import { system } from '../../core/actor.ts'
import type { AttemptOutcome } from '../../core/backlog.ts'
import { isOfTypes } from '../../core/event-types.ts'
import type { Again, JobKind, Work } from '../../jobs/kinds.ts'
import type { StoreDialect } from '../../store/backend.ts'
import {
  countPending,
  type DeliveryRow,
  type Pending,
  type Round,
  readDueDeliveries,
  saveRound,
  writeRound,
} from '../../store/deliveries.ts'
import { readSealed, readSealedByIds } from '../../store/events.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import type { Store } from '../../store/store.ts'
import type { Db } from '../../store/tables.ts'
import { readLogEntries } from '../../store/webhook-log.ts'
import { changeWebhook, findWebhook, type WebhookRow } from '../../store/webhooks.ts'
import { attempt, type Outcome, receiverOf, type Sender } from './attempt.ts'
import { type Message, writeMessages } from './message.ts'
import {
  afterAttempt,
  disabledBy,
  isOutage,
  maxWidth,
  nextAttemptAt,
  type PaceState,
  widthAfter,
} from './pace.ts'
import { shownUrl } from './rules.ts'

/** So many webhooks deliver at once in a process. */
const atOnce = 256
/** So long a run goes on; the rest follows at once, when others that wait had their turn. */
const runMs = 10_000
/** After so long a round begins no further attempt. With the last one it ends well before a run must. */
const roundMs = 20_000
const maxRunMs = 60_000
/** How many events wait at most to be tried again, of one webhook. Others stay in the log. */
const maxPending = 1_000
/** How many events of the log are looked at for a round. */
const pageEvents = 256
/** How many messages a round sends, as a multiple of those that are under way at once. */
const roundsOfWidth = 4
/** How long these are together at most, in characters, but for a single one: so many webhooks at once hold theirs in memory. */
const maxLength = 2 ** 18
/** What a message takes beside the changes of its event, about: the key in it. */
const keyLength = 1_024
const retryAfterMs = 1_000
const cutAway = 'The log does not have the event any more.'

/** What delivering needs. */
export interface Delivering extends Sender {
  store: Pick<Store, 'read' | 'write' | 'dialect'>
  commit: Commit
  monotonic: () => number
  /** From 0 to below 1. */
  chance: () => number
  /** Hears what came of each attempt. */
  count(outcome: AttemptOutcome): void
}

/** The work of delivering for a webhook. */
export function deliveryJobKind(delivering: Delivering): JobKind {
  return {
    atOnce,
    maxRunMs,
    run: (work) => deliverFor(delivering, work),
    // What fails here is the database, or this process: not the receiver.
    retryAfterMs: (attempts) => retryAfterMs * Math.min(attempts, 10),
  }
}

/** The log of which a webhook sends events. */
export function logOf({ organization_id, source }: Pick<WebhookRow, 'organization_id' | 'source'>): string {
  return source ?? (organization_id === rootOrganizationId ? wholeLog : organization_id)
}

/** A message to send, and the row of an event that was tried before. */
interface Task {
  message: Message
  before: DeliveryRow | undefined
}

/** What a round begins with. */
interface Start {
  webhook: WebhookRow
  tasks: Task[]
  /** Those that cannot be written any more: their events were cut from the log since. */
  gone: DeliveryRow[]
  /** Up to where the log has nothing for this webhook but the tasks. */
  readTo: number
  pending: Pending
}

async function deliverFor(delivering: Delivering, work: Work): Promise<Again | undefined> {
  const { now, monotonic } = delivering
  const beganAt = monotonic()
  // As whatever else is read for the organization: others do not wait for what it sends.
  const { subject: keyId, signal } = work
  const turn = { organizationId: work.organizationId ?? '', keyId, signal }
  let width: number | undefined
  while (monotonic() - beganAt < runMs) {
    work.requireHeld()
    const { store } = delivering
    const start = await store.read(
      (db) => readStart(db, store.dialect, work.subject, width ?? maxWidth, now()),
      turn,
    )
    // Of an organization that is suspended they are held: whoever resumes it has this job done.
    if (start === undefined || start.webhook.disabled_at !== null || start.webhook.held_since !== null)
      return undefined
    const { webhook, tasks, gone, readTo, pending } = start
    const { paused_until } = webhook
    if (paused_until !== null && paused_until > now()) return { afterMs: paused_until - now() }
    // After an outage a receiver is met with care.
    width ??= isOutage(webhook) ? 1 : maxWidth
    if (tasks.length === 0 && gone.length === 0 && readTo === webhook.cursor) {
      if (pending.nextAt !== undefined) return { afterMs: Math.max(0, pending.nextAt - now()) }
      return undefined
    }
    const ended = await sendAll(delivering, webhook, tasks, width, work.signal)
    // Whoever holds the claim by now: the round names what it has read.
    await writeEnded(delivering, start, ended)
    width = isOutage(ended.state) ? 1 : widthAfter(width)
    if (ended.disabled !== undefined) return undefined
  }
  return { afterMs: 0 }
}

/** Reads what is to be sent next. */
async function readStart(
  db: Db,
  dialect: StoreDialect,
  id: string,
  width: number,
  now: number,
): Promise<Start | undefined> {
  const webhook = await findWebhook(db, id, undefined)
  if (webhook === undefined) return undefined
  const pending = await countPending(db, id)
  const nothing = { webhook, tasks: [], gone: [], readTo: webhook.cursor, pending }
  const isStopped = webhook.disabled_at !== null || webhook.held_since !== null
  if (isStopped || (webhook.paused_until ?? 0) > now) return nothing
  const probes = isOutage(webhook)
  const limit = probes ? 1 : width * roundsOfWidth
  // In an outage the one that waits for longest is the probe, whenever its own turn would come.
  const due = await readDueDeliveries(db, id, probes ? Number.MAX_SAFE_INTEGER : now, limit)
  const { tasks: waiting, gone } = await toTasks(db, dialect, webhook, due)
  const again = fitting(waiting, ({ message }) => message.body.length, maxLength)
  const left = maxLength - again.reduce((sum, { message }) => sum + message.body.length, 0)
  const isFull =
    again.length < waiting.length || again.length >= limit || left <= 0 || pending.count >= maxPending
  if ((probes && again.length > 0) || isFull) return { ...nothing, tasks: again, gone }
  const log = logOf(webhook)
  const page = await readLogEntries(db, { log, after: webhook.cursor, limit: pageEvents })
  const types: string[] = JSON.parse(webhook.events)
  const sent = page.filter(({ at, action }) => at >= webhook.sends_since && isOfTypes(action, types))
  const room = Math.min(limit - again.length, maxPending - pending.count)
  const taken = fitting(sent.slice(0, room), ({ length }) => length + keyLength, left)
  const last = (taken.length === sent.length ? page : taken).at(-1)
  const events = await readSealedByIds(
    db,
    dialect,
    taken.map((entry) => entry.id),
  )
  const messages = await writeMessages(db, dialect, log, events, webhook.organization_id)
  const fresh = messages.map((message) => ({ message, before: undefined }))
  return { webhook, tasks: [...again, ...fresh], gone, readTo: last?.place ?? webhook.cursor, pending }
}

/** The first items that are no longer together than they may be; one always is. */
function fitting<Item>(items: readonly Item[], lengthOf: (item: Item) => number, max: number): Item[] {
  let length = 0
  const fits = items.map((item) => {
    length += lengthOf(item)
    return length <= max
  })
  return items.filter((_, i) => i === 0 || fits[i])
}

/** What a round came to. */
interface Ended {
  state: PaceState
  rows: DeliveryRow[]
  /** The number of the first event that was not sent, since the receiver asked for time. */
  firstUnsent: number | undefined
  disabled: 'gone' | 'failing' | undefined
}

async function sendAll(
  delivering: Delivering,
  webhook: WebhookRow,
  tasks: readonly Task[],
  width: number,
  signal: AbortSignal,
): Promise<Ended> {
  const ended: Ended = { state: webhook, rows: [], firstUnsent: undefined, disabled: undefined }
  const left = [...tasks]
  const receiver = receiverOf(delivering.keyring, webhook)
  const beganAt = delivering.monotonic()
  const mayGoOn = () =>
    delivering.monotonic() - beganAt < roundMs &&
    ended.disabled === undefined &&
    (ended.state.paused_until ?? 0) <= delivering.now() &&
    !isOutage(ended.state)
  const wasOutage = isOutage(webhook)
  const sendNext = async (): Promise<void> => {
    const task = left.shift()
    if (task === undefined) return
    try {
      note(delivering, webhook, task, await attempt(delivering, receiver, task.message, signal), ended)
    } catch (error) {
      // The process stops: what has come to an end is written, and the rest is sent by another one.
      if (!signal.aborted) throw error
      left.push(task)
    }
    if (mayGoOn() && !signal.aborted) await sendNext()
  }
  const lines = wasOutage ? 1 : Math.min(width, tasks.length)
  await Promise.all(Array.from({ length: lines }, sendNext))
  const unsent = left.filter(({ before }) => before === undefined).map(({ message }) => message.place)
  if (unsent.length > 0) ended.firstUnsent = Math.min(...unsent)
  return ended
}

function note(
  { now, chance, count }: Delivering,
  webhook: WebhookRow,
  { message, before }: Task,
  outcome: Outcome,
  ended: Ended,
): void {
  const at = now()
  count(outcome.kind)
  ended.state = afterAttempt(ended.state, outcome, at, chance())
  ended.disabled ??= disabledBy(ended.state, outcome, at)
  const attempts = (before?.attempts ?? 0) + 1
  const nextAt = outcome.isDelivered ? null : nextAttemptAt(attempts, at, chance())
  ended.rows.push({
    webhook_id: webhook.id,
    place: message.place,
    id: message.id,
    action: message.action,
    state: outcome.isDelivered ? 'delivered' : nextAt === null ? 'failed' : 'pending',
    attempts,
    attempted_at: at,
    next_at: nextAt,
    duration_ms: outcome.durationMs,
    http_status: outcome.httpStatus,
    error: outcome.error,
    answer: outcome.answer,
    payload: nextAt === null ? null : message.body,
  })
}

/** Writes what a round came to. Throws if somebody else has written meanwhile: the next run reads what stands then. */
async function writeEnded(
  { store, commit }: Delivering,
  { webhook, gone, readTo }: Start,
  { state, rows, firstUnsent, disabled }: Ended,
): Promise<void> {
  const round: Round = {
    webhookId: webhook.id,
    version: webhook.version,
    state: {
      cursor: firstUnsent === undefined ? readTo : firstUnsent - 1,
      failures: state.failures,
      failing_since: state.failing_since,
      failed_at: state.failed_at,
      delivered_at: state.delivered_at,
      paused_until: state.paused_until,
    },
    rows: [...rows, ...gone],
  }
  if (disabled === undefined) return saveRound(store, round)
  await commit(system, { permission: 'any key' }, async ({ tx, now, record }) => {
    await writeRound(tx, store.dialect, round)
    await changeWebhook(tx, webhook, { disabled_at: now, disabled_reason: disabled }, now)
    record({
      action: 'webhook.disabled',
      organizationId: webhook.organization_id,
      changes: { webhookId: webhook.id, url: shownUrl(webhook.url), reason: disabled },
    })
  })
}

/** The messages of events that were tried before: as they were then, or written anew for one that had nothing to come. */
async function toTasks(
  db: Db,
  dialect: StoreDialect,
  webhook: WebhookRow,
  due: readonly DeliveryRow[],
): Promise<Pick<Start, 'tasks' | 'gone'>> {
  const tasks: Task[] = []
  const gone: DeliveryRow[] = []
  for (const before of due) {
    const { id, place, action, payload } = before
    if (payload !== null) tasks.push({ before, message: { id, place, action, body: payload } })
    else {
      const log = logOf(webhook)
      const events = await readSealed(db, { log, after: place - 1, limit: 1 })
      // It may have been cut, and then another one is the next.
      const own = events.filter((event) => event.id === id)
      const [message] = await writeMessages(db, dialect, log, own, webhook.organization_id)
      if (message !== undefined) tasks.push({ before, message })
      else gone.push({ ...before, state: 'failed', next_at: null, error: cutAway, answer: null })
    }
  }
  return { tasks, gone }
}
