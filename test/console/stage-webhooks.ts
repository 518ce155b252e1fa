// Webhooks of a stage, with what became of what they sent: none of it goes anywhere.
import { randomUUID } from 'node:crypto'
import type { Latchkey } from '../../src/latchkey.ts'
import { type DeliveryRow, moveWebhook } from '../../src/store/deliveries.ts'
import { openStore } from '../../src/store/store.ts'
import { connectDirectly } from '../setup/direct.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** What of a delivery is not as usual. */
type Told = Partial<
  Pick<
    DeliveryRow,
    'state' | 'attempts' | 'next_at' | 'http_status' | 'error' | 'answer' | 'duration_ms' | 'action'
  >
>

/** The newest first, each so long ago. */
const told = (present: number): [ago: number, Told][] => [
  [
    4 * minute,
    {
      ...{
        state: 'pending',
        attempts: 3,
        next_at: present + 26 * minute,
        http_status: 503,
        duration_ms: 1_204,
      },
      error: 'The receiver answered 503.',
      answer: '<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n</html>\n',
    },
  ],
  [5 * hour, { http_status: 202, duration_ms: 38, attempts: 2, answer: '{"queued":true}' }],
  [26 * hour, { action: 'limit.units_added', duration_ms: 64 }],
  [
    3 * day,
    {
      ...{ state: 'failed', attempts: 8, http_status: null, duration_ms: 15_004 },
      error: 'No answer within 15 seconds.',
    },
  ],
  [6 * day, { action: 'key.revoked', duration_ms: 41 }],
  [9 * day, { duration_ms: 57 }],
]

/**
 * Adds webhooks in each state; gives the id of one that fails at the moment. No event of a test is one that they send.
 */
export async function addWebhooks(
  { webhooks }: Latchkey,
  database: string,
  present: number,
  options: Parameters<Latchkey['webhooks']['create']>[1],
): Promise<string> {
  const failing = await webhooks.create(
    {
      ...{ organizationId: 'acme', url: 'https://hooks.acme.example/latchkey', description: 'Provisioning' },
      events: ['key.rotated', 'key.revoked', 'limit.*'],
    },
    options,
  )
  const all = await webhooks.create(
    { url: 'https://events.latchkey.example/', events: ['plan.*', 'webhook.disabled'] },
    options,
  )
  const gone = await webhooks.create(
    { organizationId: 'globex', url: 'https://old.globex.example:8443/in?room=ops', events: ['*'] },
    options,
  )
  const quiet = await webhooks.create(
    {
      ...{ url: 'https://chat.latchkey.example/T0/B0', description: 'Chat of the people on call' },
      ...{ events: ['key.*'], sourceOrganizationId: 'initech' },
    },
    options,
  )
  await webhooks.update(quiet.id, { enabled: false }, options)
  await using direct = await connectDirectly(database)
  await direct.run(
    `update webhooks set disabled_at = ${present - 5 * hour}, disabled_reason = 'gone' where id = '${gone.id}'`,
  )
  const store = await openStore(database)
  const rows = told(present).map(([ago, one], place) => toRow(failing.id, 48 - 3 * place, present - ago, one))
  await store.write(async (tx) => {
    await tx.insertInto('webhook_deliveries').values(rows).execute()
    await moveWebhook(tx, failing.id, {
      ...{ failures: 3, failing_since: present - 9 * minute, failed_at: present - 4 * minute },
      ...{ delivered_at: present - 5 * hour, paused_until: present + 26 * minute },
    })
    await moveWebhook(tx, all.id, { delivered_at: present - 12 * minute })
  })
  await store.close()
  return failing.id
}

function toRow(webhookId: string, place: number, attemptedAt: number, one: Told): DeliveryRow {
  return {
    ...{ webhook_id: webhookId, place, id: randomUUID(), action: 'key.rotated', state: 'delivered' },
    ...{ attempts: 1, attempted_at: attemptedAt, next_at: null, duration_ms: 52, http_status: 204 },
    ...{ error: null, answer: null, payload: null },
    ...one,
  }
}
