import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What the logs are called, who signs their checkpoints, and those that were made: `store/checkpoints.ts`. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('audit_epochs')
    .addColumn('number', instant, (column) => column.primaryKey().notNull())
    .addColumn('instance', text, (column) => column.notNull())
    .addColumn('epoch', text, (column) => column.notNull())
    .addColumn('begun_at', instant, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('audit_signers')
    .addColumn('number', instant, (column) => column.primaryKey().notNull())
    .addColumn('verifier_key', text, (column) => column.notNull())
    .addColumn('sealed_seed', text, (column) => column.notNull())
    .addColumn('begun_at', instant, (column) => column.notNull())
    .addColumn('until', instant)
    .execute()
  await db.schema
    .createTable('audit_checkpoints')
    .addColumn('log', text, (column) => column.notNull())
    .addColumn('epoch', text, (column) => column.notNull())
    .addColumn('size', instant, (column) => column.notNull())
    .addColumn('note', text, (column) => column.notNull())
    .addColumn('made_at', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_checkpoints_of_log', ['log', 'epoch', 'size'])
    .execute()
  await db.schema
    .alterTable('audit_heads')
    .addColumn('checkpointed', instant, (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema
    .createIndex('audit_heads_that_grew')
    .on('audit_heads')
    .column('log')
    .where(sql<boolean>`size > checkpointed`)
    .execute()
}
