// What the commands on webhooks share: which one a change may touch, and what is told of it.
import type { Change } from '../../commit/commit.ts'
import { requirePermission, scopeOf } from '../../core/access.ts'
import { type Actor, holdsDatabase } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { covers } from '../../core/permissions.ts'
import type { Scope } from '../../core/scope.ts'
import type { Delivery, Webhook } from '../../core/shapes/webhooks.ts'
import { creatorTypeOf } from '../../store/creators.ts'
import type { ListedDelivery } from '../../store/deliveries.ts'
import type { Db } from '../../store/tables.ts'
import { findWebhook, lockWebhook, type WebhookRow } from '../../store/webhooks.ts'
import { describeOutcome } from './attempt.ts'

/** What every change of a webhook takes of its caller. */
export const writeWebhooks = 'latchkey:webhooks:write'

/** Reads a webhook of a scope. Throws `webhook_not_found`. */
export async function getWebhookRow(db: Db, id: string, scope: Scope): Promise<WebhookRow> {
  const webhook = isId(id) ? await findWebhook(db, id, scope) : undefined
  if (!webhook) throw unknownWebhook()
  return webhook
}

/** Locks a webhook of the actor's scope. Throws `webhook_not_found`. */
export async function requireWebhook({ tx, actor }: Change, id: string): Promise<WebhookRow> {
  const webhook = isId(id) ? await lockWebhook(tx, id, scopeOf(actor)) : undefined
  if (!webhook) throw unknownWebhook()
  if (!holdsDatabase(actor)) requirePermission(actor, writeWebhooks, webhook.organization_id)
  return webhook
}

/** A webhook as it is told, with how many of its events wait. */
export function toWebhook(row: WebhookRow, pending: number, now: number): Webhook {
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  const graceEndsAt =
    row.old_secret_until !== null && row.old_secret_until > now ? row.old_secret_until : null
  return {
    id: row.id,
    organizationId: row.organization_id,
    sourceOrganizationId: row.source,
    url: row.url,
    events: JSON.parse(row.events),
    description: row.description,
    status: row.disabled_at !== null ? 'disabled' : row.failing_since !== null ? 'failing' : 'active',
    disabledAt: instant(row.disabled_at),
    disabledReason: row.disabled_reason as Webhook['disabledReason'],
    failingSince: instant(row.failing_since),
    lastDeliveredAt: instant(row.delivered_at),
    pending,
    graceEndsAt: instant(graceEndsAt),
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    createdAt: new Date(row.created_at),
    revision: String(row.revision),
  }
}

/** A delivery as it is told to an actor. */
export function toDelivery(row: ListedDelivery, actor: Actor): Delivery {
  const { http_status: httpStatus, error, answer, duration_ms: durationMs } = row
  return {
    id: row.id,
    type: row.action,
    sequence: row.place,
    state: row.state as Delivery['state'],
    attempts: row.attempts,
    attemptedAt: row.attempted_at === null ? null : new Date(row.attempted_at),
    nextAttemptAt: row.next_at === null ? null : new Date(row.next_at),
    ...describeOutcome({ httpStatus, error, answer, durationMs: durationMs ?? 0 }, maySeeAnswers(actor)),
  }
}

/** What a receiver says is its own, and for those who may set to where it is asked. */
export function maySeeAnswers(actor: Actor): boolean {
  return holdsDatabase(actor) || covers(actor.permissions, writeWebhooks)
}

/** A URL as events tell of it: its path and query may be what a receiver knows its senders by. */
export function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return pathname === '/' && search === '' ? origin : `${origin}/…`
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
function unknownWebhook(): LatchkeyError {
  return new LatchkeyError('webhook_not_found', 'No webhook has this id.')
}

export function unknownDelivery(): LatchkeyError {
  return new LatchkeyError('delivery_not_found', 'The webhook has no delivery with this id.')
}
