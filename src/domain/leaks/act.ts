// Acts on reports of leaked tokens: on the secret that was shown, as it stands in the transaction. An old token out of a history
// ends nothing that is not its own.
import type { Change, Commit } from '../../commit/commit.ts'
import { rootOrganizationId } from '../../core/access.ts'
import { anonymousOf, system } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { dayMs, hourMs } from '../../core/periods.ts'
import { isReserved } from '../../core/permissions.ts'
import { type LeakRules, leakRulesOf } from '../../core/policy.ts'
import type { Exposure, ExposureAction, LeakSource } from '../../core/shapes/leaks.ts'
import type { PolicyRules } from '../../core/shapes/policies.ts'
import { hasPassed, isRotated } from '../../core/status.ts'
import { tokenHint } from '../../core/token.ts'
import type { Again, JobKind, Work } from '../../jobs/kinds.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { writeExposure } from '../../store/exposures.ts'
import { after, type Instant } from '../../store/instants.ts'
import { changeTerms } from '../../store/key-terms.ts'
import { changeListedKeys, type KeyRow, type ListedChange, lockListedKeys } from '../../store/keys.ts'
import { type LastUse, readLastUses } from '../../store/last-use.ts'
import {
  deleteReports,
  type LeakReportRow,
  noteTold,
  postponeReports,
  readDueReports,
} from '../../store/leaks.ts'
import { findPolicyRows, type PolicyRow } from '../../store/policies.ts'
import { endSecrets, findSecretsOfKids, type SecretRow, setSecretEnd } from '../../store/secrets.ts'
import { deleteKeySessions, deleteSessionsOfKeys } from '../../store/sessions.ts'
import { allDone } from '../../store/statements.ts'
import type { Store } from '../../store/store.ts'
import type { Db } from '../../store/tables.ts'
import { sameDigest } from '../../verification/digest.ts'

const everyMs = 60_000
/** A leaked token does not wait for a process that froze, as other work may. */
const leaseMs = 3_000
/** So many are acted on in a transaction: others wait for it on SQLite. */
const reportsAtOnce = 500
/** What could not be acted on is tried again after so long. */
const retryAfterMs = 30_000
/** The same of what the database refused: its row may be locked, for once. */
const busyRetryMs = 3_000

/** What acts on reports. */
export interface LeakActing {
  store: Pick<Store, 'read' | 'dialect'>
  commit: Commit
  at(): Instant
}

/** The work of acting on reports, for one process at a time. */
export function leaksJob(acting: LeakActing): JobKind {
  return { everyMs, leaseMs, retryAfterMs: () => 500, run: (work) => actOnReports(acting, work) }
}

async function actOnReports(acting: LeakActing, work: Work): Promise<Again | undefined> {
  let againMs = Number.POSITIVE_INFINITY
  for (;;) {
    work.requireHeld()
    const due = await acting.store.read((db) => readDueReports(db, acting.at(), reportsAtOnce))
    if (due.length === 0) return againMs < Number.POSITIVE_INFINITY ? { afterMs: againMs } : undefined
    try {
      await actOn(acting, due)
    } catch {
      // One of them stops no other, be its row broken, or locked by somebody for long.
      againMs = Math.min(againMs, await actOnEach(acting, work, due))
    }
  }
}

/** Acts on reports one by one; tells when the first of those that failed is to be tried again. Throws if the database is away. */
async function actOnEach(acting: LeakActing, work: Work, due: readonly LeakReportRow[]): Promise<number> {
  const { commit, store, at } = acting
  let againMs = Number.POSITIVE_INFINITY
  for (const report of due) {
    work.requireHeld()
    try {
      await actOn(acting, [report])
    } catch (error) {
      const waitMs = isStoreFailure(error) ? busyRetryMs : retryAfterMs
      // If the database takes not even this, it is not the report's fault.
      await commit(system, { permission: 'any key' }, ({ tx }) =>
        postponeReports(tx, store.dialect, [report.id], after(at(), waitMs)),
      )
      againMs = Math.min(againMs, waitMs)
    }
  }
  return againMs
}

function isStoreFailure(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === 'store_unavailable'
}

/** A report of a secret that there is. */
interface Found {
  report: LeakReportRow
  secret: SecretRow
}

