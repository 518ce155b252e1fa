// JSON in the one form that RFC 8785 gives each value. Only what is sealed is written so: who verifies it hashes what stands there.

/**
 * Writes a value of JSON in its canonical form. ECMAScript's own form of numbers and texts is the standard's. Throws
 * RangeError for a number that JSON cannot write, and for text with half of a surrogate pair.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (typeof value === 'object' && value !== null) {
    // Names in the order of their UTF-16 code units, as `sort` has them.
    const names = Object.keys(value)
      .filter((name) => (value as Record<string, unknown>)[name] !== undefined)
      .sort()
    const fields = names.map(
      (name) => `${textOf(name)}:${canonicalJson((value as Record<string, unknown>)[name])}`,
    )
    return `{${fields.join()}}`
  }
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('JSON has no such number.')
  return JSON.stringify(value)
}

function textOf(value: string): string {
  if (!value.isWellFormed()) throw new RangeError('A text has half of a surrogate pair.')
  return JSON.stringify(value)
}
