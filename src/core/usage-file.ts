// Usage as lines of a file.
import { csvRecord } from './csv.ts'
import { type ExportedUsage, exportedUsageSchema } from './shapes/usage.ts'
import { toSnakeCase, toWire } from './wire.ts'

/** How a file begins, and the line of each row. */
export interface UsageWriter {
  head: string
  write(row: ExportedUsage): string
}

const columns = Object.keys(exportedUsageSchema.shape) as (keyof ExportedUsage)[]

/** JSON, one row a line; and CSV (RFC 4180) under the wire's names. */
export const usageWriters = {
  jsonl: { head: '', write: (row) => `${JSON.stringify(toWire(row))}\n` },
  csv: {
    head: csvRecord(columns.map(toSnakeCase)),
    write: (row) =>
      csvRecord(
        columns.map((column) => {
          const cell = row[column]
          return cell instanceof Date ? cell.toISOString() : cell === null ? null : String(cell)
        }),
      ),
  },
} as const satisfies Record<string, UsageWriter>
