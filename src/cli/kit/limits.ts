// Limits as people type them: `requests=100/1m,burst=20`, `credits=10000/month`, `prepaid=500`; and as they read them.
import { maxLimitUnits, maxWindowSeconds } from '../../core/bounds.ts'
import { limitNamePattern } from '../../core/limits.ts'
import type { Cost, LimitInput } from '../../core/shapes/limits.ts'
import { CommandError, exitCodes } from './failures.ts'
import { readInstant } from './times.ts'

const windowSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const periods = { hour: 'hourly', day: 'daily', week: 'weekly', month: 'monthly' } as const

/** How a limit is written, for help. */
export const limitForm =
  'NAME=UNITS/WINDOW for a rate, such as requests=100/1m (s, m, h, d); NAME=UNITS/PERIOD for a quota of each hour, ' +
  'day, week or month, such as credits=10000/month; NAME=UNITS for one that never resets. Behind it, if wanted: ' +
  ',burst=UNITS (rate), ,anchor=DAY (week, month), ,overdraft=UNITS (quota), ,cost=UNITS (of a call that names none)'

/** What was typed behind which flag. */
interface Typed {
  typed: string
  flag: string
}

/** Reads the value of `--limit`, or of another flag. Throws CommandError, which says what to write. */
export function readLimit(typed: string, flag = '--limit'): LimitInput {
  const text = { typed, flag }
  const [first = '', ...options] = typed.split(',')
  const [, name, amount = '', span] = /^([^=]*)=([^/]*)(?:\/(.*))?$/.exec(first) ?? []
  if (name === undefined || !limitNamePattern.test(name))
    throw wrong(
      text,
      'begin with a name of 1 to 32 lower-case letters, digits and _, a letter first, and =, such as requests=100/1m',
    )
  const limit: LimitInput = {
    name,
    limit: readUnits(text, amount, `units, such as ${name}=100/1m`),
    ...readSpan(text, name, amount, span),
  }
  const seen = new Set<string>()
  for (const option of options) {
    const [key = '', value = '', ...more] = option.split('=')
    if (more.length > 0 || seen.has(key)) throw wrong(text, `write each of ${suffixes} once`)
    seen.add(key)
    Object.assign(limit, readSuffix(text, key, value))
  }
  checkKind(text, limit)
  return limit
}

/** Reads the value of one of several `--limit`, behind those before it. Throws CommandError. */
export function readNextLimit(typed: string, flag: string, before: readonly LimitInput[] = []): LimitInput[] {
  const limit = readLimit(typed, flag)
  if (before.some(({ name }) => name === limit.name)) throw wrong({ typed, flag }, 'name each limit once')
  return [...before, limit]
}

/** Refuses what belongs to the other kind of limit, in the words that were typed: the shape knows fields alone. */
function checkKind(
  text: Typed,
  { name, limit, windowSeconds, burst, resets, anchor, overdraft }: LimitInput,
) {
  if (windowSeconds === undefined && burst != null)
    throw wrong(text, `leave burst out of a quota, or write ${name}=${limit}/1m for a rate`)
  if (windowSeconds !== undefined && overdraft != null)
    throw wrong(text, `leave overdraft out of a rate, or write ${name}=${limit}/month for a quota`)
  if (anchor != null && resets !== 'weekly' && resets !== 'monthly')
    throw wrong(text, 'write anchor only behind /week or /month')
}

function readSpan(
  text: Typed,
  name: string,
  amount: string,
  span: string | undefined,
): Pick<LimitInput, 'windowSeconds' | 'resets'> {
  if (span === undefined) return { resets: null }
  if (Object.hasOwn(periods, span)) return { resets: periods[span as keyof typeof periods] }
  const [, digits, unit] = /^(\d{1,7})([smhd])$/.exec(span) ?? []
  if (digits === undefined)
    throw wrong(
      text,
      `write ${name}=${amount}/1m for a rate (a number and s, m, h or d), or ${name}=${amount}/month for a quota (hour, day, ` +
        'week or month)',
    )
  const seconds = Number(digits) * windowSeconds[unit as keyof typeof windowSeconds]
  if (seconds < 1 || seconds > maxWindowSeconds) throw wrong(text, 'write a window from 1s to 30d')
  return { windowSeconds: seconds }
}

const suffixes = 'burst, anchor, overdraft and cost'

