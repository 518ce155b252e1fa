// Bounds how many calls a limit would have refused, by what is known of them: how many there were in each hour, and how many
// units they drew. Pure.
//
// The true number depends on when in their hour calls come. The fewest are refused if they come evenly: the limit then gives all
// that it has and gains. The most are refused if those of an hour come at once, and right after those of the hour before.
import type { Allowance, Quota, Rate } from '../core/limits.ts'
import { hourMs, periodAt } from '../core/periods.ts'

/** The calls of an hour, and the units that they draw. */
export interface HourOfCalls {
  /** Hours since 1970. */
  hour: number
  calls: number
  units: number
}

export interface Bounds {
  atLeast: number
  atMost: number
}

/** Bounds the calls that a limit refuses from which nobody has drawn before. `hours` are in order, those without calls left out. */
export function boundRefusals(hours: readonly HourOfCalls[], allowance: Allowance, cost: number): Bounds {
  const drawing = hours.filter(({ calls }) => calls > 0)
  return allowance.kind === 'rate'
    ? boundRate(drawing, allowance, cost)
    : boundQuota(drawing, allowance, cost)
}

/** How many calls are refused if so many units are not given; of the calls of some hours. */
function callsWithout(
  units: number,
  hours: readonly HourOfCalls[],
  cost: number,
  isAtLeast: boolean,
): number {
  if (units <= 0) return 0
  const calls = sum(hours, 'calls')
  if (drawTheSame(hours, cost)) return Math.min(calls, Math.ceil(units / cost))
  return isAtLeast ? 1 : calls
}

/** Whether each call has drawn what one does that names no cost, as far as sums can tell. */
function drawTheSame(hours: readonly HourOfCalls[], cost: number): boolean {
  return hours.every(({ calls, units }) => units === calls * cost)
}

function sum(hours: readonly HourOfCalls[], what: 'calls' | 'units'): number {
  return hours.reduce((total, hour) => total + hour[what], 0)
}

function boundQuota(hours: readonly HourOfCalls[], quota: Quota, cost: number): Bounds {
  const ofPeriods = new Map<number, { whole: HourOfCalls[]; any: HourOfCalls[] }>()
  const inPeriod = (start: number) => {
    const known = ofPeriods.get(start)
    if (known !== undefined) return known
    const made = { whole: [], any: [] }
    ofPeriods.set(start, made)
    return made
  }
  for (const hour of hours) {
    const [first, last] = [hour.hour * hourMs, (hour.hour + 1) * hourMs - 1].map(
      (at) => periodAt(quota.resets, quota.anchor, at).start,
    ) as [number, number]
    if (first === last) inPeriod(first).whole.push(hour)
    for (const start of new Set([first, last])) inPeriod(start).any.push(hour)
  }
  const bounds = { atLeast: 0, atMost: 0 }
  for (const { whole, any } of ofPeriods.values()) {
    bounds.atLeast += callsWithout(sum(whole, 'units') - quota.limit, whole, cost, true)
    bounds.atMost += callsWithout(sum(any, 'units') - quota.limit, any, cost, false)
  }
  return { ...bounds, atMost: Math.min(bounds.atMost, sum(hours, 'calls')) }
}

function boundRate(hours: readonly HourOfCalls[], rate: Rate, cost: number): Bounds {
  const gainOfHour = (rate.limit * hourMs) / rate.windowMs
  // Calls that come evenly.
  let most = rate.burst
  let missing = 0
  // Calls that come at once: between two hours without a break, the bucket may gain nothing.
  let least = rate.burst
  let atMost = 0
  let previous = hours[0]?.hour ?? 0
  for (const hour of hours) {
    const idle = Math.max(0, hour.hour - previous - 1)
    previous = hour.hour
    most = Math.min(rate.burst, most + idle * gainOfHour)
    least = Math.min(rate.burst, least + idle * gainOfHour)
    const given = Math.min(hour.units, most + gainOfHour)
    missing += hour.units - given
    most = Math.min(rate.burst, most + gainOfHour - given)
    const refused = callsWithout(hour.units - least, [hour], cost, false)
    atMost += refused
    least = Math.max(0, least - hour.units)
  }
  const neverFit = cost > rate.burst && drawTheSame(hours, cost)
  const atLeast = neverFit ? sum(hours, 'calls') : callsWithout(missing, hours, cost, true)
  return { atLeast, atMost: Math.max(atLeast, atMost) }
}
