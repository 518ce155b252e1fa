// Usage as lines of a file.
import { csvRecord } from './csv.ts'
import { type ExportedUsage, exportedUsageSchema, type UsageRow, usageRowSchema } from './shapes/usage.ts'
import { toSnakeCase, toWire } from './wire.ts'

/** How a file begins, and the line of each row. */
export interface UsageWriter<Row = ExportedUsage> {
  head: string
  write(row: Row): string
}

/** CSV (RFC 4180) under the wire's names, safe for spreadsheets. */
function csvOf<Row extends object>(columns: readonly (keyof Row & string)[]): UsageWriter<Row> {
  return {
    head: csvRecord(columns.map(toSnakeCase)),
    write: (row) => csvRecord(columns.map((column) => toCell(row[column]))),
  }
}

function toCell(value: unknown): string | number | null {
  if (value === null || typeof value === 'number') return value
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(toWire(value)) : String(value)
}

/** JSON, one row a line; and CSV. */
export const usageWriters = {
  jsonl: { head: '', write: (row) => `${JSON.stringify(toWire(row))}\n` },
  csv: csvOf(Object.keys(exportedUsageSchema.shape) as (keyof ExportedUsage)[]),
} as const satisfies Record<string, UsageWriter>

/** Figures as CSV; refusals by code and units by limit are JSON in their cells. */
export const figureWriter = csvOf(Object.keys(usageRowSchema.shape) as (keyof UsageRow)[])