/** Acts on reports in one transaction, which takes them off the table too. */
async function actOn({ store, commit }: LeakActing, reports: readonly LeakReportRow[]): Promise<void> {
  const { dialect } = store
  const before = await store.read((db) => findReported(db, dialect, reports))
  const keyIds = [...new Set(before.map(({ secret }) => secret.key_id))].sort()
  await commit(system, { permission: 'any key', keyIds }, async (change) => {
    const { tx, now } = change
    const keys = await lockListedKeys(tx, dialect, keyIds, undefined)
    // A kid is of one key for good: what was found before is found again, as it is under the locks.
    const found = await findReported(tx, dialect, reports)
    const organizationIds = new Set([...keys.values()].map((key) => key.organization_id))
    const policies = await findPolicyRows(tx, [...organizationIds])
    const told = await noteTold(tx, dialect, uniqueNotes(found, now))
    const lastUses = await readLastUses(tx, keyIds)
    const plan = new Plan(change, { policies, told, lastUses })
    for (const one of found) {
      const key = keys.get(one.secret.key_id)
      if (key !== undefined) plan.add(key, one)
    }
    await plan.carryOut(dialect)
    await deleteReports(
      tx,
      dialect,
      reports.map(({ id }) => id),
    )
  })
}

/** Finds the reports whose whole token is one of ours. */
async function findReported(
  db: Db,
  dialect: StoreDialect,
  reports: readonly LeakReportRow[],
): Promise<Found[]> {
  const secrets = await findSecretsOfKids(
    db,
    dialect,
    reports.map(({ kid }) => kid),
  )
  const byKid = new Map(secrets.map((secret) => [secret.kid, secret]))
  return reports.flatMap((report) => {
    const secret = byKid.get(report.kid)
    return secret !== undefined && sameDigest(secret.digest, report.digest) ? [{ report, secret }] : []
  })
}

/** What is to be told of on this day: one row for each secret and source. */
function uniqueNotes(found: readonly Found[], now: number) {
  const day = now - (now % dayMs)
  const notes = found.map(({ report: { kid, source } }) => ({ kid, source, day }))
  return [...new Map(notes.map((note) => [nameOf(note), note])).values()]
}

function nameOf({ kid, source }: Pick<LeakReportRow, 'kid' | 'source'>): string {
  return `${source} ${kid}`
}

/** What becomes of one key. */
interface Outcome {
  key: KeyRow
  after: ListedChange
  ended: string[]
  /** Until when the newest secret lasts, if it is given an end. */
  endsAt: number | undefined
  events: (() => void)[]
}

interface Known {
  policies: ReadonlyMap<string, PolicyRow>
  told: Pick<LeakReportRow, 'kid' | 'source'>[]
  lastUses: ReadonlyMap<string, LastUse>
}

/** What the reports of a transaction make of its keys, one after the other. */
class Plan {
  readonly #change: Change
  readonly #known: Known
  readonly #toTell: Set<string>
  readonly #outcomes = new Map<string, Outcome>()

  constructor(change: Change, known: Known) {
    this.#change = change
    this.#known = known
    this.#toTell = new Set(known.told.map(nameOf))
  }

  add(key: KeyRow, { report, secret }: Found): void {
    const outcome = this.#outcomes.get(key.id) ?? newOutcome(key)
    this.#outcomes.set(key.id, outcome)
    const { action, endsAt } = this.#judge(outcome, secret)
    const isTold = !this.#toTell.delete(nameOf(report))
    // Whoever has cleared the mark since hears of it again, though the log has it already.
    const isMarked = key.exposed_at !== null || outcome.after.exposed_at !== undefined
    if (isTold && (isMarked || action === 'none')) return
    const exposure: Exposure = {
      at: new Date(this.#change.now),
      ...{ kid: secret.kid, hint: tokenHint(secret.prefix, secret.kid) },
      ...{ source: report.source as LeakSource, url: report.url, action },
      endsAt: endsAt === undefined ? null : new Date(endsAt),
    }
    // What opened nothing any more says nothing of a graver report.
    if (action !== 'none' || !isMarked) Object.assign(outcome.after, writeExposure(exposure))
    if (!isTold) outcome.events.push(() => this.#tell(key, exposure, secret, report))
  }

  /** What is done about a secret, as everything before it in this transaction has left its key. */
  #judge(outcome: Outcome, secret: SecretRow): { action: ExposureAction; endsAt?: number | undefined } {
    const { key, after, ended } = outcome
    const { now } = this.#change
    if (key.revoked_at !== null || after.revoked_at !== undefined || hasPassed(key.expires_at, now))
      return { action: 'none' }
    if (ended.includes(secret.kid) || isRotated(secret.ended_at !== null, secret.grace_ends_at, now))
      return { action: 'none' }
    if (secret.kid !== key.kid) {
      ended.push(secret.kid)
      return { action: 'secret_ended' }
    }
    const rules = this.#rulesOf(key)
    if (rules.action === 'revoke') {
      Object.assign(after, {
        revoked_at: now,
        revoked_by: null,
        revocation_reason: 'compromised',
      } satisfies ListedChange)
      return { action: 'revoked' }
    }
    if (rules.action !== 'end_after') return { action: 'notified' }
    const endsAt = Math.min(now + rules.hours * hourMs, secret.grace_ends_at ?? Number.POSITIVE_INFINITY)
    if (endsAt !== secret.grace_ends_at) outcome.endsAt = endsAt
    return { action: 'ends_later', endsAt }
  }

  #rulesOf(key: KeyRow): LeakRules {
    // Who holds such a key can make others: nothing waits.
    if ((JSON.parse(key.permissions) as string[]).some(isReserved)) return { action: 'revoke' }
    const { policies } = this.#known
    const row = key.organization_id === rootOrganizationId ? undefined : policies.get(key.organization_id)
    return leakRulesOf(
      readRulesOf(policies.get(rootOrganizationId)),
      row && { rules: readRulesOf(row), isOfRoot: row.set_for === rootOrganizationId },
    )
  }

