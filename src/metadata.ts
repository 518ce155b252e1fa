// What an operator's own data on a key may be: plain JSON, bounded in size and depth. Pure.

/** In bytes of JSON. */
export const longestMetadata = 4096
const deepestMetadata = 32
/** Values at any depth: so many cost little more than their text, as objects too. */
const maxValues = 256

/** Says what is wrong with metadata in a sentence; undefined where nothing is. Longer than 4 KiB as JSON is. */
export function metadataFault(value: unknown): string | undefined {
  if (!isPlainObject(value)) return 'A JSON object.'
  const fault = jsonFault(value, deepestMetadata)
  if (fault) return fault
  if (countValues(value) > maxValues) return `At most ${maxValues} values, those within others included.`
  if (metadataSize(value) > longestMetadata) return 'At most 4 KiB as JSON.'
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

function jsonFault(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'Numbers must be finite.'
  if (depth === 0) return `At most ${deepestMetadata} levels deep.`
  if (Array.isArray(value)) return firstFault(value, depth)
  if (!isPlainObject(value)) return 'Only what JSON can hold.'
  if (Object.keys(value).includes('__proto__')) return 'No field may be called __proto__.'
  return firstFault(Object.values(value), depth)
}

function firstFault(values: unknown[], depth: number): string | undefined {
  for (const value of values) {
    const fault = jsonFault(value, depth - 1)
    if (fault) return fault
  }
  return undefined
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
