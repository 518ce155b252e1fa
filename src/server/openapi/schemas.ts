// Shapes as JSON Schema, in the wire's names. A shape that carries an `id` is told once, by that name.
import { z } from 'zod'
import { errorTable } from '../../core/errors.ts'
import { toSnakeCase, toWire } from '../../core/wire.ts'

export type JsonSchema = Record<string, unknown>

/** Bodies are told as they are sent, answers as they come. */
type Direction = 'input' | 'output'

const requestId = '3f0c9f0e-6f1a-4f0b-8a57-0d0c5c1e2b11'

/** The shape of every problem (RFC 9457). */
const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Names the kind of problem; a URI.' }),
    title: z.string().meta({ description: 'The same for every problem of this code.' }),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong with this request.' }),
    code: z
      .enum(Object.keys(errorTable) as [string])
      .meta({ description: 'Stable; see docs/reference/errors.md.' }),
    requestId: z.string(),
    errors: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each field at fault, for `invalid_input`.' }),
    methods: z
      .array(z.enum(['token']))
      .optional()
      .meta({ description: 'How to sign in again, for `fresh_sign_in_required`.' }),
  })
  .meta({ id: 'Problem', examples: [problemExample('key_not_found')] })

/** A problem of a code as an example. */
export function problemExample(code: keyof typeof errorTable): JsonSchema {
  const [status, title] = errorTable[code]
  return {
    type: `urn:latchkey:error:${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    request_id: requestId,
    ...(code === 'invalid_input' && {
      errors: [{ path: 'name', message: 'A text of 1 to 256 characters.' }],
    }),
    ...(code === 'fresh_sign_in_required' && { methods: ['token'] }),
  }
}

/** The shapes of a document, gathered while it is written: it tells each that has a name once, and refers to it. */
export class NamedSchemas {
  readonly #found = new Map<string, JsonSchema>()

  /** A shape for use somewhere in the document, in the wire's names. */
  refer(schema: z.ZodType, direction: Direction): JsonSchema {
    const { $schema, $defs, ...plain } = z.toJSONSchema(schema, {
      io: direction,
      unrepresentable: 'any',
      // Zod leaves out the examples of what is given as a text and read as a Date.
      override: ({ zodSchema, jsonSchema }) => {
        const { id, examples } = z.globalRegistry.get(zodSchema) ?? {}
        if (id !== undefined && examples !== undefined) jsonSchema.examples = toWire(examples) as never
      },
    })
    for (const [name, { id, ...shape }] of Object.entries($defs ?? {}))
      this.#found.set(name, underWireNames(shape) as JsonSchema)
    return underWireNames(plain) as JsonSchema
  }

  /** All that have a name, and the problem that every call may answer with, in the order of their names. */
  all(): Record<string, JsonSchema> {
    this.refer(problemSchema, 'output')
    return Object.fromEntries([...this.#found].sort(([one], [other]) => (one < other ? -1 : 1)))
  }
}

function underWireNames(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(underWireNames)
  if (typeof node !== 'object' || node === null) return node
  const { properties, required, example, $ref, propertyNames: _, ...rest } = node as JsonSchema
  if (typeof $ref === 'string') return { ...rest, $ref: $ref.replace('#/$defs/', '#/components/schemas/') }
  // What is an instant takes several forms in TypeScript, and one on the wire.
  if (rest.format === 'date-time') {
    const { description } = rest
    return {
      type: 'string',
      format: 'date-time',
      ...(description !== undefined && { description }),
      examples: [example],
    }
  }
  const plain = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, name === 'default' ? value : underWireNames(value)]),
  )
  return {
    ...plain,
    ...(example !== undefined && { examples: [example] }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as JsonSchema).map(([name, value]) => [
          toSnakeCase(name),
          underWireNames(value),
        ]),
      ),
    }),
    ...(required !== undefined && { required: (required as string[]).map(toSnakeCase) }),
  }
}
