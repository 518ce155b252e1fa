// Names without case: what is searched and sorted in their place, alike on every database.
import { type RawBuilder, type SqlBool, sql } from 'kysely'

const longestFolded = 256

/** Folds a name. SQLite's own `lower` knows ASCII alone. */
export function fold(name: string): string {
  // One character can unfold into eighteen; an index entry and a cursor must stay small.
  return [...name.normalize('NFKC').toLowerCase()].slice(0, longestFolded).join('')
}

/** Tells, in SQL, whether a folded column holds a text; no character of it is a wildcard. */
export function holds(column: 'name_folded' | 'id', text: string): RawBuilder<SqlBool> {
  const pattern = `%${fold(text).replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  // Ids are ASCII, which every database's own `lower` knows.
  const folded = column === 'id' ? sql`lower(${sql.ref(column)})` : sql.ref(column)
  return sql<SqlBool>`${folded} like ${pattern} escape '\\'`
}
