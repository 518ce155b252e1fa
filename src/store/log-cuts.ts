// Cuts of the sealed log: of the events up to a checkpoint that is old enough, numbers, ids and the hashes of the leaves stay.
import type { StoreDialect } from './backend.ts'
import { givenTexts } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import type { AuditLogTable } from './log-tables.ts'
import { insertRows, wholeLog } from './sealed-log.ts'
import { allDone } from './statements.ts'
import type { Tx } from './tables.ts'

/** What is to be cut next: the events behind where the log of all is cut already, in their order. */
export interface Cuttable {
  cut: number
  rows: AuditLogTable[]
}

/** Reads the next events to be cut, at most so many: those that a checkpoint of the log of all covers which was kept so long ago. */
export async function readCuttable(
  tx: Tx,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<Cuttable> {
  const { cut } = await tx
    .selectFrom('audit_heads')
    .select('cut')
    .where('log', '=', wholeLog)
    .executeTakeFirstOrThrow()
  const { until } = await tx
    .selectFrom('audit_checkpoints')
    .select((eb) => eb.fn.max('size').as('until'))
    .where('log', '=', wholeLog)
    .where('made_at', '<', after(at, -keptMs))
    .executeTakeFirstOrThrow()
  if (until === null || Number(until) <= cut) return { cut, rows: [] }
  const rows = await tx
    .selectFrom('audit_log')
    .selectAll()
    .where('position', '>', cut)
    .where('position', '<=', Number(until))
    .orderBy('position')
    .limit(limit)
    .execute()
  return { cut, rows }
}

/** Puts rows in the place of those of the same numbers, and deletes their events; does nothing if another process has. */
export async function writeCut(
  tx: Tx,
  dialect: StoreDialect,
  cut: number,
  rows: readonly AuditLogTable[],
): Promise<void> {
  const last = rows.at(-1)?.position ?? cut
  const { numUpdatedRows } = await tx
    .updateTable('audit_heads')
    .set({ cut: last })
    .where('log', '=', wholeLog)
    .where('cut', '=', cut)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) return
  const ids = rows.map(({ event_id }) => event_id)
  const cuts = new Map(rows.map(({ organization_id, sequence }) => [organization_id, sequence]))
  await allDone([
    tx.deleteFrom('audit_log').where('position', '>', cut).where('position', '<=', last).execute(),
    insertRows(tx, dialect, rows),
    tx.deleteFrom('audit_events').where('id', 'in', givenTexts(dialect, ids)).execute(),
    ...[...cuts].map(([log, sequence]) =>
      tx.updateTable('audit_heads').set({ cut: sequence }).where('log', '=', log).execute(),
    ),
  ])
}
