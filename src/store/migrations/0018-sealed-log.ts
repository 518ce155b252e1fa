import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The sealed log, and what waits to be sealed: `store/sealed-log.ts`. */
export async function up(db: Db, { text, instant, small, arrival }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('audit_queue')
    .addColumn('arrival', arrival)
    .addColumn('event_id', text, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('audit_log')
    .addColumn('position', instant, (column) => column.primaryKey().notNull())
    .addColumn('sequence', instant, (column) => column.notNull())
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('event_id', text, (column) => column.notNull().unique())
    .addColumn('leaf', text, (column) => column.notNull())
    .addColumn('details_salt', text)
    .addColumn('origin_salt', text)
    .addUniqueConstraint('audit_log_by_sequence', ['organization_id', 'sequence'])
    .execute()
  await db.schema
    .createTable('audit_heads')
    .addColumn('log', text, (column) => column.primaryKey().notNull())
    .addColumn('size', instant, (column) => column.notNull())
    .addColumn('peaks', text, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('audit_nodes')
    .addColumn('log', text, (column) => column.notNull())
    .addColumn('level', small, (column) => column.notNull())
    .addColumn('number', instant, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_nodes_of_log', ['log', 'level', 'number'])
    .execute()
  await db.schema
    .createTable('audit_backlog')
    .addColumn('sealed_until', text, (column) => column.notNull())
    .addColumn('until', text, (column) => column.notNull())
    .addColumn('swept_until', text, (column) => column.notNull())
    .execute()
  await db.insertInto('audit_heads').values({ log: '', size: 0, peaks: '' }).execute()
  const { last } = await db
    .selectFrom('audit_events')
    .select((eb) => eb.fn.max('id').as('last'))
    .executeTakeFirstOrThrow()
  const until = last ?? ''
  // Programs of before may have been amid a change: what has an id of a moment before may come yet.
  const sweptUntil = until === '' ? '' : aWhileBefore(until)
  await db.insertInto('audit_backlog').values({ sealed_until: '', until, swept_until: sweptUntil }).execute()
}

/** The text with which ids begin that were made ten minutes before another one (RFC 9562, section 5.7). */
function aWhileBefore(id: string): string {
  const at = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  const hex = Math.max(0, (Number.isNaN(at) ? 0 : at) - 600_000)
    .toString(16)
    .padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
