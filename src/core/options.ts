// What callers without types may get wrong in options: a misspelt name, a number out of bounds. Pure.

/** What is wrong with one option, in a sentence for its caller. */
export interface OptionFault {
  path: string
  message: string
}

/**
 * Finds an option that nobody reads: left out in silence, a misspelt `permissions` would let everybody in. Costs
 * nothing to speak of, so that each verification can ask.
 */
export function unknownOption(options: object, known: readonly string[]): OptionFault | undefined {
  for (const name in options) if (!known.includes(name)) return describeUnknown(options, name, known)
  return undefined
}

function describeUnknown(options: object, name: string, known: readonly string[]): OptionFault {
  if (Array.isArray(options) || typeof options !== 'object')
    return { path: 'options', message: `Options are an object, such as { ${known[0]}: … }.` }
  // Of the name only what cannot be a token: it may be anything.
  const path = /^\w{1,40}$/.test(name) ? name : '(unprintable)'
  const meant = known.find((other) => distanceOf(name.toLowerCase(), other.toLowerCase()) <= 2)
  const hint = meant === undefined ? `One of ${known.join(', ')}.` : `Did you mean ${meant}?`
  return { path, message: `Unknown option. ${hint}` }
}

/** Levenshtein's distance, as far as names of options need it. */
function distanceOf(one: string, other: string): number {
  if (one.length > 40) return one.length
  let above = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 0; i < one.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < other.length; j++) {
      const replaced = (above[j] as number) + (one[i] === other[j] ? 0 : 1)
      row.push(Math.min(replaced, (above[j + 1] as number) + 1, (row[j] as number) + 1))
    }
    above = row
  }
  return above[other.length] as number
}

/** Says what is wrong with a number that was given; undefined for a whole number within its bounds, and if absent. */
export function wholeNumberFault(
  path: string,
  value: unknown,
  least: number,
  most: number,
): OptionFault | undefined {
  if (value === undefined) return undefined
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return undefined
  return {
    path,
    message: `A whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`,
  }
}
