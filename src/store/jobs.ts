// The table of jobs: work that nobody waits for. `jobs/jobs.ts` lists the states of a row.
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { after, type Instant } from './instants.ts'
import type { Db, Tx } from './tables.ts'

/** A job that a process has claimed. */
export interface ClaimedRow {
  kind: string
  subject: string
  organization_id: string | null
  /** JSON. */
  payload: string
  /** The number of the claim. */
  lease: number
  /** How often it was claimed since it last succeeded, this time included. */
  attempts: number
}

/** A claim, by which the job is finished, and by no other. */
export interface Claim {
  kind: string
  subject: string
  owner: string
  lease: number
}

/** What is to be done. */
export interface NewJob {
  kind: string
  /** Of one kind there is one job for each subject; `''` if there is only one of its kind. */
  subject: string
  organizationId?: string | undefined
  /** What the work must know beside its subject, as it is written into JSON: no secret. */
  payload?: unknown
  /** How long from now it is due. */
  afterMs: number
}

/**
 * Tells in how many milliseconds the first job of each kind is due; not above zero if it is due, undefined if there is none.
 * One probe of an index for each kind.
 */
export async function readDueTimes(
  db: Db,
  kinds: readonly string[],
  at: Instant,
): Promise<(number | undefined)[]> {
  const row: Record<string, number | null> = await db
    .selectNoFrom((eb) =>
      kinds.map((kind, index) =>
        eb
          .selectFrom('jobs')
          .select('due_at')
          .where('kind', '=', kind)
          .where('due_at', 'is not', null)
          .orderBy('due_at')
          .limit(1)
          .as(`due_${index}`),
      ),
    )
    .select(at.as('now'))
    .executeTakeFirstOrThrow()
  return kinds.map((_, index) => {
    const dueAt = row[`due_${index}`]
    return typeof dueAt === 'number' ? dueAt - Number(row.now) : undefined
  })
}

/**
 * Asks for a job. It is one row for each subject: a job that waits becomes due at the earlier instant, unless it failed and
 * waits for its next attempt; one that is claimed is done once more, since its owner may have read what it works on
 * before; one that is finished begins anew. The newest payload counts.
 */
export async function enqueueJob(tx: Tx, job: NewJob, at: Instant): Promise<void> {
  await enqueueJobs(tx, [job], at)
}

