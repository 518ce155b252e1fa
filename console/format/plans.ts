// Plans in words. Pure.
import { limitNamePattern } from '../../src/core/limits.ts'
import { countOf } from './limits.ts'

/** `no organization`, `1 organization`, `12 organizations`. */
export function organizationsOn(count: number): string {
  if (count === 0) return 'no organization'
  return count === 1 ? '1 organization' : `${countOf(count)} organizations`
}

/** What is wrong with the name of a new plan; undefined if nothing is. */
export function planNameFault(name: string): string | undefined {
  return limitNamePattern.test(name.trim())
    ? undefined
    : 'A name has 1 to 32 lower-case letters, digits and _, and begins with a letter.'
}
