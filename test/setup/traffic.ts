// Calls of days that have passed, counted as processes would have counted them.
import type { ProfileCount, UsageCount } from '../../src/core/usage-counts.ts'
import { usageJob } from '../../src/jobs/usage.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { openStore } from '../../src/store/store.ts'
import { saveUsage } from '../../src/store/usage.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { mulberry32 } from './chance.ts'
import { work } from './jobs.ts'
import { hourMs } from './usage.ts'

/** A key that is called, or tokens of no key. */
export interface Caller {
  key?: { id: string; organizationId: string; hint: string }
  /** What its calls are, and which part of them; by a part that is left out the rest. Nothing is known of them if absent. */
  kinds?: readonly Kind[]
  /** How many calls it makes in an hour of the day, about. */
  perHour: number
  /** Which part of them is refused, by code. */
  refused?: Record<string, number>
  /** Since when, in hours before now; from the beginning if absent. */
  sinceHours?: number
  /** Until when, in hours before now; up to now if absent. */
  untilHours?: number
}

type Kind = Partial<Pick<ProfileCount, 'operation' | 'ip' | 'userAgent' | 'permissions'>> & { part?: number }

/** Counts the calls of some hours up to the one of `present`, on SQLite, and closes those that have ended. */
export async function addTraffic(
  database: string,
  callers: readonly Caller[],
  hours: number,
  present: number,
): Promise<void> {
  const store = await openStore(database)
  let now = present
  const at = instantsOf(store.dialect, () => now)
  const random = mulberry32(7)
  const last = Math.floor(present / hourMs)
  for (let hour = last - hours + 1; hour <= last; hour++) {
    now = Math.min(present, hour * hourMs + hourMs / 2)
    const counted = callers
      .filter(
        ({ sinceHours = hours, untilHours = 0 }) => last - hour < sinceHours && last - hour >= untilHours,
      )
      .map((caller) => ({ caller, ofCaller: countsOf(caller, hour, random) }))
    const counts = counted.flatMap(({ ofCaller }) => ofCaller)
    const profiles = counted.flatMap(({ caller, ofCaller }) => profilesOf(caller, ofCaller, now))
    if (counts.length > 0)
      await saveUsage(store, { source: 'traffic', owner: '', number: hour, counts, profiles, uses: [] }, at())
  }
  now = present
  while ((await usageJob(store, systemClock, () => now).run(work)) !== undefined);
  await store.close()
}

function countsOf({ key, perHour, refused = {} }: Caller, hour: number, random: () => number): UsageCount[] {
  const ofDay = 0.55 + 0.45 * Math.sin(((hour % 24) / 24) * 2 * Math.PI - 2)
  const isWeekend = [2, 3].includes(Math.floor(hour / 24) % 7)
  const calls = perHour * ofDay * (isWeekend ? 0.4 : 1) * (0.8 + 0.4 * random())
  const refusals = Object.entries(refused).map(([code, part]) => [code, Math.round(calls * part)] as const)
  const valid = key === undefined ? 0 : Math.round(calls) - refusals.reduce((sum, [, n]) => sum + n, 0)
  return [['valid', valid] as const, ...refusals]
    .filter(([, amount]) => amount > 0)
    .map(([measure, amount]) => ({
      keyId: key?.id ?? '',
      organizationId: key?.organizationId ?? '',
      hour,
      measure,
      amount,
    }))
}

function profilesOf(
  { key, kinds = [] }: Caller,
  counts: readonly UsageCount[],
  last: number,
): ProfileCount[] {
  if (key === undefined) return []
  const kid = key.hint.slice(3, 19)
  return counts.flatMap(({ keyId, hour, measure: code, amount }) => {
    let left = amount
    return kinds.flatMap(({ part = 1, operation = '', ip = '', userAgent = '', permissions = '' }) => {
      const calls = Math.min(left, Math.round(amount * part))
      left -= calls
      const same = { operation, ip, userAgent, permissions, isRest: false }
      return calls > 0 ? [{ keyId, kid, hour, code, ...same, calls, last }] : []
    })
  })
}
