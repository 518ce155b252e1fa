// What is deleted, when, and by what: one list. What nothing else deletes, a job of this file does, a few rows at a time.
import {
  keptCausesMs,
  keptDeliveriesMs,
  keptInvitationsMs,
  keptJobsMs,
  keptPortalSessionsMs,
  keptProfilesDays,
  keptSourcesMs,
  keptUsageDays,
  maxDeletedRows,
  maxIdleMs,
  retentionEveryMs,
} from '../core/bounds.ts'
import { deleteOldDeliveries } from '../store/deliveries.ts'
import { deleteCauses } from '../store/event-causes.ts'
import { deleteOverRequests } from '../store/idempotent-requests.ts'
import { instantsOf } from '../store/instants.ts'
import { deleteOldInvitations } from '../store/invitations.ts'
import { deleteFinishedJobs } from '../store/jobs.ts'
import { emptyLastUses } from '../store/last-use.ts'
import { deleteOldTold } from '../store/leaks.ts'
import { deleteOverMemberSessions } from '../store/member-sessions.ts'
import { deleteOldPortalSessions } from '../store/portal-sessions.ts'
import { deletePlaces, deleteProfiles, deleteTexts } from '../store/profiles-kept.ts'
import { deleteOverSessions } from '../store/sessions.ts'
import { deleteSettlements } from '../store/settlements.ts'
import { deleteOldSignIns } from '../store/sign-in-used.ts'
import type { Store } from '../store/store.ts'
import { deleteSources, deleteUsage } from '../store/usage-rollup.ts'
import { type Clock, sleep } from '../verdict/clock.ts'
import { cutSome } from './cutting.ts'
import type { Again, JobKind, Work } from './kinds.ts'
import { type KeptUsage, ofUsage, type Retention, smallRowsShare } from './retention-terms.ts'