/** Asks for several jobs of different subjects, all due as the first one is. */
export async function enqueueJobs(tx: Tx, jobs: readonly [NewJob, ...NewJob[]], at: Instant): Promise<void> {
  const dueAt = after(at, jobs[0].afterMs)
  await tx
    .insertInto('jobs')
    .values(
      jobs.map((job) => ({
        kind: job.kind,
        subject: job.subject,
        organization_id: job.organizationId ?? null,
        payload: JSON.stringify(job.payload ?? {}),
        due_at: dueAt,
        again_at: null,
        owner: null,
        lease: 0,
        attempts: 0,
        finished_at: null,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet((eb) => ({
        payload: eb.ref('excluded.payload'),
        organization_id: eb.ref('excluded.organization_id'),
        due_at: eb
          .case()
          .when('jobs.due_at', 'is', null)
          .then(dueAt)
          .when(
            eb.and([
              eb('jobs.owner', 'is', null),
              eb('jobs.attempts', '=', 0),
              eb('jobs.due_at', '>', dueAt),
            ]),
          )
          .then(dueAt)
          .else(eb.ref('jobs.due_at'))
          .end(),
        again_at: eb
          .case()
          .when(
            eb.and([
              eb('jobs.owner', 'is not', null),
              eb.or([eb('jobs.again_at', 'is', null), eb('jobs.again_at', '>', dueAt)]),
            ]),
          )
          .then(dueAt)
          .else(eb.ref('jobs.again_at'))
          .end(),
        attempts: eb.case().when('jobs.due_at', 'is', null).then(0).else(eb.ref('jobs.attempts')).end(),
        finished_at: null,
      })),
    )
    .execute()
}

/**
 * Claims the jobs of a kind that have been due for longest, for a lease. On PostgreSQL it passes over rows that another
 * claim has locked: that one gets them. On SQLite the transaction is alone.
 */
export async function claimJobs(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  { kind, owner, limit, leaseMs }: { kind: string; owner: string; limit: number; leaseMs: number },
  at: Instant,
): Promise<ClaimedRow[]> {
  return tx
    .with('due', (with_) =>
      with_
        .selectFrom('jobs')
        .select('subject')
        .where('kind', '=', kind)
        .where('due_at', '<=', at)
        .orderBy('due_at')
        .limit(limit)
        .$if(skipsLocked, (query) => query.forUpdate().skipLocked()),
    )
    .updateTable('jobs')
    .set((eb) => ({
      owner,
      lease: eb('lease', '+', 1),
      attempts: eb('attempts', '+', 1),
      due_at: after(at, leaseMs),
      // What was asked for until now is done by this claim.
      again_at: eb.case().when('again_at', '>', at).then(eb.ref('again_at')).end(),
    }))
    .where('kind', '=', kind)
    .where('subject', 'in', (eb) => eb.selectFrom('due').select('due.subject'))
    .returning(['kind', 'subject', 'organization_id', 'payload', 'lease', 'attempts'])
    .execute()
}

/** Lets a claim last for a lease from now; false if the job is another's. */
export async function renewClaim(tx: Tx, claim: Claim, leaseMs: number, at: Instant): Promise<boolean> {
  const { numUpdatedRows } = await claimed(tx, claim)
    .set({ due_at: after(at, leaseMs) })
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/**
 * Finishes a job: for good without a time, else until its next one, or until an earlier one for which somebody asked
 * meanwhile. Of a job that is given up the attempts stay. False if the job is another's, and then nothing has changed.
 */
export async function finishJob(
  tx: Tx,
  claim: Claim,
  { afterMs, isGivenUp = false }: { afterMs?: number | undefined; isGivenUp?: boolean },
  at: Instant,
): Promise<boolean> {
  const next = afterMs === undefined ? undefined : after(at, afterMs)
  const { numUpdatedRows } = await claimed(tx, claim)
    .set((eb) => ({
      owner: null,
      attempts: isGivenUp ? eb.case().when('again_at', 'is', null).then(eb.ref('attempts')).else(0).end() : 0,
      due_at:
        next === undefined
          ? eb.ref('again_at')
          : eb.case().when('again_at', '<', next).then(eb.ref('again_at')).else(next).end(),
      finished_at: next === undefined ? eb.case().when('again_at', 'is', null).then(at).end() : null,
      again_at: null,
    }))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Lets a job that failed wait for its next attempt; false if the job is another's. */
export async function retryJob(tx: Tx, claim: Claim, afterMs: number, at: Instant): Promise<boolean> {
  const { numUpdatedRows } = await claimed(tx, claim)
    .set({ owner: null, due_at: after(at, afterMs) })
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Gives a job back as it was before it was claimed, for anybody to claim now; false if the job is another's. */
export async function giveBackJob(tx: Tx, claim: Claim, at: Instant): Promise<boolean> {
  const { numUpdatedRows } = await claimed(tx, claim)
    .set((eb) => ({ owner: null, due_at: at, attempts: eb('attempts', '-', 1) }))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The row of a claim, as long as nobody else has claimed it since. */
function claimed(tx: Tx, { kind, subject, owner, lease }: Claim) {
  return tx
    .updateTable('jobs')
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .where('owner', '=', owner)
    .where('lease', '=', lease)
}

/** Brings forward the jobs of a kind that are due later than they can be: the clock was set back since. */
export async function bringForward(tx: Tx, kind: string, maxMs: number, at: Instant): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({ due_at: after(at, maxMs) })
    .where('kind', '=', kind)
    .where('due_at', '>', after(at, maxMs))
    .execute()
}

/** Deletes jobs that were finished so long ago, the oldest first; tells how many. */
export function deleteFinishedJobs(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('jobs')
    .where('finished_at', '<=', after(at, -keptMs))
    .orderBy('finished_at')
    .limit(limit)
  return deleteFound(tx, dialect, 'jobs', ['kind', 'subject'], over)
}
