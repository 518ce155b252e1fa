// The shapes of `core/schemas.ts` as JSON Schema, in the wire's names, each with an example.
import { z } from 'zod'
import { errorTable } from '../../core/errors.ts'
import {
  appliedSchema,
  auditEventSchema,
  createdKeySchema,
  createKeySchema,
  createOrganizationSchema,
  factsSchema,
  keyDetailsSchema,
  keySchema,
  latestSchema,
  organizationSchema,
  permissionUseSchema,
  readFactsSchema,
  rotateKeySchema,
  secretSchema,
  sessionSchema,
  startedSessionSchema,
  updateKeySchema,
  updateOrganizationSchema,
  useSchema,
  verdictSchema,
  verifyRequestSchema,
} from '../../core/schemas.ts'
import { toSnakeCase } from '../../core/wire.ts'
import { changeDoneSchema, changedKeySchema, doneSchema, rotatedKeySchema } from '../routes/keys.ts'
import { statusSchema } from '../routes/operation.ts'

export type JsonSchema = Record<string, unknown>

const keyExample = {
  id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  organization_id: 'acme',
  name: 'CI',
  permissions: ['emails:send'],
  last_used_at: '2026-02-01T08:30:00.000Z',
  created_by: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  created_at: '2026-01-31T12:00:00.000Z',
  revoked_at: null,
  hint: 're_4kTz9WqLm2Xc7RbN…',
  status: 'active',
  expires_at: null,
  metadata: { team: 'infrastructure' },
}

const secretExample = {
  kid: '4kTz9WqLm2Xc7RbN',
  hint: keyExample.hint,
  created_at: keyExample.created_at,
  expires_at: null,
  last_used_at: keyExample.last_used_at,
}

const requestId = '3f0c9f0e-6f1a-4f0b-8a57-0d0c5c1e2b11'

const appliedExample = { confirmed: true, milliseconds: 7, silent: [] }

/** The shape of every problem (RFC 9457). */
const problemSchema = z.object({
  type: z.string().meta({ description: 'Names the kind of problem; a URI.' }),
  title: z.string().meta({ description: 'The same for every problem of this code.' }),
  status: z.int(),
  detail: z.string().meta({ description: 'What is wrong this time.' }),
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
    .meta({ description: 'How to sign in afresh, for `fresh_sign_in_required`.' }),
})

interface Component {
  schema: z.ZodType
  io?: 'input'
  example: unknown
}

