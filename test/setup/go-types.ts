// Writes the shapes of the OpenAPI document as Go, so that the Go client has each of them, with its words, and no other.

interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  additionalProperties?: Schema | boolean
}
interface Parameter {
  name: string
  in: string
  description?: string
  schema: Schema
}
interface Operation {
  operationId: string
  summary?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** What these say is written by hand: a union, its parts, and what no call of a program has. */
const byHand = new Set(['Verdict', 'Problem', 'OauthError'])
const initialisms: Record<string, string> = {
  id: 'ID',
  ids: 'IDs',
  ip: 'IP',
  ips: 'IPs',
  url: 'URL',
  http: 'HTTP',
}
const lineLength = 110

/** The Go source of all shapes, and of the queries of calls that have some. */
export function writeGoTypes(document: Document): string {
  const { schemas } = document.components
  const inputs = inputsOf(document)
  const types: string[] = []
  for (const [name, schema] of Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1)))
    if (!byHand.has(name) && !name.endsWith('Verdict')) writeStruct(types, name, schema, inputs.has(name))
  for (const operation of operationsOf(document)) {
    const parameters = (operation.parameters ?? []).filter(
      ({ in: place, name }) => place === 'query' && !ofOptions.has(name),
    )
    if (parameters.length > 0) types.push(writeQuery(operation, parameters))
  }
  return `${head}\n${types.join('\n')}`
}

const head = `// Code generated from the OpenAPI document by test/clients-go.test.ts. DO NOT EDIT.

package latchkey

import "time"
`

/** Query parameters that are options of a call. */
const ofOptions = new Set(['wait', 'secrets_after', 'reason', 'format'])

function operationsOf({ paths }: Document): Operation[] {
  return Object.values(paths).flatMap((operations) =>
    Object.values(operations).filter(({ operationId }) => operationId !== undefined),
  )
}

/** The shapes that callers make: there, what is absent and what is null may differ. */
function inputsOf(document: Document): Set<string> {
  const found = new Set<string>()
  const visit = (schema: Schema | boolean | undefined): void => {
    if (typeof schema !== 'object') return
    const name = schema.$ref?.split('/').at(-1)
    if (name !== undefined && !found.has(name)) {
      found.add(name)
      visit(document.components.schemas[name])
    }
    for (const part of [...Object.values(schema.properties ?? {}), schema.items, ...(schema.anyOf ?? [])])
      visit(part)
  }
  for (const { requestBody } of operationsOf(document))
    for (const { schema } of Object.values(requestBody?.content ?? {})) visit(schema)
  return found
}

function writeStruct(types: string[], name: string, schema: Schema, isInput: boolean): void {
  const inner: string[] = []
  const fields = Object.entries(schema.properties ?? {}).map(([field, of]) => {
    const isRequired = schema.required?.includes(field) ?? false
    const type = goType(of, { owner: name, field, isRequired, isInput, inner })
    const omit = isRequired ? '' : ',omitempty'
    return `${comment(of.description ?? noun(of), '\t')}\t${goName(field)} ${type} \`json:"${field}${omit}"\``
  })
  const article = isInput ? 'is what a caller sends as' : 'is what the API calls'
  types.push(
    `// ${name} ${article} ${name} in /openapi.json.\ntype ${name} struct {\n${fields.join('\n')}\n}\n`,
    ...inner,
  )
}

function writeQuery({ operationId, summary = '' }: Operation, parameters: Parameter[]): string {
  const name = `${operationId[0]?.toUpperCase()}${operationId.slice(1)}Query`
  const fields = parameters.map(({ name: field, description = '', schema }) => {
    const type =
      schema.type === 'array'
        ? '[]string'
        : schema.format === 'date-time'
          ? 'time.Time'
          : schema.type === 'boolean'
            ? '*bool'
            : scalar(schema)
    return `${comment(description, '\t')}\t${goName(field)} ${type} \`query:"${field}"\``
  })
  const text = comment(
    `${name} narrows the call: ${summary.replace(/\.$/, '')}. What has its zero value is not sent.`,
    '',
  )
  return `${text}type ${name} struct {\n${fields.join('\n')}\n}\n`
}

interface Place {
  owner: string
  field: string
  isRequired: boolean
  isInput: boolean
  inner: string[]
}

function goType(schema: Schema, place: Place): string {
  if (place.field === 'cost' && schema.type === undefined) return '*Cost'
  const { base, isNullable } = plain(schema)
  const type = baseType(base, place)
  if (isNullable && place.isInput && !place.isRequired) return `*Nullable[${type}]`
  const isOpen = /^(\[\]|map)/.test(type)
  if (isNullable) return isOpen ? type : `*${type}`
  if (place.isRequired || isOpen) return type
  const isText = type === 'string' && !/^(Update|Preview)/.test(place.owner)
  return isText ? type : `*${type}`
}

function plain(schema: Schema): { base: Schema; isNullable: boolean } {
  const { anyOf, type } = schema
  if (anyOf?.some((one) => one.type === 'null'))
    return { base: anyOf.find((one) => one.type !== 'null') as Schema, isNullable: true }
  if (Array.isArray(type) && type.includes('null'))
    return { base: { ...schema, type: type.find((one) => one !== 'null') as string }, isNullable: true }
  return { base: schema, isNullable: false }
}

function baseType(schema: Schema, place: Place): string {
  const { $ref, type, items, additionalProperties, properties } = schema
  if ($ref !== undefined) return $ref.split('/').at(-1) as string
  if (type === 'array')
    return `[]${baseType(items ?? {}, { ...place, field: place.field.replace(/s$/, '') })}`
  if (properties !== undefined) {
    const name = place.owner + goName(place.field)
    writeStruct(place.inner, name, schema, place.isInput)
    return name
  }
  if (type === 'object') {
    const isCounted = typeof additionalProperties === 'object' && additionalProperties.type === 'integer'
    return isCounted ? 'map[string]int64' : 'map[string]any'
  }
  return scalar(schema)
}

function scalar({ type, format }: Schema): string {
  if (type === 'integer') return 'int64'
  if (type === 'number') return 'float64'
  if (type === 'boolean') return 'bool'
  if (type === 'string') return format === 'date-time' ? 'time.Time' : 'string'
  throw new Error(`No Go type is known for ${JSON.stringify({ type, format })}.`)
}

function goName(field: string): string {
  return field
    .split('_')
    .map((word) => initialisms[word] ?? `${word[0]?.toUpperCase()}${word.slice(1)}`)
    .join('')
}

function noun({ $ref, items }: Schema): string {
  const ref = ($ref ?? items?.$ref)?.split('/').at(-1)
  return ref === undefined ? '' : `See ${ref}.`
}

function comment(text: string, indent: string): string {
  if (text === '') return ''
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) as string
    if (line !== '' && line.length + word.length >= lineLength) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `${indent}// ${line}\n`).join('')
}
