// The locks that a change takes: its callers' keys, their lines and organizations shared, the keys that it changes for itself
// alone. What suspends an organization takes that one for itself alone: no change by its keys runs meanwhile.
import { sql } from 'kysely'
import { rootOrganizationId } from '../core/access.ts'
import type { StoreDialect } from './backend.ts'
import { keep } from './kept-statements.ts'
import type { Tx } from './tables.ts'

/** The keys that a change depends on. */
export interface KeyLocks {
  /** The keys that call: nobody may change them, nor the keys of which they are children, until the change is committed. */
  callers: readonly string[]
  /** The keys to change, as far as they are of the scope: undefined for every organization. */
  targets?: { ids: readonly string[]; scope: string | undefined } | undefined
  /** The key that called by a session which the change ends: all that it does by that session is committed before. */
  left?: string | undefined
  /** The organization that it suspends. */
  organizationId?: string | undefined
  /** The members and users that call: nobody may change them, nor end their sessions, until the change is committed. */
  people?: readonly CallingPerson[] | undefined
  /** The organization whose members it changes, or makes: no change by one of them runs meanwhile. */
  membersOf?: string | undefined
  /** The identity whose sessions it begins or ends: the same, and nobody changes the members at which it stands. */
  identityId?: string | undefined
  /** The organization whose portal sessions it makes or ends: no change by one of them runs meanwhile. */
  portalOf?: string | undefined
}

/** Somebody who calls and is no key. */
export interface CallingPerson {
  /** What tells it from all other callers. */
  name: string
  organizationId: string
  /** Of a member, the identity by which it calls; undefined for a user. */
  identityId?: string | undefined
  /** Of a user, the organization of the member that made its session, if one did. */
  madeBy?: string | undefined
}

/** Any number: it keeps our locks apart from those of other programs on the database. */
const seed = 0x6c61_7463
const organizationSeed = 0x6c61_7464
const childrenSeed = 0x6c61_7465
const membersSeed = 0x6c61_7467
const identitySeed = 0x6c61_7468
const portalSeed = 0x6c61_7469
/** It is never suspended. */
const root = sql.lit(rootOrganizationId)

/**
 * Waits for the locks of keys and organizations and holds them until the transaction ends. Advisory locks (PostgreSQL's documentation,
 * section 13.3.5), not locks of rows, for three reasons:
 *
 * 1. They are given in the order in which they were asked for. Rows locked `for share` are not: callers that keep
 *    coming would keep their own key's revocation waiting.
 * 2. They write nothing, so that many changes by one key at once cost it no row.
 * 3. Last uses, which are written to the same rows in batches, never wait for them, nor they for those.
 *
 * Every transaction takes them in the order of their numbers, so none waits in a circle. A key that is not there, or
 * not of the scope, is not locked: nobody can keep a stranger's key waiting. What is read behind this statement, by
 * another one, is what the last holder committed.
 */
export async function lockKeys(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  { callers, targets, left = '', organizationId = '', ...others }: KeyLocks,
): Promise<void> {
  // The transaction has the database to itself.
  if (!skipsLocked) return
  const { ids: targetIds = [], scope = null } = targets ?? {}
  const changed = new Set(targetIds)
  const alone = left === '' ? changed : new Set([...changed, left])
  const ids = [...new Set([...callers, ...alone])]
  const given = {
    ...{ callers, scope, organizationId, identityId: others.identityId ?? '' },
    ...{ ids, areChanged: ids.map((id) => changed.has(id)), areTakenAlone: ids.map((id) => alone.has(id)) },
    ...{ alone: [...alone], ...lockedPeople(others, organizationId) },
  }
  await takeLocks(tx, given)
}

interface GivenLocks {
  callers: readonly string[]
  /** All keys; of those that are changed, as many as are of the scope. A list of flags is not searched for each of many ids. */
  ids: readonly string[]
  areChanged: readonly boolean[]
  areTakenAlone: readonly boolean[]
  scope: string | null
  /** Those that somebody takes alone, once more. */
  alone: readonly string[]
  organizationId: string
  identityId: string
  /** Of people, by what each is named, of which kind it is, and whether it is taken alone. */
  names: readonly string[]
  seeds: readonly number[]
  areAlone: readonly boolean[]
}

const takeLocks = keep((_: Tx, given: GivenLocks) => {
  const { callers, ids, areChanged, areTakenAlone, scope, alone } = given
  const { organizationId, identityId, names, seeds, areAlone } = given
  return sql`select case when locks.alone then pg_advisory_xact_lock(locks.number)
      else pg_advisory_xact_lock_shared(locks.number) end
    from (select hashtextextended(keys.id, ${sql.lit(seed)}) as number, asked.alone
      from unnest(${ids}::text[], ${areChanged}::boolean[], ${areTakenAlone}::boolean[]) as asked (id, changed, alone)
      join ${sql.table('keys')} as keys on keys.id = asked.id
      where not asked.changed or ${scope}::text is null or keys.organization_id = ${scope}::text
      union select hashtextextended(ancestor, ${sql.lit(seed)}), ancestor = any(${alone}::text[]) from (${ancestorsOf(callers)}) as lines
      union select hashtextextended(organization_id, ${sql.lit(organizationSeed)}), false from ${sql.table('keys')}
      where id = any(${callers}::text[]) and organization_id not in (${root}, ${organizationId})
      union select hashtextextended(id, ${sql.lit(organizationSeed)}), true from ${sql.table('organizations')} where id = ${organizationId}
      union select hashtextextended(organization_id, ${sql.lit(membersSeed)}), false from ${sql.table('member_identities')}
      where identity_id = ${identityId}
      union select hashtextextended(id, seed), alone
        from unnest(${names}::text[], ${seeds}::bigint[], ${areAlone}::boolean[]) as people (id, seed, alone)
      order by 1 offset 0) as locks`
})

