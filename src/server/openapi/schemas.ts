// Shapes as JSON Schema, in the wire's names. A shape that carries an `id` is told once, by that name.
//
// The document is for generators of clients, and says only what all of those understand that `npm run test:generators` tries:
// 1. What a field is if absent stands in its description. From a `default` in a body, some make a required field.
// 2. A field of one value has no `const`: booleans are plain, texts have an `enum`. Some take `true` for any boolean, or for
//    none at all.
// 3. A union names its parts, and the field by which they are told apart.
// 4. Nothing is `readOnly`: some leave that out of what they decode.
// 5. Answers may have more fields than the document names, which later versions add; bodies may not.
import { z } from 'zod'
import { errorTable } from '../../core/errors.ts'
import { policyRules } from '../../core/policy-rules.ts'
import { toSnakeCase, toWire } from '../../core/wire.ts'
import { oauthErrors } from '../../http/oauth-refusals.ts'

export type JsonSchema = Record<string, unknown>

/** Bodies are told as they are sent, answers as they come. */
type Direction = 'input' | 'output'

const requestId = '3f0c9f0e-6f1a-4f0b-8a57-0d0c5c1e2b11'

/** The shape of every problem (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Names the kind of problem; a URI.' }),
    title: z.string().meta({ description: 'The same for every problem of this code.' }),
    status: z.int().min(400).max(599),
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
    resourceId: z
      .string()
      .optional()
      .meta({ description: 'What was made before, for `idempotency_sealed`.' }),
    rule: z
      .enum(policyRules)
      .optional()
      .meta({ description: 'The rule that the key would break, for `policy`.' }),
    organizations: z
      .array(z.strictObject({ id: z.string(), name: z.string() }))
      .optional()
      .meta({ description: 'For which organizations the caller may act, for `organization_required`.' }),
  })
  .meta({ id: 'Problem', examples: [problemExample('key_not_found')] })

/** The shape of the errors of OAuth 2.0 (RFC 6749, section 5.2). */
export const oauthErrorSchema = z
  .object({
    error: z.enum(oauthErrors).meta({ description: 'What went wrong, in one word.' }),
    errorDescription: z.string().meta({ description: 'What is wrong with this request.' }),
  })
  .meta({
    id: 'OauthError',
    examples: [{ error: 'invalid_request', errorDescription: 'token: Must be the token.' }],
  })

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
    ...(code === 'idempotency_sealed' && { resource_id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e' }),
    ...(code === 'policy' && { rule: 'max_keys' }),
    ...(code === 'fresh_sign_in_required' && { methods: ['token'] }),
    ...(code === 'organization_required' && { organizations: [{ id: 'acme', name: 'Acme' }] }),
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
        if (direction === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties
        const { id, examples } = z.globalRegistry.get(zodSchema) ?? {}
        if (id !== undefined && examples !== undefined) jsonSchema.examples = toWire(examples) as never
      },
    })
    for (const [name, { id, ...shape }] of Object.entries($defs ?? {}))
      this.#found.set(name, underWireNames(shape) as JsonSchema)
    return underWireNames(plain) as JsonSchema
  }

  /** All that have a name, in the order of their names. */
  all(): Record<string, JsonSchema> {
    const named = [...this.#found].sort(([one], [other]) => (one < other ? -1 : 1))
    return Object.fromEntries(named.map(([name, schema]) => [name, this.#mapParts(schema)]))
  }

  /** Tells which part of a union each value of its discriminator stands for. */
  #mapParts(schema: JsonSchema): JsonSchema {
    const { discriminator: propertyName } = schema
    if (typeof propertyName !== 'string') return schema
    const mapping = (schema.anyOf as { $ref: string }[]).flatMap(({ $ref }) => {
      const part = this.#found.get($ref.split('/').at(-1) as string) as JsonSchema
      const fields = part.properties as Record<string, { enum?: string[] }>
      return (fields[propertyName]?.enum ?? []).map((value) => [value, $ref])
    })
    return { ...schema, discriminator: { propertyName, mapping: Object.fromEntries(mapping) } }
  }
}

function underWireNames(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(underWireNames)
  if (typeof node !== 'object' || node === null) return node
  const { properties, required, example, examples, $ref, ...rest } = node as JsonSchema
  if (typeof $ref === 'string') return { ...rest, $ref: $ref.replace('#/$defs/', '#/components/schemas/') }
  // What is an instant takes several forms in TypeScript, and one on the wire.
  const plain =
    rest.format === 'date-time'
      ? { type: 'string', format: 'date-time', ...described(rest) }
      : { ...ofOneValue(inBounds(rest)), ...described(rest) }
  const { default: _, readOnly: __, propertyNames: ___, ...kept } = plain as JsonSchema
  const told = examples ?? (example === undefined ? undefined : [example])
  return {
    ...Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, underWireNames(value)])),
    ...(told !== undefined && { examples: told }),
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

/** The description of a shape, with what is not told in any other form. */
function described({ description, default: standard, const: only }: JsonSchema): JsonSchema {
  const sentences = [
    description,
    typeof only === 'boolean' ? `Always \`${only}\`.` : undefined,
    standard === undefined ? undefined : `If absent: \`${JSON.stringify(standard).replaceAll('"', '')}\`.`,
  ].filter((sentence) => sentence !== undefined)
  return sentences.length === 0 ? {} : { description: sentences.join(' ') }
}

function ofOneValue({ const: only, ...schema }: JsonSchema): JsonSchema {
  return typeof only === 'string' ? { ...schema, enum: [only] } : schema
}

/** Whole numbers without a bound of their own have those of a double, which says nothing: they are of 64 bits. */
function inBounds({ minimum, maximum, ...schema }: JsonSchema): JsonSchema {
  const isUnbounded = schema.type === 'integer' && maximum === Number.MAX_SAFE_INTEGER
  return {
    ...schema,
    ...(isUnbounded && { format: 'int64' }),
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && !isUnbounded && { maximum }),
  }
}
