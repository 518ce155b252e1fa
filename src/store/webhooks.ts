// The table of webhooks, and how far each has come.
import type { Selectable } from 'kysely'
import { rootOrganizationId } from '../core/access.ts'
import type { Scope } from '../core/scope.ts'
import type { StoreDialect } from './backend.ts'
import {
  bytesOf,
  bytesSoFar,
  isAfter,
  type Position,
  type Slice,
  type SliceBounds,
  toSlice,
} from './cursors.ts'
import { givenTexts } from './given-rows.ts'
import type { Instant } from './instants.ts'
import { enqueueJobs } from './jobs.ts'
import { nextRevision } from './revisions.ts'
import type { Db, Tx } from './tables.ts'
import type { WebhookStatesTable, WebhooksTable } from './webhook-tables.ts'

/** A webhook, with how far it has come. */
export type WebhookRow = Selectable<WebhooksTable> &
  Omit<Selectable<WebhookStatesTable>, 'webhook_id'> & {
    /** Since when its organization is suspended: meanwhile it delivers nothing, and loses nothing. */
    held_since: number | null
  }

/** What of a webhook its owner changes. */
export type WebhookChange = Partial<
  Pick<
    WebhooksTable,
    | 'url'
    | 'events'
    | 'description'
    | 'secret'
    | 'old_secret'
    | 'old_secret_until'
    | 'disabled_at'
    | 'disabled_reason'
  >
>

/** The kind of the jobs that deliver: one for each webhook. */
export const deliveryKind = 'webhook'

/** Inserts a webhook that sends what comes after an event of its log. */
export async function insertWebhook(
  tx: Tx,
  row: Selectable<WebhooksTable>,
  start: Pick<WebhookRow, 'cursor' | 'sends_since'>,
): Promise<void> {
  await tx.insertInto('webhooks').values(row).execute()
  const state = { failures: 0, failing_since: null, failed_at: null, delivered_at: null, paused_until: null }
  await tx
    .insertInto('webhook_states')
    .values({ webhook_id: row.id, ...start, version: 0, ...state })
    .execute()
}

/** Reads which events the webhooks of the root organization send that send those of all. JSON. */
export async function listRootEventTypes(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('webhooks')
    .select('events')
    .where('organization_id', '=', rootOrganizationId)
    .where('source', 'is', null)
    .where('disabled_at', 'is', null)
    .execute()
  return rows.map(({ events }) => events)
}

export async function countWebhooks(db: Db, organizationId: string): Promise<number> {
  const { count } = await db
    .selectFrom('webhooks')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function findWebhook(db: Db, id: string, scope: Scope): Promise<WebhookRow | undefined> {
  return withStates(db)
    .where('webhooks.id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirst()
}

/** Takes the row's lock for the rest of the transaction, by a write that changes nothing. */
export async function lockWebhook(tx: Tx, id: string, scope: Scope): Promise<WebhookRow | undefined> {
  const { numUpdatedRows } = await tx
    .updateTable('webhooks')
    .set((eb) => ({ revision: eb.ref('revision') }))
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n ? findWebhook(tx, id, scope) : undefined
}

/** Changes a webhook that {@link lockWebhook} found. */
export async function changeWebhook(
  tx: Tx,
  row: Pick<WebhookRow, 'id' | 'revision'>,
  change: WebhookChange,
  now: number,
): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ ...change, revision: nextRevision(row, now) })
    .where('id', '=', row.id)
    .execute()
}

/** Forgets the old secrets whose grace was over at an instant. */
export async function forgetOldSecrets(tx: Tx, now: number): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ old_secret: null, old_secret_until: null })
    .where('old_secret_until', '<=', now)
    .execute()
}

/**
 * Deletes a webhook that {@link lockWebhook} found, and what it has not delivered. What it has goes with its time: there may be
 * very many of those, and others wait for this transaction.
 */
