// Rows of usage, as what was counted is added to them.
import { limitOfMeasure } from '../../core/measures.ts'
import type { UsageRow } from '../../core/shapes/usage.ts'

/** A row of a period without a call. */
export function newRow(start: number, id: string | null = null, name: string | null = null): UsageRow {
  return { start: new Date(start), id, name, calls: 0, valid: 0, refused: {}, units: [] }
}

/** Adds units of a limit or calls of a verdict, whichever a measure is of. */
export function addMeasure(row: UsageRow, measure: string, amount: number): void {
  const limit = limitOfMeasure(measure)
  if (limit === undefined) {
    addCalls(row, measure, amount)
    return
  }
  const known = row.units.find(({ scope, name }) => scope === limit.scope && name === limit.name)
  if (known === undefined) row.units.push({ ...limit, units: amount })
  else known.units += amount
}

/** Adds calls of a verdict. */
export function addCalls(row: UsageRow, code: string, calls: number): void {
  row.calls += calls
  if (code === 'valid') row.valid += calls
  else row.refused[code] = (row.refused[code] ?? 0) + calls
}
