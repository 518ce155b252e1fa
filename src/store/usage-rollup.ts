// Closes hours, and rolls closed ones up: hours into days and into the sums of organizations and of all, days into months.
//
// | mark     | its `until`                                      | who moves it                                              |
// | -------- | ------------------------------------------------ | --------------------------------------------------------- |
// | `closed` | hours before it are closed: nothing is written there | the job; a batch locks it, shared, until it commits   |
// | `hours`  | hours before it are in the sums and in days      | the job, with the rows that it adds                       |
// | `days`   | days before it are in months                     | the job, with the rows that it adds                       |
//
// A mark has the place in the period at `until` up to which rows were added. A page of rows and the new place are one
// transaction under the lock of the mark, so each row is added once, whoever adds it, and however often a job is cut off.
import { type RawBuilder, sql } from 'kysely'
import { hourClosesMs } from '../core/bounds.ts'
import { dayMs, hourMs } from '../core/periods.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { bounded } from './exact-sums.ts'
import { after, type Instant } from './instants.ts'
import type { Db, Tx } from './tables.ts'
import { withExcluded } from './usage.ts'

/** Closes the hours that ended long enough ago. */
export async function closeHours(tx: Tx, at: Instant): Promise<void> {
  const until = sql<number>`cast(${after(at, -hourClosesMs)} / ${sql.lit(hourMs)} as integer)`
  await tx
    .updateTable('usage_marks')
    .set({ until })
    .where('name', '=', 'closed')
    .where('until', '<', until)
    .execute()
}

/** A table whose closed periods are rolled up. */
export type RolledTable = 'hours' | 'days'

