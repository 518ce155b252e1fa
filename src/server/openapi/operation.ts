// A call on the reference page: what it is for, what it takes and answers, and code that makes it.
import { escapeHtml, field, fields, markdown, type } from './fields.ts'
import { languages, samplesOf } from './samples/samples.ts'
import type { JsonSchema } from './schemas.ts'

export interface Operation {
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
  content?: Record<string, { schema: JsonSchema; examples?: Record<string, { value: { title?: string } }> }>
}

/** An operation and where it stands in the document. */
export interface Entry {
  method: string
  path: string
  operation: Operation
}

/** The address of an operation on the page: `keys/createKey`. */
export function placeOf({ operationId, tags: [tag] }: Operation): string {
  return `${tag.toLowerCase().replaceAll(' ', '-')}/${operationId}`
}

/** Writes the method of a call. */
export function badge(method: string): string {
  return `<span class="method ${method.toLowerCase()}">${method}</span>`
}

/** Writes an operation. */
export function operationSection(entry: Entry, shapes: Record<string, JsonSchema>): string {
  const { method, path, operation } = entry
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation
  const [media] = Object.values(requestBody?.content ?? {})
  return `<section class="call" id="${placeOf(operation)}">
<div>
<h3 id="${operationId}"><a href="#${placeOf(operation)}">${escapeHtml(summary)}</a></h3>
<p class="address">${badge(method)} <code>${escapeHtml(path)}</code></p>
<p class="needs">${needs(operation)}</p>
${markdown(description.replace(/ ?Requires `[\w:-]+`\./, '').trim())}
${parameters.length > 0 ? `<h4>Parameters</h4>\n<dl>${parameters.map(({ name, description, required, schema }) => field(name, { description, ...schema }, required === true)).join('')}</dl>` : ''}
${media ? bodyOf(media.schema, requestBody?.required === true, shapes) : ''}
<h4>Answers</h4>
<dl>${Object.entries(responses)
    .filter(([status]) => status !== 'default')
    .map(answer)
    .join('')}</dl>
</div>
${code(entry, shapes)}
</section>`
}

/** Which key may make the call. */
function needs({ security, description = '' }: Operation): string {
  if (security?.length === 0) return 'No key'
  const [, permission] = /Requires `([\w:-]+)`\./.exec(description) ?? []
  return permission === undefined ? 'Any valid key' : `A key with <code>${permission}</code>`
}

function bodyOf(schema: JsonSchema, required: boolean, shapes: Record<string, JsonSchema>): string {
  const items = (schema.items ?? schema) as JsonSchema
  const shape = shapes[String(items.$ref).split('/').at(-1) ?? ''] ?? items
  return `<h4>Body${required ? '' : ', may be left out'}: ${type(schema)}</h4>\n${fields(shape)}`
}

/** Writes what any call may meet before it is one. */
export function problemsOfAll({ responses }: Operation): string {
  return problems(responses.default)
}

function answer([status, response]: [string, Response]): string {
  const [[contentType, media] = []] = Object.entries(response.content ?? {})
  const term = `<dt class="s${status[0]}">${status}</dt>`
  if (contentType === 'application/problem+json') return `${term}<dd>${problems(response)}</dd>`
  return `${term}<dd>${escapeHtml(response.description)}${media ? ` ${type(media.schema)}` : ''}</dd>`
}

function problems(response: Response | undefined): string {
  const [media] = Object.values(response?.content ?? {})
  const items = Object.entries(media?.examples ?? {}).map(
    ([code, { value }]) => `<li><code>${code}</code> ${escapeHtml(value.title ?? '')}</li>`,
  )
  return `<ul>${items.join('')}</ul>`
}

/** The code of a call in each language, and what it answers with. */
function code({ method, path, operation }: Entry, shapes: Record<string, JsonSchema>): string {
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1]
  const [media] = Object.values(success?.content ?? {})
  const samples = samplesOf({ ...operation, method, path, answer: media?.schema }, shapes)
  const name = `language-${operation.operationId}`
  const choices = samples.map(
    ({ language }, at) =>
      `<label><input type="radio" name="${name}" value="${language}"${at === 0 ? ' checked' : ''}>${language}</label>`,
  )
  const blocks = samples.map(
    ({ language, code }) =>
      `<pre class="l-${languages.indexOf(language)}" tabindex="0" aria-label="${language}"><code>${escapeHtml(code)}</code></pre>`,
  )
  const example = media === undefined ? undefined : exampleAnswer(media.schema, shapes)
  return `<div class="code">
<fieldset class="samples"><legend>Call it with</legend>${choices.join('')}
${blocks.join('\n')}</fieldset>
${example === undefined ? '' : `<h4>Answer</h4>\n<pre tabindex="0"><code>${escapeHtml(example)}</code></pre>`}
</div>`
}

function exampleAnswer(schema: JsonSchema, shapes: Record<string, JsonSchema>): string | undefined {
  const items = (schema.items ?? schema) as JsonSchema
  const [example] = (shapes[String(items.$ref).split('/').at(-1) ?? '']?.examples as unknown[]) ?? []
  if (example === undefined) return undefined
  return JSON.stringify(schema.items === undefined ? example : [example], null, 2)
}
