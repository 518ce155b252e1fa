// The table of counters: what was taken of limits. `verdict/counter.ts` says what a row means.
import type { Selectable } from 'kysely'
import type { Counter, Holder } from '../core/counters.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { StoreDialect } from './backend.ts'
import { givenTexts, insertGiven } from './given-rows.ts'
import type { CountersTable, UnitAdditionsTable } from './key-tables.ts'
import { allDone } from './statements.ts'
import type { Db, Tx } from './tables.ts'

/** A counter with its id, and the organization that is told of it. */
export interface StoredCounter {
  id: string
  organizationId: string
  counter: Counter
}

/** What a draw needs to know, at one instant after it has locked its counters. */
export interface LockedCounters {
  /** By id; one that is missing has no row. */
  counters: Map<string, StoredCounter>
  /** The instant by the database's clock. */
  now: number
  /** The processes whose leases may hold. */
  followers: Set<string>
  /** The owners that were asked for, by their ids. */
  keys: Map<string, OwnerRow>
  organizations: Map<string, OwnerRow>
}

/** An owner's limits: the lists of `stored-limits.ts` as JSON, its own and what its plan adds. */
export interface OwnerRow {
  id: string
  limits: string
  planned: string | null
}

/**
 * Makes rows for counters that have none: before any is locked, and in the order of their ids. A transaction that waits for
 * a row which another one is making holds no lock for which that one could wait.
 */
export async function makeCounters(
  tx: Tx,
  dialect: StoreDialect,
  made: readonly StoredCounter[],
): Promise<void> {
  if (made.length === 0) return
  await insertCounters(tx, dialect, made)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/**
 * Locks counters in the order of their ids, and reads the clock and the followers after that: each of the three
 * statements sees what was committed when the one before had its locks.
 */
export async function lockCounters(
  tx: Tx,
  dialect: StoreDialect,
  ids: readonly string[],
  owners: { keys: readonly string[]; organizations: readonly string[] } = { keys: [], organizations: [] },
): Promise<LockedCounters> {
  const { clock, skipsLocked } = dialect
  const [rows, { now }, followers, keys, organizations] = await allDone([
    ids.length === 0
      ? []
      : tx
          .selectFrom('counters')
          .selectAll()
          .where('id', 'in', givenTexts(dialect, ids))
          .orderBy('id')
          .$if(skipsLocked, (query) => query.forUpdate())
          .execute(),
    tx.selectNoFrom(clock.as('now')).executeTakeFirstOrThrow(),
    tx.selectFrom('followers').select('id').execute(),
    ownersOf(tx, dialect, 'key', owners.keys),
    ownersOf(tx, dialect, 'organization', owners.organizations),
  ])
  return {
    counters: new Map(rows.map((row) => [row.id, toStored(row)])),
    now: Number(now),
    followers: new Set(followers.map(({ id }) => id)),
    keys: new Map(keys.map((row) => [row.id, row])),
    organizations: new Map(organizations.map((row) => [row.id, row])),
  }
}

/** The limits of owners, with the organizations that they belong to. */
export async function readOwners(
  db: Db,
  dialect: StoreDialect,
  keys: readonly string[],
  organizations: readonly string[],
): Promise<(OwnerRow & { scope: 'key' | 'organization'; organizationId: string })[]> {
  const [ofKeys, ofOrganizations] = [
    await ownersOf(db, dialect, 'key', keys),
    await ownersOf(db, dialect, 'organization', organizations),
  ]
  return [
    ...ofKeys.map((row) => ({ ...row, scope: 'key' as const })),
    ...ofOrganizations.map((row) => ({ ...row, scope: 'organization' as const })),
  ]
}

/** The limits of owners as they are now: their own, and those of the plan. */
async function ownersOf(
  tx: Db,
  dialect: StoreDialect,
  scope: 'key' | 'organization',
  ids: readonly string[],
): Promise<(OwnerRow & { organizationId: string })[]> {
  if (ids.length === 0) return []
  const owned =
    scope === 'key'
      ? tx
          .selectFrom('keys')
          .innerJoin('organizations', 'organizations.id', 'keys.organization_id')
          .leftJoin('plans', 'plans.id', 'organizations.plan')
          .select([
            'keys.id',
            'keys.limits',
            'plans.key_limits as planned',
            'organizations.id as organizationId',
          ])
          .where('keys.id', 'in', givenTexts(dialect, ids))
      : tx
          .selectFrom('organizations')
          .leftJoin('plans', 'plans.id', 'organizations.plan')
          .select([
            'organizations.id',
            'organizations.limits',
            'plans.limits as planned',
            'organizations.id as organizationId',
          ])
          .where('organizations.id', 'in', givenTexts(dialect, ids))
  return owned.execute()
}

/** Writes counters that {@link lockCounters} has locked. */
export async function writeCounters(
  tx: Tx,
  dialect: StoreDialect,
  changed: readonly StoredCounter[],
): Promise<void> {
  if (changed.length === 0) return
  await insertCounters(tx, dialect, changed)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        epoch: eb.ref('excluded.epoch'),
        as_of: eb.ref('excluded.as_of'),
        period: eb.ref('excluded.period'),
        level: eb.ref('excluded.level'),
        rest: eb.ref('excluded.rest'),
        window_ms: eb.ref('excluded.window_ms'),
        spent: eb.ref('excluded.spent'),
        added: eb.ref('excluded.added'),
        holders: eb.ref('excluded.holders'),
      })),
    )
    .execute()
}