/** Adds the next rows of a table to where they are summed; false if there is nothing more to add now. */
export async function rollUp(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  table: RolledTable,
  pageRows: number,
): Promise<boolean> {
  const mark = await tx
    .selectFrom('usage_marks')
    .selectAll()
    .where('name', '=', table)
    .$if(skipsLocked, (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
  const end = await readEnd(tx, table)
  if (mark.until >= end) return false
  const { to, isLast } = await findEnd(tx, table, mark, pageRows)
  if (to !== undefined) await (table === 'hours' ? addHours : addDays)(tx, { from: mark, to })
  if (to !== undefined && !isLast) {
    await moveMark(tx, table, { ...to, until: mark.until })
    return true
  }
  const until = Math.min((await findNextPeriod(tx, table, mark.until)) ?? end, end)
  await moveMark(tx, table, { until, organization: 0, key: 0, measure: 0 })
  return until < end
}

/** Where a row lies within a period. */
interface Place {
  organization: number
  key: number
  measure: number
}

interface Page {
  /** It begins after this row. */
  from: Place & { until: number }
  /** Its last row. */
  to: Place
}

/** Up to which period a table may be rolled up. */
async function readEnd(tx: Tx, table: RolledTable): Promise<number> {
  const { until } = await tx
    .selectFrom('usage_marks')
    .select('until')
    .where('name', '=', table === 'hours' ? 'closed' : 'hours')
    .executeTakeFirstOrThrow()
  return table === 'hours' ? until : Math.floor(until / 24)
}

async function moveMark(tx: Tx, name: RolledTable, place: Place & { until: number }): Promise<void> {
  const { until, organization, key, measure } = place
  await tx
    .updateTable('usage_marks')
    .set({ until, organization, key, measure })
    .where('name', '=', name)
    .execute()
}

/** The last row of the next page; undefined if the period has no more. */
async function findEnd(
  tx: Tx,
  table: RolledTable,
  { until, organization, key, measure }: Page['from'],
  pageRows: number,
): Promise<{ to: Place | undefined; isLast: boolean }> {
  const rows = await tx
    .selectFrom(`usage_${table}`)
    .select(['organization', 'key', 'measure'])
    .where('period', '=', until)
    .where(placeOf(''), '>', sql`(${until}, ${organization}, ${key}, ${measure})`)
    // The sums of hours are made of these rows; those of days go into months like any other row.
    .$if(table === 'hours', (query) => query.where('organization', '>', 0))
    .orderBy('organization')
    .orderBy('key')
    .orderBy('measure')
    .limit(pageRows)
    .execute()
  return { to: rows.at(-1), isLast: rows.length < pageRows }
}

async function findNextPeriod(db: Db, table: RolledTable, period: number): Promise<number | undefined> {
  const row = await db
    .selectFrom(`usage_${table}`)
    .select('period')
    .where('period', '>', period)
    .orderBy('period')
    .limit(1)
    .executeTakeFirst()
  return row?.period
}

function placeOf(prefix: string): RawBuilder<unknown> {
  return sql.raw(`(${['period', 'organization', 'key', 'measure'].map((name) => prefix + name).join(', ')})`)
}

/** Adds a page of hours to the sums of their hour, and to their day and its sums. */
async function addHours(tx: Tx, page: Page): Promise<void> {
  const { until } = page.from
  // Three shares of each row: that of all, the organization's and the key's own, which the hour has already.
  const organization = sql`case when share = 2 then organization else 0 end`
  const key = sql`case share when 2 then key when 1 then organization else 0 end`
  await add(tx, 'usage_hours', 'usage_hours', page, { period: until, shares: [0, 1], organization, key })
  const day = Math.floor(until / 24)
  await add(tx, 'usage_hours', 'usage_days', page, { period: day, shares: [0, 1, 2], organization, key })
}

/** Adds a page of days, sums among them, to their month. */
async function addDays(tx: Tx, page: Page): Promise<void> {
  const period = monthOf(page.from.until)
  const [organization, key] = [sql.ref('organization'), sql.ref('key')]
  await add(tx, 'usage_days', 'usage_months', page, { period, shares: [0], organization, key })
}

/** The month of a day, in months since 1970. */
export function monthOf(day: number): number {
  const date = new Date(day * dayMs)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

interface Sums {
  period: number
  /** A row is added once for each of these. */
  shares: readonly number[]
  organization: RawBuilder<unknown>
  key: RawBuilder<unknown>
}

async function add(
  tx: Tx,
  from: 'usage_hours' | 'usage_days',
  into: 'usage_hours' | 'usage_days' | 'usage_months',
  { from: { until, ...start }, to }: Page,
  { period, shares, organization, key }: Sums,
): Promise<void> {
  const place = (at: Place) => sql`(${until}, ${at.organization}, ${at.key}, ${at.measure})`
  const page = sql`select ${organization} as organization, ${key} as key, measure, amount, late
    from ${sql.table(from)} cross join (${sql.join(
      shares.map((share) => sql`select ${sql.lit(share)} as share`),
      sql` union all `,
    )}) as shares
    where period = ${until} and ${placeOf('')} > ${place(start)} and ${placeOf('')} <= ${place(to)}
    ${from === 'usage_hours' ? sql`and organization > 0` : sql``}`
  // A page is so short that its sum fits into a column; what is exact is less.
  const sum = (column: string) => bounded(sql`cast(sum(${sql.ref(column)}) as bigint)`)
  await sql`insert into ${sql.table(into)} (period, organization, key, measure, amount, late)
    select cast(${period} as integer), organization, key, measure, ${sum('amount')}, ${sum('late')}
    from (${page}) as page where true group by organization, key, measure
    on conflict (period, organization, key, measure) do update
      set amount = ${withExcluded(into, 'amount')}, late = ${withExcluded(into, 'late')}`.execute(tx)
}

/** Deletes some rows of periods that ended so many days ago and are rolled up; tells how many. */
export function deleteUsage(
  tx: Tx,
  dialect: StoreDialect,
  table: RolledTable,
  { keptDays, limit }: { keptDays: number; limit: number },
  at: Instant,
): Promise<number> {
  const periodMs = table === 'hours' ? hourMs : 24 * hourMs
  const before = sql<number>`cast(${after(at, -keptDays * dayMs)} / ${sql.lit(periodMs)} as integer)`
  const over = tx
    .selectFrom(`usage_${table}`)
    .where('period', '<', before)
    .where('period', '<', (eb) => eb.selectFrom('usage_marks').select('until').where('name', '=', table))
    .orderBy('period')
    .orderBy('organization')
    .orderBy('key')
    .orderBy('measure')
    .limit(limit)
  return deleteFound(tx, dialect, `usage_${table}`, ['period', 'organization', 'key', 'measure'], over)
}

/** Deletes some of the sources whose last batch was so long ago; tells how many. */
export function deleteSources(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('usage_sources')
    .where('flushed_at', '<=', after(at, -keptMs))
    .orderBy('flushed_at')
    .limit(limit)
  return deleteFound(tx, dialect, 'usage_sources', ['id'], over)
}