export async function deleteWebhookRows(tx: Tx, id: string): Promise<void> {
  await tx
    .deleteFrom('webhook_deliveries')
    .where('webhook_id', '=', id)
    .where('next_at', 'is not', null)
    .execute()
  await tx.deleteFrom('webhook_states').where('webhook_id', '=', id).execute()
  await tx.deleteFrom('webhooks').where('id', '=', id).execute()
}

/** Reads the next webhooks of an organization, or of all, by their ids. */
export async function readWebhookSlice(
  db: Db,
  { scope, after }: { scope: Scope; after: Position | undefined },
  bounds: SliceBounds,
): Promise<Slice<WebhookRow>> {
  const rows = await db
    .selectFrom(
      withStates(db)
        .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
        .$if(after !== undefined, (query) => query.where((eb) => isAfter(eb, byId, after as Position)))
        .select(bytesSoFar(byId, longColumns).as('bytes'))
        .orderBy('id')
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.id, row.id])
}

/**
 * Has deliveries looked at of the webhooks that send events of some organizations: those that are not disabled, and do
 * not wait for a receiver that fails.
 */
export async function wakeWebhooks(
  tx: Tx,
  dialect: StoreDialect,
  organizationIds: readonly string[],
  now: number,
  at: Instant,
): Promise<void> {
  const due = await tx
    .selectFrom('webhooks')
    .innerJoin('webhook_states', 'webhook_states.webhook_id', 'webhooks.id')
    .select(['id', 'organization_id'])
    .where('disabled_at', 'is', null)
    .where((eb) => eb.or([eb('paused_until', 'is', null), eb('paused_until', '<=', now)]))
    .where((eb) =>
      eb.or([
        eb('organization_id', 'in', givenTexts(dialect, organizationIds)),
        eb.and([
          eb('organization_id', '=', rootOrganizationId),
          eb.or([eb('source', 'is', null), eb('source', 'in', givenTexts(dialect, organizationIds))]),
        ]),
      ]),
    )
    .execute()
  const [first, ...others] = due.map(({ id, organization_id }) => deliveryJob(id, organization_id))
  if (first !== undefined) await enqueueJobs(tx, [first, ...others], at)
}

/** Lets the webhooks of an organization deliver again what has waited; receivers that failed before get another chance. */
export async function releaseWebhooks(tx: Tx, organizationId: string, at: Instant): Promise<void> {
  const held = await tx
    .selectFrom('webhooks')
    .select(['id', 'organization_id'])
    .where('organization_id', '=', organizationId)
    .where('disabled_at', 'is', null)
    .orderBy('id')
    .execute()
  const [first, ...others] = held.map(({ id }) => deliveryJob(id, organizationId))
  if (first === undefined) return
  await tx
    .updateTable('webhook_states')
    .set((eb) => ({ failures: 0, failing_since: null, paused_until: null, version: eb('version', '+', 1) }))
    .where(
      'webhook_id',
      'in',
      held.map(({ id }) => id),
    )
    .execute()
  await enqueueJobs(tx, [first, ...others], at)
}

/** The job that delivers for a webhook, now. */
export function deliveryJob(id: string, organizationId: string) {
  return { kind: deliveryKind, subject: id, organizationId, afterMs: 0 }
}

function withStates(db: Db) {
  return db
    .selectFrom('webhooks')
    .innerJoin('webhook_states', 'webhook_states.webhook_id', 'webhooks.id')
    .selectAll('webhooks')
    .select((eb) =>
      eb
        .selectFrom('organizations')
        .select('organizations.suspended_at')
        .whereRef('organizations.id', '=', 'webhooks.organization_id')
        .as('held_since'),
    )
    .select([
      ...(['cursor', 'sends_since', 'version', 'failures', 'failing_since', 'failed_at'] as const),
      ...(['delivered_at', 'paused_until'] as const),
    ])
}

const byId = { column: 'id', direction: 'asc' } as const
const longColumns = ['url', 'events']
