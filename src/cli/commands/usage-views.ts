// Usage as people see it: a row for each period or group, with a bar behind it.
import { Option } from 'commander'
import type { UsageFigures, UsageGroup, UsagePeriod, UsageRow } from '../../core/shapes/usage.ts'
import { drawBar } from '../kit/bars.ts'
import { formatFields, print, printNote } from '../kit/output.ts'
import { type Column, printTable, wideOption } from '../kit/table.ts'
import { owners } from './limit-views.ts'

/** The texts of what figures are asked for by, of all keys and of one. */
export const figureTexts = {
  since: 'from the period that holds this instant on (default: 30 days before --until)',
  until: 'up to the period that holds the instant before this one (default: now)',
  by: 'a row for each hour, day or month, by UTC, or total (default: day, and total with --group)',
  sort: 'the groups with most calls first (-calls), or with most valid (-valid) or refused ones (-refused)',
  limit: 'maximum number of groups (default: 10)',
}

/** `--csv` and `-o wide`, which commands have that print figures. */
export function figureOptions(): Option[] {
  return [new Option('--csv', 'print CSV that a spreadsheet can open').conflicts('json'), wideOption()]
}

/** What figures are asked for by, and what a table of them is for. */
interface Asked {
  by?: UsagePeriod | undefined
  group?: UsageGroup | undefined
}

/** Groups are compared over the whole range, unless periods are asked for. */
export function asAsked<Input extends Asked>(input: Input): Input {
  const { group = 'none' } = input
  return group === 'none' ? input : { by: 'total', ...input }
}

/** What `--group` calls a row: its heading, what stands there for null, and whether it has a name and units too. */
const groups: Partial<Record<UsageGroup, { heading: string; none: string; isOwner?: true }>> = {
  key: { heading: 'KEY', none: 'no key', isOwner: true },
  organization: { heading: 'ORGANIZATION', none: 'no key', isOwner: true },
  code: { heading: 'CODE', none: '' },
  permission: { heading: 'PERMISSION', none: 'unknown' },
}

/** Prints figures; without groups also what they come to. */
export async function printFigures(
  { rows, asOf }: UsageFigures,
  { by = 'day', group = 'none' }: Asked,
  { csv, output }: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (csv) {
    const { figureWriter } = await import('../../core/usage-file.ts')
    process.stdout.write(figureWriter.head + rows.map(figureWriter.write).join(''))
    return
  }
  if (rows.length === 0) return printNote('No calls.')
  const max = rows.reduce((most, { calls }) => Math.max(most, calls), 0)
  printTable(columnsOf(by, group), rows, {
    isWide: output === 'wide',
    draw: ({ calls, valid }, width) => drawBar({ value: calls, refused: calls - valid, max }, width),
  })
  if (!(group in groups)) print('', ...formatFields(sumFields(rows)))
  // Rows by period name theirs.
  const [whole] = by === 'total' ? rows : []
  const since = whole === undefined ? '' : `From ${whole.start.toISOString()} on. `
  printNote(`${since}As of ${asOf.toISOString()}. Processes write what they count within ten seconds.`)
}

function columnsOf(by: UsagePeriod, group: UsageGroup): Column<UsageRow>[] {
  const columns: Column<UsageRow>[] = []
  if (by !== 'total')
    columns.push({ heading: `${by.toUpperCase()} (UTC)`, value: ({ start }) => formatStart(start, by) })
  const kind = groups[group]
  if (kind) columns.push({ heading: kind.heading, value: ({ id }) => id ?? kind.none })
  if (kind?.isOwner)
    columns.push({ heading: 'NAME', value: ({ name }) => name ?? '', shrinks: true, leaves: 2 })
  columns.push({ heading: 'CALLS', value: ({ calls }) => String(calls), isNumber: true })
  if (group !== 'code')
    columns.push(
      { heading: 'VALID', value: ({ valid }) => String(valid), isNumber: true, leaves: 3 },
      { heading: 'REFUSED', value: ({ calls, valid }) => String(calls - valid), isNumber: true },
    )
  if (kind?.isOwner) columns.push({ heading: 'UNITS', value: ({ units }) => describeUnits(units), leaves: 1 })
  return columns
}

const lengths = { hour: 16, day: 10, month: 7 } as const

/** As much of an instant as names the period: `2026-01-31 12:00`, `2026-01-31`, `2026-01`. */
function formatStart(start: Date, by: keyof typeof lengths): string {
  return start.toISOString().slice(0, lengths[by]).replace('T', ' ')
}

/** What rows come to: refusals by code, and units by limit. */
function sumFields(rows: readonly UsageRow[]): [string, string][] {
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0)
  const refused = new Map<string, number>()
  const units = new Map<string, Units>()
  for (const row of rows) {
    for (const [code, calls] of Object.entries(row.refused))
      refused.set(code, (refused.get(code) ?? 0) + calls)
    for (const one of row.units) {
      const place = `${one.scope} ${one.name}`
      units.set(place, { ...one, units: one.units + (units.get(place)?.units ?? 0) })
    }
  }
  const byCode = [...refused].sort(([, a], [, b]) => b - a).map(([code, calls]) => `${code} ${calls}`)
  return [
    ['Calls', String(sum(rows.map(({ calls }) => calls)))],
    ['Valid', String(sum(rows.map(({ valid }) => valid)))],
    ['Refused', byCode.join(', ') || '0'],
    ...(units.size > 0 ? [['Units', describeUnits([...units.values()])] as [string, string]] : []),
  ]
}

type Units = UsageRow['units'][number]

function describeUnits(units: readonly Units[]): string {
  return units.map(({ scope, name, units }) => `${name} of the ${owners[scope]} ${units}`).join(', ')
}
