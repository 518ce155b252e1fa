// Webhooks: to where events are sent. What is sent, and when, is in `delivery.ts`.
import type { Change } from '../../commit/commit.ts'
import {
  narrowScope,
  requirePermission,
  rootOrganizationId,
  scopeOf,
  unknownOrganization,
} from '../../core/access.ts'
import { creatorOf, holdsDatabase } from '../../core/actor.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import { dayMs } from '../../core/periods.ts'
import type { Page } from '../../core/shapes/page.ts'
import {
  type CreatedWebhook,
  type CreateWebhookInput,
  createWebhookSchema,
  type ListWebhooksInput,
  listWebhooksSchema,
  maxReplayDays,
  maxWebhooks,
  type ReplayWebhookInput,
  type RotateWebhookInput,
  replayWebhookSchema,
  rotateWebhookSchema,
  type UpdateWebhookInput,
  updateWebhookSchema,
  type Webhook,
  type Webhooks,
} from '../../core/shapes/webhooks.ts'
import type { AddressPolicy } from '../../egress/addresses.ts'
import { targetFault } from '../../egress/target.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { toColumns } from '../../store/creators.ts'
import {
  countPending,
  countPendingOfEach,
  dueAllNow,
  forgetPendingBehind,
  moveWebhook,
  type StateChange,
} from '../../store/deliveries.ts'
import { enqueueJob } from '../../store/jobs.ts'
import { getOrganizationRow, lockOrganization } from '../../store/organizations.ts'
import type { Tx } from '../../store/tables.ts'
import { readLogEndSoon, readPlaceBefore } from '../../store/webhook-log.ts'
import {
  changeWebhook,
  countWebhooks,
  deleteWebhookRows,
  deliveryJob,
  insertWebhook,
  readWebhookSlice,
  type WebhookChange,
  type WebhookRow,
} from '../../store/webhooks.ts'
import {
  checkOptions,
  creationNames,
  editNames,
  listMethods,
  makeChange,
  makeEnd,
  rotationNames,
} from '../calls.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { requireRevision } from '../revisions.ts'
import type { Sender } from './attempt.ts'
import { deliveryMethods } from './deliveries.ts'
import { logOf } from './delivery.ts'
import { getWebhookRow, requireWebhook, shownUrl, toWebhook, writeWebhooks } from './rules.ts'
import { openSecret, sealSecret } from './secrets.ts'
import { newWebhookSecret } from './signature.ts'
import { Tests } from './test.ts'

/** Before a webhook was made another process may have dated an event a moment earlier. */
const slackMs = 10_000

/** What webhooks need beside the engine. */
export interface WebhookMeans {
  sender: Sender
  /** Networks that receivers of the root organization may be in though the internet cannot reach them. */
  allowedNetworks: readonly string[]
  /** Has this process look for deliveries now. */
  wake(): void
}

/** Makes the methods on webhooks of an open Latchkey. */
export function webhookMethods(engine: Engine, means: WebhookMeans): Webhooks<ActorOptions> {
  const tests = new Tests(engine, means.sender)
  const waking = async <T>(change: Promise<T>): Promise<T> => {
    const answer = await change
    means.wake()
    return answer
  }
  return {
    ...listMethods(engine, listWebhooks),
    create: async (input, options) =>
      createWebhook(engine, means, input, checkOptions(options, creationNames)),
    get: async (id, options) => getWebhook(engine, id, checkOptions(options)),
    update: (id, input, options) =>
      waking(
        makeChange(engine, options, (checked) => updateWebhook(engine, means, id, input, checked), editNames),
      ),
    delete: (id, options) =>
      makeEnd(engine, options, (checked) => deleteWebhook(engine, id, checked), editNames),
    rotate: (id, input, options) =>
      makeChange(engine, options, (checked) => rotateWebhook(engine, id, input, checked), rotationNames),
    test: async (id, options) => tests.run(id, checkOptions(options)),
    replay: async (id, input, options) => waking(replayWebhook(engine, id, input, checkOptions(options))),
    ...deliveryMethods(engine, means),
  }
}

