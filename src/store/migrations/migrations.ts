// The numbered steps from an empty database to today's. Append only: a step that was released is never edited.
import { sql } from 'kysely'
import { LatchkeyError } from '../../core/errors.ts'
import type { Db } from '../tables.ts'
import * as keys from './0001-keys.ts'
import * as changes from './0002-changes.ts'
import * as sessions from './0003-sessions.ts'
import * as search from './0004-search.ts'
import * as marks from './0005-marks.ts'
import * as sessionPages from './0006-session-pages.ts'
import * as compatibility from './0007-compatibility.ts'
import * as organizationSequences from './0008-organization-sequences.ts'
import * as topics from './0009-topics.ts'
import * as actorTypes from './0010-actor-types.ts'
import * as jobs from './0011-jobs.ts'
import * as graces from './0012-graces.ts'
import * as limits from './0013-limits.ts'
import * as usage from './0014-usage.ts'
import * as profiles from './0015-profiles.ts'
import * as keysByExpiry from './0016-keys-by-expiry.ts'
import * as graceEvidence from './0017-grace-evidence.ts'
import * as sealedLog from './0018-sealed-log.ts'
import * as revisions from './0019-revisions.ts'
import * as checkpoints from './0020-checkpoints.ts'
import * as idempotentRequests from './0021-idempotent-requests.ts'
import * as webhooks from './0022-webhooks.ts'
import * as systemEvents from './0023-system-events.ts'
import * as logCuts from './0024-log-cuts.ts'
import * as prefixes from './0025-prefixes.ts'
import * as terms from './0026-terms.ts'
import * as keyTerms from './0027-key-terms.ts'
import * as recipes from './0028-recipes.ts'
import * as catalogue from './0029-catalogue.ts'
import * as children from './0030-children.ts'
import * as policies from './0031-policies.ts'
import * as decoys from './0032-decoys.ts'
import * as members from './0033-members.ts'
import * as leaks from './0034-leaks.ts'
import * as signIn from './0035-sign-in.ts'
import * as passkeys from './0036-passkeys.ts'
import * as portal from './0037-portal.ts'
import type { ColumnTypes } from './column-types.ts'

type Step = (db: Db, types: ColumnTypes) => Promise<void>

/** Each released step, first to last. */
export const steps: readonly Step[] = [
  keys.up,
  changes.up,
  sessions.up,
  search.up,
  marks.up,
  sessionPages.up,
  compatibility.up,
  organizationSequences.up,
  topics.up,
  actorTypes.up,
  jobs.up,
  graces.up,
  limits.up,
  usage.up,
  profiles.up,
  keysByExpiry.up,
  graceEvidence.up,
  sealedLog.up,
  revisions.up,
  checkpoints.up,
  idempotentRequests.up,
  webhooks.up,
  systemEvents.up,
  logCuts.up,
  prefixes.up,
  terms.up,
  keyTerms.up,
  recipes.up,
  catalogue.up,
  children.up,
  policies.up,
  decoys.up,
  members.up,
  leaks.up,
  signIn.up,
  passkeys.up,
  portal.up,
]

/** The version of the schema that this program works on. */
export const schemaVersion = steps.length

/**
 * The lowest version that a program may know and still work beside this one on the same database: all that it
 * writes is understood here, and all that is written here there. A step that changes this raises it.
 * Below 13 a program verifies keys without their limits. What a program of 13 verifies is not counted, and what one of
 * 14 verifies has no profile; that is missing in the figures of usage, and nothing else is wrong. Below 17 a program ends a
 * grace at its latest end, and while one runs, no other program ends a grace before. What a program below 18 records is sealed
 * some minutes later. What one below 19 edits of an organization or a plan keeps its revision, so that another edit of the same
 * does not find it out. Of a key whose expiry one below 23 has set, a stage may be told of that was over by then. Below 26 a
 * program accepts keys that are suspended, not valid yet or bound to other addresses. Of what one below 27 makes or changes of
 * keys the terms are written later, and lists are read without them until then. Below 30 a program accepts children of keys that
 * have ended. Below 31 a program makes keys that a policy refuses. Below 32
 * one says of a decoy that it was rotated, and tells nobody that it was tried. Below 37 one seals what the users of a portal do as
 * done by strangers.
 */
export const oldestCompatible = 31

/**
 * Tells whether this program may work on a database as it is: then it takes neither a lock nor the right to make
 * tables. A newer one is fit if it says so.
 */
export async function isCurrent(db: Db): Promise<boolean> {
  try {
    const { version } = await db.selectFrom('schema_version').select('version').executeTakeFirstOrThrow()
    if (version <= schemaVersion) return version === schemaVersion
    const newer = await db
      .selectFrom('schema_compatibility')
      .select('oldest_compatible')
      .where('version', '=', version)
      .executeTakeFirst()
    return newer !== undefined && newer.oldest_compatible <= schemaVersion
  } catch {
    // No such table, or no database at all: the migration finds out which.
    return false
  }
}

/**
 * Brings a database up to {@link schemaVersion}, inside the caller's transaction and under its lock. Throws
 * `store_unavailable` if the database is of a newer program that this one must not work beside. Returns how many
 * steps it took.
 */
export async function migrate(db: Db, types: ColumnTypes): Promise<number> {
  const table = sql.table('schema_version')
  await sql`create table if not exists ${table} (version bigint not null)`.execute(db)
  const { rows } = await sql<{ version: number }>`select version from ${table}`.execute(db)
  const version = rows[0]?.version ?? 0
  if (version > schemaVersion) {
    if (await isCurrent(db)) return 0
    throw new LatchkeyError('store_unavailable', describeNewer(version))
  }
  if (version === schemaVersion) return 0
  for (const step of steps.slice(version)) await step(db, types)
  const row = { version: schemaVersion }
  if (rows.length === 0) await db.insertInto('schema_version').values(row).execute()
  else await db.updateTable('schema_version').set(row).execute()
  await db
    .insertInto('schema_compatibility')
    .values({ version: schemaVersion, oldest_compatible: oldestCompatible })
    .onConflict((conflict) => conflict.column('version').doUpdateSet({ oldest_compatible: oldestCompatible }))
    .execute()
  return schemaVersion - version
}

/** Says what to do about a database that a newer program has migrated. */
export function describeNewer(version: number): string {
  return `The database has schema ${version}, and this Latchkey supports schemas up to ${schemaVersion}. Upgrade Latchkey.`
}