/** The locks of people: of each name one, which is alone if any change takes it so. */
function lockedPeople(
  {
    people = [],
    membersOf,
    identityId,
    portalOf,
  }: Pick<KeyLocks, 'people' | 'membersOf' | 'identityId' | 'portalOf'>,
  suspendedId: string,
) {
  const wanted = [
    ...(membersOf === undefined ? [] : [{ seed: membersSeed, id: membersOf, alone: true }]),
    ...(identityId === undefined ? [] : [{ seed: identitySeed, id: identityId, alone: true }]),
    ...(portalOf === undefined ? [] : [{ seed: portalSeed, id: portalOf, alone: true }]),
    ...people.flatMap((person) => sharedLocksOf(person).filter(({ id }) => id !== suspendedId)),
  ]
  const locks = [...new Map(wanted.reverse().map((lock) => [`${lock.seed} ${lock.id}`, lock])).values()]
  return {
    names: locks.map(({ id }) => id),
    seeds: locks.map(({ seed }) => seed),
    areAlone: locks.map(({ alone }) => alone),
  }
}

/**
 * What nobody may change while a person changes something: its sessions, its organization, and of a member its organization's
 * members, of a user those of whom one made its session.
 */
function sharedLocksOf({ organizationId, identityId, madeBy }: CallingPerson) {
  return [
    ...(identityId === undefined
      ? [{ seed: portalSeed, id: organizationId, alone: false }]
      : [
          { seed: membersSeed, id: organizationId, alone: false },
          { seed: identitySeed, id: identityId, alone: false },
        ]),
    ...(madeBy === undefined ? [] : [{ seed: membersSeed, id: madeBy, alone: false }]),
    ...(organizationId === rootOrganizationId
      ? []
      : [{ seed: organizationSeed, id: organizationId, alone: false }]),
  ]
}

/**
 * Locks the keys of callers that share a transaction, without waiting: for each of them all others would wait. Returns
 * those that another change holds or waits for, which it leaves alone: who asks so never comes before one that waits.
 */
export async function tryLockCallers(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  callers: readonly string[],
  calling: readonly CallingPerson[] = [],
): Promise<ReadonlySet<string>> {
  if (!skipsLocked || callers.length + calling.length === 0) return new Set()
  const ids = [...new Set(callers)]
  const people = calling.flatMap((person) =>
    sharedLocksOf(person).map(({ seed, id }) => ({ name: person.name, seed, id })),
  )
  const { rows } = await tryLocks(tx, {
    ids,
    callers: people.map(({ name }) => name),
    names: people.map(({ id }) => id),
    seeds: people.map((lock) => lock.seed),
  })
  return new Set(rows.map(({ id }) => id))
}

interface TriedLocks {
  /** The keys that call. */
  ids: readonly string[]
  /** Of people, for which of them each lock is, by what it is named, and of which kind it is. */
  callers: readonly string[]
  names: readonly string[]
  seeds: readonly number[]
}

const tryLocks = keep(
  (_: Tx, { ids, callers, names, seeds }: TriedLocks) => sql<{ id: string }>`select locks.id
    from (select id, hashtextextended(id, ${sql.lit(seed)}) as number,
      hashtextextended(organization_id, ${sql.lit(organizationSeed)}) as organization from ${sql.table('keys')}
      where id = any(${ids}::text[])
      union all select id, hashtextextended(ancestor, ${sql.lit(seed)}), null from (${ancestorsOf(ids)}) as lines
      union all select people.id, hashtextextended(name, seed), null
      from unnest(${callers}::text[], ${names}::text[], ${seeds}::bigint[]) as people (id, name, seed)
      offset 0) as locks
    where not pg_try_advisory_xact_lock_shared(locks.number)
    or not coalesce(pg_try_advisory_xact_lock_shared(locks.organization), true)`,
)

/**
 * Keeps all others from making children of keys until the transaction ends, so that these can be counted: by the last locks that it
 * takes, in the order of their numbers. Returns the keys of which another transaction makes some: none if it waits for that.
 */
export async function lockChildren(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  parentIds: readonly string[],
  passesOver: boolean,
): Promise<ReadonlySet<string>> {
  if (!skipsLocked || parentIds.length === 0) return new Set()
  const locks = sql`(select id, hashtextextended(id, ${sql.lit(childrenSeed)}) as number from ${sql.table('keys')}
    where id = any(${[...parentIds]}::text[]) order by 2 offset 0) as locks`
  if (passesOver) {
    const { rows } = await sql<{ id: string }>`select id from ${locks}
      where not pg_try_advisory_xact_lock(locks.number)`.execute(tx)
    return new Set(rows.map(({ id }) => id))
  }
  await sql`select pg_advisory_xact_lock(locks.number) from ${locks}`.execute(tx)
  return new Set()
}

/** The keys of which some are children, read without a lock: a key has the same parent for good. */
function ancestorsOf(ids: readonly string[]) {
  const keys = sql.table('keys')
  return sql`select keys.id, ancestor from ${keys}
    left join ${keys} as first on first.id = keys.parent_id left join ${keys} as second on second.id = first.parent_id,
    unnest(array[keys.parent_id, first.parent_id, second.parent_id]) as ancestor
    where keys.id = any(${ids}::text[]) and keys.parent_id is not null and ancestor is not null`
}
