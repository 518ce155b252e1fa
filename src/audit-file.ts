// The audit log as lines of a file. What is JSON in an event is JSON in its cell.
import { csvRecord } from './csv.ts'
import { type AuditEvent, auditEventSchema } from './schemas.ts'
import { toSnakeCase, toWire } from './wire.ts'

/** How a file begins, and the line of each event. */
export interface AuditWriter {
  head: string
  write(event: AuditEvent): string
}

const columns = Object.keys(auditEventSchema.shape) as (keyof AuditEvent)[]

/** JSON, one event a line; and CSV (RFC 4180) under the wire's names, safe for spreadsheets. */
export const auditWriters = {
  jsonl: { head: '', write: (event) => `${JSON.stringify(toWire(event))}\n` },
  csv: {
    head: csvRecord(columns.map(toSnakeCase)),
    write: (event) => csvRecord(columns.map((column) => toCell(event[column]))),
  },
} as const satisfies Record<string, AuditWriter>

function toCell(value: AuditEvent[keyof AuditEvent]): string | null {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
