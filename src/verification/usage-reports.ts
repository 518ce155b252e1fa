// Writes what verifiers elsewhere have counted: as batches of their own, which any process may get again.
import type { z } from 'zod'
import { maxSourcesOfKey } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import { isCode, limitOfMeasure, type Measure } from '../core/measures.ts'
import { hourMs } from '../core/periods.ts'
import type { KeptPlaces, Place } from '../core/places.ts'
import type { reportSchema } from '../core/shapes/usage.ts'
import type { CallContext } from '../core/shapes/verification.ts'
import { readDrawn, type StoredLimit } from '../core/stored-limits.ts'
import { FairLine } from '../fairness/fair-line.ts'
import { type DrawnRow, findDrawn } from '../store/drawn-limits.ts'
import type { Instant } from '../store/instants.ts'
import type { Store } from '../store/store.ts'
import { keepPlaces, saveUsage } from '../store/usage.ts'
import { readReported } from '../store/usage-reports.ts'

/**
 * Makes the line in which reports wait to be written. A fleet of verifiers reports at one instant, and what a change has
 * to wait for is those alone that are being written, not all that have come.
 */
export function reportLineOf({ changesAtOnce }: Pick<Store, 'changesAtOnce'>): FairLine {
  const width = Math.max(1, changesAtOnce >> 2)
  return new FairLine(
    {
      ...{ width, widthOfOrganization: width, widthOfKey: width },
      ...{ maxWaiting: 4_096, maxWaitingOfKey: 1_024, patienceMs: 9_000 },
    },
    () =>
      new LatchkeyError(
        'too_many_requests',
        'Too many reports by this key are waiting. Send this one again.',
      ),
  )
}

/** A report, and on whose behalf it is written. */
export interface UsageReport extends z.output<typeof reportSchema> {
  /** The key by which the verifier reports. */
  reporter: string
  /** The organization whose keys it may know of; undefined for all. */
  organizationId: string | undefined
}

/**
 * Writes a report; resolves with the time by the database's clock, in milliseconds since 1970. What is of keys that the
 * reporter may not know of is left out, and so is what no key of its kind has: each measure that there is stays for ever. Throws `too_many_requests`, `store_unavailable`.
 */
export async function saveReport(
  store: Pick<Store, 'read' | 'write' | 'dialect'>,
  { source, number, counts, profiles, uses, reporter, organizationId }: UsageReport,
  kept: KeptPlaces,
  at: Instant,
): Promise<number> {
  const id = `${reporter}/${source}`
  const keyIds = counts.flatMap(({ keyId }) => keyId ?? [])
  const kids = [...profiles, ...uses].map(({ kid }) => kid)
  const limited = counts.flatMap(({ keyId, measure }) => (limitOfMeasure(measure) && keyId) ?? [])
  const [known, drawn] = await store.read(async (db) => [
    await readReported(db, { keyIds, kids, source: id }, at),
    await findDrawn(db, limited),
  ])
  const isInScope = (id: string | undefined) =>
    id !== undefined && (organizationId === undefined || id === organizationId)
  const batch = {
    source: id,
    owner: reporter,
    number,
    ...(!known.isKnown && { maxSources: maxSourcesOfKey }),
    counts: counts.flatMap(({ keyId, start, measure, amount }) => {
      const owner = keyId === null ? '' : known.keys.get(keyId)
      const hour = Math.floor(start.getTime() / hourMs)
      if (keyId !== null && !isInScope(owner)) return []
      if (!isMeasured(measure, keyId, drawn)) return []
      return [{ keyId: keyId ?? '', organizationId: owner as string, hour, measure, amount }]
    }),
    profiles: profiles.flatMap(({ kid, start, context, permissions, last, ...profile }) => {
      const secret = known.secrets.get(kid)
      if (!isInScope(secret?.organizationId) || secret === undefined) return []
      if (!isCode(profile.code, true)) return []
      const { isRest } = profile
      return {
        ...profile,
        ...placeOf(isRest ? undefined : context),
        kid,
        keyId: secret.keyId,
        hour: Math.floor(start.getTime() / hourMs),
        permissions: isRest ? '' : [...new Set(permissions)].sort().join(' '),
        last: Math.min(last.getTime(), known.now),
      }
    }),
    uses: uses.flatMap(({ kid, at: usedAt, context }) => {
      const secret = known.secrets.get(kid)
      if (!isInScope(secret?.organizationId) || secret === undefined) return []
      return { kid, ...secret, at: Math.min(usedAt.getTime(), known.now), ...placeOf(context) }
    }),
  }
  const saved = await saveUsage(store, keepPlaces(batch, kept), at)
  return saved.now
}

function placeOf({ operation = '', ip = '', userAgent = '' }: CallContext = {}): Place {
  return { operation, ip, userAgent }
}

/** Whether a key, or a token of none, has a measure: the code of a verdict, or a limit from which it draws. */
function isMeasured(measure: Measure, keyId: string | null, drawn: ReadonlyMap<string, DrawnRow>): boolean {
  const limit = limitOfMeasure(measure)
  if (limit === undefined) return isCode(measure, keyId !== null)
  const row = drawn.get(keyId ?? '')
  if (row === undefined) return false
  const { own, ofOrganization, plan, line } = readDrawn(row.lines)
  const lists: Record<typeof limit.scope, readonly StoredLimit[]> = {
    key: [...own, ...(plan?.keyLimits ?? [])],
    organization: [...ofOrganization, ...(plan?.limits ?? [])],
    ancestor: [...line.flatMap(({ limits }) => limits), ...(plan?.keyLimits ?? [])],
  }
  return lists[limit.scope].some(({ name }) => name === limit.name)
}
