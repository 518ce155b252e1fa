// The OpenAPI document, the app, the table of errors and docs/reference/errors.md say the same, in every direction.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorTable } from '../src/core/errors.ts'
import { organizationIdSchema, text } from '../src/core/fields.ts'
import { fromWireAnswer } from '../src/core/wire.ts'
import { routes } from '../src/server/app.ts'
import { makeSqlite } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

type Json = Record<string, unknown>

interface Content {
  content?: Record<string, { schema?: Schema; examples?: Record<string, { value: Json }> }>
}
interface Schema {
  $ref?: string
  items?: Schema
}
interface Operation {
  operationId: string
  security?: unknown[]
  parameters?: { name: string }[]
  requestBody?: Content
  responses: Record<string, Content>
}
interface NamedSchema {
  properties: Record<string, { type?: string; enum?: string[]; pattern?: string }>
  examples?: unknown[]
  anyOf?: Schema[]
  discriminator?: { propertyName: string; mapping: Record<string, string> }
  minProperties?: number
}
interface Document {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, NamedSchema>; securitySchemes: Record<string, Json> }
}

const { url, remove } = makeSqlite()
let server: TestServer
let document: Document
beforeAll(async () => {
  server = await startTestServer(url)
  const answer = await server.request<Document>('GET', '/openapi.json')
  expect(answer.headers.get('content-type')).toBe('application/json')
  document = answer.json
})
afterAll(async () => {
  await server.close()
  await remove()
})

test('a body in which nothing is required may be absent, unless it replaces what was there', () => {
  const spared = routes.filter(({ body }) => body?.safeParse({}).success)
  expect(spared.map(({ operationId }) => operationId)).toContain('rotateWebhook')
  for (const { operationId, method, bodyOptional } of spared)
    expect(bodyOptional ?? false, operationId).toBe(method !== 'PUT')
})

const codes = Object.keys(errorTable)

/** The name of a shape, or of that of a list's items; undefined if it has none. */
function shapeName(schema: Schema | undefined): string | undefined {
  return (schema?.items ?? schema)?.$ref?.replace('#/components/schemas/', '')
}

function operations(): [method: string, path: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  )
}

test('the served document passes redocly lint without an error or a warning', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-openapi-'))
  const file = join(folder, 'openapi.json')
  writeFileSync(file, JSON.stringify(document))
  const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json')
  const bin: string = JSON.parse(readFileSync(manifest, 'utf8')).bin.redocly
  const lint = promisify(execFile)(
    process.execPath,
    [join(manifest, '..', bin), 'lint', file, '--extends=recommended', '--format=json'],
    {
      cwd: folder,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  )
  const { stdout } = await lint.catch((error: { stdout: string }) => error)
  const { totals, problems } = JSON.parse(stdout)
  expect(problems).toEqual([])
  expect(totals).toMatchObject({ errors: 0, warnings: 0 })
  rmSync(folder, { recursive: true })
})

test('every route that is served is in the document, and nothing else is', async () => {
  const described = operations().map(([method, path]) => `${method.toUpperCase()} ${path}`)
  expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort())
  for (const [, path] of operations()) {
    // A method of no route answers with all that there are: what the document has, by other means.
    const { status, headers } = await server.request('PROPFIND', path.replaceAll(/\{\w+\}/g, '~'))
    expect(status, path).toBe(405)
    const allowed = headers.get('allow')?.split(', ')
    const here = Object.keys(document.paths[path] ?? {}).map((method) => method.toUpperCase())
    expect(
      allowed?.filter((method) => method !== 'HEAD'),
      path,
    ).toEqual(expect.arrayContaining(here))
  }
  const ids = operations().map(([, , { operationId }]) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('what the document says is public is, and all the rest asks for a token', async () => {
  for (const [method, path, { security }] of operations()) {
    const { status } = await server.request(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '~'))
    if (path === '/v1/auth') continue
    // Whoever shows no caller here shows the token itself, or is known by what it sends.
    if (path === '/v1/revoke' || /^\/v1\/(?:leaks|sign-in|portal\/token)/.test(path)) continue
    if (security?.length === 0) expect([200, 404], path).toContain(status)
    else expect(status, path).toBe(401)
  }
})

test('every error code has its line in docs/reference/errors.md, with its status, and no line is of another code', () => {
  const text = readFileSync(new URL('../docs/reference/errors.md', import.meta.url), 'utf8')
  const lines = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \| (.+) \|$/gm)]
  expect(lines.map(([, code]) => code)).toEqual(codes)
  for (const [, code = '', status, meaning, advice] of lines) {
    expect(Number(status), code).toBe(errorTable[code as keyof typeof errorTable][0])
    expect(meaning?.length, code).toBeGreaterThan(20)
    expect(advice?.length, code).toBeGreaterThan(15)
  }
})