async function createWebhook(
  engine: Engine,
  means: WebhookMeans,
  input: CreateWebhookInput,
  options: CommandOptions,
): Promise<CreatedWebhook> {
  const { url, events, description, ...of } = parseInput(createWebhookSchema, input)
  const actor = actorOf(options)
  const organizationId = narrowScope(actor, of.organizationId) ?? rootOrganizationId
  const source = of.sourceOrganizationId ?? null
  if (source !== null && organizationId !== rootOrganizationId)
    refuseField(
      'sourceOrganizationId',
      'Only a webhook of the root organization sends events of another one.',
    )
  requireTarget(means, url, organizationId)
  const id = newId(engine)
  const secret = newWebhookSecret(engine.random)
  const sealed = sealSecret(engine.keyring, id, 'secret', secret)
  const now = engine.now()
  const once = { request: options.once, again: giveSecretAgain }
  const requirements = { permission: writeWebhooks, once, signal: options.signal } as const
  return engine.commit(actor, requirements, async ({ tx, actor: by, record }) => {
    if (!holdsDatabase(by)) requirePermission(by, writeWebhooks, organizationId)
    await requireRoom(tx, organizationId)
    if (source !== null) await getOrganizationRow(tx, source)
    const inserted = {
      ...{ id, organization_id: organizationId, source, url, events: JSON.stringify(events), description },
      ...{ secret: sealed, old_secret: null, old_secret_until: null },
      ...{ ...toColumns(creatorOf(by)), created_at: now },
      ...{ disabled_at: null, disabled_reason: null, revision: now },
    }
    const cursor = await readLogEndSoon(tx, logOf(inserted))
    await insertWebhook(tx, inserted, { cursor, sends_since: now - slackMs })
    const changes = {
      webhookId: id,
      url: shownUrl(url),
      events,
      ...(source !== null && { sourceOrganizationId: source }),
    }
    record({ action: 'webhook.created', organizationId, changes })
    return { ...toWebhook(await getWebhookRow(tx, id, undefined), 0, now), secret }
  })
}

async function getWebhook(engine: Engine, id: string, options: CommandOptions): Promise<Webhook> {
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => {
      const row = await getWebhookRow(db, id, scopeOf(actor))
      const { count } = await countPending(db, row.id)
      return toWebhook(row, count, engine.now())
    },
    turnOf(actor, options),
  )
}

