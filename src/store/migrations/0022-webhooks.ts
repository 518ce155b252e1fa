import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Webhooks, how far each has come, and what it has tried: `store/webhook-tables.ts`. */
export async function up(db: Db, { text, instant, small }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('webhooks')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('source', text)
    .addColumn('url', text, (column) => column.notNull())
    .addColumn('events', text, (column) => column.notNull())
    .addColumn('description', text)
    .addColumn('secret', text, (column) => column.notNull())
    .addColumn('old_secret', text)
    .addColumn('old_secret_until', instant)
    .addColumn('created_by', text)
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('revision', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('disabled_at', instant)
    .addColumn('disabled_reason', text)
    .execute()
  await db.schema
    .createIndex('webhooks_of_organization')
    .on('webhooks')
    .columns(['organization_id', 'id'])
    .execute()
  await db.schema
    .createTable('webhook_states')
    .addColumn('webhook_id', text, (column) => column.primaryKey().notNull())
    .addColumn('cursor', instant, (column) => column.notNull())
    .addColumn('sends_since', instant, (column) => column.notNull())
    .addColumn('version', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('failures', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('failing_since', instant)
    .addColumn('failed_at', instant)
    .addColumn('delivered_at', instant)
    .addColumn('paused_until', instant)
    .execute()
  await db.schema
    .createTable('webhook_deliveries')
    .addColumn('webhook_id', text, (column) => column.notNull())
    .addColumn('place', instant, (column) => column.notNull())
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('attempts', small, (column) => column.notNull())
    .addColumn('attempted_at', instant)
    .addColumn('next_at', instant)
    .addColumn('duration_ms', instant)
    .addColumn('http_status', small)
    .addColumn('error', text)
    .addColumn('answer', text)
    .addColumn('payload', text)
    .addPrimaryKeyConstraint('webhook_deliveries_of_webhook', ['webhook_id', 'place'])
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_by_next_at')
    .on('webhook_deliveries')
    .columns(['webhook_id', 'next_at'])
    .where(sql.ref('next_at'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_undelivered')
    .on('webhook_deliveries')
    .columns(['webhook_id', 'state', 'place'])
    .where(sql.ref('state'), '<>', sql.lit('delivered'))
    .execute()
  // For those that nobody waits for any more.
  await db.schema
    .createIndex('webhook_deliveries_by_attempted_at')
    .on('webhook_deliveries')
    .column('attempted_at')
    .where(sql.ref('next_at'), 'is', null)
    .execute()
}
