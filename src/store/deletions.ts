// Deleting some rows of a table at a time, while others change them.
import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import type { TableName, Tables, Tx } from './tables.ts'

/**
 * Deletes the rows that a query finds, which has an order and a limit; tells how many. `key` are the columns by which a row is
 * known. On PostgreSQL it passes over rows that another transaction has locked.
 */
export async function deleteFound<Table extends TableName>(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  table: Table,
  key: readonly (keyof Tables[Table] & string)[],
  found: SelectQueryBuilder<Tables, Table, object>,
): Promise<number> {
  const over = found.select(key as never).$if(skipsLocked, (query) => query.forUpdate().skipLocked())
  const columns = sql.join(key.map((column) => sql.ref(column)))
  const { numAffectedRows } =
    await sql`with over as ${over} delete from ${sql.table(table)} where (${columns}) in (select ${columns} from over)`.execute(
      tx,
    )
  return Number(numAffectedRows)
}
