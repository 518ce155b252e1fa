// What the logs are called, who signs their checkpoints, and the checkpoints that were made.
import type { AuditEpochsTable, AuditNodesTable, AuditSignersTable } from './log-tables.ts'
import { type LogHead, wholeLog } from './sealed-log.ts'
import type { Db, Tx } from './tables.ts'

/** What a log is called now. */
export type Epoch = Pick<AuditEpochsTable, 'number' | 'instance' | 'epoch'>

/** Reads what the logs are called now; undefined if they have no name yet. */
export function readEpoch(db: Db): Promise<Epoch | undefined> {
  return db
    .selectFrom('audit_epochs')
    .select(['number', 'instance', 'epoch'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Begins an epoch; false if another process has begun it. */
export async function insertEpoch(tx: Tx, epoch: AuditEpochsTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('audit_epochs')
    .values(epoch)
    .onConflict((conflict) => conflict.column('number').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Reads all who sign, or have signed, the first one first. */
export function listSigners(db: Db): Promise<AuditSignersTable[]> {
  return db.selectFrom('audit_signers').selectAll().orderBy('number').execute()
}

/** Adds a signer; false if another process has added one under its number. */
export async function insertSigner(tx: Tx, signer: AuditSignersTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('audit_signers')
    .values(signer)
    .onConflict((conflict) => conflict.column('number').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Lets those who signed before a signer end at an instant, unless they end anyway. */
export async function endSignersBefore(tx: Tx, number: number, until: number): Promise<void> {
  await tx
    .updateTable('audit_signers')
    .set({ until })
    .where('number', '<', number)
    .where('until', 'is', null)
    .execute()
}

/** Reads the logs that have grown since their last checkpoint, at most so many. */
export function listGrownLogs(db: Db, limit: number): Promise<(LogHead & { checkpointed: number })[]> {
  return db
    .selectFrom('audit_heads')
    .select(['log', 'size', 'peaks', 'checkpointed'])
    .whereRef('size', '>', 'checkpointed')
    .orderBy('log')
    .limit(limit)
    .execute()
}

/** Reads what happened last in a log of so many events. */
export async function readLastAction(db: Db, { log, size }: LogHead): Promise<string | undefined> {
  const row = await db
    .selectFrom('audit_log')
    .innerJoin('audit_events', 'audit_events.id', 'audit_log.event_id')
    .select('action')
    .$if(log !== wholeLog, (query) => query.where('audit_log.organization_id', '=', log))
    .where(log === wholeLog ? 'position' : 'sequence', '=', size)
    .executeTakeFirst()
  return row?.action
}

/** Keeps the checkpoint of a log, unless one of the same size is kept. */
export async function insertCheckpoint(
  tx: Tx,
  { log, size }: LogHead,
  { epoch, note, madeAt }: { epoch: string; note: string; madeAt: number },
): Promise<void> {
  await tx
    .insertInto('audit_checkpoints')
    .values({ log, epoch, size, note, made_at: madeAt })
    .onConflict((conflict) => conflict.columns(['log', 'epoch', 'size']).doNothing())
    .execute()
  await tx
    .updateTable('audit_heads')
    .set({ checkpointed: size })
    .where('log', '=', log)
    .where('checkpointed', '<', size)
    .execute()
}

/** Reads the next checkpoints of a log that were kept in an epoch, the smallest first. */
export function listKeptCheckpoints(
  db: Db,
  { log, epoch, after, limit }: { log: string; epoch: string; after: number; limit: number },
) {
  return db
    .selectFrom('audit_checkpoints')
    .select(['size', 'note', 'made_at'])
    .where('log', '=', log)
    .where('epoch', '=', epoch)
    .where('size', '>', after)
    .orderBy('size')
    .limit(limit)
    .execute()
}

/** The leaves of a log with numbers above `from` up to `to`, in their order. */
export async function readLeaves(db: Db, log: string, from: number, to: number): Promise<string[]> {
  const number = log === wholeLog ? 'position' : 'sequence'
  const rows = await db
    .selectFrom('audit_log')
    .select('leaf')
    .$if(log !== wholeLog, (query) => query.where('organization_id', '=', log))
    .where(number, '>', from)
    .where(number, '<=', to)
    .orderBy(number)
    .execute()
  return rows.map(({ leaf }) => leaf)
}

/** The kept hashes of a level of a log from one number up to another, which is left out, in their order. */
export async function readNodes(
  db: Db,
  { log, level }: Pick<AuditNodesTable, 'log' | 'level'>,
  from: number,
  to: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('audit_nodes')
    .select('hash')
    .where('log', '=', log)
    .where('level', '=', level)
    .where('number', '>=', from)
    .where('number', '<', to)
    .orderBy('number')
    .execute()
  return rows.map(({ hash }) => hash)
}

/** Finds the head of a log; undefined if it has nothing yet. */
export async function findHead(db: Db, log: string): Promise<(LogHead & { cut: number }) | undefined> {
  return db
    .selectFrom('audit_heads')
    .select(['log', 'size', 'peaks', 'cut'])
    .where('log', '=', log)
    .executeTakeFirst()
}
