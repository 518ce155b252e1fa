// Requests made at random from the OpenAPI document: never a 5xx, never an answer that the document does not know.
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'
import { type Headers, signIn } from './setup/sessions.ts'

type Schema = Record<string, unknown>
interface Parameter {
  name: string
  in: 'path' | 'query'
  schema: Schema
}
interface Operation {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema; examples?: object }> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** Values that have broken others: edges of numbers and of Unicode, names of JavaScript's own. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    ...['', ' ', '*', '\0', '\u202e', '\ud800', "' or 1=1 --", '%00', '../..', 'constructor', 're_0', 'a:*'],
  ),
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, '1e309', null, true),
)

/** Mostly values of a schema, at times something else. */
function anyValue(schema: Schema, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: properValue(schema, schemas) }, { weight: 1, arbitrary: nasty })
}

function properValue(schema: Schema, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  if (typeof schema.$ref === 'string')
    return properValue(schemas[schema.$ref.split('/').at(-1) as string] as Schema, schemas)
  if (Array.isArray(schema.anyOf))
    return fc.oneof(...schema.anyOf.map((option: Schema) => properValue(option, schemas)))
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  if (schema.format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
      .map((date) => date.toISOString())
  if (schema.format === 'uuid') return fc.uuid()
  if (schema.type === 'null') return fc.constant(null)
  if (schema.type === 'integer')
    return fc.integer({ min: Number(schema.minimum ?? 0), max: Number(schema.maximum ?? 1e6) })
  if (schema.type === 'array')
    return fc.array(anyValue(schema.items as Schema, schemas), {
      minLength: Number(schema.minItems ?? 0),
      maxLength: 4,
    })
  if (schema.type === 'object') return objectOf(schema, schemas)
  if (typeof schema.pattern === 'string')
    return fc
      .stringMatching(new RegExp(schema.pattern))
      .map((text) => text.slice(0, Number(schema.maxLength ?? 200)))
  return fc.string({ unit: 'grapheme', minLength: Number(schema.minLength ?? 0), maxLength: 20 })
}

function objectOf(schema: Schema, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  if (schema.properties === undefined)
    return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  const fields = Object.fromEntries(
    Object.entries(schema.properties as Record<string, Schema>).map(([name, field]) => [
      name,
      anyValue(field, schemas),
    ]),
  )
  const some = fc.record(fields, { requiredKeys: (schema.required as string[] | undefined) ?? [] })
  const extended = fc
    .tuple(some, fc.dictionary(fc.string(), nasty, { maxKeys: 1 }))
    .map(([a, b]) => ({ ...b, ...a }))
  return fc.oneof({ weight: 8, arbitrary: some }, { weight: 1, arbitrary: extended })
}

const visible = fc.string({ maxLength: 90 }).map((text) => text.replace(/[^!-~]/g, ''))

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` }
}

/** A session's values, mostly from the console's own page. */
function shownFrom(browser: Headers): fc.Arbitrary<Headers> {
  return fc
    .constantFrom('same-origin', 'same-origin', 'same-origin', 'none', 'cross-site')
    .map((site) => ({ ...browser, 'sec-fetch-site': site }))
}

function madeUp(value: string): Headers {
  return { cookie: `latchkey=${value}`, 'latchkey-session': value }
}

onEachDatabase('fuzzing from the document', (makeDatabase) => {
  test('no request gets a 5xx, an undocumented status or an answer outside its schema', async () => {
    const server = await startTestServer(await makeDatabase(), {
      sealingKeys: [`${'A'.repeat(43)}=`],
      // Without it whoever signs in is told that it is missing.
      publicUrl: 'http://localhost',
    })
    const known = await populate(server)
    const { json: document } = await server.request<Document>('GET', '/openapi.json')
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv)
    // The document leaves room for fields of later versions; this one gives none but those that it names.
    const closed = JSON.parse(JSON.stringify(document), (_, node) =>
      node?.type === 'object' && node.properties ? { additionalProperties: false, ...node } : node,
    )
    ajv.addSchema(closed, 'document')
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
    const statuses = new Set<string>()

    const callOf = ({ method, path, operation }: (typeof operations)[number]) => {
      const { parameters = [], requestBody } = operation
      const schemas = document.components.schemas
      const ids = fc.constantFrom(...known.ids)
      const inPath = fc.oneof(
        { weight: 4, arbitrary: ids },
        { weight: 1, arbitrary: fc.string({ minLength: 1 }) },
      )
      const query = fc.record(
        Object.fromEntries(
          parameters
            .filter((parameter) => parameter.in === 'query')
            .map(({ name, schema }) => [name, name.endsWith('_id') ? inPath : anyValue(schema, schemas)]),
        ),
        { requiredKeys: [] },
      )
      const schema = requestBody?.content['application/json']?.schema
      return fc.record({
        method: fc.constant(method),
        path: fc.constant(path),
        operation: fc.constant(operation),
        pathValues: fc.array(inPath, { minLength: 2, maxLength: 2 }),
        query,
        body: schema ? anyValue(schema, schemas) : fc.constant(undefined),
        identity: fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom(...known.tokens).map(bearer) },
          { weight: 1, arbitrary: visible.map(bearer) },
          { weight: 2, arbitrary: fc.constantFrom(...known.browsers).chain(shownFrom) },
          { weight: 1, arbitrary: fc.constantFrom(...known.signedIn).chain(shownFrom) },
          { weight: 1, arbitrary: visible.map(madeUp).chain(shownFrom) },
        ),
      })
    }

    await fc.assert(
      fc.asyncProperty(fc.oneof(...operations.map(callOf)), async (call) => {
        const { method, path, operation, pathValues, query, body, identity } = call
        const values = [...pathValues]
        const target = path.replaceAll(/\{\w+\}/g, () => encode(values.shift()))
        const pairs = Object.entries(query).flatMap(([name, value]) =>
          (Array.isArray(value) ? value : [value]).map((item) => `${name}=${encode(item)}`),
        )
        const answer = await server.request(method, `${target}?${pairs.join('&')}`, {
          headers: identity,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        const what = `${method} ${target} -> ${answer.status} ${answer.text.slice(0, 300)}`
        expect(answer.status, what).toBeLessThan(500)
        // An id of `..` or with a slash in it leads to another address.
        const isElsewhere =
          answer.json?.code === 'route_not_found' || answer.json?.code === 'method_not_allowed'
        if (isElsewhere || target.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))) return
        expect(Object.keys(operation.responses), what).toContain(String(answer.status))
        statuses.add(String(answer.status))
        const content = operation.responses[answer.status]?.content
        const [type = ''] = (answer.headers.get('content-type') ?? '').split(';')
        if (content === undefined) expect(answer.text, what).toBe('')
        else expect(Object.keys(content), what).toContain(type)
        if (!content || !type.endsWith('json')) return
        const problems = content[type]?.examples
        if (problems !== undefined) expect(Object.keys(problems), what).toContain(answer.json.code)
        const pointer = [
          'paths',
          path,
          method.toLowerCase(),
          'responses',
          answer.status,
          'content',
          type,
          'schema',
        ]
          .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
          .join('/')
        const validate = ajv.getSchema(`document#/${pointer}`)
        expect(validate, pointer).toBeDefined()
        expect(validate?.(answer.json), `${what} ${JSON.stringify(validate?.errors)}`).toBe(true)
      }),
      { numRuns: 800 },
    )
    // Otherwise the requests were too wild to say anything.
    for (const status of ['200', '401', '403', '404', '422']) expect(statuses).toContain(status)
    await server.close()
  }, 120_000)
})

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value)
  return encodeURIComponent(text ?? '')
}