/** So long a run goes on; the rest follows a moment later, when another process may be the one. */
const runMs = 10_000
const restAfterMs = 1_000
/** Between two transactions at least as much time as the one before took: others have half of the database. */
const minPauseMs = 5
/** Every kind of row that is ever deleted. Organizations and keys are not. */
export const retention: readonly Retention[] = [
  {
    table: 'sessions',
    rows: 'sessions that are over: idle for an hour, or 12 hours old',
    kept: 'until the next round',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) => deleteOverSessions(tx, dialect, { maxIdleMs, limit }, at),
  },
  {
    table: 'sessions',
    rows: 'sessions that were ended, or whose secret was',
    kept: 'not at all',
    by: 'the change that ends them',
  },
  {
    table: 'member_sessions',
    rows: 'sessions of people that are over: idle for an hour, or 12 hours old',
    kept: 'until the next round',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOverMemberSessions(tx, dialect, { maxIdleMs, limit }, at),
  },
  {
    table: 'member_sessions',
    rows: 'sessions that were ended, or of whose person no active member was left',
    kept: 'not at all',
    by: 'the change that ends them',
  },
  {
    table: 'sign_ins_used',
    rows: 'digests of what signs in once',
    kept: 'until it would open nothing any more: 10 minutes, and some for clocks',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOldSignIns(tx, dialect, { limit: limit * smallRowsShare }, at),
  },
  {
    table: 'invitations',
    rows: 'invitations, used or not',
    kept: '90 days after they would have expired',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOldInvitations(tx, dialect, { keptMs: keptInvitationsMs, limit }, at),
  },
  {
    table: 'portal_sessions',
    rows: 'sessions of the customers’ page, ended or not',
    kept: 'a day after they would have expired',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOldPortalSessions(tx, dialect, { keptMs: keptPortalSessionsMs, limit }, at),
  },
  {
    table: 'portal_users',
    rows: 'what the users of the customers’ page are called',
    kept: 'until somebody has them forgotten',
    by: 'the call `DELETE /v1/portal-users/{organization_id}/{user_id}`',
  },
  {
    table: 'member_identities',
    rows: 'as whom somebody acts, after a reset or an erasure, and of an identity that its owner has removed',
    kept: 'not at all',
    by: 'that change',
  },
  {
    table: 'passkeys',
    rows: 'passkeys whose identity is deleted',
    kept: 'not at all',
    by: 'the change that deletes the identity',
  },
  {
    table: 'identities',
    rows: 'identities that stand at no member any more',
    kept: 'not at all',
    by: 'the change that resets or erases the member, or removes the identity',
  },
  {
    table: 'jobs',
    rows: 'jobs that are finished',
    kept: 'a week',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteFinishedJobs(tx, dialect, { keptMs: keptJobsMs, limit }, at),
  },
  {
    table: 'audit_events',
    rows: 'events of the audit log that a checkpoint covers',
    kept: 'for ever, or `LATCHKEY_AUDIT_DAYS_KEPT` from the checkpoint on',
    by: 'the job `retention`',
    deleteSome: async (tx, { dialect, at, limit, keptAuditDays: keptDays }) =>
      keptDays === undefined ? 0 : cutSome(tx, dialect, { keptDays, limit }, at),
  },
  {
    table: 'audit_log',
    rows: 'their leaves, of which numbers, ids and hashes stay',
    kept: 'as long as the events',
    by: 'the job `retention`, with them',
  },
  {
    table: 'audit_queue',
    rows: 'events that waited for their place in the log',
    kept: 'until they have it',
    by: 'the job `sealing`',
  },
  {
    table: 'settlements',
    rows: 'reservations that were settled',
    kept: 'a day after their end',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) => deleteSettlements(tx, dialect, { limit }, at),
  },
  {
    table: 'idempotent_requests',
    rows: 'answers of requests that came with an `Idempotency-Key`',
    kept: 'a day; of a key, the newest 10,000',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) => deleteOverRequests(tx, dialect, { limit }, at),
  },
  {
    table: 'webhook_deliveries',
    rows: 'events that a webhook has delivered or given up',
    kept: '30 days after the last attempt',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOldDeliveries(tx, dialect, { keptMs: keptDeliveriesMs, limit: limit * smallRowsShare }, at),
  },
  {
    table: 'event_causes',
    rows: 'what Latchkey has told of by itself, so that it tells of it once',
    kept: '100 days after it came about, or after the period of a quota; for ever of a quota without periods',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteCauses(tx, dialect, { keptMs: keptCausesMs, limit: limit * smallRowsShare }, at),
  },
  {
    table: 'leak_reports',
    rows: 'reports of leaked tokens',
    kept: 'until they are acted on, a moment later',
    by: 'the job `leaks`',
  },
  {
    table: 'leaks_told',
    rows: 'on which day was told that a secret leaked',
    kept: 'two days',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteOldTold(tx, dialect, { limit: limit * smallRowsShare }, at),
  },
  {
    table: 'webhooks',
    rows: 'webhooks that are deleted',
    kept: 'not at all',
    by: 'the change that deletes them',
  },
  {
    table: 'webhook_states',
    rows: 'how far a webhook has come that is deleted, and what it has not delivered',
    kept: 'not at all',
    by: 'the change that deletes it',
  },
  {
    table: 'plans',
    rows: 'plans that are deleted',
    kept: 'not at all',
    by: 'the change that deletes them',
  },
  {
    table: 'policies',
    rows: 'policies that are deleted',
    kept: 'not at all',
    by: 'the change that deletes them',
  },
  {
    table: 'catalogue',
    rows: 'described permissions that are removed',
    kept: 'not at all',
    by: 'the change that removes them',
  },
  {
    table: 'prefixes',
    rows: 'prefixes that new keys no longer have',
    kept: 'not at all',
    by: 'the change that removes them',
  },
  {
    table: 'recipes',
    rows: 'recipes of imported tokens of which no secret is left',
    kept: 'until another one takes their place',
    by: 'the import that does so',
  },
  {
    table: 'usage_hours',
    rows: 'usage by the hour',
    kept: '35 days, or `LATCHKEY_USAGE_HOURS_KEPT`, and until the hour is in its day',
    by: 'the job `retention`',
    deleteSome: ofUsage(
      (tx, dialect, deletion, at) => deleteUsage(tx, dialect, 'hours', deletion, at),
      ({ hours }) => hours,
    ),
  },
  {
    table: 'usage_days',
    rows: 'usage by the day',
    kept: '800 days, or `LATCHKEY_USAGE_DAYS_KEPT`, and until the day is in its month',
    by: 'the job `retention`',
    deleteSome: ofUsage(
      (tx, dialect, deletion, at) => deleteUsage(tx, dialect, 'days', deletion, at),
      ({ days }) => days,
    ),
  },
  {
    table: 'usage_profiles',
    rows: 'what calls of a key have in common on a day',
    kept: '90 days',
    by: 'the job `retention`',
    deleteSome: ofUsage(deleteProfiles, () => keptProfilesDays),
  },
  {
    table: 'usage_texts',
    rows: 'operations, permissions and kids in them',
    kept: 'until no row has them, and some days more',
    by: 'the job `retention`',
    deleteSome: ofUsage(deleteTexts, () => keptProfilesDays),
  },
  {
    table: 'usage_places',
    rows: 'addresses and user agents of calls',
    kept: '30 days, or `LATCHKEY_USAGE_PLACES_KEPT`',
    by: 'the job `retention`',
    deleteSome: ofUsage(deletePlaces, ({ places }) => Math.min(places, keptProfilesDays)),
  },
  {
    table: 'last_uses',
    rows: "address and user agent of a key's last use: they are emptied",
    kept: '30 days, or `LATCHKEY_USAGE_PLACES_KEPT`',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit, keptUsage }) =>
      emptyLastUses(tx, dialect, { keptDays: keptUsage.places, limit }, at),
  },
  {
    table: 'usage_sources',
    rows: 'the last numbers of processes and verifiers that have counted',
    kept: 'a week after their last batch',
    by: 'the job `retention`',
    deleteSome: (tx, { dialect, at, limit }) =>
      deleteSources(tx, dialect, { keptMs: keptSourcesMs, limit }, at),
  },
  {
    table: 'changes',
    rows: 'changes of keys, which processes read',
    kept: 'until there are 10,000 later ones',
    // One for one, so that what is left has no gap: a process takes a gap behind its place for what it missed.
    by: 'the change that makes one more',
  },
  {
    table: 'followers',
    rows: 'processes that follow the changes and crashed',
    kept: 'until the next barrier, which comes within two minutes',
    // It deletes each follower that has not confirmed its number, which is the highest of all: no row is left for this job.
    by: 'the barrier',
  },
  {
    table: 'followers',
    rows: 'processes that follow the changes and ended in order',
    kept: 'not at all',
    by: 'the process',
  },
  {
    table: 'flush_marks',
    rows: 'up to when processes have written the uses that they know of',
    kept: 'until the process ends in order, or two minutes after it was found to be gone',
    by: 'the process, and the job `graces`',
  },
  {
    table: 'key_terms',
    rows: 'permissions and tags under which a key is found',
    kept: 'until it has them no more',
    by: 'the change that takes them from it',
  },
  {
    table: 'secrets',
    rows: 'ended secrets of a key',
    kept: 'until there are 1,000 later ones',
    by: 'the rotation that makes one more',
  },
]

