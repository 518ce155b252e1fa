// What was counted of each key: written in numbered batches, each exactly once.
//
// A row of a period says how much of a measure a key has: calls of one code, or units of one limit. Whole numbers stand for
// keys, organizations and measures (`usage_names`); the key '' of the organization '' stands for tokens of no key. Rows of the
// organization 0 are sums: that of all has the key 0, that of an organization its number as the key. `usage-rollup.ts` writes
// them.
import { type RawBuilder, sql } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import { hourMs } from '../core/periods.ts'
import { type KeptPlaces, keepPlace, type Place } from '../core/places.ts'
import type { ProfileCount, UsageCount } from '../core/usage-counts.ts'
import type { StoreDialect } from './backend.ts'
import { bounded, boundedNumber } from './exact-sums.ts'
import { insertGiven } from './given-rows.ts'
import type { Instant } from './instants.ts'
import { lockKeys } from './key-locks.ts'
import { saveUses, type Use } from './last-use.ts'
import { addProfiles, namesOfProfile } from './profiles.ts'
import { allDone } from './statements.ts'
import type { Store } from './store.ts'
import type { Tx } from './tables.ts'
import { type Name, nameId, numberNames } from './usage-names.ts'

/** A part of what a source has counted: with its number it is always the same. */
export interface UsageBatch {
  /** A process, or a verifier elsewhere. */
  source: string
  /** The key by which a verifier elsewhere reports; `''` for a process. */
  owner: string
  number: number
  /** If given, the source is new, and its owner has fewer than so many others, or the batch is refused. */
  maxSources?: number
  counts: readonly UsageCount[]
  profiles: readonly ProfileCount[]
  uses: readonly Use[]
  /** Takes the number so that the batch which had it is never written, unless it was. */
  isVoid?: true
}

/** A batch with no more of places than is kept. */
export function keepPlaces(batch: UsageBatch, kept: KeptPlaces): UsageBatch {
  const keep = <Kept extends Place>(place: Kept) => keepPlace(place, kept)
  return { ...batch, profiles: batch.profiles.map(keep), uses: batch.uses.map(keep) }
}

/** What became of a batch. */
export interface SavedUsage {
  /** It, or a later one, was written: by this call or by one before. If not, it never will be. */
  isWritten: boolean
  /** The time by the database's clock, in milliseconds since 1970. */
  now: number
}

/**
 * Writes a batch in one transaction, unless the number of this or of a later one of its source was taken. Two batches at once do not wait
 * for each other in a circle: each writes names, then rows, then keys and secrets, each in one order.
 */
export async function saveUsage(
  store: Pick<Store, 'write' | 'dialect'>,
  batch: UsageBatch,
  at: Instant,
): Promise<SavedUsage> {
  const { dialect } = store
  return store.write(
    async (tx) => {
      if (batch.maxSources !== undefined) await requireRoom(tx, dialect, batch, batch.maxSources)
      const [{ now, first }, isNew] = await allDone([
        readOpenHours(tx, dialect, at),
        takeNumber(tx, batch, at),
      ])
      if (!isNew) return { isNew, now, isWritten: (await readWritten(tx, batch)) >= batch.number }
      const open = { now, first }
      const names = [...batch.counts.flatMap(namesOf), ...batch.profiles.flatMap(namesOfProfile)]
      const numbers = await numberNames(tx, dialect, names)
      const dayOf = (hour: number) => Math.floor(openHour(hour, open) / 24)
      await allDone([
        addCounts(tx, dialect, batch.counts, numbers, open),
        // It reads, while those are written.
        addProfiles(tx, dialect, batch.profiles, numbers, dayOf),
      ])
      return { isNew, now, isWritten: batch.isVoid === undefined }
    },
    // They lock rows that changes write too: the commit goes out with them.
    (tx, { isNew }) => (isNew && batch.uses.length > 0 ? saveUses(tx, dialect, batch.uses, at) : []),
  )
}

/**
 * Books counts in the running hour, in the caller's transaction. It comes last among what locks rows: a batch holds such rows
 * while it waits for no other.
 */
export async function bookUsage(
  tx: Tx,
  dialect: StoreDialect,
  counts: readonly Omit<UsageCount, 'hour'>[],
  at: Instant,
): Promise<void> {
  const booked = counts.filter(({ amount }) => amount !== 0)
  if (booked.length === 0) return
  const open = await readOpenHours(tx, dialect, at)
  const hour = Math.floor(open.now / hourMs)
  const dated = booked.map((count) => ({ ...count, hour }))
  await addCounts(tx, dialect, dated, await numberNames(tx, dialect, dated.flatMap(namesOf)), open)
}

/** The hours into which anything may be written: from the first one that is not closed to the running one. */
interface OpenHours {
  first: number
  now: number
}

