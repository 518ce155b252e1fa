// The reference page: the OpenAPI document as one plain HTML page, made here, without a script or a foreign file.
import type { JsonSchema } from './schemas.ts'

interface Operation {
  operationId: string
  summary: string
  description?: string
  security?: unknown[]
  parameters?: { name: string; in: string; description?: string; required?: boolean; schema: JsonSchema }[]
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, Response>
  tags: [string]
}
interface Response {
  description: string
  content?: Record<string, { schema: JsonSchema; examples?: Record<string, unknown> }>
}
interface Document {
  info: { title: string; version: string; summary: string; description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

/** Writes the page for a document that `openApiDocument` made. */
export function docsPage(openApi: JsonSchema): string {
  const document = openApi as unknown as Document
  const { info, tags, paths, components } = document
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const ofTag = (name: string) => operations.filter(({ operation }) => operation.tags[0] === name)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} ${escapeHtml(info.version)}: the HTTP API</title>
<link rel="stylesheet" href="docs/style.css">
<nav aria-label="Calls">
<a class="title" href="#top">${escapeHtml(info.title)} <small>${escapeHtml(info.version)}</small></a>
${tags.map(({ name }) => `<h2>${escapeHtml(name)}</h2>\n<ul>${ofTag(name).map(link).join('')}</ul>`).join('\n')}
<h2>Shapes</h2>
<ul>${Object.keys(components.schemas).map(shapeLink).join('')}</ul>
</nav>
<main id="top">
<h1>${escapeHtml(info.title)}: the HTTP API</h1>
<p class="lead">${escapeHtml(info.summary)} For machines: <a href="openapi.json">openapi.json</a>.</p>
${markdown(info.description)}
${tags
  .map(
    ({ name, description }) =>
      `<h2>${escapeHtml(name)}</h2>\n<p>${escapeHtml(description)}</p>\n${ofTag(name)
        .map((entry) => call(entry, components.schemas))
        .join('\n')}`,
  )
  .join('\n')}
<h2>Shapes</h2>
${Object.entries(components.schemas).map(shape).join('\n')}
</main>
</html>
`
}

interface Entry {
  method: string
  path: string
  operation: Operation
}

function link({ method, operation }: Entry): string {
  return `<li><a href="#${operation.operationId}">${escapeHtml(operation.summary)}</a> ${badge(method)}</li>`
}

function shapeLink(name: string): string {
  return `<li><a href="#shape-${name}">${name}</a></li>`
}

function call({ method, path, operation }: Entry, shapes: Record<string, JsonSchema>): string {
  const { operationId, summary, description, parameters = [], requestBody, responses, security } = operation
  const body = requestBody?.content['application/json']?.schema
  return `<section id="${operationId}">
<h3>${escapeHtml(summary)}</h3>
<p class="address">${badge(method)} <code>${escapeHtml(path)}</code>${security?.length === 0 ? ' <small>no key needed</small>' : ''}</p>
${description ? markdown(description) : ''}
${parameters.length > 0 ? `<h4>Parameters</h4>\n<dl>${parameters.map(({ name, description, required, schema }) => field(name, { description, ...schema }, required === true)).join('')}</dl>` : ''}
${body ? bodyOf(body, requestBody?.required === true, shapes) : ''}
<h4>Answers</h4>
<dl>${Object.entries(responses).map(answer).join('')}</dl>
</section>`
}

function bodyOf(schema: JsonSchema, required: boolean, shapes: Record<string, JsonSchema>): string {
  const items = (schema.items ?? schema) as JsonSchema
  const shape = shapes[String(items.$ref).split('/').at(-1) ?? ''] ?? items
  return `<h4>Body${required ? '' : ', may be left out'}: ${type(schema)}</h4>\n${fields(shape)}\n${exampleOf(shape)}`
}

function exampleOf({ examples }: JsonSchema): string {
  if (!Array.isArray(examples)) return ''
  return `<pre><code>${escapeHtml(JSON.stringify(examples[0], null, 2))}</code></pre>`
}

function answer([status, { description, content = {} }]: [string, Response]): string {
  const [[contentType, media] = []] = Object.entries(content)
  const isProblem = contentType === 'application/problem+json'
  const codes = Object.keys(media?.examples ?? {})
  const text = isProblem ? codes.map((code) => `<code>${code}</code>`).join(' ') : escapeHtml(description)
  const shown = media && !isProblem ? ` ${type(media.schema)}` : ''
  return `<dt class="s${status[0]}">${status === 'default' ? 'before the call' : status}</dt><dd>${text}${shown}</dd>`
}

function shape([name, schema]: [string, JsonSchema]): string {
  const options = (schema.anyOf as JsonSchema[] | undefined) ?? [schema]
  return `<section id="shape-${name}">
<h3>${name}</h3>
${options.map(option).join('<p>or</p>')}
${exampleOf(schema)}
</section>`
}

function option(schema: JsonSchema): string {
  return '$ref' in schema ? `<p>${type(schema)}</p>` : fields(schema)
}

function fields({ properties = {}, required = [] }: JsonSchema): string {
  const names = required as string[]
  const entries = Object.entries(properties as Record<string, JsonSchema>)
  return `<dl>${entries.map(([name, schema]) => field(name, schema, names.includes(name))).join('')}</dl>`
}

function field(name: string, schema: JsonSchema, required: boolean): string {
  const { description } = schema
  const words = [type(schema), required ? '' : 'optional', ...bounds(schema)].filter((word) => word !== '')
  const text = typeof description === 'string' ? ` ${inline(description)}` : ''
  return `<dt><code>${escapeHtml(name)}</code></dt><dd><small>${words.join(', ')}</small>${text}</dd>`
}

function type(schema: JsonSchema): string {
  const { $ref, anyOf, items, enum: values, const: value, format, type: name } = schema
  if (typeof $ref === 'string') {
    const shapeName = $ref.split('/').at(-1) ?? ''
    return `<a href="#shape-${shapeName}">${shapeName}</a>`
  }
  if (Array.isArray(anyOf)) return anyOf.map(type).join(' or ')
  if (Array.isArray(values)) return values.map((item) => `<code>${escapeHtml(String(item))}</code>`).join(' ')
  if (value !== undefined) return `<code>${escapeHtml(String(value))}</code>`
  if (items !== undefined) return `list of ${type(items as JsonSchema)}`
  return escapeHtml(String(format ?? (Array.isArray(name) ? name.join(' or ') : (name ?? 'any value'))))
}

function bounds({ minimum, maximum, minLength, maxLength, maxItems }: JsonSchema): string[] {
  const within = (least: unknown, most: unknown, unit: string) =>
    most === undefined ? '' : `${least === undefined ? 'at most' : `${least} to`} ${most}${unit}`
  return [
    within(minimum, maximum, ''),
    within(minLength, maxLength, ' characters'),
    within(undefined, maxItems, ' items'),
  ]
}

function badge(method: string): string {
  return `<span class="method ${method.toLowerCase()}">${method}</span>`
}

function markdown(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('\n')
}

function inline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
