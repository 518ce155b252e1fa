// Tags as they are typed: words with spaces or commas between them. Pure.
import { maxTagLength, maxTags } from '../../src/core/bounds.ts'
import { tagPattern } from '../../src/core/tags.ts'

export const tagsHint = 'Words under which the key is found, with spaces between them, such as team:billing.'

/** The tags of a text, each once, sorted. */
export function readTags(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((tag) => tag !== ''))].sort()
}

/** What is wrong with them, in a sentence; undefined if nothing is. */
export function tagsFault(tags: readonly string[]): string | undefined {
  if (tags.length > maxTags) return `At most ${maxTags} tags.`
  const wrong = tags.find((tag) => tag.length > maxTagLength || !tagPattern.test(tag))
  if (wrong === undefined) return undefined
  return `${wrong.slice(0, maxTagLength)}: lower-case letters, digits and _ . : - only, at most ${maxTagLength} characters.`
}
