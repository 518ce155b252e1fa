// Limits as a form holds them and as people read them. Pure.

import type { FieldError } from '../../src/core/errors.ts'
import { limitNamePattern } from '../../src/core/limits.ts'
import type { WireLimit, WireLimitInput, WirePlainLimit } from '../api.ts'
import { lengthOf } from './times.ts'

/** A limit in a form: what was typed. */
export interface LimitDraft {
  /** Tells drafts apart, whatever they are called. */
  id: string
  name: string
  units: string
  /** One of {@link spans}; for a rate of any other window, its seconds. */
  span: string
  /** What a bucket holds, of a rate; empty for as much as it gains in a window. */
  burst: string
  /** When a period of a weekly or monthly quota begins, an instant; empty for the calendar's. */
  anchor: string
  /** How far a settlement may draw a quota below zero; empty for as far as it must. */
  overdraft: string
  /** What a call draws that names no cost; empty for one unit. */
  cost: string
}

/** What a limit may be counted by: each with its words in a list. */
export const spans: readonly { group: string; options: readonly { value: string; label: string }[] }[] = [
  {
    group: 'A rate, gained evenly',
    options: [
      { value: '1', label: 'per second' },
      { value: '60', label: 'per minute' },
      { value: '3600', label: 'per hour' },
      { value: '86400', label: 'per day' },
    ],
  },
  {
    group: 'A quota, anew each',
    options: [
      { value: 'hourly', label: 'each hour' },
      { value: 'daily', label: 'each day' },
      { value: 'weekly', label: 'each week' },
      { value: 'monthly', label: 'each month' },
    ],
  },
  { group: 'A quota', options: [{ value: 'never', label: 'never resets' }] },
]

/** The words of a span, `per 90 seconds` for a window that no list has. */
export function spanLabel(span: string): string {
  const known = spans.flatMap(({ options }) => options).find(({ value }) => value === span)
  return known?.label ?? `per ${lengthOf(Number(span))}`
}

export function isRate(span: string): boolean {
  return /^\d+$/.test(span)
}

/** Whether a quota of this span may begin its periods at another instant than the calendar's. */
export function hasAnchor(span: string): boolean {
  return span === 'weekly' || span === 'monthly'
}

/** Whether a row has a value in one of the fields that are folded away. */
export function isSpecial({ span, burst, anchor, overdraft, cost }: LimitDraft): boolean {
  const own = isRate(span) ? burst : overdraft
  return [own, hasAnchor(span) ? anchor : '', cost].some((text) => text.trim() !== '')
}

/** The anchor of a day, by UTC; empty for none. */
export function anchorOn(day: string): string {
  return day === '' ? '' : `${day}T00:00:00.000Z`
}

let drafts = 0

/** An empty row of a form. */
export function newDraft(): LimitDraft {
  return {
    id: `new-${++drafts}`,
    name: '',
    units: '',
    span: '60',
    burst: '',
    anchor: '',
    overdraft: '',
    cost: '',
  }
}

/** The row of a limit that there is. */
export function toDraft(limit: WirePlainLimit): LimitDraft {
  const { name, window_seconds: window, resets, anchor, overdraft, default_cost: defaultCost } = limit
  return {
    id: name,
    name,
    units: String(limit.limit),
    span: window === undefined ? (resets ?? 'never') : String(window),
    burst: limit.burst === undefined || limit.burst === limit.limit ? '' : String(limit.burst),
    anchor: anchor ?? '',
    overdraft: overdraft === undefined ? '' : String(overdraft),
    cost: defaultCost === 1 ? '' : String(defaultCost),
  }
}

/** What is sent of a row in which nothing is wrong. */
export function toLimitInput({ name, units, span, cost, ...more }: LimitDraft): WireLimitInput {
  const defaultCost = readUnits(cost) ?? 1
  const shared = {
    name: name.trim(),
    limit: readUnits(units) ?? 0,
    ...(defaultCost !== 1 && { default_cost: defaultCost }),
  }
  if (isRate(span)) {
    const held = readUnits(more.burst)
    return { ...shared, window_seconds: Number(span), ...(held !== undefined && { burst: held }) }
  }
  const overdraft = readUnits(more.overdraft)
  return {
    ...shared,
    resets: span === 'never' ? null : (span as 'hourly'),
    ...(hasAnchor(span) && more.anchor !== '' && { anchor: more.anchor }),
    ...(overdraft !== undefined && { overdraft }),
  }
}

const mostUnits = 1e12
export const mostLimits = 8

