// The tables as they lie in the database. Instants are integers of milliseconds; lists and objects are JSON text.
import type { Generated, Kysely, Transaction } from 'kysely'
import type { IdempotentRequestsTable, SettlementsTable } from './answer-tables.ts'
import type { EventTables } from './event-tables.ts'
import type { KeyTables } from './key-tables.ts'
import type { LeakTables } from './leak-tables.ts'
import type { LogTables } from './log-tables.ts'
import type { MemberTables } from './member-tables.ts'
import type { PortalTables } from './portal-tables.ts'
import type { WebhookTables } from './webhook-tables.ts'

export interface AuditEventsTable {
  id: string
  at: number
  action: string
  actor: string | null
  /** An `ActorType`; null in events that an older program recorded. */
  actor_type: string | null
  organization_id: string
  key_id: string | null
  changes: string
  request_id: string | null
  ip: string | null
  /** The portal session by which a user acted; null for every other actor. */
  via: string | null
}

export interface SessionsTable {
  id: string
  /** SHA-256 of the cookie's value, 32 bytes. */
  digest: Uint8Array
  key_id: string
  organization_id: string
  /** The secret that opened it. */
  kid: string
  created_at: number
  expires_at: number
  /** At most a minute too early: it is not written more often. */
  last_seen_at: number
  ip: string | null
  user_agent: string | null
  /** SHA-256 of the value that the console's page holds, 32 bytes; null for a session that opens nothing. */
  page_digest: Uint8Array | null
  /** Until when its sign-in is fresh. */
  fresh_until: number
}

/** One row: the number of the last change. */
export interface ChangeCounterTable {
  value: number
}

export interface ChangesTable {
  sequence: number
  /** What a change is of: a `Topic`; null for a barrier. */
  topic: string | null
  /** The id of what changed; null for a barrier. */
  subject_id: string | null
  organization_id: string | null
  /** Random: two histories of one database give the same number to changes of different marks. */
  mark: string | null
  /** The number of the change among those of its organization; null for a barrier. */
  organization_sequence: number | null
}

/** A row for each organization of which something has changed: the number of its last change. */
export interface OrganizationSequencesTable {
  organization_id: string
  value: number
}

/** The processes that remember facts, and up to which change each has confirmed a barrier. */
export interface FollowersTable {
  id: string
  name: string
  confirmed_sequence: number
}

/** Work that nobody waits for: a row for each subject of a kind. */
export interface JobsTable {
  kind: string
  /** `''` if there is only one of its kind. */
  subject: string
  /** Null for work of no organization. */
  organization_id: string | null
  payload: string
  /** From when on any process may claim it: its next time, or the end of its owner's lease; null once it is finished. */
  due_at: number | null
  /** The earliest time for which it was asked for while somebody had claimed it; null for none. */
  again_at: number | null
  /** The runner that has claimed it; null for none. */
  owner: string | null
  /** Counts the claims. */
  lease: number
  /** Counts the claims since it last succeeded: it succeeded if they are none and it is finished. */
  attempts: number
  finished_at: number | null
}

/** Whole numbers that stand for ids in the tables of usage; none is given twice. */
export interface UsageNamesTable {
  number: Generated<number>
  kind: string
  name: string
}

/** What was counted in a period: `store/usage.ts` says what a row means. */
export interface UsageTable {
  period: number
  organization: number
  key: number
  measure: number
  amount: number
  /** How much of that came after its own hour was closed; null for none. */
  late: number | null
}

/** Who writes usage: a process, or a verifier elsewhere. */
export interface UsageSourcesTable {
  id: string
  /** The key by which a verifier elsewhere reports; `''` for a process. */
  owner: string
  /** The number of its last batch, written or void. */
  number: number
  /** The same if that was written; 0 if it is void. */
  written: number
  flushed_at: number
}

/** How far the hours are closed, and how far hours and days are rolled up: `store/usage-rollup.ts`. */
export interface UsageMarksTable {
  name: string
  until: number
  /** The last row of the period that was rolled up. */
  organization: Generated<number>
  key: Generated<number>
  measure: Generated<number>
}

/** What calls of a secret had in common on a day: `store/profiles.ts` says what a row means. */
export interface UsageProfilesTable {
  /** Days since 1970. */
  day: number
  /** By `usage_names`, as the code. */
  key: number
  code: number
  /** By `usage_texts`: 0 for none, and -1 if the row has what found no room. */
  secret: number
  operation: number
  permissions: number
  /** By `usage_places`, where it may be forgotten; 0 for none. */
  place: number
  calls: number
  /** The instant of the last call. */
  last: number
}

