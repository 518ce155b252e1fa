// Checks what a caller gives against its shape, and says of each fault where it is.
import type { z } from 'zod'
import { describeFaults, type FieldError, LatchkeyError, pathOf } from './errors.ts'
import { isOpaque } from './options.ts'

/** Checks an input against its schema. Throws `invalid_input` with a path and a sentence for each fault. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  if (isOpaque(input) && !Array.isArray(input)) throw refused([{ path: '', message: 'A JSON object.' }])
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'Unknown field.' }))
      : [{ path: pathOf(issue.path), message: isNoObject(issue) ? 'A JSON object.' : issue.message }],
  )
  throw refused(errors)
}

function refused(errors: FieldError[]): LatchkeyError {
  return new LatchkeyError('invalid_input', describeFaults(errors), { errors })
}

// The one fault that the schemas have no sentence of their own for.
function isNoObject(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'object'
}
