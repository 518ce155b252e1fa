// The types of columns, which each database names in its own way.
import type { RawBuilder } from 'kysely'

/** What the databases call the kinds of column. Only migrations need to know. */
export interface ColumnTypes {
  /** Unicode that compares byte by byte, so that it sorts alike on every database. */
  text: RawBuilder<unknown>
  /** A whole number of milliseconds since 1970, or a count. */
  instant: RawBuilder<unknown>
  bytes: RawBuilder<unknown>
  /** A whole number of 32 bits. */
  small: RawBuilder<unknown>
  /** A primary key of the same, numbered by the database, which gives no number twice. */
  identity: RawBuilder<unknown>
  /** The same of 64 bits, in the order in which statements asked for a number. */
  arrival: RawBuilder<unknown>
  /** Stands behind a table whose rows lie in the order of its primary key, as far as the database can. */
  byPrimaryKey: RawBuilder<unknown>
}