/** Reads them, and keeps the first one from being closed until the transaction ends. */
async function readOpenHours(tx: Tx, { skipsLocked }: StoreDialect, at: Instant): Promise<OpenHours> {
  const { until, now } = await tx
    .selectFrom('usage_marks')
    .select(['until', at.as('now')])
    .where('name', '=', 'closed')
    .$if(skipsLocked, (query) => query.forShare())
    .executeTakeFirstOrThrow()
  return { first: until, now: Number(now) }
}

/** Throws `too_many_requests` if an owner has so many other sources. Two new ones of an owner wait for each other. */
async function requireRoom(
  tx: Tx,
  dialect: StoreDialect,
  { source, owner }: UsageBatch,
  maxSources: number,
): Promise<void> {
  await lockKeys(tx, dialect, { callers: [], targets: { ids: [owner], scope: undefined } })
  const { others } = await tx
    .selectFrom('usage_sources')
    .select((eb) => eb.fn.countAll<number | string>().as('others'))
    .where('owner', '=', owner)
    .where('id', '<>', source)
    .executeTakeFirstOrThrow()
  if (Number(others) >= maxSources)
    throw new LatchkeyError(
      'too_many_requests',
      `The key has reported for ${maxSources} verifiers in a week. Give each verifier a source that lasts.`,
    )
}

/** Takes the number of a batch; false if it, or a later one, was taken. A repeat waits for the first attempt. */
async function takeNumber(
  tx: Tx,
  { source: id, owner, number, isVoid }: UsageBatch,
  at: Instant,
): Promise<boolean> {
  const row = await tx
    .insertInto('usage_sources')
    .values({ id, owner, number, written: isVoid ? 0 : number, flushed_at: at })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((eb) => ({
          number: eb.ref('excluded.number'),
          written: eb.ref('excluded.written'),
          flushed_at: eb.ref('excluded.flushed_at'),
        }))
        .whereRef('usage_sources.number', '<', 'excluded.number'),
    )
    .returning('number')
    .executeTakeFirst()
  return row !== undefined
}

async function readWritten(tx: Tx, { source }: UsageBatch): Promise<number> {
  const { written } = await tx
    .selectFrom('usage_sources')
    .select('written')
    .where('id', '=', source)
    .executeTakeFirstOrThrow()
  return written
}

/** What a row has of a column after others came to it; null if there is nothing in either. */
export function withExcluded(table: string, column: 'amount' | 'late'): RawBuilder<number> {
  const [stored, excluded] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)]
  return sql`case when ${excluded} is null then ${stored}
    else ${bounded(sql`coalesce(${stored}, 0) + ${excluded}`)} end`
}

async function addCounts(
  tx: Tx,
  dialect: StoreDialect,
  counts: readonly UsageCount[],
  numbers: ReadonlyMap<string, number>,
  open: OpenHours,
): Promise<void> {
  if (counts.length === 0) return
  const rows = new Map<string, ReturnType<typeof toRow>>()
  for (const count of counts) {
    const row = toRow(count, numbers, open)
    const { period, organization, key, measure } = row
    const place = `${period} ${organization} ${key} ${measure}`
    const same = rows.get(place)
    if (same === undefined) rows.set(place, row)
    else {
      same.amount = boundedNumber(same.amount + row.amount)
      same.late = boundedNumber((same.late ?? 0) + (row.late ?? 0)) || null
    }
  }
  await insertGiven(tx, dialect, 'usage_hours', countColumns, [...rows.values()].sort(byPlace))
    .onConflict((conflict) =>
      conflict.columns(['period', 'organization', 'key', 'measure']).doUpdateSet({
        amount: withExcluded('usage_hours', 'amount'),
        late: withExcluded('usage_hours', 'late'),
      }),
    )
    .execute()
}

/** The hour into which what was counted in an hour is written. A clock that is ahead counts into the one that runs. */
function openHour(hour: number, { first, now }: OpenHours): number {
  const last = Math.max(first, Math.floor(now / hourMs))
  return Math.min(Math.max(hour, first), last)
}

function toRow(count: UsageCount, numbers: ReadonlyMap<string, number>, open: OpenHours) {
  const { hour, amount } = count
  const number = (name: Name) => numbers.get(nameId(name)) as number
  const [organization, key, measure] = namesOf(count).map(number) as [number, number, number]
  const late = hour < open.first ? amount : null
  return { period: openHour(hour, open), organization, key, measure, amount, late }
}

type Row = ReturnType<typeof toRow>

const countColumns = {
  period: 'whole',
  organization: 'whole',
  key: 'whole',
  measure: 'whole',
  amount: 'whole',
  late: 'whole',
} as const

function byPlace(a: Row, b: Row): number {
  return a.period - b.period || a.organization - b.organization || a.key - b.key || a.measure - b.measure
}

function namesOf({ organizationId, keyId, measure }: UsageCount): Name[] {
  return [
    { kind: 'organization', name: organizationId },
    { kind: 'key', name: keyId },
    { kind: 'measure', name: measure },
  ]
}
