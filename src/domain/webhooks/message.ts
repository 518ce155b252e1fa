// What is sent of an event: the event as its receiver may see it, and the key as it stood then. From the same event it is
// always the same text.
import { rootOrganizationId } from '../../core/access.ts'
import { toWire } from '../../core/wire.ts'
import { isErased } from '../../store/audit.ts'
import type { StoreDialect } from '../../store/backend.ts'
import type { SealedRow } from '../../store/events.ts'
import type { Db } from '../../store/tables.ts'
import { placeIn, readKeysSince } from '../../store/webhook-log.ts'
import { showEvent } from '../audit/shown.ts'
import { keyAt } from './key-at.ts'

/** A message, and the event of which it tells. */
export interface Message {
  /** The id of the event: the same at each attempt, and to each receiver. */
  id: string
  place: number
  action: string
  /** JSON. */
  body: string
}

/** Writes the messages of events of a log, for receivers of an organization. */
export async function writeMessages(
  db: Db,
  dialect: StoreDialect,
  log: string,
  events: readonly SealedRow[],
  receiverOrganizationId: string,
): Promise<Message[]> {
  if (events.length === 0) return []
  const keyIds = [...new Set(events.flatMap(({ key_id }) => key_id ?? []))]
  const first = Math.min(...events.map(({ position }) => position))
  const { keys, later } = await readKeysSince(db, dialect, keyIds, first)
  return events.map((event) => {
    const key = event.key_id === null ? undefined : keys.get(event.key_id)
    const after = later.filter(
      ({ key_id, position }) => key_id === event.key_id && (position === null || position > event.position),
    )
    // What the key was then is told from what was changed of it since: once that was erased, nobody knows.
    const isKnown = key !== undefined && !isErased(event) && !after.some(isErased)
    const data = {
      event: toWire(showEvent(event, receiverOrganizationId === rootOrganizationId)),
      key: isKnown ? keyAt(key, after, event.at) : null,
    }
    return {
      id: event.id,
      place: placeIn(log, event),
      action: event.action,
      body: JSON.stringify({ type: event.action, timestamp: new Date(event.at).toISOString(), data }),
    }
  })
}

/** The message that is sent to see whether one arrives. */
export function testMessage(id: string, webhookId: string, now: number): Message {
  const data = { event: null, key: null, webhook_id: webhookId }
  const body = JSON.stringify({ type: testType, timestamp: new Date(now).toISOString(), data })
  return { id, place: 0, action: testType, body }
}

const testType = 'webhook.test'
