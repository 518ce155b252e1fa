// Reads what was counted: from sums if there are any, else from the rows of keys.
import { type RawBuilder, sql } from 'kysely'
import type { Scope } from '../core/scope.ts'
import type { Instant } from './instants.ts'
import type { Db } from './tables.ts'

/** How far the hours are closed and rolled up, and the time, by the database. */
export interface UsageState {
  /** In milliseconds since 1970. */
  now: number
  /** Hours before it are closed. */
  closed: number
  /** Hours before it are in sums and days, and days before it in months. */
  hours: number
  days: number
}

/** Some periods of one table. */
export interface UsagePiece {
  table: 'hours' | 'days' | 'months'
  periods: readonly number[]
  /** Whether their sums are complete. */
  isSummed: boolean
}

/** Whose usage is read, by the numbers of `usage_names`; all if nothing is named. */
export interface UsageScope {
  organization?: number | undefined
  key?: number | undefined
  /** The keys of an organization whose tokens begin with one of some prefixes. */
  reach?: { organizationId: string; prefixes: readonly string[] } | undefined
}

export type GroupedBy = 'none' | 'key' | 'organization'

/** What a group has of a measure in a period of a table. */
export interface UsageFigure {
  table: UsagePiece['table']
  period: number
  /** The number of the group; 0 without groups. */
  id: number
  measure: string
  amount: number
}

/** Reads how far usage is closed and rolled up. */
export async function readUsageState(db: Db, at: Instant): Promise<UsageState> {
  const rows = await db
    .selectFrom('usage_marks')
    .select(['name', 'until', at.as('now')])
    .execute()
  const untilOf = (wanted: string) => rows.find(({ name }) => name === wanted)?.until ?? 0
  return {
    now: Number(rows[0]?.now),
    closed: untilOf('closed'),
    hours: untilOf('hours'),
    days: untilOf('days'),
  }
}

/** The number that stands for an id in usage; undefined if nothing was counted of it yet. */
export async function findUsageNumber(
  db: Db,
  kind: 'key' | 'organization',
  name: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('usage_names')
    .select('number')
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.number
}

// Exact as far as numbers are, and beyond that no error, as it would be of whole numbers.
const sum = sql<number>`sum(cast(amount as double precision))`

/** Reads figures of some pieces, each period and measure a row; of some groups alone, if they are named. */
export async function readFigures(
  db: Db,
  pieces: readonly UsagePiece[],
  scope: UsageScope,
  group: GroupedBy,
  ids?: readonly number[],
): Promise<UsageFigure[]> {
  return readPieces(db, pieces, (piece) => {
    const { id, where } = selectionOf(piece, scope, group, ids)
    return sql`select period, ${id} as id, measure, ${sum} as amount
      from ${sql.table(`usage_${piece.table}`)} where ${where} group by 1, 2, 3`
  })
}

/** A key, by the numbers of itself and of its organization. */
export interface UsageKey {
  organization: number
  key: number
}

/** Finds the numbers of keys by their ids, in their order: of those within a scope of which something was counted. */
export async function findUsageKeys(db: Db, ids: readonly string[], scope: Scope): Promise<UsageKey[]> {
  const { rows } = await sql<UsageKey & { id: string }>`
    select keys.id, numbers.number as key, owners.number as organization from ${sql.table('keys')} as keys
    join ${sql.table('usage_names')} as numbers on numbers.kind = 'key' and numbers.name = keys.id
    join ${sql.table('usage_names')} as owners
      on owners.kind = 'organization' and owners.name = keys.organization_id
    where keys.id in (${sql.join(ids)})
    ${scope === undefined ? sql`` : sql`and keys.organization_id = ${scope}`}`.execute(db)
  return rows.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id))
}

/** Reads figures of some keys: from each period the rows of these alone, whoever else has rows in it. */
export async function readFiguresOfKeys(
  db: Db,
  pieces: readonly UsagePiece[],
  keys: readonly UsageKey[],
): Promise<UsageFigure[]> {
  if (keys.length === 0) return []
  const wanted = sql.join(
    keys.map(({ organization, key }) => sql`(cast(${organization} as integer), cast(${key} as integer))`),
  )
  return readPieces(
    db,
    pieces,
    // SQLite reads a cross join from the left.
    ({ table, periods }) => sql`select period, counted.key as id, measure, ${sum} as amount
      from (select column1 as organization, column2 as key from (values ${wanted}) as given) as wanted
      cross join ${sql.table(`usage_${table}`)} as counted
      where period in (${sql.join(periods)}) and counted.organization = wanted.organization
        and counted.key = wanted.key group by 1, 2, 3`,
  )
}

async function readPieces(
  db: Db,
  pieces: readonly UsagePiece[],
  select: (piece: UsagePiece) => RawBuilder<unknown>,
): Promise<UsageFigure[]> {
  const figures: UsageFigure[] = []
  for (const piece of pieces) {
    const { rows } = await sql<Omit<UsageFigure, 'table'>>`
      select summed.period, summed.id, measures.name as measure, summed.amount from (${select(piece)}) as summed
      join ${sql.table('usage_names')} as measures on measures.number = summed.measure
      order by 1, 2, 3`.execute(db)
    for (const row of rows) figures.push({ ...row, table: piece.table })
  }
  return figures
}

