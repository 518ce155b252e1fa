// A database with usage of very many keys, written past Latchkey but with the rows that it would have written. A twentieth of
// the keys is active on each day, in each of its hours, a different one from day to day; of each there is one row an hour.
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

const hourMs = 3_600_000
/** Of so many keys one is active on a day. */
const activeEach = 20
const keysOfOrganization = 1_000
const [firstOrganization, firstKey] = [10, 100_000]
const callsAnHour = 10

/** Runs statements on a database that nobody else uses. */
export interface RowWriter extends AsyncDisposable {
  isPostgres: boolean
  run(sql: string): Promise<void>
  /** The only number of the only row. */
  read(sql: string): Promise<number>
  /** Has the database do now what it would do soon after so many rows; then others may open it. */
  settle(): Promise<void>
  /** How many bytes a table takes, its indexes included. */
  bytesOf(table: string): Promise<number>
}

export async function openRows(url: string): Promise<RowWriter> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length))
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set search_path to latchkey; set synchronous_commit = off')
  const read = async (sql: string) => Number(Object.values((await client.query(sql)).rows[0])[0])
  return {
    isPostgres: true,
    run: async (sql) => void (await client.query(sql)),
    read,
    settle: async () => {
      await client.query('vacuum (analyze)')
      await client.query('checkpoint')
    },
    bytesOf: (table) => read(`select pg_total_relation_size('${table}')`),
    [Symbol.asyncDispose]: () => client.end(),
  }
}

function openSqlite(path: string): RowWriter {
  const db = new DatabaseSync(path)
  db.exec('pragma synchronous = off; pragma cache_size = -200000')
  const read = async (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0])
  return {
    isPostgres: false,
    run: async (sql) => db.exec(sql),
    read,
    settle: async () => db.exec('analyze; pragma wal_checkpoint(truncate)'),
    // The program has no table of pages: what the file grows by is measured in its place.
    bytesOf: async () => {
      db.exec('pragma wal_checkpoint(truncate)')
      return statSync(path).size
    },
    [Symbol.asyncDispose]: async () => db.close(),
  }
}

/** Hours and days since 1970. */
export const hourOf = (instant: number): number => Math.floor(instant / hourMs)
export const dayOf = (hour: number): number => Math.floor(hour / 24)

/** Writes the names of so many keys, as `dataset.ts` names them, and of organizations with a thousand of them each. */
export async function writeNames({ isPostgres, run }: RowWriter, keys: number): Promise<void> {
  const id = isPostgres ? "lpad(to_hex(n), 12, '0')" : "printf('%012x', n)"
  const names = (start: number, kind: string, name: string, count: number) =>
    run(`insert into usage_names (number, kind, name)
      select ${start} + n, '${kind}', ${name} from (${numbers(isPostgres, 0, count)}) as numbers`)
  await names(1, 'measure', "'valid'", 1)
  await names(firstOrganization, 'organization', "'organization-' || n", Math.ceil(keys / keysOfOrganization))
  await names(firstKey, 'key', `'019c1154-0000-7000-8000-' || ${id}`, keys)
  if (isPostgres)
    await run(`select setval(pg_get_serial_sequence('usage_names', 'number'), ${firstKey + keys})`)
}

/** Writes the rows of keys of hours, from one on and before another; returns how many. */
export async function writeHours(rows: RowWriter, keys: number, first: number, end: number): Promise<number> {
  await writeKeys(rows, 'usage_hours', keys, first, end, 'period / 24', callsAnHour)
  return (end - first) * Math.floor(keys / activeEach)
}

/** Writes days, with the rows of keys, and their sums. */
export async function writeDays(rows: RowWriter, keys: number, first: number, end: number): Promise<void> {
  await writeKeys(rows, 'usage_days', keys, first, end, 'period', callsAnHour * 24)
  await writeSums(rows, 'usage_days', keys, first, end, callsAnHour * 24)
}

/** Writes the sums of organizations, and of all. */
export async function writeSums(
  { isPostgres, run }: RowWriter,
  table: 'usage_hours' | 'usage_days',
  keys: number,
  first: number,
  end: number,
  calls = callsAnHour,
): Promise<void> {
  const insert = `insert into ${table} (period, organization, key, measure, amount, late)`
  const periods = `(${numbers(isPostgres, first, end)}) as periods`
  await run(`${insert} select n, 0, 0, 1, ${calls * Math.floor(keys / activeEach)}, null from ${periods}`)
  const organizations = numbers(isPostgres, firstOrganization, firstOrganization + keys / keysOfOrganization)
  await run(`${insert} select periods.n, 0, organizations.n, 1, ${(calls * keysOfOrganization) / activeEach}, null
    from ${periods} cross join (${organizations}) as organizations where true order by 1, 3`)
}

async function writeKeys(
  { isPostgres, run }: RowWriter,
  table: 'usage_hours' | 'usage_days',
  keys: number,
  first: number,
  end: number,
  day: string,
  calls: number,
): Promise<void> {
  const active = numbers(isPostgres, 0, Math.floor(keys / activeEach))
  // Some at a time, in the order of the table.
  for (let period = first; period < end; period++) {
    const key = `${activeEach} * n + (${day.replace('period', String(period))}) % ${activeEach}`
    await run(`insert into ${table} (period, organization, key, measure, amount, late)
      select ${period}, ${firstOrganization} + (${key}) / ${keysOfOrganization}, ${firstKey} + ${key}, 1, ${calls}, null
      from (${active}) as active order by n`)
  }
}

/** Numbers from one on and before another, as column `n`. */
function numbers(isPostgres: boolean, first: number, end: number): string {
  if (isPostgres) return `select n from generate_series(${first}, ${Math.ceil(end) - 1}) as n`
  return `with recursive counted (n) as (select ${first} union all select n + 1 from counted where n < ${Math.ceil(end) - 1}) select n from counted`
}

/** Says how far usage is closed and rolled up. */
export async function writeMarks(
  { run }: RowWriter,
  marks: { closed: number; hours: number; days: number },
): Promise<void> {
  for (const [name, until] of Object.entries(marks))
    await run(
      `update usage_marks set until = ${until}, organization = 0, key = 0, measure = 0 where name = '${name}'`,
    )
}
