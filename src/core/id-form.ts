// The forms of ids: what is of another form is unknown without asking a database.
import { maxOrganizationIdLength } from './bounds.ts'

/** Tells whether something has the form of our ids; any other is unknown without asking a database. */
export function isId(id: unknown): boolean {
  // A list of one id would be taken for its text.
  return typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
}

/** Neither `.` nor `..`, which URLs resolve: written without a lookahead, which not every generated client understands. */
export const organizationIdPattern = /^(?:\.{0,2}[A-Za-z0-9_-]|\.{3})[A-Za-z0-9_.-]*$/

/** Tells whether a value has the form of an organization's id. */
export function isOrganizationId(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= maxOrganizationIdLength && organizationIdPattern.test(value)
  )
}
