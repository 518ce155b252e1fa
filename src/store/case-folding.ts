// Names without case: what is searched and sorted in their place, alike on every database.
import { type RawBuilder, type SqlBool, sql } from 'kysely'

import { maxDescriptionLength } from '../core/bounds.ts'

const longestFolded = 256

/** Folds a name. SQLite's own `lower` knows ASCII alone. */
export function fold(name: string, longest = longestFolded): string {
  // One character can unfold into eighteen; an index entry and a cursor must stay small.
  return [...name.normalize('NFKC').toLowerCase()].slice(0, longest).join('')
}

/** The same for a description, of which there is no index. */
export function foldDescription(description: string): string {
  return fold(description, maxDescriptionLength)
}

/** Tells, in SQL, whether a folded column holds a text; no character of it is a wildcard. */
export function holds(
  column: 'name_folded' | 'description_folded' | 'id',
  text: string,
): RawBuilder<SqlBool> {
  const pattern = `%${fold(text, column === 'description_folded' ? maxDescriptionLength : longestFolded).replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  // Ids are ASCII, which every database's own `lower` knows.
  const folded = column === 'id' ? sql`lower(${sql.ref(column)})` : sql.ref(column)
  return sql<SqlBool>`${folded} like ${pattern} escape '\\'`
}