interface Known {
  ids: string[]
  tokens: string[]
  browsers: Headers[]
  /** The values of a session beside the token of its key. */
  signedIn: Headers[]
}

/** Puts something there to be found: ids of every kind, keys of every state, callers of every power. */
async function populate(server: TestServer): Promise<Known> {
  const { keys, organizations } = server.latchkey
  for (const id of ['acme', 'bees']) await organizations.create({ id, name: id })
  const create = (organizationId: string, permissions: string[]) =>
    keys.create({ organizationId, name: 'K', permissions })
  const plain = await create('acme', ['emails:*'])
  const revoked = await create('acme', [])
  await keys.revoke(revoked.id)
  const rotated = await create('bees', ['a'])
  await keys.rotate(rotated.id, { graceSeconds: 86_400 })
  const admin = await create('acme', ['latchkey:*', '*'])
  const reader = await create('acme', ['latchkey:keys:read'])
  const sessions = []
  for (const token of [server.rootKey, admin.key, reader.key])
    sessions.push({ token, ...(await signIn(server, token)) })
  const ended = (await signIn(server, reader.key)).session.id
  return {
    ids: [plain.id, revoked.id, rotated.id, rotated.key.slice(3, 19), 'acme', 'bees', 'root', ended],
    browsers: sessions.map(({ browser }) => browser),
    signedIn: sessions.map(({ browser, token }) => ({ ...browser, ...bearer(token) })),
    tokens: [server.rootKey, server.rootKey, admin.key, admin.key, reader.key, plain.key, revoked.key],
  }
}
