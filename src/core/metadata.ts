// What an operator's own data on a key may be: plain JSON, bounded in size and depth, kept exactly. Pure.
import { brokenUnicode, inexactNumber } from './exact-json.ts'

/** In bytes of JSON. */
export const longestMetadata = 4096
const deepestMetadata = 32
/** Values at any depth: so many cost little more than their text, as objects too. */
const maxValues = 256

/** What is wrong with metadata: where in it, and a sentence. */
export interface MetadataFault {
  path: (string | number)[]
  message: string
}

/** Finds what is wrong with metadata; undefined if nothing is. Longer than 4 KiB as JSON is. */
export function metadataFault(value: unknown): MetadataFault | undefined {
  if (!isPlainObject(value)) return { path: [], message: 'A JSON object.' }
  const fault = jsonFault(value, deepestMetadata)
  if (fault) return { path: [], ...fault }
  if (countValues(value) > maxValues)
    return { path: [], message: `Must have at most ${maxValues} values, nested ones included.` }
  if (metadataSize(value) > longestMetadata) return { path: [], message: 'Must have at most 4 KiB as JSON.' }
  return undefined
}

/** How long metadata is as JSON, in bytes of UTF-8. */
export function metadataSize(value: unknown): number {
  // Not by Buffer: browsers ask this too.
  return new TextEncoder().encode(JSON.stringify(value)).length
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, inner) => sum + 1 + countValues(inner), 0)
}

/** A fault in a value; without a path it is one of the whole. */
interface Fault {
  path?: (string | number)[]
  message: string
}

function jsonFault(value: unknown, depth: number): Fault | undefined {
  if (typeof value !== 'object' || value === null) return scalarFault(value)
  if (depth === 0) return { message: `Must have at most ${deepestMetadata} levels.` }
  if (Array.isArray(value)) return firstFault([...value.entries()], depth)
  if (!isPlainObject(value)) return notJson
  const names = Object.keys(value)
  if (names.includes('__proto__')) return { message: 'Must not have a field named __proto__.' }
  const broken = names.find((name) => !name.isWellFormed())
  if (broken !== undefined) return { path: [broken], message: brokenUnicode }
  return firstFault(Object.entries(value), depth)
}

function scalarFault(value: unknown): Fault | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : { path: [], message: brokenUnicode }
    case 'number':
      if (!Number.isFinite(value)) return { path: [], message: 'Must be a finite number.' }
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? { path: [], message: inexactNumber }
        : undefined
    case 'bigint':
      return { path: [], message: inexactNumber }
    default:
      return value === null || typeof value === 'boolean' ? undefined : notJson
  }
}

const notJson = { message: 'Must be a value that JSON can represent.' }

function firstFault(entries: [string | number, unknown][], depth: number): Fault | undefined {
  for (const [part, value] of entries) {
    const fault = jsonFault(value, depth - 1)
    if (fault) return fault.path === undefined ? fault : { ...fault, path: [part, ...fault.path] }
  }
  return undefined
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
