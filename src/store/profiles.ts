// What calls of a key had in common: written in the numbered batches of usage, each exactly once.
//
// A row says how many calls of a day, with a secret, were of one operation, came from one place, asked for the same permissions
// and had the same verdict, and when the last one was. A key has at most so many rows a day; all calls of further kinds are
// counted together, by secret and code, in rows whose other numbers are -1: the rest. Whole numbers stand for texts
// (`usage_texts`), which are kept as long as a row may have them. Those of places (`usage_places`) are of one day and key:
// when a place is deleted, its rows stay, and tell nothing of it.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { maxProfilesOfKey } from '../core/bounds.ts'
import type { ProfileCount } from '../core/usage-counts.ts'
import type { StoreDialect } from './backend.ts'
import { bounded, boundedNumber } from './exact-sums.ts'
import { givenTexts, insertGiven, selectGiven } from './given-rows.ts'
import { allDone } from './statements.ts'
import type { TableName, Tx, UsagePlacesTable, UsageProfilesTable } from './tables.ts'
import { type Name, nameId } from './usage-names.ts'

/** A profile on the day on which it is written. */
type Dated = Omit<ProfileCount, 'hour'> & { day: number }
type Row = UsageProfilesTable

/** The number of nothing, and that of everything in the row of the rest. */
const none = 0
const rest = -1
export const profileColumns = ['day', 'key', 'secret', 'operation', 'place', 'permissions', 'code'] as const
const profileNumbers = Object.fromEntries(profileColumns.map((column) => [column, 'whole'])) as Record<
  (typeof profileColumns)[number],
  'whole'
>
/** A text is noted again after so many days: each time takes a write. */
export const notedEveryDays = 7

/** The names that profiles have in all tables of usage. */
export function namesOfProfile({ keyId, code }: ProfileCount): Name[] {
  return [
    { kind: 'key', name: keyId },
    { kind: 'measure', name: code },
  ]
}

/** Adds profiles to what is there. `dayOf` tells the day on which what was counted in an hour is written. */
export async function addProfiles(
  tx: Tx,
  dialect: StoreDialect,
  profiles: readonly ProfileCount[],
  numbers: ReadonlyMap<string, number>,
  dayOf: (hour: number) => number,
): Promise<void> {
  if (profiles.length === 0) return
  const dated = profiles.map(({ hour, ...profile }) => ({ ...profile, day: dayOf(hour) }))
  const number = (name: Name) => numbers.get(nameId(name)) as number
  const keyOf = ({ keyId }: Dated) => number({ kind: 'key', name: keyId })
  const [texts, places] = await allDone([
    findTexts(tx, dialect, dated.flatMap(textsOf)),
    findPlaces(tx, dialect, dated, keyOf),
  ])
  const toRow = (profile: Dated): Row => ({
    day: profile.day,
    key: keyOf(profile),
    code: number({ kind: 'measure', name: profile.code }),
    ...numbersOf(profile, keyOf(profile), texts, places),
    calls: profile.calls,
    last: profile.last,
  })
  const fitting = await leaveOutSurplus(tx, dialect, dated, toRow)
  await noteTexts(tx, dialect, fitting.flatMap(textsOf), Math.max(...fitting.map(({ day }) => day)), texts)
  await addPlaces(tx, dialect, fitting, keyOf, places)
  await addRows(tx, dialect, merge(fitting.map(toRow)))
}

interface Text {
  kind: 'secret' | 'operation' | 'permissions'
  text: string
}

function textId({ kind, text }: Text): string {
  return `${kind} ${text}`
}

function textsOf({ kid, operation, permissions, isRest }: Dated): Text[] {
  const secret: Text = { kind: 'secret', text: kid }
  if (isRest) return [secret]
  const others: Text[] = [
    { kind: 'operation', text: operation },
    { kind: 'permissions', text: permissions },
  ]
  return [secret, ...others.filter(({ text }) => text !== '')]
}

function placeId({ day, key, ip, userAgent }: { day: number; key: number; ip: string; userAgent: string }) {
  return `${day} ${key} ${ip} ${userAgent}`
}

function hasPlace({ ip, userAgent, isRest }: Dated): boolean {
  return !isRest && (ip !== '' || userAgent !== '')
}

/** The numbers of what a profile consists of; NaN for one that has none yet. */
function numbersOf(
  profile: Dated,
  key: number,
  texts: ReadonlyMap<string, KnownText>,
  places: ReadonlyMap<string, number>,
): Pick<Row, 'secret' | 'operation' | 'place' | 'permissions'> {
  const { kid, operation, permissions, isRest } = profile
  const numberOf = (text: Text) => (text.text === '' ? none : (texts.get(textId(text))?.number ?? Number.NaN))
  const secret = numberOf({ kind: 'secret', text: kid })
  if (isRest) return { secret, operation: rest, place: rest, permissions: rest }
  return {
    secret,
    operation: numberOf({ kind: 'operation', text: operation }),
    place: hasPlace(profile) ? (places.get(placeId({ ...profile, key })) ?? Number.NaN) : none,
    permissions: numberOf({ kind: 'permissions', text: permissions }),
  }
}

