// A call of the Go client, whose shapes are structs: which fields are pointers follows from the schema, as in its types.
import type { JsonSchema } from '../schemas.ts'
import { bracketed, called, isInstant, splitBody } from './literals.ts'
import type { Request } from './request.ts'

const initialisms: Record<string, string> = {
  id: 'ID',
  ids: 'IDs',
  ip: 'IP',
  ips: 'IPs',
  url: 'URL',
  http: 'HTTP',
}

/** Writes the call of a request. */
export function writeGo(request: Request): string {
  const { call, places, body, isVoid } = request
  // The calls of OAuth take all of their fields in one.
  const isOfOauth = call.method.startsWith('oauth.')
  const [first] = splitBody(body, isOfOauth ? [] : call.byPlace)
  const inputs = [...places, ...first].map((value) =>
    typeof value === 'object' ? costOf(value) : text(value),
  )
  const method =
    call.go ??
    call.method
      .split('.')
      .map(capital)
      .join('.')
      .replace(/^Oauth/, 'OAuth')
  const open = `${isVoid ? 'err := ' : 'answer, err := '}client.${method}(`
  return called(open, ['ctx', ...inputs], inputOf(request, isOfOauth))
}

/** The shape that a call takes behind its other inputs. */
function inputOf(request: Request, isOfOauth: boolean): ((isBroken: boolean) => string) | undefined {
  const { call, query, body, operationId, shape = '', shapes } = request
  const schema = shapes[shape] ?? {}
  // The question about a token is the client's own.
  if (operationId === 'verifyKey')
    return (isBroken) =>
      structOf('Question', schema, splitBody(body, call.byPlace)[1] as object, shapes, isBroken)
  if (Array.isArray(body)) {
    const items = body.map((item) => inner(structOf(shape, schema, item, shapes)))
    return (isBroken) => bracketed(`[]latchkey.${shape}{`, items, '}', { ...tab, isBroken })
  }
  if (shape !== '' && (isOfOauth || call.byPlace === undefined))
    return (isBroken) => structOf(shape, schema, body as object, shapes, isBroken)
  if (!hasQuery.has(operationId) && Object.keys(query).length === 0) return undefined
  return (isBroken) => structOf(`${capital(operationId)}Query`, {}, query, shapes, isBroken)
}

/** Inside of a list, a struct goes without its name. */
function inner(struct: string): string {
  return struct.replace(/^latchkey\.\w+/, '')
}

const tab = { indent: '\t' }

/** Calls that take a query even if nothing is asked for in it. */
const hasQuery = new Set([
  'listChildren',
  'listOrganizations',
  'listPlans',
  'listWebhooks',
  'readCheckpoint',
  'listCheckpoints',
  'listSealedEvents',
])

function structOf(
  name: string,
  schema: JsonSchema,
  value: object,
  shapes: Record<string, JsonSchema>,
  isBroken = false,
): string {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
  const required = (schema.required ?? []) as string[]
  // A required field without a value is its zero value.
  const given = Object.entries(value).filter(([field, item]) => item !== null || !required.includes(field))
  const fields = given.map(([field, item]) => {
    const written = fieldOf(name, field, properties[field] ?? {}, item, { required, shapes })
    return [goName(field), written] as const
  })
  const open = `latchkey.${name}{`
  const line = bracketed(
    open,
    fields.map(([field, written]) => `${field}: ${written}`),
    '}',
    { ...tab, isBroken },
  )
  if (!line.includes('\n')) return line
  return bracketed(open, aligned(fields), '}', { ...tab, isBroken: true })
}

/** Fields as gofmt has them: the values of neighbours that take one line begin below each other. */
function aligned(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const isLong = ([, value]: readonly [string, string]) => value.includes('\n')
  return fields.map((field, at) => {
    if (isLong(field)) return field.join(': ')
    const first = fields.slice(0, at).findLastIndex(isLong) + 1
    const end = fields.findIndex((other, place) => place > at && isLong(other))
    const neighbours = fields.slice(first, end === -1 ? fields.length : end)
    const width = Math.max(...neighbours.map(([name]) => name.length)) + 1
    return `${`${field[0]}:`.padEnd(width)} ${field[1]}`
  })
}

interface Within {
  required: string[]
  shapes: Record<string, JsonSchema>
}

function fieldOf(owner: string, field: string, schema: JsonSchema, value: unknown, within: Within): string {
  const { anyOf, type } = schema as { anyOf?: JsonSchema[]; type?: string | string[] }
  const isNullable =
    (Array.isArray(type) && type.includes('null')) || (anyOf ?? []).some((one) => one.type === 'null')
  const inner = anyOf?.find((one) => one.type !== 'null') ?? schema
  const written = literal(owner + goName(field), inner, value, within.shapes)
  const isRequired = within.required.includes(field)
  const typed = typeof value === 'number' ? `int64(${written})` : written
  if (isNullable && !isRequired) return value === null ? 'nil' : `latchkey.Set(${typed})`
  const isStruct = inner.$ref !== undefined || inner.properties !== undefined
  if (typeof value === 'object' && isStruct && !isRequired) return `&${written}`
  if (typeof value === 'object' || isRequired || owner.endsWith('Query')) return written
  const isText = typeof value === 'string' && !isInstant(value) && !/^(Update|Preview)/.test(owner)
  if (isText) return written
  return `latchkey.Ptr(${typed})`
}

function literal(
  name: string,
  schema: JsonSchema,
  value: unknown,
  shapes: Record<string, JsonSchema>,
): string {
  if (isInstant(value)) return instant(value)
  if (Array.isArray(value)) {
    const items = (schema.items ?? {}) as JsonSchema
    const shape = typeof items.$ref === 'string' ? items.$ref.split('/').at(-1) : undefined
    if (typeof value[0] !== 'object' && shape === undefined)
      return bracketed('[]string{', value.map(text), '}', tab)
    const type = shape ?? name.replace(/s$/, '')
    const written = value.map((item) => inner(structOf(type, shapes[type] ?? items, item, shapes)))
    return bracketed(`[]latchkey.${type}{`, written, '}', tab)
  }
  if (typeof value === 'object' && value !== null) {
    const shape = typeof schema.$ref === 'string' ? (schema.$ref.split('/').at(-1) as string) : name
    return structOf(shape, shapes[shape] ?? schema, value, shapes)
  }
  return text(value)
}

function costOf(value: unknown): string {
  const units = Object.entries(value as object).map(([name, count]) => `${text(name)}: ${count}`)
  return `latchkey.UnitsOf(map[string]int64{${units.join(', ')}})`
}

function instant(value: string): string {
  const date = new Date(value)
  const parts = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), 0]
  return `time.Date(${[...parts, ...clock].join(', ')}, time.UTC)`
}

function text(value: unknown): string {
  return JSON.stringify(value)
}

function goName(field: string): string {
  return field
    .split('_')
    .map((word) => initialisms[word] ?? capital(word))
    .join('')
}

function capital(word: string): string {
  return `${word[0]?.toUpperCase()}${word.slice(1)}`
}
