// The log of changes that other processes must hear of, and the processes that follow it.
import type { Db, Tx } from './tables.ts'

/** What a change of the log is of. A process that follows it has something to forget, or nothing that it knows of. */
export type Topic = 'key' | 'organization' | 'plan' | 'limit' | 'recipe'

/**
 * Stands in the log for the organization of a plan's change, which concerns every organization on that plan: such changes
 * have a count of their own. No organization has this id.
 */
export const anyOrganization = '*'

/** A change as the log has it. */
export interface LoggedChange {
  topic: Topic
  /** Of what changed. */
  id: string
  organizationId: string
}

/** What one read of the log shows: a row a change, or a single row without one if there is none. */
export interface ChangeRow {
  /** Which database answered, as far as it can tell: another text is another database. */
  identity: string
  /** The number of the last change that was committed. */
  last: number
  /** 1 while the asking process is registered. */
  registered: number
  sequence: number | null
  /** A {@link Topic}, or one of a newer program; null for a barrier, which asks every follower to confirm. */
  topic: string | null
  /** The id of what changed; null for a barrier. */
  subject_id: string | null
  organization_id: string | null
  /** The number of the change among those of its organization; null for a barrier. */
  organization_sequence: number | null
  mark: string | null
  /** The mark of the change after which was asked; null if the log does not hold it. */
  since_mark: string | null
  /** The lowest schema of a program that may work on the database as it is. */
  oldest_compatible: number
}

/** What one look at the changes showed. */
export interface Look {
  rows: ChangeRow[]
  /** How many milliseconds before the look began its server was last proved to be the primary; 0 on SQLite. */
  provenMsAgo: number
}

/** One read shows this many changes at the most. */
export const changesPage = 1_000

/**
 * The read as SQL for a prepared statement: all changes after a number, and, as they stood in the same snapshot, the
 * counter, this process's registration and the mark of the change of that number. `identity` is an expression;
 * the prefix stands before the tables' names.
 */
export function changesQuery(
  sincePlaceholder: string,
  followerPlaceholder: string,
  identity: string,
  prefix = '',
): string {
  return `with asked (since, follower, identity) as
    (values (cast(${sincePlaceholder} as bigint), cast(${followerPlaceholder} as text), cast(${identity} as text)))
    select asked.identity, change_counter.value as last,
    (select count(*) from ${prefix}followers where followers.id = asked.follower) as registered,
    (select coalesce(max(oldest_compatible), max(schema_version.version)) from ${prefix}schema_version
      left join ${prefix}schema_compatibility on schema_compatibility.version = schema_version.version) as oldest_compatible,
    (select seen.mark from ${prefix}changes as seen where seen.sequence = asked.since) as since_mark,
    changes.sequence, changes.topic, changes.subject_id, changes.organization_id, changes.mark, changes.organization_sequence
    from asked cross join ${prefix}change_counter left join ${prefix}changes on changes.sequence > asked.since
    order by changes.sequence limit ${changesPage}`
}

/** The number of an organization's last change, as it stood at one change of the log. */
export interface OrganizationSequence {
  value: number
  /** The mark of that change of the log; null if the log does not hold it. */
  mark: string | null
}

/**
 * Reads the number of an organization's last change as it stood after a change of the log, however many have come since;
 * undefined if the log does not show it any more. One statement, so one snapshot.
 */
export async function readOrganizationSequence(
  db: Db,
  organizationId: string,
  at: number,
): Promise<OrganizationSequence | undefined> {
  const row = await db
    .selectFrom('change_counter')
    .select((eb) => [
      'change_counter.value as last',
      eb.selectFrom('changes').select('mark').where('sequence', '=', at).as('mark'),
      eb
        .selectFrom('changes')
        .select((inner) => inner.fn.min('sequence').as('next'))
        .where('sequence', '>', at)
        .as('next'),
      eb
        .selectFrom('changes')
        .select((inner) => inner.fn.min('changes.organization_sequence').as('next_own'))
        .where('changes.sequence', '>', at)
        .where('changes.organization_id', '=', organizationId)
        .as('next_own'),
      eb
        .selectFrom('organization_sequences')
        .select('organization_sequences.value')
        .where('organization_id', '=', organizationId)
        .as('last_own'),
    ])
    .executeTakeFirstOrThrow()
  const isShown = row.next === null ? row.last === at : row.next === at + 1
  if (!isShown) return undefined
  return { value: row.next_own === null ? (row.last_own ?? 0) : row.next_own - 1, mark: row.mark }
}

/**
 * Registers a process that is about to remember facts and remembers none yet. Returns the number of the last
 * change before: it must hear of every one after that.
 */
export async function registerFollower(tx: Tx, id: string, name: string): Promise<number> {
  const { value } = await tx.selectFrom('change_counter').select('value').executeTakeFirstOrThrow()
  await tx.insertInto('followers').values({ id, name, confirmed_sequence: value }).execute()
  return value
}

/** Confirms that a process acts on every change up to a number; false if it is no longer registered. */
export async function confirmFollower(tx: Tx, id: string, sequence: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('followers')
    .set({ confirmed_sequence: sequence })
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Deregisters a process that ends. */
export async function deregisterFollower(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('followers').where('id', '=', id).execute()
}

/** Evicts the processes that have not confirmed a change yet; returns their names. */
export async function evictFollowers(tx: Tx, sequence: number): Promise<string[]> {
  const rows = await tx
    .deleteFrom('followers')
    .where('confirmed_sequence', '<', sequence)
    .returning('name')
    .execute()
  return rows.map(({ name }) => name)
}

/** The names of the registered processes that have not confirmed a change yet. */
export async function unresponsiveFollowers(db: Db, sequence: number): Promise<string[]> {
  const rows = await db
    .selectFrom('followers')
    .select('name')
    .where('confirmed_sequence', '<', sequence)
    .execute()
  return rows.map(({ name }) => name)
}