/** Puts what finds no room among the rows of its key and day to the rest. What is called most comes first. */
async function leaveOutSurplus(
  tx: Tx,
  dialect: StoreDialect,
  profiles: readonly Dated[],
  toRow: (profile: Dated) => Row,
): Promise<Dated[]> {
  const rows = profiles.map(toRow)
  const isNew = await findNew(tx, dialect, rows)
  const counts = await countRows(tx, dialect, rows.filter(isNew))
  const fitting: Dated[] = []
  const added = new Set<string>()
  for (const profile of profiles.toSorted((a, b) => b.calls - a.calls)) {
    const row = toRow(profile)
    const ofKey = `${row.day} ${row.key}`
    const identity = JSON.stringify({ ...profile, calls: 0, last: 0 })
    if (profile.isRest || !isNew(row) || added.has(identity)) {
      fitting.push(profile)
      continue
    }
    const count = counts.get(ofKey) ?? 0
    if (count >= maxProfilesOfKey) {
      fitting.push({ ...profile, operation: '', ip: '', userAgent: '', permissions: '', isRest: true })
      continue
    }
    counts.set(ofKey, count + 1)
    added.add(identity)
    fitting.push(profile)
  }
  return fitting
}

function placeOfRow(row: Row): string {
  return profileColumns.map((column) => row[column]).join(' ')
}

/** Tells which rows are not there. */
async function findNew(tx: Tx, dialect: StoreDialect, rows: readonly Row[]): Promise<(row: Row) => boolean> {
  const numbered = rows.filter((row) => profileColumns.every((column) => !Number.isNaN(row[column])))
  if (numbered.length === 0) return () => true
  const { rows: found } = await sql<Row>`with ${wanted(dialect, profileNumbers, numbered)}
    select ${sql.join(profileColumns.map((column) => sql.ref(`wanted.${column}`)))}
    from wanted, ${sql.table('usage_profiles')} where ${isWanted('usage_profiles', profileColumns)}`.execute(
    tx,
  )
  const known = new Set(found.map(placeOfRow))
  return (row) => !known.has(placeOfRow(row))
}

/** How many rows keys have on days, the rest left out. */
async function countRows(tx: Tx, dialect: StoreDialect, rows: readonly Row[]): Promise<Map<string, number>> {
  if (rows.length === 0) return new Map()
  const { rows: found } = await sql<{ day: number; key: number; count: number }>`
    with ${wanted<'day' | 'key'>(dialect, { day: 'whole', key: 'whole' }, rows)}
    select wanted.day, wanted.key, count(*) as count from wanted, ${sql.table('usage_profiles')}
    where ${isWanted('usage_profiles', ['day', 'key'])} and operation <> ${sql.lit(rest)}
    group by wanted.day, wanted.key`.execute(tx)
  return new Map(found.map(({ day, key, count }) => [`${day} ${key}`, Number(count)]))
}

/** A table of rows, each once. By a list of tuples SQLite would look through a whole table. */
function wanted<Column extends string>(
  dialect: StoreDialect,
  columns: Record<Column, 'text' | 'whole'>,
  rows: readonly { [Name in Column]: string | number }[],
): RawBuilder<unknown> {
  const names = Object.keys(columns) as Column[]
  const unique = new Map(rows.map((row) => [JSON.stringify(names.map((name) => row[name])), row]))
  return sql`wanted as materialized (${selectGiven(dialect, columns, [...unique.values()])})`
}

function isWanted(table: TableName, names: readonly string[]): RawBuilder<boolean> {
  const same = names.map((name) => sql`${sql.ref(`${table}.${name}`)} = ${sql.ref(`wanted.${name}`)}`)
  return sql`${sql.join(same, sql` and `)}`
}

interface KnownText {
  number: number
  day: number
}

async function findTexts(
  tx: Tx,
  dialect: StoreDialect,
  texts: readonly Text[],
): Promise<Map<string, KnownText>> {
  const kinds = [...new Set(texts.map(({ kind }) => kind))]
  const found = await allDone(
    kinds.map((kind) =>
      tx
        .selectFrom('usage_texts')
        .select(['text', 'number', 'day'])
        .where('kind', '=', kind)
        .where(
          'text',
          'in',
          givenTexts(dialect, [...new Set(texts.flatMap((text) => (text.kind === kind ? text.text : [])))]),
        )
        .execute(),
    ),
  )
  return new Map(
    found.flatMap((rows, i) =>
      rows.map(({ text, ...known }) => [textId({ kind: kinds[i] as Text['kind'], text }), known] as const),
    ),
  )
}