/** Whole numbers that stand for texts in profiles; none is given twice. */
export interface UsageTextsTable {
  number: Generated<number>
  kind: string
  text: string
  /** The last day on which it was written, or some days before. */
  day: number
}

/** From where calls of a key came on a day; `''` for what is not known. */
export interface UsagePlacesTable {
  number: Generated<number>
  day: number
  key: number
  ip: string
  user_agent: string
}

/** The last use of each key, as far as its instant is that of the key's `last_used_at`. */
export interface LastUsesTable {
  key_id: string
  at: number
  kid: string
  operation: string | null
  ip: string | null
  user_agent: string | null
}

/** Up to when each process has written the uses that it knows of; it writes that while a secret waits for silence. */
export interface FlushMarksTable {
  /** The process, as in `usage_sources`. */
  source: string
  /** As what it followed the changes then; `''` if it did not. */
  follower: string
  /** Each use that it noted before is written. */
  until: number
  /** When it was found not to follow the changes any more; null if it was not. */
  gone_at: number | null
}

/** One row: since when the silence of secrets is watched without a break. */
export interface GraceWatchTable {
  watched_at: number
  watched_since: number
  /** When verifiers elsewhere were last served, to the minute; an instant too late rather than too early. */
  verifiers_at: number
}

export interface SchemaVersionTable {
  version: number
}

/** A row for each version that a program which knows of this table has migrated to. */
export interface SchemaCompatibilityTable {
  version: number
  /** The lowest version that a program may know and still work beside those that know this one. */
  oldest_compatible: number
}

export interface Tables
  extends EventTables,
    KeyTables,
    LeakTables,
    LogTables,
    MemberTables,
    PortalTables,
    WebhookTables {
  audit_events: AuditEventsTable
  sessions: SessionsTable
  change_counter: ChangeCounterTable
  changes: ChangesTable
  organization_sequences: OrganizationSequencesTable
  followers: FollowersTable
  jobs: JobsTable
  settlements: SettlementsTable
  idempotent_requests: IdempotentRequestsTable
  usage_names: UsageNamesTable
  usage_hours: UsageTable
  usage_days: UsageTable
  usage_months: UsageTable
  usage_sources: UsageSourcesTable
  usage_marks: UsageMarksTable
  usage_profiles: UsageProfilesTable
  usage_texts: UsageTextsTable
  usage_places: UsagePlacesTable
  last_uses: LastUsesTable
  flush_marks: FlushMarksTable
  grace_watch: GraceWatchTable
  schema_version: SchemaVersionTable
  schema_compatibility: SchemaCompatibilityTable
}

export type TableName = keyof Tables

/** Their names; those of one database may be in a schema of their own. */
export const tableNames = Object.keys({
  organizations: true,
  keys: true,
  key_terms: true,
  secrets: true,
  prefixes: true,
  recipes: true,
  catalogue: true,
  policies: true,
  audit_events: true,
  audit_queue: true,
  audit_log: true,
  audit_heads: true,
  audit_nodes: true,
  audit_backlog: true,
  audit_epochs: true,
  audit_signers: true,
  audit_checkpoints: true,
  sessions: true,
  members: true,
  identities: true,
  member_identities: true,
  invitations: true,
  member_sessions: true,
  portal_users: true,
  portal_sessions: true,
  sign_ins_used: true,
  passkeys: true,
  change_counter: true,
  changes: true,
  organization_sequences: true,
  followers: true,
  jobs: true,
  plans: true,
  counters: true,
  unit_additions: true,
  settlements: true,
  idempotent_requests: true,
  usage_names: true,
  usage_hours: true,
  usage_days: true,
  usage_months: true,
  usage_sources: true,
  usage_marks: true,
  usage_profiles: true,
  usage_texts: true,
  usage_places: true,
  last_uses: true,
  flush_marks: true,
  grace_watch: true,
  leak_reports: true,
  leaks_told: true,
  webhooks: true,
  webhook_states: true,
  webhook_deliveries: true,
  event_causes: true,
  event_marks: true,
  schema_version: true,
  schema_compatibility: true,
} satisfies Record<TableName, true>) as readonly TableName[]

/**
 * A few columns that the tables of every version have, by which they are told from those of other programs with the
 * same names: each a table and its column.
 */
export const tableSigns: readonly (readonly [table: TableName, column: string])[] = [
  ['schema_version', 'version'],
  ['organizations', 'created_at'],
  ['keys', 'name_folded'],
  ['keys', 'revision'],
  ['secrets', 'digest'],
  ['secrets', 'ended_at'],
  ['audit_events', 'request_id'],
]

/** A database to read, or the transaction of a change: store functions take either, first. */
export type Db = Kysely<Tables>
/** The transaction of a change, for functions that must not run outside one. */
export type Tx = Transaction<Tables>
