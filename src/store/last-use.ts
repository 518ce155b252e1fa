// When secrets and their keys were last used: written in batches, never backwards.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { dayMs } from '../core/periods.ts'
import type { Place } from '../core/places.ts'
import type { StoreDialect } from './backend.ts'
import { insertGiven, selectGiven } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import { keep } from './kept-statements.ts'
import type { Db, LastUsesTable, Tx } from './tables.ts'

/** One secret's latest use, in milliseconds since 1970. */
export interface Use extends Place {
  kid: string
  keyId: string
  organizationId: string
  at: number
}

/**
 * Writes a batch of uses, of at most a few hundred secrets, by the last statements of its transaction. An instant later than
 * the given one stays.
 */
export function saveUses(
  tx: Tx,
  dialect: StoreDialect,
  uses: readonly Use[],
  at: Instant,
): Promise<unknown>[] {
  const places = savePlacesOfUses(tx, dialect, uses)
  if (dialect.skipsLocked) return [places, saveUsesAtOnce(tx, uses, at)]
  // The transaction has the database to itself.
  const rows = uses.map(({ kid, keyId, organizationId, at }) => ({
    kid,
    key_id: keyId,
    organization_id: organizationId,
    at,
  }))
  const used = sql`with used as materialized (${selectGiven(dialect, useColumns, rows)})`
  return [places, sql`${used} ${updateKeys}`.execute(tx), sql`${used} ${updateSecrets(at)}`.execute(tx)]
}

const useColumns = { kid: 'text', key_id: 'text', organization_id: 'text', at: 'whole' } as const

/** Moves the last uses of keys on, by the rows `used`. */
const updateKeys = sql`update ${sql.table('keys')} set last_used_at = latest.at
  from (select key_id, organization_id, max(at) as at from used group by key_id, organization_id) as latest
  where keys.id = latest.key_id and keys.organization_id = latest.organization_id and keys.last_used_at < latest.at`

/** The same of secrets, as far as a use says anything: it is later than what is known, or its secret waits for silence. */
function updateSecrets(at: Instant): RawBuilder<unknown> {
  return sql`update ${sql.table('secrets')} set ${noted(at)} from used
    where secrets.kid = used.kid and secrets.organization_id = used.organization_id and (
      secrets.last_used_at < used.at or (secrets.silent_at is not null and secrets.ended_at is null))`
}

/** What a use, whenever it was, makes of its secret: the silence for which that waits begins anew at the write. */
function noted(at: Instant): RawBuilder<unknown> {
  const silentAt = sql<number>`${at} + secrets.silent_ms`
  return sql`last_used_at = case when secrets.last_used_at < used.at then used.at else secrets.last_used_at end,
      silent_at = case when secrets.silent_at < ${silentAt} then ${silentAt} else secrets.silent_at end`
}

/**
 * Moves last uses on by one statement of PostgreSQL, the last of its transaction: it locks rows that changes write too, and so
 * no answer may be waited for while they are locked.
 *
 * An UPDATE of many rows locks them in the order in which its plan finds them, and two batches of the same keys would wait
 * for each other. So rows are locked before in one order, keys by id, then secrets by kid, as every change does: each
 * part begins when it has counted all that the one before has locked. A row that somebody else wrote after the
 * statement began is looked at again as it is then, so that no instant goes backwards (PostgreSQL's documentation,
 * section 13.2.1).
 */
