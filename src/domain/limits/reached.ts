// Tells the audit log of quotas that are used up to a share of them: each share once a period, in the transaction that counts the
// units as spent.
import type { Change } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import { keptCausesMs, reachedPercents } from '../../core/bounds.ts'
import { type Allowance, periodEnd } from '../../core/limits.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { noteCauses, reachedMark, readMark } from '../../store/event-causes.ts'
import type { Counter } from '../../verdict/counter.ts'
import type { CountedLimit } from '../../verdict/holding.ts'

/** How many a transaction tells of; the others are told of by a later draw. */
const maxAtOnce = 100
const maxKnown = 10_000

/** A counter before and after units of it were spent. */
export interface Spending {
  limit: CountedLimit
  /** What the limit allows now. */
  allowance: Allowance
  before: Counter
  after: Counter
}

interface Reached extends Spending {
  percent: number
  cause: string
  keptUntil: number | null
}

/** Tells of limits that are reached. */
export class ReachedLimits {
  readonly #dialect: StoreDialect
  /** Causes that others have told of, or this process before: most draws of a quota that is used up find theirs here. */
  readonly #known = new Set<string>()
  #since: number | undefined

  constructor(dialect: StoreDialect) {
    this.#dialect = dialect
  }

  /** Records what is reached and was not told of; the counters are locked. */
  async record({ tx, record }: Pick<Change, 'tx' | 'record'>, spendings: readonly Spending[]): Promise<void> {
    const reached: Reached[] = []
    for (const spending of spendings)
      for (const percent of reachedPercents) {
        if (!isReached(spending.after, spending.allowance, percent)) break
        const one = toReached(spending, percent)
        if (!this.#known.has(one.cause) && reached.length < maxAtOnce) reached.push(one)
      }
    if (reached.length === 0) return
    const since = await this.#readSince(tx)
    const causes = reached.map(({ cause, keptUntil }) => ({ cause, kept_until: keptUntil }))
    const fresh = await noteCauses(tx, this.#dialect, causes)
    if (this.#known.size > maxKnown) this.#known.clear()
    for (const one of reached) {
      // Only what was there before: this transaction may come to nothing.
      if (!fresh.has(one.cause)) this.#known.add(one.cause)
      else if (!wasReachedBefore(one, since)) record(toDeed(one), system)
    }
  }

  async #readSince(tx: Change['tx']): Promise<number> {
    this.#since ??= (await readMark(tx, reachedMark))?.since
    return this.#since ?? Number.POSITIVE_INFINITY
  }
}

function isReached({ spent, added }: Counter, allowance: Allowance, percent: number): boolean {
  const total = allowance.limit + added
  return allowance.kind === 'quota' && total > 0 && spent * 100 >= total * percent
}

/** Whether it was reached before anything was told of it: by the units that were spent then. */
function wasReachedBefore({ before, after, allowance, percent }: Reached, since: number): boolean {
  const isSame = before.period === after.period && before.epoch === after.epoch
  return isSame && before.asOf < since && isReached({ ...after, spent: before.spent }, allowance, percent)
}

function toReached(spending: Spending, percent: number): Reached {
  const { limit, allowance, after } = spending
  const { epoch, period, asOf, added } = after
  const end = periodEnd(allowance, asOf)
  // What never begins anew is reached again when there were more units.
  const of = end === null ? allowance.limit + added : period
  const cause = `limit.reached ${limit.counterId} ${epoch} ${of} ${percent}`
  return { ...spending, percent, cause, keptUntil: end === null ? null : end + keptCausesMs }
}

function toDeed({ limit, allowance, after, percent }: Reached) {
  const { organizationId, ownerId, name, scope } = limit
  const end = periodEnd(allowance, after.asOf)
  return {
    action: 'limit.reached' as const,
    organizationId,
    ...(scope !== 'organization' && { keyId: ownerId }),
    changes: {
      name,
      scope: scope === 'organization' ? scope : 'key',
      thresholdPercent: percent,
      limit: allowance.limit,
      added: after.added,
      spent: after.spent,
      periodStartedAt: end === null ? null : new Date(after.period),
      resetsAt: end === null ? null : new Date(end),
    },
  }
}
