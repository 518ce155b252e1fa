// Checks what a caller gives against its shape, and says of each fault where it is.
import type { z } from 'zod'
import { maxFieldErrors } from './bounds.ts'
import { describeFaults, type FieldError, LatchkeyError, pathOf } from './errors.ts'
import { distanceOf, isOpaque } from './options.ts'
import { toSnakeCase } from './wire.ts'

/** Checks an input against its schema. Throws `invalid_input` with a path and a sentence for each of the first 32 faults. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  if (isOpaque(input) && !Array.isArray(input)) throw refused([{ path: '', message: 'A JSON object.' }])
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const errors: FieldError[] = []
  for (const issue of result.error.issues) {
    const room = maxFieldErrors - errors.length
    if (room === 0) break
    errors.push(...describeIssue(schema, issue, room))
  }
  throw refused(errors)
}

/** What is wrong by an issue, of as many fields as there is room for: to find out what was meant takes time. */
function describeIssue(schema: z.ZodType, issue: z.core.$ZodIssue, room: number): FieldError[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ path: pathOf(issue.path), message: isNoObject(issue) ? 'A JSON object.' : issue.message }]
  const known = fieldsAt(schema, issue.path)
  return issue.keys
    .slice(0, room)
    .map((key) => ({ path: pathOf([...issue.path, key]), message: describeUnknown(key, known) }))
}

/** Names the field that was meant, if one is much like it or begins with it: `windowSeconds` for `window`. */
function describeUnknown(name: string, known: readonly string[]): string {
  const meant =
    known.find((field) => toSnakeCase(field).startsWith(`${name}_`)) ??
    known.find((field) => distanceOf(name, field) <= 2)
  return meant === undefined ? 'Unknown field.' : `Unknown field. Did you mean ${meant}?`
}

/** The fields that a shape has at a path. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: Shape | undefined = bare(schema)
  for (const step of path) at = bare(typeof step === 'number' ? at?.element : at?.shape?.[String(step)])
  return Object.keys(at?.shape ?? {})
}

/** What a schema has that is an object, a list, or one of these that may be absent. */
interface Shape {
  shape?: Record<string, unknown>
  element?: unknown
  def?: { innerType?: unknown }
}

function bare(schema: unknown): Shape | undefined {
  let at = schema as Shape | undefined
  while (at?.def?.innerType !== undefined) at = at.def.innerType as Shape
  return at
}

function refused(errors: FieldError[]): LatchkeyError {
  return new LatchkeyError('invalid_input', describeFaults(errors), { errors })
}

// The one fault that the schemas have no sentence of their own for.
function isNoObject(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'object'
}