/** Reads a whole number, which may be grouped: `10,000`. */
export function readUnits(text: string): number | undefined {
  const digits = text.replaceAll(/[\s,_'’]/g, '')
  const units = /^\d{1,13}$/.test(digits) ? Number(digits) : undefined
  return units !== undefined && units <= mostUnits ? units : undefined
}

/** What is wrong with a row, and in which of its fields. */
export interface RowFault {
  field: 'name' | 'units' | 'burst' | 'anchor' | 'overdraft' | 'cost'
  reason: string
}

/** What is wrong with a row among all rows, and in which of its fields; undefined if nothing is. */
export function draftFault(draft: LimitDraft, all: readonly LimitDraft[]): RowFault | undefined {
  const name = draft.name.trim()
  if (!limitNamePattern.test(name))
    return {
      field: 'name',
      reason: 'A name has 1 to 32 lower-case letters, digits and _, and begins with a letter.',
    }
  if (all.some((other) => other.id !== draft.id && other.name.trim() === name))
    return { field: 'name', reason: 'Another limit has this name.' }
  if (readUnits(draft.units) === undefined)
    return { field: 'units', reason: 'Enter a whole number, such as 100.' }
  if (isRate(draft.span) && draft.burst.trim() !== '' && readUnits(draft.burst) === undefined)
    return { field: 'burst', reason: 'Enter a whole number of units at once, or nothing.' }
  if (!isRate(draft.span) && draft.overdraft.trim() !== '' && readUnits(draft.overdraft) === undefined)
    return { field: 'overdraft', reason: 'Enter a whole number of units below zero, or nothing.' }
  if (draft.cost.trim() !== '' && readUnits(draft.cost) === undefined)
    return { field: 'cost', reason: 'Enter a whole number of units for each call, or nothing for 1.' }
  return undefined
}

/** What the server says of a list of limits, of those of them that it can be told at. */
export interface LimitRefusal {
  /** The limit as it was sent; undefined for what is said of the whole list. */
  name: string | undefined
  field: RowFault['field'] | undefined
  reason: string
}

const rowFields: Record<string, RowFault['field']> = {
  name: 'name',
  limit: 'units',
  burst: 'burst',
  anchor: 'anchor',
  overdraft: 'overdraft',
  default_cost: 'cost',
}

/** What a refusal says of the limits that were sent in a field: `limits[1].burst` is the burst of the second. */
export function limitRefusals(
  errors: readonly FieldError[],
  list: 'limits' | 'key_limits',
  sent: readonly WireLimitInput[],
): LimitRefusal[] {
  return errors.flatMap(({ path, message }) => {
    const [, name = '', index, field = ''] = /^(\w+)(?:\[(\d+)\])?(?:\.(\w+))?$/.exec(path) ?? []
    if (name !== list) return []
    return [{ name: sent[Number(index)]?.name, field: rowFields[field], reason: message }]
  })
}

export function draftsAreFaulty(all: readonly LimitDraft[]): boolean {
  return all.some((draft) => draftFault(draft, all) !== undefined)
}

/** Whether two lists of rows would be sent as the same. */
export function isSameDrafts(a: readonly LimitDraft[], b: readonly LimitDraft[]): boolean {
  return JSON.stringify(a.map(toLimitInput)) === JSON.stringify(b.map(toLimitInput))
}

/** A limit as it is told, or as it is sent. */
export type EditableLimit = WirePlainLimit | WireLimitInput

/** Tells whether two lists of limits are of the same limits, whatever is left of them. */
export function isSameLimits(a: readonly EditableLimit[], b: readonly EditableLimit[]): boolean {
  const draftsOf = (limits: readonly EditableLimit[]) =>
    limits.map((limit) => toDraft({ default_cost: 1, ...limit } as WirePlainLimit))
  return isSameDrafts(draftsOf(a), draftsOf(b))
}

/** The limits as they are now, with what the form changed, added and took away. */
export function mergeLimits(
  opened: readonly WirePlainLimit[],
  edited: readonly LimitDraft[],
  now: readonly WirePlainLimit[],
): WireLimitInput[] {
  const before = new Map(opened.map((limit) => [limit.name, JSON.stringify(toLimitInput(toDraft(limit)))]))
  const inputs = edited.map(toLimitInput)
  const changed = new Map(
    inputs
      .filter((input) => before.get(input.name) !== JSON.stringify(input))
      .map((input) => [input.name, input]),
  )
  const isRemoved = (name: string) => before.has(name) && !inputs.some((input) => input.name === name)
  const kept = now
    .filter(({ name }) => !isRemoved(name))
    .map((limit) => changed.get(limit.name) ?? toLimitInput(toDraft(limit)))
  return [...kept, ...[...changed.values()].filter(({ name }) => !kept.some((limit) => limit.name === name))]
}

const counts = new Intl.NumberFormat('en')

/** `10,000` */
export function countOf(units: number): string {
  return counts.format(units)
}

/** `100 per minute, at most 20 at once`; `10,000 each month`. */
export function allowanceOf(limit: WirePlainLimit): string {
  const { span, burst } = toDraft(limit)
  const atOnce = burst === '' ? '' : `, at most ${countOf(Number(burst))} at once`
  return span === 'never'
    ? `${countOf(limit.limit)} at first, never reset`
    : `${countOf(limit.limit)} ${spanLabel(span)}${atOnce}`
}

/** What an event of the audit log tells of limits: `requests: 100 per minute; credits: 10,000 each month`. */
export function limitsInShort(limits: unknown): string {
  const known = Array.isArray(limits) ? (limits as WireLimit[]) : []
  return known.map((limit) => `${limit.name}: ${allowanceOf(limit)}`).join('; ') || 'None'
}

/** How many units there are at most: of a quota, those that were added too. */
export function capacityOf({ limit, burst, remaining }: WireLimit): number {
  return Math.max(burst ?? limit, remaining)
}