function readSuffix(text: Typed, key: string, value: string): Partial<LimitInput> {
  if (key === 'burst') return { burst: readUnits(text, value, 'burst=20') }
  if (key === 'overdraft') return { overdraft: readUnits(text, value, 'overdraft=100') }
  if (key === 'cost') return { defaultCost: readUnits(text, value, 'cost=0') }
  if (/^\d/.test(key)) throw wrong(text, 'write numbers without commas, such as requests=1000/1m')
  if (key !== 'anchor') throw wrong(text, `write ${suffixes} alone behind a comma`)
  const anchor = readInstant(value)
  if (anchor === undefined)
    throw wrong(text, 'write a day as anchor=2026-01-17, or an instant as anchor=2026-01-17T09:00:00Z')
  return { anchor }
}

function readUnits(text: Typed, digits: string, example: string): number {
  const units = /^\d{1,13}$/.test(digits) ? Number(digits) : Number.NaN
  if (units <= maxLimitUnits) return units
  throw wrong(text, `write a whole number from 0 to ${maxLimitUnits} as ${example}`)
}

function wrong({ typed, flag }: Typed, what: string): CommandError {
  return new CommandError(
    exitCodes.usage,
    `${flag} ${typed}: ${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
  )
}

/** Reads a value of `--cost`, beside those before it. Throws CommandError. */
export function readCost(text: string, before: Cost | undefined): Cost {
  const [, name, digits = ''] = /^(?:([^=]*)=)?(\d{1,13})$/.exec(text) ?? []
  const units = digits === '' ? Number.NaN : Number(digits)
  if (!(units <= maxLimitUnits) || (name !== undefined && !limitNamePattern.test(name)))
    throw new CommandError(
      exitCodes.usage,
      `--cost: Must be a whole number from 0 to ${maxLimitUnits}, or one of a limit by its name, such as credits=5.`,
    )
  const isFirst = before === undefined
  if (name === undefined && isFirst) return units
  if (name === undefined || typeof before === 'number' || (!isFirst && Object.hasOwn(before, name)))
    throw new CommandError(
      exitCodes.usage,
      '--cost: Give one number for every limit, or one for each limit by its name, each once.',
    )
  return { ...before, [name]: units }
}

/** Reads a number of units to add, negative to take away. Throws CommandError. */
export function readAdded(text: string): number {
  const units = /^[+-]?\d{1,13}$/.test(text) ? Number(text) : Number.NaN
  if (units !== 0 && Math.abs(units) <= maxLimitUnits) return units
  throw new CommandError(
    exitCodes.usage,
    `<units>: Must be a whole number of units, such as 500, or -500 to take them away; at most ${maxLimitUnits}, and not 0.`,
  )
}

/** A limit as it may be told: without a default that a shape fills in. */
type ToldLimit = Pick<
  LimitInput,
  'name' | 'limit' | 'windowSeconds' | 'resets' | 'overdraft' | 'defaultCost'
> & {
  burst?: number | null | undefined
  anchor?: Date | string | null | undefined
}

/** Writes a limit as {@link readLimit} reads it. */
export function formatLimit(limit: ToldLimit): string {
  const { name, burst, anchor, overdraft, defaultCost = 1 } = limit
  const parts = [
    `${name}=${formatAllowance(limit)}`,
    burst == null || burst === limit.limit ? '' : `burst=${burst}`,
    anchor == null ? '' : `anchor=${formatAnchor(new Date(anchor))}`,
    overdraft == null ? '' : `overdraft=${overdraft}`,
    defaultCost === 1 ? '' : `cost=${defaultCost}`,
  ]
  return parts.filter((part) => part !== '').join(',')
}

/** Writes how much a limit allows: `100/1m`, `10000/month`, `500`. */
function formatAllowance({ limit, windowSeconds: seconds, resets }: ToldLimit): string {
  if (seconds !== undefined) return `${limit}/${formatWindow(seconds)}`
  const period = Object.entries(periods).find(([, resetsOf]) => resetsOf === resets)?.[0]
  return period === undefined ? String(limit) : `${limit}/${period}`
}

function formatWindow(seconds: number): string {
  const units = Object.entries(windowSeconds).toReversed()
  const [unit, length] = units.find(([, length]) => seconds % length === 0) ?? ['s', 1]
  return `${seconds / length}${unit}`
}

function formatAnchor(anchor: Date): string {
  return anchor
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z')
}
