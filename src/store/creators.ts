// Who has made what a row tells of.
import type { Creator, CreatorType } from '../core/actor.ts'
import { isId } from '../core/id-form.ts'

/** A creator as it lies in a row. */
interface CreatorColumns {
  created_by: string | null
  created_by_type: string | null
}

/** The columns of a creator. */
export function toColumns({ createdBy, createdByType }: Creator): CreatorColumns {
  return { created_by: createdBy, created_by_type: createdByType }
}

/** What kind of actor made a row; null for who held the database. */
export function creatorTypeOf({ created_by, created_by_type }: CreatorColumns): CreatorType | null {
  if (created_by === null) return null
  // A program that knows no members writes none: what has the form of our ids is a key's.
  return (created_by_type as CreatorType | null) ?? (isId(created_by) ? 'key' : 'user')
}
