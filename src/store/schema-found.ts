// The schema of a database as it is found, before anything is done to it.
import { schemaVersion } from './migrations/migrations.ts'

/** What a database says of its schema. */
export interface SchemaFound {
  version: number
  /** Whether this program may work on it, as it is or once it is migrated. */
  isFit: boolean
}

/** Reads the first row of a statement's answer. */
type ReadRow = (statement: string) => Promise<Record<string, unknown> | undefined>

/**
 * Finds out the schema of a database that has Latchkey's tables, whose names stand behind a prefix: that of their schema with a dot,
 * or nothing. Only a newer one is asked with which programs it goes: the oldest do not have that table.
 */
export async function findSchema(prefix: string, readRow: ReadRow): Promise<SchemaFound> {
  const version = Number((await readRow(`select version from ${prefix}schema_version`))?.version ?? 0)
  if (version <= schemaVersion) return { version, isFit: true }
  const known = await readRow(
    `select oldest_compatible as oldest from ${prefix}schema_compatibility where version = ${version}`,
  )
  return { version, isFit: known !== undefined && Number(known.oldest) <= schemaVersion }
}
