// The types of columns, which each database names in its own way.
import type { RawBuilder } from 'kysely'

/** What the databases call the three kinds of column. Only migrations need to know. */
export interface ColumnTypes {
  /** Unicode that compares byte by byte, so that it sorts alike on every database. */
  text: RawBuilder<unknown>
  /** A whole number of milliseconds since 1970, or a count. */
  instant: RawBuilder<unknown>
  bytes: RawBuilder<unknown>
}
