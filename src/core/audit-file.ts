// The audit log as lines of a file. What is JSON in an event is JSON in its cell.
import { csvRecord } from './csv.ts'
import { type AuditEvent, auditEventSchema } from './shapes/audit.ts'
import { toSnakeCase, toWire } from './wire.ts'

/** How a file begins, and the line of each event. */
export interface AuditWriter {
  head: string
  write(event: AuditEvent): string
}

const columns = Object.keys(auditEventSchema.shape) as (keyof AuditEvent)[]

/** JSON, one event a line; and CSV (RFC 4180) under the wire's names, safe for spreadsheets. */
export const auditWriters = {
  jsonl: { head: '', write: (event) => `${toLine(toWire(event))}\n` },
  csv: {
    head: csvRecord(columns.map(toSnakeCase)),
    write: (event) => csvRecord(columns.map((column) => toCell(event[column]))),
  },
} as const satisfies Record<string, AuditWriter>

function toCell(value: AuditEvent[keyof AuditEvent]): string | null {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value
  // In much of Europe a spreadsheet parts cells by semicolons, quoted or not: what follows one could be a formula.
  return toLine(value).replaceAll(';', '\\u003b')
}

/** JSON that is one line to every reader: to many a language all of Unicode's line breaks are some. */
function toLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