async function saveUsesAtOnce(db: Db, uses: readonly Use[], at: Instant): Promise<void> {
  const kids = uses.map(({ kid }) => kid)
  const keyIds = uses.map(({ keyId }) => keyId)
  const organizationIds = uses.map(({ organizationId }) => organizationId)
  const instants = uses.map(({ at }) => at)
  const [keys, secrets] = [sql.table('keys'), sql.table('secrets')]
  await sql`with used as materialized (
      select * from unnest(${kids}::text[], ${keyIds}::text[], ${organizationIds}::text[], ${instants}::bigint[])
        as used (kid, key_id, organization_id, at)),
    locked_keys as materialized (
      select id from ${keys} where id = any(${keyIds}::text[]) order by id for no key update),
    locked_secrets as materialized (
      select kid from ${secrets} where kid = any(${kids}::text[]) and (select count(*) from locked_keys) >= 0
      order by kid for no key update),
    used_keys as (
      ${updateKeys} and (select count(*) from locked_secrets) >= 0 and keys.id = any(${keyIds}::text[]))
    ${updateSecrets(at)} and (select count(*) from locked_secrets) >= 0 and secrets.kid = any(${kids}::text[])`.execute(
    db,
  )
}

/** Writes from where the keys of a batch were last used. */
async function savePlacesOfUses(tx: Tx, dialect: StoreDialect, uses: readonly Use[]): Promise<void> {
  const latest = new Map<string, Use>()
  for (const use of uses) if (use.at >= (latest.get(use.keyId)?.at ?? 0)) latest.set(use.keyId, use)
  const rows = [...latest.values()]
    .sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    .map(({ keyId, at, kid, operation, ip, userAgent }) => ({
      key_id: keyId,
      at,
      kid,
      operation: operation || null,
      ip: ip || null,
      user_agent: userAgent || null,
    }))
  await insertGiven(tx, dialect, 'last_uses', placeColumns, rows)
    .onConflict((conflict) =>
      conflict
        .column('key_id')
        .doUpdateSet((eb) => ({
          at: eb.ref('excluded.at'),
          kid: eb.ref('excluded.kid'),
          operation: eb.ref('excluded.operation'),
          ip: eb.ref('excluded.ip'),
          user_agent: eb.ref('excluded.user_agent'),
        }))
        .whereRef('last_uses.at', '<=', 'excluded.at'),
    )
    .execute()
}

const placeColumns = {
  key_id: 'text',
  at: 'whole',
  kid: 'text',
  operation: 'text',
  ip: 'text',
  user_agent: 'text',
} as const satisfies Record<keyof LastUsesTable, 'text' | 'whole'>

/** Empties the places of some keys that were last used so many days ago; tells of how many. */
export async function emptyLastUses(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  { keptDays, limit }: { keptDays: number; limit: number },
  at: Instant,
): Promise<number> {
  const { numUpdatedRows } = await tx
    .with('over', (with_) =>
      with_
        .selectFrom('last_uses')
        .select('key_id')
        .where('at', '<', after(at, -keptDays * dayMs))
        .where(sql<boolean>`(ip is not null or user_agent is not null)`)
        .orderBy('at')
        .limit(limit)
        .$if(skipsLocked, (query) => query.forUpdate().skipLocked()),
    )
    .updateTable('last_uses')
    .set({ ip: null, user_agent: null })
    .where('key_id', 'in', (eb) => eb.selectFrom('over').select('over.key_id'))
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

export type LastUse = Selectable<LastUsesTable>

/** Reads from where keys were last used, by their ids. */
export async function readLastUses(db: Db, keyIds: readonly string[]): Promise<Map<string, LastUse>> {
  if (keyIds.length === 0) return new Map()
  const [keyId] = keyIds
  const rows =
    keyId !== undefined && keyIds.length === 1
      ? (await selectLastUse(db, { keyId })).rows
      : await selectLastUses(db, keyIds).execute()
  return new Map(rows.map((row) => [row.key_id, row]))
}

const selectLastUse = keep((db, { keyId }: { keyId: string }) => selectLastUses(db, [keyId]))

function selectLastUses(db: Db, keyIds: readonly string[]) {
  const columns = Object.keys(placeColumns) as (keyof LastUse)[]
  return db.selectFrom('last_uses').select(columns).where('key_id', 'in', keyIds)
}

/** Empties the place of a key's last use. */
export async function forgetLastPlace(tx: Tx, keyId: string): Promise<void> {
  await tx.updateTable('last_uses').set({ ip: null, user_agent: null }).where('key_id', '=', keyId).execute()
}