  #tell(key: KeyRow, exposure: Exposure, secret: SecretRow, { request_id: requestId }: LeakReportRow): void {
    const use = this.#known.lastUses.get(key.id)
    const { at: _, ...changes } = exposure
    this.#change.record(
      {
        action: 'key.exposed',
        organizationId: key.organization_id,
        keyId: key.id,
        changes: {
          ...changes,
          lastUsedAt: secret.last_used_at === 0 ? null : new Date(secret.last_used_at),
          lastUsedFrom: use?.kid === secret.kid ? use.ip : null,
        },
      },
      anonymousOf(requestId ?? undefined),
    )
  }

  async carryOut(dialect: StoreDialect): Promise<void> {
    const { tx, now } = this.#change
    const outcomes = [...this.#outcomes.values()]
    const revoked = outcomes.filter(({ after }) => after.revoked_at !== undefined)
    const edits = outcomes.map(({ key, after }) => ({ before: key, after }))
    const marked = edits.filter(({ after }) => after.exposed_at !== undefined)
    const isRevoked = ({ after }: (typeof edits)[number]) => after.revoked_at !== undefined
    const isMarked = ({ after }: (typeof edits)[number]) => after.exposed_at !== undefined
    // The same columns of all that a statement changes.
    const kinds = [
      edits.filter((edit) => isRevoked(edit) && isMarked(edit)),
      edits.filter((edit) => isRevoked(edit) && !isMarked(edit)),
      edits.filter((edit) => !isRevoked(edit) && isMarked(edit)),
    ]
    await allDone([
      ...kinds.filter((kind) => kind.length > 0).map((kind) => changeListedKeys(tx, dialect, kind, now)),
      changeTerms(tx, dialect, marked),
      deleteSessionsOfKeys(
        tx,
        dialect,
        revoked.map(({ key }) => key),
      ),
      ...outcomes.flatMap(({ key, ended, endsAt }) => [
        ...(ended.length > 0 ? [endSecrets(tx, key, ended, now), deleteKeySessions(tx, key, ended)] : []),
        ...(endsAt === undefined ? [] : [setSecretEnd(tx, key, key.kid, endsAt)]),
      ]),
    ])
    for (const outcome of outcomes) this.#record(outcome)
  }

  #record({ key, after, ended, endsAt, events }: Outcome): void {
    const { record, announce, now } = this.#change
    const of = { organizationId: key.organization_id, keyId: key.id }
    for (const tell of events) tell()
    for (const kid of ended)
      record({ action: 'key.secret_ended', ...of, changes: { kid, hint: tokenHint(key.prefix, kid) } })
    if (after.revoked_at !== undefined)
      record({
        action: 'key.revoked',
        ...of,
        changes: { revokedAt: new Date(now), revocationReason: 'compromised' },
      })
    if (endsAt !== undefined) announce({ topic: 'key', id: key.id, organizationId: key.organization_id })
  }
}

function newOutcome(key: KeyRow): Outcome {
  return { key, after: {}, ended: [], endsAt: undefined, events: [] }
}

function readRulesOf(row: PolicyRow | undefined): Partial<PolicyRules> {
  return row === undefined ? {} : (JSON.parse(row.rules) as Partial<PolicyRules>)
}
