import type { Db } from '../tables.ts'

/** The end of a secret's grace has the name that everything else has for it. */
export async function up(db: Db): Promise<void> {
  await db.schema.alterTable('secrets').renameColumn('expires_at', 'grace_ends_at').execute()
}