/**
 * Notes that units were added under a reference; false if the same were before. Throws `reference_used` if they
 * were others.
 */
export async function addReference(tx: Tx, row: Selectable<UnitAdditionsTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('unit_additions')
    .values(row)
    .onConflict((conflict) => conflict.columns(['counter_owner', 'reference']).doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows === 1n) return true
  const { units } = await tx
    .selectFrom('unit_additions')
    .select('units')
    .where('counter_owner', '=', row.counter_owner)
    .where('reference', '=', row.reference)
    .executeTakeFirstOrThrow()
  if (units === row.units) return false
  throw new LatchkeyError(
    'reference_used',
    `Under this reference, ${units} units were added before. Choose another reference.`,
  )
}

/** Reads counters without a lock, with the instant by the database's clock. */
export async function readCounters(
  db: Db,
  dialect: StoreDialect,
  ids: readonly string[],
): Promise<{ counters: Map<string, Counter>; now: number }> {
  const rows = await db
    .selectFrom('counters')
    .selectAll()
    .where('id', 'in', givenTexts(dialect, ids))
    .execute()
  const { now } = await db.selectNoFrom(dialect.clock.as('now')).executeTakeFirstOrThrow()
  return { counters: new Map(rows.map((row) => [row.id, toStored(row).counter])), now: Number(now) }
}

const columns = {
  id: 'text',
  organization_id: 'text',
  epoch: 'whole',
  as_of: 'whole',
  period: 'whole',
  level: 'whole',
  rest: 'whole',
  window_ms: 'whole',
  spent: 'whole',
  added: 'whole',
  holders: 'text',
} as const satisfies Record<keyof CountersTable, 'text' | 'whole'>

/** Begins to insert counters, in the order of their ids. */
function insertCounters(tx: Tx, dialect: StoreDialect, counters: readonly StoredCounter[]) {
  return insertGiven(tx, dialect, 'counters', columns, sorted(counters).map(toRow))
}

function sorted(counters: readonly StoredCounter[]): StoredCounter[] {
  return [...counters].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** A holder in JSON: a row is written at each draw, so it is short. */
type PackedHolder = [
  id: string,
  epoch: number,
  out: number,
  sequence: number,
  granted: number,
  given: number,
  kept: number,
  room: number,
  drewAt: number,
]

function unpack(packed: PackedHolder): Holder {
  const [id, epoch, out, sequence, granted, given, kept, room, drewAt] = packed
  return { id, epoch, out, sequence, granted, given, kept, room, drewAt }
}

function pack({ id, epoch, out, sequence, granted, given, kept, room, drewAt }: Holder): PackedHolder {
  return [id, epoch, out, sequence, granted, given, kept, room, drewAt]
}

function toStored(row: Selectable<CountersTable>): StoredCounter {
  const holders = (JSON.parse(row.holders) as PackedHolder[]).map(unpack)
  const { epoch, as_of: asOf, period, level, rest, window_ms: windowMs, spent, added } = row
  return {
    id: row.id,
    organizationId: row.organization_id,
    counter: { epoch, asOf, period, level, rest, windowMs, spent, added, holders },
  }
}

function toRow({ id, organizationId, counter }: StoredCounter): Selectable<CountersTable> {
  const { asOf, windowMs, holders, ...numbers } = counter
  return {
    ...numbers,
    id,
    organization_id: organizationId,
    as_of: asOf,
    window_ms: windowMs,
    holders: JSON.stringify(holders.map(pack)),
  }
}
