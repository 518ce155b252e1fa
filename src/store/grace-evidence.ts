// What shows that a secret is silent: up to when every use of it that anybody noted is written.
//
// A secret that waits for silence has an instant, `silent_at`: a write of a use of it moves that to as long after the write
// as the secret must be silent. Let `complete` be an instant before which every noted use is written. If `silent_at` is not
// after `complete`, then there was no use in that length before `silent_at`: it would be written, and would have moved it.
// 1. All instants are of the database's clock. That of a process or a verifier, however wrong, moves nothing.
// 2. A process marks `until` only when all that it had noted is written, and it read that instant before it gathered that.
// 3. Each process that follows the changes must have such a mark; one of an older version has none, and holds everything up.
// 4. One that does not follow any more has two minutes since that was found out: then its mark is deleted. So have those that
//    nobody knows of yet: `complete` is never later than two minutes ago.
// 5. A verifier elsewhere may report a use late: it keeps a batch for an hour, and what waits behind it for another one. If any
//    was served since the silence began, its end must be {@link lateReportsMs} ago.
// 6. The marks are read before the secret is, under its key's lock: a use written between the two is seen.
// 7. A database that nobody watched, or that was restored, may lack uses. From then on a silence is counted anew, unless a process
//    that was there all the time watched: it knows that nothing was lost.
import { sql } from 'kysely'
import { silenceMs } from '../core/bounds.ts'
import type { Instant } from './instants.ts'
import type { Store } from './store.ts'
import type { Db, Tx } from './tables.ts'

/** What a process that was evicted, or is not known yet, has to write its uses. */
const unknownMs = 120_000
/** A watch that comes after so long has a gap before it. */
const watchGapMs = 5 * 60_000
/** How late a verifier elsewhere may report a use: twice as late as it keeps one batch, and two minutes. */
const lateReportsMs = 2 * 3_600_000 + unknownMs
const minuteMs = 60_000

/** What a process finds before it writes its uses. */
export interface FlushRound {
  now: number
  /** Whether any secret waits for silence: only then somebody reads the mark. */
  isAwaited: boolean
  /** The number of the last change: in one database it never falls. */
  sequence: number
}

/** Reads it. */
export async function readFlushRound(db: Db, at: Instant): Promise<FlushRound> {
  const { now, awaiting, value } = await db
    .selectFrom('change_counter')
    .select((eb) => [
      at.as('now'),
      'value',
      eb
        .selectFrom('secrets')
        .select('kid')
        .where('silent_at', 'is not', null)
        .where('ended_at', 'is', null)
        .limit(1)
        .as('awaiting'),
    ])
    .executeTakeFirstOrThrow()
  return { now: Number(now), isAwaited: awaiting !== null, sequence: value }
}

/** What a process says of its uses. */
export interface FlushMark {
  source: string
  /** As what it follows the changes; `''` if it does not. */
  follower: string
  until: number
  /** Whether it has served verifiers elsewhere since its mark before. */
  hasVerifiers: boolean
}

/** Writes the mark of a process. */
export async function markFlush(
  store: Pick<Store, 'write'>,
  { source, follower, until, hasVerifiers }: FlushMark,
): Promise<void> {
  await store.write(async (tx) => {
    await tx
      .insertInto('flush_marks')
      .values({ source, follower, until, gone_at: null })
      .onConflict((conflict) => conflict.column('source').doUpdateSet({ follower, until, gone_at: null }))
      .execute()
    if (!hasVerifiers) return
    // Rarely, because all processes write the one row; and what was served a moment ago may still be believed.
    await tx
      .updateTable('grace_watch')
      .set({ verifiers_at: until + minuteMs })
      .where('verifiers_at', '<', until + silenceMs)
      .execute()
  })
}

/** Takes the mark of a process away that ends in order and has written all. */
export async function removeFlushMark(store: Pick<Store, 'write'>, source: string): Promise<void> {
  await store.write((tx) => tx.deleteFrom('flush_marks').where('source', '=', source).execute())
}

/** What the process that watches knows by itself. */
export interface Watcher {
  /** Since when it is there. */
  since: number
  /** When it found that the database was restored; 0 for never. */
  restoredAt: number
}

