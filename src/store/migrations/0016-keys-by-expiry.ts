import { sql } from 'kysely'
import type { Db } from '../tables.ts'

/** The keys that expire, by when they do. Most keys never do: what is used often is in no more indexes than before. */
export async function up(db: Db): Promise<void> {
  for (const [name, owner] of [
    ['keys_by_expires_at', []],
    ['keys_of_organization_by_expires_at', ['organization_id']],
  ] as const)
    await db.schema
      .createIndex(name)
      .on('keys')
      .columns([...owner, 'expires_at', 'id', 'revoked_at'])
      .where(sql.ref('expires_at'), 'is not', null)
      .execute()
}
