import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Keys and organizations that are suspended, keys that begin later or are bound to addresses, and why keys were revoked. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  for (const table of ['keys', 'organizations']) {
    await db.schema.alterTable(table).addColumn('suspended_at', instant).execute()
    await db.schema.alterTable(table).addColumn('suspended_by', text).execute()
    await db.schema.alterTable(table).addColumn('suspended_reason', text).execute()
  }
  // In the name of which organization it was suspended.
  await db.schema.alterTable('keys').addColumn('suspended_for', text).execute()
  await db.schema.alterTable('keys').addColumn('not_before', instant).execute()
  await db.schema.alterTable('keys').addColumn('allowed_ips', text).execute()
  await db.schema.alterTable('keys').addColumn('revoked_by', text).execute()
  await db.schema.alterTable('keys').addColumn('revocation_reason', text).execute()
}