/** What is known of all uses. */
export interface Evidence {
  now: number
  /** Before it each use is written. */
  complete: number
  /** The same, with what verifiers elsewhere noted. */
  completeWithVerifiers: number
  /** No verifier was served after it. */
  verifiersAt: number
  /** Since when nothing can have been lost. */
  since: number
}

/** Notes who does not follow the changes any more, and tells up to when each use is written. */
export async function watchUses(
  store: Pick<Store, 'write'>,
  { since, restoredAt }: Watcher,
  at: Instant,
): Promise<Evidence> {
  return store.write(async (tx) => {
    const watch = await tx
      .selectFrom('grace_watch')
      .selectAll()
      .select(at.as('now'))
      .executeTakeFirstOrThrow()
    const now = Number(watch.now)
    const isWatched = watch.watched_at <= now && now - watch.watched_at <= watchGapMs
    const watchedSince = Math.max(isWatched ? watch.watched_since : Math.min(since, now), restoredAt)
    await tx.updateTable('grace_watch').set({ watched_at: now, watched_since: watchedSince }).execute()
    await noteGone(tx, now)
    const complete = (await readMarks(tx)).reduce(
      // A clock that was set back makes earlier marks say nothing.
      (least, until) => Math.min(least, until > now ? 0 : until),
      now - unknownMs,
    )
    return {
      now,
      complete,
      completeWithVerifiers: Math.min(complete, now - lateReportsMs),
      verifiersAt: watch.verifiers_at,
      since: watchedSince,
    }
  })
}

async function noteGone(tx: Tx, now: number): Promise<void> {
  await tx
    .deleteFrom('flush_marks')
    .where('gone_at', '<=', now - unknownMs)
    .execute()
  await tx
    .updateTable('flush_marks')
    .set({ gone_at: now })
    .where((eb) => eb.or([eb('gone_at', 'is', null), eb('gone_at', '>', now)]))
    .where('follower', 'not in', (eb) => eb.selectFrom('followers').select('id'))
    .execute()
}

/** The marks of all that follow the changes, 0 for one without, and of those that are gone: as they are at one instant. */
async function readMarks(tx: Tx): Promise<number[]> {
  const rows = await tx
    .selectFrom('followers')
    .leftJoin('flush_marks', 'flush_marks.follower', 'followers.id')
    .select(sql<number>`coalesce(flush_marks.until, 0)`.as('until'))
    .unionAll(tx.selectFrom('flush_marks').select('until').where('gone_at', 'is not', null))
    .execute()
  return rows.map(({ until }) => Number(until))
}

/** A secret that may have to end. */
export interface AwaitingSecret {
  kid: string
  key_id: string
}

/** Finds the next secrets that are at their latest end, or silent. */
export async function findOver(db: Db, evidence: Evidence, limit: number): Promise<AwaitingSecret[]> {
  const awaiting = db
    .selectFrom('secrets')
    .select(['kid', 'key_id'])
    .where('silent_at', 'is not', null)
    .where('ended_at', 'is', null)
    .limit(limit)
  const atLatest = await awaiting
    .where('grace_ends_at', '<=', evidence.now)
    .orderBy('grace_ends_at')
    .execute()
  const silent = await awaiting
    .where('silent_at', '<=', evidence.complete)
    .where((eb) =>
      eb.or([
        eb('silent_at', '<=', evidence.completeWithVerifiers),
        eb(sql<number>`silent_at - silent_ms`, '>', evidence.verifiersAt),
      ]),
    )
    .orderBy('silent_at')
    .execute()
  return [...new Map([...atLatest, ...silent].map((secret) => [secret.kid, secret])).values()]
}

/** The first instant at which a secret may be silent by what is known. */
export function silentAt(
  { silent_at, silent_ms, last_used_at }: { silent_at: number; silent_ms: number; last_used_at: number },
  { since }: Pick<Evidence, 'since'>,
): number {
  // A program of an older version writes a use without moving the instant.
  return Math.max(silent_at, since + silent_ms, last_used_at + silent_ms)
}

/** Tells whether a secret was silent until then, and everybody who could know of a use has written it. */
export function isSilent(silentAt: number, silentMs: number, evidence: Evidence): boolean {
  const hadVerifiers = silentAt - silentMs <= evidence.verifiersAt
  return silentAt <= (hadVerifiers ? evidence.completeWithVerifiers : evidence.complete)
}
