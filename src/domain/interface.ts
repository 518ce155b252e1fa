// What an open Latchkey offers.
import type { KeyCaller } from '../core/actor.ts'
import type { AttemptCounts, Backlog } from '../core/backlog.ts'
import type { ActorOptions } from '../core/call-options.ts'
import type { JobCounts } from '../core/job-counts.ts'
import type { Purpose } from '../core/purpose.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { SealedValues } from '../core/sealed-values.ts'
import type { Audit } from '../core/shapes/audit.ts'
import type { Applied } from '../core/shapes/calls.ts'
import type { Events } from '../core/shapes/events.ts'
import type { CreatedKey, LibraryKeys } from '../core/shapes/keys.ts'
import type { Leaks } from '../core/shapes/leaks.ts'
import type { Organizations } from '../core/shapes/organizations.ts'
import type { Plans } from '../core/shapes/plans.ts'
import type { Policies } from '../core/shapes/policies.ts'
import type { Settling } from '../core/shapes/settlements.ts'
import type { LibraryUsage } from '../core/shapes/usage.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import type { Webhooks } from '../core/shapes/webhooks.ts'
import type { Asker } from '../fairness/turns.ts'
import type { Verifiers } from '../verification/remote.ts'
import type { VerifyAsker } from '../verification/verify.ts'
import type { Origin } from './authenticate.ts'
import type { LeakReceiver } from './leaks/found.ts'
import type { People } from './methods.ts'
import type { Partners } from './partners/partners.ts'

/** An open Latchkey, in the caller's own process. Every method throws `store_unavailable` if the database fails. */
export interface Latchkey extends People, AsyncDisposable {
  /** Creates, reads, changes, rotates and revokes keys. */
  keys: LibraryKeys<ActorOptions>
  /** Creates, reads and renames the owners of keys. */
  organizations: Organizations<ActorOptions>
  /** Named sets of permissions and limits, for organizations. */
  plans: Plans<ActorOptions>
  /** What keys may be, for the whole deployment and for each organization. */
  policies: Policies<ActorOptions>
  /** Brings what a call has reserved to what it cost; see `Settling`. */
  settle: Settling<ActorOptions>['settle']
  /** To where events are sent, and what became of each. */
  webhooks: Webhooks<ActorOptions>
  /** Reads the audit log: every change, and its actor. */
  audit: Audit<ActorOptions>
  /** Reads and follows events in the order of the log. */
  events: Events<ActorOptions>
  /** Reads how many calls there were, and how many units they drew. */
  usage: LibraryUsage<ActorOptions>
  /** Takes reports of tokens that stand where they must not. */
  leaks: Leaks<ActorOptions>
  /** Takes reports of partners, each of whom its own call has judged. */
  leakInbox: LeakReceiver
  /**
   * Verifies a token. A refusal is an answer, and an object: write `if (verdict.valid)`, never `if (verdict)`.
   * `asker` names the caller on whose behalf, if strangers may call: askers share the reads of the database fairly.
   * Throws `invalid_input` for malformed permissions.
   */
  verify(token: string, options?: VerifyOptions, asker?: VerifyAsker): Promise<Verdict>
  /**
   * Finds the caller of a token, for the `actor` of the other methods; undefined if the token is not valid. A change
   * verifies its caller again in its own transaction, because the key may be revoked or hold less by then.
   */
  authenticate(token: string, origin?: Origin): Promise<KeyCaller | undefined>
  /**
   * Revokes the key of a token, or ends the grace of the token if its key has a newer one. A token that opens nothing, or is of
   * another organization than the actor's, changes nothing. The `actor` needs `latchkey:keys:write` unless it is the caller of
   * that very token. Throws `permission_escalation`, `last_root_key`.
   */
  revokeToken(token: string, options?: ActorOptions): Promise<void>
  /**
   * Verifies a token from memory, without a promise or I/O; `purpose` is `request` if absent. Undefined if memory may
   * not answer: then call `verify`. `by` is the request of the caller, for a purpose that is no request. Throws `invalid_input`
   * for malformed permissions.
   */
  verifyCached(
    token: string,
    asked?: VerifyOptions,
    purpose?: Purpose,
    by?: RequestParts,
  ): Verdict | undefined
  /** Verifies up to 1000 tokens at once. Returns the verdicts in the order of the requests. */
  verifyBatch(
    requests: readonly VerifyRequest[],
    options?: Pick<VerifyOptions, 'organizationId'>,
    asker?: Asker,
  ): Promise<Verdict[]>
  /**
   * Resolves when every process on this database acts on all changes that were acknowledged before the call, and
   * after two seconds at the latest. Tells which processes confirmed, and how long the wait took.
   */
  waitUntilApplied(): Promise<Applied>
  /** Tells those who report leaked tokens from everybody else. */
  partners: Partners
  /** What verifiers in other processes ask of this one; see `latchkey/client`. */
  verifiers: Verifiers
  /**
   * Creates the first root key if the database is empty, with the given token or a new one; else undefined. `check` is
   * called before: if it throws a LatchkeyError, no key is created. So a caller that cannot show a key creates none.
   */
  ensureRootKey(token?: string, check?: () => Promise<void>): Promise<CreatedKey | undefined>
  /** Creates one more root key, if the others are lost. */
  createRootKey(): Promise<CreatedKey>
  /**
   * Notes that the database was restored from a backup: cursors and checkpoints of before are of another log. False, and nothing is
   * done, if nothing has happened since the last such call; `again` if the database was restored once more since.
   */
  noteRestore(options?: { again?: boolean }): Promise<boolean>
  /** Counts what is sealed in the database, by the keys that have sealed it. */
  sealedValues(): Promise<SealedValues>
  /** Answers all who wait for events, now and from now on: the process is about to stop. */
  endWaits(): void
  /** Counts the background jobs that this process has run, by kind. */
  jobCounts(): JobCounts[]
  /** Counts what came of the attempts of this process to deliver events to webhooks. */
  attemptCounts(): AttemptCounts
  /** Tells what waits in the database: events to be sealed and delivered, and values under old keys. */
  backlog(): Promise<Backlog>
  /** How many counts and last uses this process has dropped: too many or too old, or refused by the database. */
  usageDropped(): number
  /** The size of the write-ahead log of the SQLite file, in bytes; undefined on another database. */
  readonly walBytes: (() => number) | undefined
  /** Resolves if the database accepts durable writes now; throws `store_unavailable` otherwise. */
  checkWritable(): Promise<void>
  /** Writes what is buffered, and closes the database. */
  close(): Promise<void>
}
