// Edits of what somebody else has edited meanwhile, which are refused if their caller asks for that.
import { LatchkeyError } from '../core/errors.ts'
import type { EditOptions } from '../core/shapes/calls.ts'

/**
 * Throws `precondition_failed` unless a row is of the revision that its editor has seen, if it names one. The row's lock must be
 * held: then nobody edits it before this edit is done.
 */
export function requireRevision(
  { revision }: { revision: number },
  { ifRevision }: Pick<EditOptions, 'ifRevision'>,
): void {
  if (ifRevision === undefined || [ifRevision].flat().includes(String(revision))) return
  throw new LatchkeyError(
    'precondition_failed',
    'It has been edited since it was read. Nothing was changed. Read it again, and edit what it is now.',
  )
}