test('docs/reference/http.md has every call in its index', () => {
  const text = readFileSync(new URL('../docs/reference/http.md', import.meta.url), 'utf8')
  const index = text.slice(text.indexOf('## The calls'), text.indexOf('## The rules'))
  // Of several calls in one row, the second may leave out what it shares with the first.
  const named = [...index.matchAll(/`(?:[A-Z]+ )?(\/[^`]+)`/g)].map(([, path]) => path as string)
  const absent = operations()
    .filter(([, path]) => path.startsWith('/v1/'))
    .filter(([, path]) => !named.some((one) => path.endsWith(one)))
  expect(absent.map(([method, path]) => `${method} ${path}`)).toEqual([])
})

test('every error code is in the document under its status, and every problem there is of the table', () => {
  const seen = new Set<string>()
  for (const [, path, { responses }] of operations()) {
    for (const [status, { content }] of Object.entries(responses)) {
      const examples = content?.['application/problem+json']?.examples ?? {}
      for (const [code, { value }] of Object.entries(examples)) {
        const [wanted, title] = errorTable[code as keyof typeof errorTable]
        if (status !== 'default') expect(String(wanted), `${path} ${code}`).toBe(status)
        expect(value).toMatchObject({ code, status: wanted, title })
        seen.add(code)
      }
    }
  }
  expect([...seen].sort()).toEqual([...codes].sort())
  expect(document.components.schemas.Problem?.properties.code?.enum).toEqual(codes)
})

test('an answer documents `applied` where a caller may wait for it, and nowhere else', () => {
  const takers = operations().filter(([, , { parameters = [] }]) =>
    parameters.some(({ name }) => name === 'wait'),
  )
  const givers = operations().filter(([, , { responses }]) => {
    const name = shapeName(responses[200]?.content?.['application/json']?.schema)
    return name !== undefined && 'applied' in (document.components.schemas[name]?.properties ?? {})
  })
  expect(takers).toHaveLength(26)
  expect(givers).toEqual(takers)
})

test('the document has nothing that generators of clients misunderstand', () => {
  const found: string[] = []
  const walk = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return
    const schema = node as Json
    // Fields, examples and problems may have any name.
    const isSchema = !/\/(?:properties|mapping|examples|schemas|responses)$|\/examples?\//.test(path)
    if (isSchema) {
      for (const name of ['default', 'const', 'readOnly', 'writeOnly', 'oneOf', 'allOf', 'not'])
        if (name in schema && !(name === 'default' && path.endsWith('/responses')))
          found.push(`${path}/${name}`)
      if (String(schema.pattern ?? '').includes('(?!')) found.push(`${path}: a lookahead`)
      if (Array.isArray(schema.enum) && schema.type !== 'string') found.push(`${path}: an enum of no texts`)
      const options = (schema.anyOf ?? []) as Schema[]
      const isNullable =
        options.length === 2 && options.some((option) => 'type' in option && option.type === 'null')
      if ('anyOf' in schema && !isNullable && !('discriminator' in schema)) found.push(`${path}: a union`)
    }
    for (const [name, inner] of Object.entries(schema)) walk(inner, `${path}/${name}`)
  }
  walk(document, '')
  expect(found).toEqual([])
})

test('each code of a verdict belongs to one named part of it, and `valid` to one alone', () => {
  const { Verdict, ...schemas } = document.components.schemas
  const { propertyName, mapping = {} } = Verdict?.discriminator ?? {}
  expect(propertyName).toBe('code')
  expect(Object.keys(mapping).sort()).toEqual(
    [
      ...['expired', 'insufficient_permissions', 'malformed', 'not_found', 'revoked', 'rotated', 'valid'],
      ...[
        'quota_exceeded',
        'rate_limited',
        'wrong_environment',
        'suspended',
        'not_yet_valid',
        'ip_not_allowed',
      ],
    ].sort(),
  )
  const parts = Verdict?.anyOf?.map(({ $ref }) => $ref)
  expect(new Set(parts)).toEqual(new Set(Object.values(mapping)))
  expect(parts).toHaveLength(7)
  for (const ref of parts ?? []) {
    const { code, valid } = schemas[shapeName({ $ref: ref as string }) as string]?.properties ?? {}
    const codes = Object.keys(mapping).filter((name) => mapping[name] === ref)
    expect(code?.enum, ref).toEqual(codes)
    expect(valid?.type, ref).toBe('boolean')
    if (codes.includes('valid')) expect(codes).toEqual(['valid'])
  }
})

test('the patterns of the document take what the checks take', () => {
  const { CreateOrganization } = document.components.schemas
  const id = new RegExp(CreateOrganization?.properties.id?.pattern as string)
  const name = new RegExp(CreateOrganization?.properties.name?.pattern as string)
  const marks = fc.string({ unit: fc.constantFrom('.', 'a', 'Z', '_', '-', '0', ' ', '/'), maxLength: 5 })
  fc.assert(
    fc.property(fc.oneof(marks, fc.string()), (text) => {
      expect(id.test(text)).toBe(organizationIdSchema.safeParse(text).success)
    }),
    { numRuns: 1_000 },
  )
  const unit = fc.constantFrom(
    'a',
    'é',
    '🔑',
    ' ',
    '\u00a0',
    '\u0000',
    '\n',
    '\u007f',
    '\u0085',
    '\u200b',
    '\ufeff',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 6 }), (value) => {
      expect(name.test(value), JSON.stringify(value)).toBe(text(256).safeParse(value).success)
    }),
    { numRuns: 1_000 },
  )
})

test('a change of a key names at least one field, and a field that nobody set may be null', () => {
  const { UpdateKey } = document.components.schemas
  expect(UpdateKey?.minProperties).toBe(1)
  for (const name of ['permissions', 'metadata'])
    expect(UpdateKey?.properties[name]).toMatchObject({ anyOf: expect.arrayContaining([{ type: 'null' }]) })
})

test('`/v1/auth` takes the token to judge in either header', () => {
  const { securitySchemes } = document.components
  const { security } = document.paths['/v1/auth']?.get ?? {}
  expect(security?.map((one) => securitySchemes[Object.keys(one as Json)[0] as string])).toMatchObject([
    { type: 'http', scheme: 'bearer' },
    { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
  ])
})

test('every shape of a body and of an answer has a name', () => {
  for (const [method, path, { requestBody, responses }] of operations()) {
    if (path === '/openapi.json') continue
    for (const [status, { content }] of [
      ['body', requestBody ?? {}] as const,
      ...Object.entries(responses),
    ]) {
      const schema = content?.['application/json']?.schema
      if (schema)
        expect(document.components.schemas, `${method} ${path} ${status}`).toHaveProperty([
          shapeName(schema) ?? '',
        ])
    }
  }
})

test('every named shape has an example', () => {
  for (const [name, { examples }] of Object.entries(document.components.schemas))
    expect(examples, name).toHaveLength(1)
})

test('names on the wire are snake_case, and instants are date-times', () => {
  const text = JSON.stringify(document.components.schemas)
  expect(text).toContain('"organization_id"')
  expect(text).not.toMatch(/"[a-z]+(?:Id|At|By|Seconds)":/)
  const { Key } = document.components.schemas
  expect(Key?.properties.created_at).toMatchObject({ type: 'string', format: 'date-time' })
})

test('each name of an instant comes back from the wire as one', () => {
  const named = Object.values(document.components.schemas)
    .flatMap(({ properties = {} }) => findInstants(properties))
    .filter((name, i, all) => all.indexOf(name) === i)
  expect(named.length).toBeGreaterThan(10)
  const strange = named.filter((name) => {
    const [value] = Object.values(fromWireAnswer({ [name]: '2026-01-31T12:00:00.000Z' }) as Json)
    return !(value instanceof Date)
  })
  // What only questions have.
  expect(strange).toEqual(['before', 'last'])
})

/** The names under which instants stand, at any depth. */
function findInstants(properties: object): string[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return []
    const { format, anyOf = [] } = value as { format?: string; anyOf?: { format?: string }[] }
    const isInstant = [format, ...anyOf.map((one) => one.format)].includes('date-time')
    return isInstant ? [name] : findInstants(value)
  })
}

test('the page for people shows every call, every shape and every problem, and runs nothing but its own script', async () => {
  const { status, text, headers } = await server.request('GET', '/docs')
  expect(status).toBe(200)
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  )
  const own = text.replace('<script src="docs/script.js"></script>', '')
  expect(own).not.toMatch(
    /<script|<style|style=|\son\w+=|https?:\/\/(?!((keys|accounts|app)\.)?example\.com|127\.0\.0\.1|<)/,
  )
  const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  for (const [, , { operationId }] of operations()) expect(ids).toContain(operationId)
  for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`shape-${name}`)
  for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
  for (const code of codes) expect(text).toContain(`<code>${code}</code>`)
  expect(text).not.toContain('undefined')
  const style = await server.request('GET', '/docs/style.css')
  expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
  const script = await server.request('GET', '/docs/script.js')
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test('the address of the server is relative to that of the document: a proxy may add a path', () => {
  const [server] = document.servers
  const base = new URL(server?.url as string, 'https://api.example.com/latch/openapi.json')
  expect(base.href).toBe('https://api.example.com/latch/')
})
