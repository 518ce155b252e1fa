// The schema of a database as it is found, before anything is done to it.

/** What a database says of its schema. */
export interface SchemaFound {
  version: number
  /** The lowest version that a program must know to work on it; null if it is older than this was written down. */
  oldest: number | null
}

/** Reads {@link SchemaFound}; before a table's name comes that of its schema with a dot, or nothing. */
export function schemaQuery(prefix: string): string {
  return `select version, (select oldest_compatible from ${prefix}schema_compatibility as known
    where known.version = found.version) as oldest from ${prefix}schema_version as found`
}