/** The named shapes of the document. Bodies are shown as they are sent, answers as they come. */
const components: Record<string, Component> = {
  CreateKey: {
    schema: createKeySchema,
    io: 'input',
    example: { name: 'CI', permissions: ['emails:send'], organization_id: 'acme' },
  },
  UpdateKey: { schema: updateKeySchema, io: 'input', example: { expires_at: '2030-01-31T12:00:00.000Z' } },
  RotateKey: { schema: rotateKeySchema, io: 'input', example: { grace_seconds: 86400 } },
  VerifyKey: {
    schema: verifyRequestSchema,
    io: 'input',
    example: { key: 're_…', permissions: ['emails:send'] },
  },
  CreateOrganization: {
    schema: createOrganizationSchema,
    io: 'input',
    example: { id: 'acme', name: 'Acme' },
  },
  UpdateOrganization: { schema: updateOrganizationSchema, io: 'input', example: { name: 'Acme, Inc.' } },
  Key: { schema: keySchema, example: keyExample },
  CreatedKey: { schema: createdKeySchema, example: { ...keyExample, key: 're_…' } },
  ChangedKey: { schema: changedKeySchema, example: keyExample },
  RotatedKey: { schema: rotatedKeySchema, example: { ...keyExample, key: 're_…' } },
  KeyDetails: { schema: keyDetailsSchema, example: { ...keyExample, secrets: [secretExample] } },
  KeySecret: { schema: secretSchema, example: secretExample },
  PermissionUse: { schema: permissionUseSchema, example: { permission: 'emails:send', keys: 12 } },
  Verdict: {
    schema: verdictSchema,
    example: {
      valid: true,
      code: 'valid',
      key_id: keyExample.id,
      organization_id: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
      expires_at: null,
      metadata: {},
    },
  },
  Organization: {
    schema: organizationSchema,
    example: { id: 'acme', name: 'Acme', created_at: keyExample.created_at },
  },
  AuditEvent: {
    schema: auditEventSchema,
    example: {
      id: '0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
      at: keyExample.created_at,
      action: 'key.revoked',
      actor: keyExample.created_by,
      actor_type: 'key',
      organization_id: 'acme',
      key_id: keyExample.id,
      changes: { revoked_at: '2026-03-01T09:00:00.000Z' },
      request_id: requestId,
      ip: '203.0.113.7',
    },
  },
  Session: {
    schema: sessionSchema,
    example: {
      id: '0198f3a2-5c1b-7000-8000-1a2b3c4d5e6f',
      created_at: '2026-01-31T12:00:00.000Z',
      last_seen_at: '2026-01-31T12:34:00.000Z',
      expires_at: '2026-02-01T00:00:00.000Z',
      idle_expires_at: '2026-01-31T13:34:00.000Z',
      ip: '203.0.113.7',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      current: true,
      fresh_until: '2026-01-31T12:10:00.000Z',
    },
  },
  StartedSession: {
    schema: startedSessionSchema,
    example: {
      id: '0198f3a2-5c1b-7000-8000-1a2b3c4d5e6f',
      created_at: '2026-01-31T12:00:00.000Z',
      last_seen_at: '2026-01-31T12:00:00.000Z',
      expires_at: '2026-02-01T00:00:00.000Z',
      idle_expires_at: '2026-01-31T13:00:00.000Z',
      ip: '203.0.113.7',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      current: true,
      fresh_until: '2026-01-31T12:10:00.000Z',
      page_value: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA',
    },
  },
  LatestChange: { schema: latestSchema, example: { sequence: 4711, age_ms: 12 } },
  ReadFacts: { schema: readFactsSchema, io: 'input', example: { key: 're_…' } },
  Facts: {
    schema: factsSchema,
    example: {
      sequence: 4711,
      age_ms: 12,
      secret: {
        key_id: keyExample.id,
        organization_id: 'acme',
        name: 'CI',
        permissions: ['emails:send'],
        expires_at: null,
        metadata: {},
        revoked_at: null,
        grace_ends_at: null,
        is_ended: false,
      },
    },
  },
  Use: { schema: useSchema, io: 'input', example: { kid: secretExample.kid, at: keyExample.last_used_at } },
  Done: { schema: doneSchema, example: { success: true } },
  ChangeDone: { schema: changeDoneSchema, example: { success: true, applied: appliedExample } },
  Applied: { schema: appliedSchema, example: appliedExample },
  Status: { schema: statusSchema, example: { status: 'ok' } },
  Problem: { schema: problemSchema, example: problemExample('key_not_found') },
}

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

/** All named shapes, for `components.schemas`. */
export function namedSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(components).map(([name, { schema, io, example }]) => [
      name,
      { ...wireSchema(schema, io), examples: [example] },
    ]),
  )
}

/** A shape for use somewhere in the document: by its name if it has one. */
export function referTo(schema: z.ZodType, io?: Direction): JsonSchema {
  const name = nameOf(schema, io)
  return name === undefined ? wireSchema(schema, io) : reference(name)
}

/** A shape as JSON Schema in the wire's names. Each shape in it that has a name is referred to by it. */
export function wireSchema(schema: z.ZodType, io: Direction = 'output'): JsonSchema {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const part: unknown = zodSchema
      const name = part === schema ? undefined : nameOf(part, io)
      if (name === undefined) return
      for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword]
      Object.assign(jsonSchema, reference(name))
    },
  })
  return underWireNames(plain) as JsonSchema
}

type Direction = 'input' | 'output'

function nameOf(schema: unknown, io: Direction = 'output'): string | undefined {
  const isIt = (candidate: Component) => candidate.schema === schema && (candidate.io ?? 'output') === io
  return Object.entries(components).find(([, component]) => isIt(component))?.[0]
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

function underWireNames(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(underWireNames)
  if (typeof node !== 'object' || node === null) return node
  const { properties, required, example, propertyNames: _, ...rest } = node as JsonSchema
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
