// What callers without types may get wrong in options: a misspelt name, a number out of bounds. Pure.
import { maxReserveSeconds } from './bounds.ts'
import { costFault } from './limits.ts'
import { longestPrefix, prefixPattern } from './token.ts'

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

/**
 * Finds what is wrong with the options of a verification. What is no plain object could hide what it asks, as a set of
 * permissions does: nothing would be asked, and everybody let in.
 */
export function questionFault(
  question:
    | {
        permissions?: unknown
        organizationId?: unknown
        cost?: unknown
        reserveSeconds?: unknown
        prefix?: unknown
      }
    | undefined,
  known: readonly string[],
): OptionFault | undefined {
  if (question === undefined) return undefined
  if (typeof question !== 'object' || question === null) return noObject(known)
  const fault = unknownOption(question, known) ?? drawFault(question) ?? prefixFault(question.prefix)
  // Whoever asks something is understood: only what seems to ask nothing is looked at, since this is a way of millions.
  if (fault || question.permissions !== undefined || question.organizationId !== undefined) return fault
  return isPlainObject(question) ? undefined : noObject(known)
}

/** Finds what is wrong with what a call draws. */
export function drawFault({
  cost,
  reserveSeconds,
}: {
  cost?: unknown
  reserveSeconds?: unknown
}): OptionFault | undefined {
  if (cost === undefined && reserveSeconds === undefined) return undefined
  const fault = cost === undefined ? undefined : costFault(cost)
  if (fault) return { path: ['cost', ...fault.path].join('.'), message: fault.message }
  return wholeNumberFault('reserveSeconds', reserveSeconds, 1, maxReserveSeconds)
}

/** Finds what is wrong with the prefix that a token must have. */
export function prefixFault(prefix: unknown, path = 'prefix'): OptionFault | undefined {
  if (prefix === undefined) return undefined
  if (typeof prefix === 'string' && prefix.length <= longestPrefix && prefixPattern.test(prefix))
    return undefined
  return { path, message: 'Must be a token prefix, such as re or re_live.' }
}

/** An object of a class could hide what it holds; one of another realm, as in a test runner, is as plain as ours. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Tells whether an object hides what it holds, as a map, a date or a set does: it would be read as one without fields. */
export function isOpaque(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !isPlainObject(value)
  )
}

function noObject(known: readonly string[]): OptionFault {
  return { path: 'options', message: `Must be an object, such as { ${known[0]}: … }.` }
}

function describeUnknown(options: object, name: string, known: readonly string[]): OptionFault {
  if (Array.isArray(options) || typeof options !== 'object') return noObject(known)
  // Of the name only what cannot be a token: it may be anything.
  const path = /^\w{1,40}$/.test(name) ? name : '(unprintable)'
  const meant = known.find((other) => distanceOf(name.toLowerCase(), other.toLowerCase()) <= 2)
  const hint = meant === undefined ? `The options are ${known.join(', ')}.` : `Did you mean ${meant}?`
  return { path, message: `Unknown option. ${hint}` }
}

/** Levenshtein's distance, as far as names need it. */
export function distanceOf(one: string, other: string): number {
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

/** Says what is wrong with a signal that was given. It goes by what a signal can do: other realms have a class of their own. */
export function signalFault(signal: unknown): OptionFault | undefined {
  if (signal === undefined || signal === null) return undefined
  const { throwIfAborted, addEventListener } = signal as Partial<AbortSignal>
  if (typeof throwIfAborted === 'function' && typeof addEventListener === 'function') return undefined
  return { path: 'signal', message: 'Must be an AbortSignal, such as the signal of an AbortController.' }
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
    message: `Must be a whole number from ${least} to ${most}.`,
  }
}