/** Sees to it that each text has a number, which is kept for as long as a row of the day may have it. */
async function noteTexts(
  tx: Tx,
  dialect: StoreDialect,
  texts: readonly Text[],
  day: number,
  known: Map<string, KnownText>,
): Promise<void> {
  const wanted = new Map(texts.map((text) => [textId(text), text]))
  const old = [...wanted.keys()].filter((id) => (known.get(id)?.day ?? day) <= day - notedEveryDays)
  if (old.length > 0) {
    const noted = await tx
      .with('old', (with_) =>
        with_
          .selectFrom('usage_texts')
          .select('number')
          .where(
            'number',
            'in',
            old.map((id) => known.get(id)?.number as number),
          )
          .orderBy('number')
          .$if(dialect.skipsLocked, (query) => query.forUpdate()),
      )
      .updateTable('usage_texts')
      .set({ day })
      .where('number', 'in', (eb) => eb.selectFrom('old').select('old.number'))
      .returning('number')
      .execute()
    // One that is not there any more was deleted meanwhile.
    const numbers = new Set(noted.map(({ number }) => number))
    for (const id of old) if (!numbers.has(known.get(id)?.number as number)) known.delete(id)
  }
  const missing = () => [...wanted].filter(([id]) => !known.has(id)).map(([, text]) => text)
  const made = missing()
  if (made.length === 0) return
  await insertGiven(
    tx,
    dialect,
    'usage_texts',
    { kind: 'text', text: 'text', day: 'whole' },
    made.sort((a, b) => (textId(a) < textId(b) ? -1 : 1)).map(({ kind, text }) => ({ kind, text, day })),
  )
    .onConflict((conflict) => conflict.columns(['kind', 'text']).doNothing())
    .execute()
  for (const [id, text] of await findTexts(tx, dialect, made)) known.set(id, text)
}

async function findPlaces(
  tx: Tx,
  dialect: StoreDialect,
  profiles: readonly Dated[],
  keyOf: (profile: Dated) => number,
): Promise<Map<string, number>> {
  const placed = profiles.filter(hasPlace)
  if (placed.length === 0) return new Map()
  const asked = placed.map((profile) => toPlace(profile, keyOf))
  const names = Object.keys(placeColumns)
  const { rows } = await sql<Selectable<UsagePlacesTable>>`with ${wanted(dialect, placeColumns, asked)}
    select number, ${sql.join(names.map((name) => sql.ref(`wanted.${name}`)))}
    from wanted, ${sql.table('usage_places')} where ${isWanted('usage_places', names)}`.execute(tx)
  return new Map(
    rows.map(({ user_agent: userAgent, ...row }) => [placeId({ ...row, userAgent }), row.number]),
  )
}

const placeColumns = { day: 'whole', key: 'whole', ip: 'text', user_agent: 'text' } as const

function toPlace(profile: Dated, keyOf: (profile: Dated) => number) {
  return { day: profile.day, key: keyOf(profile), ip: profile.ip, user_agent: profile.userAgent }
}

async function addPlaces(
  tx: Tx,
  dialect: StoreDialect,
  profiles: readonly Dated[],
  keyOf: (profile: Dated) => number,
  known: Map<string, number>,
): Promise<void> {
  const placed = profiles.filter(hasPlace)
  const identify = (profile: Dated) => placeId({ ...profile, key: keyOf(profile) })
  const missing = new Map(
    placed.filter((profile) => !known.has(identify(profile))).map((profile) => [identify(profile), profile]),
  )
  if (missing.size === 0) return
  await insertGiven(
    tx,
    dialect,
    'usage_places',
    placeColumns,
    [...missing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, profile]) => toPlace(profile, keyOf)),
  )
    .onConflict((conflict) => conflict.columns(['day', 'key', 'ip', 'user_agent']).doNothing())
    .execute()
  for (const [id, number] of await findPlaces(tx, dialect, [...missing.values()], keyOf))
    known.set(id, number)
}

function merge(rows: readonly Row[]): Row[] {
  const merged = new Map<string, Row>()
  for (const row of rows) {
    const same = merged.get(placeOfRow(row))
    if (same === undefined) merged.set(placeOfRow(row), { ...row })
    else {
      same.calls = boundedNumber(same.calls + row.calls)
      same.last = Math.max(same.last, row.last)
    }
  }
  const compare = (a: Row, b: Row) => {
    const column = profileColumns.find((name) => a[name] !== b[name])
    return column === undefined ? 0 : a[column] - b[column]
  }
  return [...merged.values()].sort(compare)
}

async function addRows(tx: Tx, dialect: StoreDialect, rows: readonly Row[]): Promise<void> {
  const [calls, last] = [sql.ref('usage_profiles.calls'), sql.ref('usage_profiles.last')]
  await insertGiven(tx, dialect, 'usage_profiles', { ...profileNumbers, calls: 'whole', last: 'whole' }, rows)
    .onConflict((conflict) =>
      conflict.columns(profileColumns).doUpdateSet({
        calls: bounded(sql`${calls} + excluded.calls`),
        last: sql`case when excluded.last > ${last} then excluded.last else ${last} end`,
      }),
    )
    .execute()
}