/** Finds the groups with most calls, valid or refused ones over all pieces, the first one first. */
export async function findTopGroups(
  db: Db,
  pieces: readonly UsagePiece[],
  scope: UsageScope,
  group: Exclude<GroupedBy, 'none'>,
  { sort, limit }: { sort: '-calls' | '-valid' | '-refused'; limit: number },
): Promise<number[]> {
  if (pieces.length === 0) return []
  const selects = pieces.map((piece) => {
    const { id, where } = selectionOf(piece, scope, group)
    return sql`select ${id} as id, measure, amount from ${sql.table(`usage_${piece.table}`)} where ${where}`
  })
  // Units are no calls.
  const wanted = { '-calls': sql``, '-valid': sql`and name = 'valid'`, '-refused': sql`and name <> 'valid'` }
  const measures = sql`select number from ${sql.table('usage_names')}
    where kind = 'measure' and name not like '%/%' ${wanted[sort]}`
  const { rows } = await sql<{ id: number }>`
    select id from (${sql.join(selects, sql` union all `)}) as counted where measure in (${measures})
    group by id order by ${sum} desc, id limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** What the numbers of groups stand for: ids, and the names that people gave to them. */
export async function nameGroups(
  db: Db,
  group: Exclude<GroupedBy, 'none'>,
  numbers: readonly number[],
): Promise<Map<number, { id: string; name: string | null }>> {
  if (numbers.length === 0) return new Map()
  const { rows } = await sql<{ number: number; id: string; name: string | null }>`
    select names.number, names.name as id, owners.name from ${sql.table('usage_names')} as names
    left join ${sql.table(group === 'key' ? 'keys' : 'organizations')} as owners on owners.id = names.name
    where names.number in (${sql.join(numbers)})`.execute(db)
  return new Map(rows.map(({ number, id, name }) => [number, { id, name }]))
}

/** Which rows of a piece belong to a scope, and the group of each. */
function selectionOf(
  { periods, isSummed }: UsagePiece,
  { organization, key, reach }: UsageScope,
  group: GroupedBy,
  ids?: readonly number[],
): { id: RawBuilder<number>; where: RawBuilder<unknown> } {
  const readsSums = isSummed && group !== 'key' && (key ?? reach) === undefined
  const column = readsSums ? 'key' : group === 'organization' ? 'organization' : 'key'
  const conditions = [sql`period in (${sql.join(periods)})`]
  if (readsSums) {
    conditions.push(sql`organization = 0`)
    if (organization !== undefined) conditions.push(sql`key = ${organization}`)
    else conditions.push(group === 'none' ? sql`key = 0` : sql`key > 0`)
  } else {
    conditions.push(organization === undefined ? sql`organization > 0` : sql`organization = ${organization}`)
    if (key !== undefined) conditions.push(sql`key = ${key}`)
    if (reach !== undefined)
      conditions.push(sql`key in (select numbers.number from ${sql.table('keys')} as keys
        join ${sql.table('usage_names')} as numbers on numbers.kind = 'key' and numbers.name = keys.id
        where keys.organization_id = ${reach.organizationId} and keys.prefix in (${sql.join(reach.prefixes)}))`)
  }
  if (ids !== undefined) conditions.push(sql`${sql.ref(column)} in (${sql.join(ids)})`)
  return {
    id: group === 'none' ? sql<number>`0` : sql<number>`${sql.ref(column)}`,
    where: sql.join(conditions, sql` and `),
  }
}

/** Where a row lies in its table. */
export interface UsagePlace {
  period: number
  organization: number
  key: number
  measure: number
}

/** A row as it is exported. */
export interface ExportedRow {
  period: number
  /** Ids; `''` for tokens of no key. */
  organization: string
  key: string
  measure: string
  amount: number
  late: number | null
}

/** One organization's rows lie in each period anew: so many periods are looked through by one read. */
const maxPeriods = 240

/** Reads a page of the rows of keys, from a place on; `next` is undefined at the end of the range. */
export async function readExportedUsage(
  db: Db,
  table: UsagePiece['table'],
  range: { first: number; end: number },
  { organization, key }: UsageScope,
  after: UsagePlace | undefined,
  limit: number,
): Promise<{ rows: ExportedRow[]; next: UsagePlace | undefined }> {
  const start = after ?? { period: range.first, organization: 0, key: 0, measure: 0 }
  const end = organization === undefined ? range.end : Math.min(range.end, start.period + maxPeriods)
  if (start.period >= end) return { rows: [], next: undefined }
  const periods = Array.from({ length: end - start.period }, (_, i) => start.period + i)
  const { rows } = await sql<NumberedRow>`
    select usage.period, organizations.name as organization, keys.name as key, measures.name as measure,
      usage.amount, usage.late, usage.organization as "organizationNumber", usage.key as "keyNumber",
      usage.measure as "measureNumber"
    from ${sql.table(`usage_${table}`)} as usage
    join ${sql.table('usage_names')} as organizations on organizations.number = usage.organization
    join ${sql.table('usage_names')} as keys on keys.number = usage.key
    join ${sql.table('usage_names')} as measures on measures.number = usage.measure
    where (usage.period, usage.organization, usage.key, usage.measure)
        > (${start.period}, ${start.organization}, ${start.key}, ${start.measure})
      and usage.period < ${end} and usage.organization > 0
      ${organization === undefined ? sql`` : sql`and usage.period in (${sql.join(periods)}) and usage.organization = ${organization}`}
      ${key === undefined ? sql`` : sql`and usage.key = ${key}`}
    order by usage.period, usage.organization, usage.key, usage.measure limit ${limit}`.execute(db)
  return { rows, next: nextPlace(rows, limit, end, range.end) }
}

interface NumberedRow extends ExportedRow {
  organizationNumber: number
  keyNumber: number
  measureNumber: number
}

function nextPlace(
  rows: readonly NumberedRow[],
  limit: number,
  end: number,
  last: number,
): UsagePlace | undefined {
  const row = rows.at(-1)
  if (row === undefined || rows.length < limit)
    return end < last ? { period: end, organization: 0, key: 0, measure: 0 } : undefined
  const { period, organizationNumber: organization, keyNumber: key, measureNumber: measure } = row
  return { period, organization, key, measure }
}
