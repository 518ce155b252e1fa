// What a change of a key's limits would have refused: between bounds, by how many calls there were in each hour.
import { isSameAllowance } from '../../core/limits.ts'
import { unitsMeasure } from '../../core/measures.ts'
import { dayMs } from '../../core/periods.ts'
import { readLimits, type StoredLimit } from '../../core/stored-limits.ts'
import type { Days } from '../../store/profile-figures.ts'
import type { Db } from '../../store/tables.ts'
import { readFigures, type UsageScope, type UsageState } from '../../store/usage-figures.ts'
import { type Bounds, boundRefusals } from '../../verdict/limit-replay.ts'
import { piecesOf } from '../usage/ranges.ts'

/** The valid calls of an hour, and the units that they drew, by measure. */
export interface CountedHour {
  hour: number
  calls: number
  units: Map<string, number>
}

const rangeOf = ({ first, end }: Days) => ({ since: first * dayMs, until: end * dayMs })

/** How many valid calls were counted. */
export async function readCountedCalls(
  db: Db,
  scope: UsageScope,
  days: Days,
  state: UsageState,
): Promise<number> {
  const figures = await readFigures(db, piecesOf(rangeOf(days), 'total', state), scope, 'none')
  return figures.reduce((sum, { measure, amount }) => sum + (measure === 'valid' ? amount : 0), 0)
}

/** The hours with valid calls, as far as usage is kept by the hour. */
export async function readCountedHours(
  db: Db,
  scope: UsageScope,
  days: Days,
  state: UsageState,
): Promise<CountedHour[]> {
  const hours = new Map<number, CountedHour>()
  const figures = await readFigures(db, piecesOf(rangeOf(days), 'hour', state), scope, 'none')
  for (const { period: hour, measure, amount } of figures) {
    const known = hours.get(hour) ?? { hour, calls: 0, units: new Map() }
    hours.set(hour, known)
    if (measure === 'valid') known.calls += amount
    else known.units.set(measure, amount)
  }
  return [...hours.values()].filter(({ calls }) => calls > 0).sort((a, b) => a.hour - b.hour)
}

/** Bounds the calls that the limits of a change refuse, as JSON before and after it; of so many calls that are known. */
export function boundByLimits(
  hours: readonly CountedHour[],
  before: string,
  after: string,
): Bounds & { calls: number } {
  const known = readLimits(before).limits
  const changed = readLimits(after).limits.filter(
    (limit) => !known.some((other) => other.name === limit.name && isTheSame(other, limit)),
  )
  const calls = hours.reduce((sum, hour) => sum + hour.calls, 0)
  let [atLeast, atMost] = [0, 0]
  for (const { name, allowance, defaultCost } of changed) {
    const drawing = hours.map(({ hour, calls, units }) => ({
      hour,
      calls,
      // Of an hour without that limit it is not known what calls cost that name it.
      units: units.get(unitsMeasure('key', name)) ?? calls * defaultCost,
    }))
    const bounds = boundRefusals(drawing, allowance, defaultCost)
    atLeast = Math.max(atLeast, bounds.atLeast)
    atMost += bounds.atMost
  }
  return { atLeast, atMost: Math.min(atMost, calls), calls }
}

function isTheSame(one: StoredLimit, other: StoredLimit): boolean {
  return isSameAllowance(one.allowance, other.allowance) && one.defaultCost === other.defaultCost
}