async function listWebhooks(
  engine: Engine,
  input: ListWebhooksInput = {},
  options: CommandOptions = {},
): Promise<Page<Webhook>> {
  const { organizationId, limit, after } = parseInput(listWebhooksSchema, input)
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  const turn = turnOf(actor, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  const now = engine.now()
  return readPage(
    engine,
    {
      ...({ name: 'webhooks', type: 'string', limit, after, turn } as const),
      read: async (db, position, bounds) => {
        const slice = await readWebhookSlice(db, { scope, after: position }, bounds)
        const counts = await countPendingOfEach(
          db,
          slice.rows.map(({ id }) => id),
        )
        return { ...slice, rows: slice.rows.map((row) => ({ row, pending: counts.get(row.id) ?? 0 })) }
      },
    },
    ({ row, pending }) => toWebhook(row, pending, now),
  )
}

async function updateWebhook(
  engine: Engine,
  means: WebhookMeans,
  id: string,
  input: UpdateWebhookInput,
  options: CommandOptions,
): Promise<Webhook> {
  const { url, events, description, enabled, resumeFrom = 'stopped' } = parseInput(updateWebhookSchema, input)
  const requirements = { permission: writeWebhooks, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, now, record } = change
    const before = await requireWebhook(change, id)
    if (url !== undefined) requireTarget(means, url, before.organization_id)
    const after = {
      url: url ?? before.url,
      events: events === undefined ? before.events : JSON.stringify(events),
      description: description === undefined ? before.description : description,
    }
    const changes = describeChanges(before, after)
    const isEnabled = before.disabled_at === null
    let turned: WebhookChange = {}
    if (enabled === false && isEnabled) {
      turned = { disabled_at: now, disabled_reason: 'by_hand' }
      changes.enabled = { from: true, to: false }
    }
    if (enabled === true && !isEnabled) {
      turned = { disabled_at: null, disabled_reason: null }
      changes.enabled = { from: false, to: true }
      changes.resumeFrom = resumeFrom
    }
    if (Object.keys(changes).length > 0) {
      requireRevision(before, options)
      await changeWebhook(tx, before, { ...after, ...turned }, now)
      const organizationId = before.organization_id
      record({ action: 'webhook.updated', organizationId, changes: { webhookId: id, ...changes } })
      if (turned.disabled_at === null) await resume(tx, before, resumeFrom, now)
      // A receiver that has moved is not where the other one failed.
      if (url !== undefined && url !== before.url) await startAfresh(tx, id, now)
      if (turned.disabled_at === null || isEnabled) await enqueue(engine, tx, before)
    }
    return readChanged(tx, id, now)
  })
}

/** Lets a webhook go on that was disabled. */
async function resume(tx: Tx, row: WebhookRow, from: 'stopped' | 'now', now: number): Promise<void> {
  const log = logOf(row)
  if (from === 'now') {
    await forgetPendingBehind(tx, row.id, -1)
    await startAfresh(tx, row.id, now, { cursor: await readLogEndSoon(tx, log), sends_since: now - slackMs })
    return
  }
  const earliest = now - maxReplayDays * dayMs
  const place = await readPlaceBefore(tx, log, earliest)
  const sends_since = Math.max(row.sends_since, earliest)
  await startAfresh(tx, row.id, now, { cursor: Math.max(row.cursor, place), sends_since })
}

/** Forgets what failed before: the receiver is another one, or is said to be well. */
async function startAfresh(tx: Tx, id: string, now: number, more: StateChange = {}): Promise<void> {
  const healthy = { failures: 0, failing_since: null, failed_at: null, paused_until: null }
  await moveWebhook(tx, id, { ...healthy, ...more })
  await dueAllNow(tx, id, now)
}

async function deleteWebhook(engine: Engine, id: string, options: CommandOptions): Promise<void> {
  const requirements = { permission: writeWebhooks, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async (change) => {
    const before = await requireWebhook(change, id)
    requireRevision(before, options)
    const { organization_id: organizationId, url } = before
    await deleteWebhookRows(change.tx, id)
    change.record({
      action: 'webhook.deleted',
      organizationId,
      changes: { webhookId: id, url: shownUrl(url) },
    })
  })
}

async function rotateWebhook(
  engine: Engine,
  id: string,
  input: RotateWebhookInput = {},
  options: CommandOptions = {},
): Promise<CreatedWebhook> {
  const { graceSeconds } = parseInput(rotateWebhookSchema, input)
  const secret = newWebhookSecret(engine.random)
  const { keyring } = engine
  const once = { request: options.once, again: giveSecretAgain }
  const requirements = { permission: writeWebhooks, once, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, now, record } = change
    const before = await requireWebhook(change, id)
    requireRevision(before, options)
    // After a leak the old one need not be opened: its key may be lost as well.
    const grace =
      graceSeconds === 0
        ? { old_secret: null, old_secret_until: null }
        : {
            old_secret: sealSecret(keyring, id, 'old_secret', openSecret(keyring, before)),
            old_secret_until: now + graceSeconds * 1_000,
          }
    await changeWebhook(tx, before, { secret: sealSecret(keyring, id, 'secret', secret), ...grace }, now)
    const graceEndsAt = grace.old_secret_until === null ? null : new Date(grace.old_secret_until)
    record({
      action: 'webhook.rotated',
      organizationId: before.organization_id,
      changes: { webhookId: id, graceEndsAt },
    })
    return { ...(await readChanged(tx, id, now)), secret }
  })
}