/**
 * The work of deleting what is due, for one process at a time. Without `now` the database tells the time, which is one for
 * all processes.
 */
export function retentionJob(
  { write, dialect }: Pick<Store, 'write' | 'dialect'>,
  clock: Pick<Clock, 'monotonic' | 'after'>,
  now?: () => number,
  keptUsage: KeptUsage = keptUsageDays,
  keptAuditDays?: number,
): JobKind {
  const at = instantsOf(dialect, now)
  return {
    everyMs: retentionEveryMs,
    run: (work) =>
      deleteDue(work, clock, (deleteSome) =>
        write((tx) => deleteSome(tx, { dialect, at: at(), limit: maxDeletedRows, keptUsage, keptAuditDays })),
      ),
  }
}

type DeleteSome = NonNullable<Retention['deleteSome']>

/** Deletes a batch of each kind in turn until nothing is due, or the time of a run is over. */
async function deleteDue(
  work: Work,
  clock: Pick<Clock, 'monotonic' | 'after'>,
  deleteBatch: (deleteSome: DeleteSome) => Promise<number>,
): Promise<Again | undefined> {
  const beganAt = clock.monotonic()
  let left = retention.flatMap(({ deleteSome }) => deleteSome ?? [])
  while (left.length > 0) {
    const unfinished: DeleteSome[] = []
    for (const deleteSome of left) {
      work.requireHeld()
      const batchAt = clock.monotonic()
      if ((await deleteBatch(deleteSome)) >= maxDeletedRows) unfinished.push(deleteSome)
      const pauseMs = Math.max(minPauseMs, clock.monotonic() - batchAt)
      if (unfinished.length > 0) await sleep(clock, pauseMs)
    }
    left = unfinished
    if (left.length > 0 && clock.monotonic() - beganAt >= runMs) return { afterMs: restAfterMs }
  }
  return undefined
}
