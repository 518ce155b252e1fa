// What callers without types may get wrong in options: a misspelt name, a number out of bounds. Pure.
import type { CacheBounds } from './cache.ts'

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

/** The cache that options ask for. */
export interface CacheOptions {
  /**
   * How many secrets are remembered at the most: 0 to 16,000,000, at some 300 bytes each with two permissions; 100,000
   * if absent. With 0, nothing is remembered, and each verification asks the database.
   */
  cachedSecrets?: number
  /**
   * How many bytes they may take: a secret counts with its name, its permissions and its metadata. 0 to
   * 1,099,511,627,776; 672 times `cachedSecrets` if absent, and so 64 MiB of 100,000.
   */
  cacheBytes?: number
}

const defaultSecrets = 100_000
const maxSecrets = 16_000_000
const maxBytes = 2 ** 40
const defaultBytesPerSecret = 672

/** Finds what is wrong with the bounds of a cache. */
export function cacheFault({ cachedSecrets, cacheBytes }: CacheOptions): OptionFault | undefined {
  return (
    wholeNumberFault('cachedSecrets', cachedSecrets, 0, maxSecrets) ??
    wholeNumberFault('cacheBytes', cacheBytes, 0, maxBytes)
  )
}

/** The bounds that options ask for. */
export function cacheBoundsOf({ cachedSecrets = defaultSecrets, cacheBytes }: CacheOptions): CacheBounds {
  return { secrets: cachedSecrets, bytes: cacheBytes ?? cachedSecrets * defaultBytesPerSecret }
}