async function replayWebhook(
  engine: Engine,
  id: string,
  input: ReplayWebhookInput,
  options: CommandOptions,
): Promise<Webhook> {
  const { since } = parseInput(replayWebhookSchema, input)
  const present = engine.now()
  if (since.getTime() > present) refuseField('since', 'Must not be in the future.')
  if (since.getTime() < present - maxReplayDays * dayMs)
    refuseField('since', `Must be at most ${maxReplayDays} days ago.`)
  const requirements = { permission: writeWebhooks, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, now, record } = change
    const before = await requireWebhook(change, id)
    const place = await readPlaceBefore(tx, logOf(before), since.getTime())
    if (place < before.cursor) {
      await forgetPendingBehind(tx, id, place)
      await moveWebhook(tx, id, { cursor: place, sends_since: since.getTime() })
    }
    record({
      action: 'webhook.replayed',
      organizationId: before.organization_id,
      changes: { webhookId: id, since },
    })
    await enqueue(engine, tx, before)
    return readChanged(tx, id, now)
  })
}

/** Judges a caller that asks again for the secret of a webhook which it made or rotated. Throws `webhook_not_found`. */
async function giveSecretAgain(change: Change, id: string): Promise<void> {
  await requireWebhook(change, id)
}

async function readChanged(tx: Tx, id: string, now: number): Promise<Webhook> {
  const row = await getWebhookRow(tx, id, undefined)
  const { count } = await countPending(tx, id)
  return toWebhook(row, count, now)
}

function enqueue(engine: Engine, tx: Tx, { id, organization_id }: WebhookRow): Promise<void> {
  return enqueueJob(tx, deliveryJob(id, organization_id), engine.at())
}

/** Throws `organization_not_found`, `too_many_webhooks`. Its lock makes the count one that holds. */
async function requireRoom(tx: Tx, organizationId: string): Promise<void> {
  const isThere = (await lockOrganization(tx, organizationId)) !== undefined
  // The operator's own comes with the first root key, and is known before.
  if (!isThere && organizationId !== rootOrganizationId) throw unknownOrganization()
  if ((await countWebhooks(tx, organizationId)) < maxWebhooks) return
  throw new LatchkeyError(
    'too_many_webhooks',
    `An organization has at most ${maxWebhooks} webhooks. Delete one that nobody needs first.`,
  )
}

/** Throws `invalid_input` for a URL that leads to where nothing is sent. */
function requireTarget({ allowedNetworks }: WebhookMeans, url: string, organizationId: string): void {
  const allowed = organizationId === rootOrganizationId ? allowedNetworks : []
  const policy: AddressPolicy = { allowed, forbidden: [] }
  const fault = targetFault(url, policy)
  if (fault === undefined) return
  const isForNetworks =
    organizationId === rootOrganizationId &&
    targetFault(url, { allowed: ['0.0.0.0/0', '::/0'], forbidden: [] }) === undefined
  const how = ' If it is in a network of your own, name that in LATCHKEY_WEBHOOK_NETWORKS of the server.'
  refuseField('url', isForNetworks ? fault + how : fault)
}

type Changeable = Pick<WebhookRow, 'url' | 'events' | 'description'>

function describeChanges(before: Changeable, after: Changeable): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  if (before.url !== after.url) changes.url = { from: shownUrl(before.url), to: shownUrl(after.url) }
  if (before.events !== after.events)
    changes.events = { from: JSON.parse(before.events), to: JSON.parse(after.events) }
  if (before.description !== after.description)
    changes.description = { from: before.description, to: after.description }
  return changes
}
