// What is sealed under the keyring, wherever it lies. A sealed value is `s1.<name of the key>.<bytes>`; a name has 8 characters.
import { type RawBuilder, sql } from 'kysely'
import { allDone } from './statements.ts'
import type { Db, TableName, Tx } from './tables.ts'

/** A column of sealed values, and the column by which its rows are known. */
export interface SealedColumn {
  table: TableName
  column: string
  id: string
}

/** Every one. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'webhooks', column: 'secret', id: 'id' },
  { table: 'webhooks', column: 'old_secret', id: 'id' },
  { table: 'audit_signers', column: 'sealed_seed', id: 'number' },
]

/** A sealed value of a column. */
export interface SealedValue {
  row: string | number
  sealed: string
}

/** Reads the next values of a column that another key than the named one has sealed, in the order of their rows. */
export async function readSealedByOthers(
  db: Db,
  { table, column, id }: SealedColumn,
  name: string,
  { after, limit }: { after: SealedValue['row'] | undefined; limit: number },
): Promise<SealedValue[]> {
  const isBehind = after === undefined ? sql`true` : sql`${sql.ref(id)} > ${after}`
  const { rows } = await sql<SealedValue>`
    select ${sql.ref(id)} as "row", ${sql.ref(column)} as sealed from ${sql.table(table)}
    where ${isBehind} and ${nameIn(column)} <> ${name} order by ${sql.ref(id)} limit ${sql.lit(limit)}`.execute(
    db,
  )
  return rows
}

/** Puts values in the place of others of a column, each only if that one is still there. */
export async function replaceSealed(
  tx: Tx,
  { table, column, id }: SealedColumn,
  values: readonly (SealedValue & { again: string })[],
): Promise<void> {
  const place = sql.ref(column)
  await allDone(
    values.map(({ row, sealed, again }) =>
      sql`update ${sql.table(table)} set ${place} = ${again} where ${sql.ref(id)} = ${row} and ${place} = ${sealed}`.execute(
        tx,
      ),
    ),
  )
}

/** Counts the values that each key has sealed, by its name. */
export async function countSealed(db: Db): Promise<Map<string, number>> {
  const names = sealedColumns.map(
    ({ table, column }) =>
      sql`select ${nameIn(column)} as name from ${sql.table(table)} where ${sql.ref(column)} is not null`,
  )
  const { rows } = await sql<{ name: string; count: number }>`
    select name, count(*) as count from (${sql.join(names, sql` union all `)}) as sealed group by name`.execute(
    db,
  )
  return new Map(rows.map(({ name, count }) => [name, Number(count)]))
}

function nameIn(column: string): RawBuilder<string> {
  return sql`substr(${sql.ref(column)}, 4, 8)`
}
