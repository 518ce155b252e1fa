import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** People: members, their identities, invitations and sessions; and who has made a key, a webhook, or seen a token. */
export async function up(db: Db, { text, instant, bytes, small }: ColumnTypes): Promise<void> {
  await addCreators(db, text)
  await db.schema
    .alterTable('organizations')
    .addColumn('grantable_permissions', text, (column) => column.notNull().defaultTo('[]'))
    .execute()
  await db.schema
    .createTable('members')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('email', text)
    .addColumn('email_folded', text)
    .addColumn('email_verified', small, (column) => column.notNull())
    .addColumn('name', text)
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('role_source', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('created_by', text)
    .addColumn('created_by_type', text)
    .addColumn('last_seen_at', instant)
    .addColumn('suspended_at', instant)
    .addColumn('suspended_reason', text)
    .addColumn('removed_at', instant)
    .addColumn('revision', instant, (column) => column.notNull())
    .execute()
  await createIndex(db, 'members_by_organization', 'members', ['organization_id', 'created_at', 'id'])
  await createIndex(db, 'members_by_created_at', 'members', ['created_at', 'id'])
  await db.schema
    .createIndex('members_by_email')
    .unique()
    .on('members')
    .columns(['organization_id', 'email_folded'])
    .where(sql.ref('removed_at'), 'is', null)
    .execute()
  await createIdentities(db, { text, instant })
  await db.schema
    .createTable('invitations')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('email', text, (column) => column.notNull())
    .addColumn('email_folded', text, (column) => column.notNull())
    .addColumn('name', text)
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull().unique())
    .addColumn('sent', small, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('created_by', text)
    .addColumn('created_by_type', text)
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('accepted_at', instant)
    .addColumn('revoked_at', instant)
    .addColumn('member_id', text)
    .execute()
  await createIndex(db, 'invitations_by_organization', 'invitations', ['organization_id', 'created_at', 'id'])
  await createIndex(db, 'invitations_by_created_at', 'invitations', ['created_at', 'id'])
  await createIndex(db, 'invitations_by_expires_at', 'invitations', ['expires_at'])
  await db.schema
    .createTable('member_sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('digest', bytes, (column) => column.notNull().unique())
    .addColumn('page_digest', bytes, (column) => column.notNull())
    .addColumn('identity_id', text, (column) => column.notNull().references('identities.id'))
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('last_seen_at', instant, (column) => column.notNull())
    .addColumn('ip', text)
    .addColumn('user_agent', text)
    .addColumn('fresh_until', instant, (column) => column.notNull())
    .execute()
  await createIndex(db, 'member_sessions_by_identity', 'member_sessions', ['identity_id'])
  await createIndex(db, 'member_sessions_by_last_seen_at', 'member_sessions', ['last_seen_at'])
  await createIndex(db, 'member_sessions_by_expires_at', 'member_sessions', ['expires_at'])
}

/** What kind of actor has made a key or a webhook, and who has seen a token. */
async function addCreators(db: Db, text: ColumnTypes['text']): Promise<void> {
  await db.schema.alterTable('keys').addColumn('created_by_type', text).execute()
  await db.schema.alterTable('webhooks').addColumn('created_by_type', text).execute()
  await db.schema.alterTable('secrets').addColumn('created_by', text).execute()
  await db.schema.alterTable('secrets').addColumn('created_by_type', text).execute()
  // Without a type, what has the form of our ids is taken for a key's: so a user's that has it gets one.
  await sql`update ${sql.table('keys')} set created_by_type = 'user' where length(created_by) = 36
    and not exists (select 1 from ${sql.table('keys')} as makers where makers.id = ${sql.table('keys')}.created_by)`.execute(
    db,
  )
  await db.schema
    .createIndex('secrets_by_creator')
    .on('secrets')
    .columns(['created_by', 'key_id'])
    .where(sql.ref('created_by_type'), '=', sql.lit('member'))
    .execute()
}

async function createIdentities(
  db: Db,
  { text, instant }: Pick<ColumnTypes, 'text' | 'instant'>,
): Promise<void> {
  await db.schema
    .createTable('identities')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('provider', text, (column) => column.notNull())
    .addColumn('issuer', text, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('label', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('last_used_at', instant)
    .addUniqueConstraint('identities_by_subject', ['provider', 'issuer', 'subject'])
    .execute()
  await db.schema
    .createTable('member_identities')
    .addColumn('member_id', text, (column) => column.notNull().references('members.id'))
    .addColumn('identity_id', text, (column) => column.notNull().references('identities.id'))
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('member_identities_pk', ['member_id', 'identity_id'])
    .execute()
  await createIndex(db, 'member_identities_by_identity', 'member_identities', ['identity_id'])
}

async function createIndex(
  db: Db,
  name: string,
  table: 'members' | 'invitations' | 'member_sessions' | 'member_identities',
  columns: string[],
): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute()
}
