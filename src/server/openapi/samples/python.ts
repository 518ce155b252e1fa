// A call of the Python client.
import { bracketed, isInstant, splitBody, toSnake } from './literals.ts'
import type { Request } from './request.ts'

/** Writes the call of a request. */
export function writePython({ call, places, query, body, isVoid }: Request): string {
  const [first, rest] = splitBody(body, call.byPlace)
  const input = Array.isArray(rest) ? [literal(rest)] : named(rest ?? query)
  const method = call.python ?? toSnake(call.method)
  const inputs = [...[...places, ...first].map(literal), ...input]
  return bracketed(`${isVoid ? '' : 'answer = '}client.${method}(`, inputs, ')', { indent: '    ' })
}

/** Words of the language, which no input may be called. */
const reserved = new Set(['from', 'import'])

function named(fields: object): string[] {
  return Object.entries(fields).map(
    ([name, value]) => `${reserved.has(name) ? `${name}_` : name}=${literal(value)}`,
  )
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return bracketed('[', value.map(literal), ']', { indent: '    ' })
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`)
    return bracketed('{', fields, '}', { indent: '    ' })
  }
  if (isInstant(value)) return `datetime.fromisoformat(${JSON.stringify(value.replace('Z', '+00:00'))})`
  if (value === null) return 'None'
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value)
}
