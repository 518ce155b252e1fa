// A setting as it was given: by a flag, else by a variable, and what is said of one that is wrong.
import { LatchkeyError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A value, and the flag or variable that says it. */
export interface Given {
  value: string
  from: string
}

/** Finds what was given; undefined if nothing was. Throws `invalid_input` for an empty flag. */
export function pick(
  flag: string,
  value: string | undefined,
  variable: string,
  env: Environment,
): Given | undefined {
  if (value !== undefined) {
    if (value.trim() === '') refuse(`${flag} is empty. Give it a value, or leave it out.`)
    return { value: value.trim(), from: flag }
  }
  // Set to nothing is not set: that is how container files switch a variable off.
  const set = env[variable]?.trim()
  return set ? { value: set, from: variable } : undefined
}

/** The items of a list with commas. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The items of a list with commas or spaces. */
export function splitWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** Throws `invalid_input`. */
export function refuse(sentence: string): never {
  throw new LatchkeyError('invalid_input', sentence)
}
