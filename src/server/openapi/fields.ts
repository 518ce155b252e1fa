// The parts that the reference page is made of: fields with their types and bounds, and text.
import type { JsonSchema } from './schemas.ts'

/** Writes the fields of a shape. */
export function fields({ properties = {}, required = [] }: JsonSchema): string {
  const names = required as string[]
  const entries = Object.entries(properties as Record<string, JsonSchema>)
  return `<dl>${entries.map(([name, schema]) => field(name, schema, names.includes(name))).join('')}</dl>`
}

/** Writes a field: its name, its type and bounds, and what it is. */
export function field(name: string, schema: JsonSchema, required: boolean): string {
  const { description } = schema
  const words = [type(schema), required ? '' : 'optional', ...bounds(schema)].filter((word) => word !== '')
  const text = typeof description === 'string' ? ` ${inline(description)}` : ''
  return `<dt><code>${escapeHtml(name)}</code></dt><dd><small>${words.join(', ')}</small>${text}</dd>`
}

/** Writes a type, with a link if it is a shape of its own. */
export function type(schema: JsonSchema): string {
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

/** Writes paragraphs. */
export function markdown(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('\n')
}

function inline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
