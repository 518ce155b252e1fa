// The tables of the sealed log as they lie in the database; see `tables.ts` and `sealed-log.ts`.
import type { Generated } from 'kysely'

/** Events that are not sealed yet. */
export interface AuditQueueTable {
  /** In the order in which they were recorded: a cause before what it made possible. */
  arrival: Generated<number>
  event_id: string
}

/** Sealed events: `store/sealed-log.ts`. */
export interface AuditLogTable {
  /** Its number among all, from 1 on. */
  position: number
  /** Its number among those of its organization, from 1 on. */
  sequence: number
  organization_id: string
  event_id: string
  /** JSON; see `transparency/leaf.ts`. Of one that was cut, `=` and its hash in base64. */
  leaf: string
  /** The salts of the commitments in it; null for what was erased, or never was. */
  details_salt: string | null
  origin_salt: string | null
}

/** How far each log goes. */
export interface AuditHeadsTable {
  /** The organization; `''` for the log of all. */
  log: string
  size: number
  /** The hashes of the peaks of its tree, in base64, with spaces between. */
  peaks: string
  /** Its size at its last checkpoint that is kept. */
  checkpointed: Generated<number>
  /** Up to here only the hashes of its leaves are left. */
  cut: Generated<number>
}

/** What the logs are called: the first row from their beginning on, each further one from a restore on. */
export interface AuditEpochsTable {
  number: number
  /** Random, and the same in all rows. */
  instance: string
  /** Random. */
  epoch: string
  begun_at: number
}

/** Who signs checkpoints. */
export interface AuditSignersTable {
  number: number
  /** As others know it; see `transparency/signed-note.ts`. */
  verifier_key: string
  /** Its private key, sealed by the keyring. */
  sealed_seed: string
  begun_at: number
  /** Until when it signs beside its successor; null for the newest. */
  until: number | null
}

/** Checkpoints that were made, each once. */
export interface AuditCheckpointsTable {
  log: string
  epoch: string
  size: number
  note: string
  made_at: number
}

/** The hashes of the complete subtrees of 256 leaves, of 65,536 and so on: proofs are made from them. */
export interface AuditNodesTable {
  log: string
  level: number
  number: number
  /** In base64. */
  hash: string
}

/** One row: how far the events are sealed that were there before there was a log. By their ids. */
export interface AuditBacklogTable {
  sealed_until: string
  until: string
  /** Up to where events were looked for that came without being queued, from programs of before. */
  swept_until: string
}

export interface LogTables {
  audit_queue: AuditQueueTable
  audit_log: AuditLogTable
  audit_heads: AuditHeadsTable
  audit_nodes: AuditNodesTable
  audit_backlog: AuditBacklogTable
  audit_epochs: AuditEpochsTable
  audit_signers: AuditSignersTable
  audit_checkpoints: AuditCheckpointsTable
}
