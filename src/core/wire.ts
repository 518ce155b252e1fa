// The library's shapes and the wire's are the same shapes: camelCase and Date here, snake_case and RFC 3339
// there. Only the outer names change; what the operator put into `metadata` is never touched.
import { maxFieldErrors } from './bounds.ts'
import { type FieldError, fieldName, LatchkeyError } from './errors.ts'

type SnakeCase<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name

/** A library shape as it goes over the wire. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? {
          [Name in keyof T as SnakeCase<Name>]: Name extends
            | 'metadata'
            | 'changes'
            | 'cost'
            | 'refused'
            | 'options'
            ? T[Name]
            : Wire<T[Name]>
        }
      : T

/** Writes a library value as JSON-ready data: `createdAt: Date` becomes `created_at: '2026-…Z'`. */
export function toWire<T>(value: T): Wire<T> {
  return encode(value) as Wire<T>
}

/**
 * Reads the fields of a wire object under the library's names, and those of the objects in its lists and in its fields that hold
 * one. Throws `invalid_input` for a camelCase field.
 */
export function fromWire(body: object): Record<string, unknown> {
  const strangers: FieldError[] = []
  const read = readFields(body, '', strangers)
  if (strangers.length === 0) return read
  throw new LatchkeyError('invalid_input', 'The body has unknown fields.', { errors: strangers })
}

function readFields(body: object, path: string, strangers: FieldError[]): Record<string, unknown> {
  const fields = Object.entries(body)
  const isSame = fields.every(
    ([name, value]) => !/[A-Z_]/.test(name) && !isListOfObjects(name, value) && !isInner(name, value),
  )
  // Names of a single word are the same on both sides.
  if (isSame) return body as Record<string, unknown>
  const read = fields.map(([name, value]) => {
    if (strangers.length < maxFieldErrors && /[A-Z]/.test(name))
      strangers.push({
        path: `${path}${fieldName(name)}`,
        message: `Unknown field. Did you mean ${fieldName(likelyName(name))}?`,
      })
    const inner = isListOfObjects(name, value)
      ? value.map((item, i) =>
          isFields(item) ? readFields(item, `${path}${fieldName(name)}[${i}].`, strangers) : item,
        )
      : isInner(name, value)
        ? readFields(value, `${path}${name}.`, strangers)
        : value
    return [toCamelCase(name), inner]
  })
  return Object.fromEntries(read)
}

/** What the wire may call a field: `ip` for `IP`, `user_id` for `userID`. */
function likelyName(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
}

/** Names of fields that hold an object with fields. */
const inner = new Set(['context', 'filter', 'grace', 'rotate'])

function isInner(name: string, value: unknown): value is object {
  return inner.has(name) && isFields(value)
}

function isListOfObjects(name: string, value: unknown): value is unknown[] {
  return Array.isArray(value) && !opaque.has(name) && value.some(isFields)
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `created_at` for `createdAt`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `createdAt` for `created_at`. */
export function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** What holds names that are not fields: of the operator's data, of fields of any noun, of limits, codes, and those of Web Authentication. */
const opaque = new Set(['metadata', 'changes', 'cost', 'refused', 'options'])

function encode(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(encode)
  if (value === null || typeof value !== 'object') return value
  const out: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== undefined) out[toSnakeCase(name)] = opaque.has(name) ? inner : encode(inner)
  }
  return out
}

/** Reads a wire answer as the library's value: `created_at: '2026-…Z'` becomes `createdAt: Date`. */
export function fromWireAnswer<T>(answer: Wire<T>): T {
  return decode(answer) as T
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [toCamelCase(name), decodeField(name, inner)]),
  )
}

/** The names of instants. */
const instant = /^(?:anchor|as_of|at|since|start|.+_(?:at|before|since|until))$/

function decodeField(name: string, value: unknown): unknown {
  if (opaque.has(name)) return value
  return typeof value === 'string' && instant.test(name) ? new Date(value) : decode(value)
}
