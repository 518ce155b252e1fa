// The condition on which a change is made: `If-Match` (RFC 9110, section 13.1.1).
import { refuseField } from '../core/errors.ts'
import type { ReadHeader } from './exchange.ts'

const entityTag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`
/** A list may have empty elements (section 5.6.1.2). */
const listPattern = new RegExp(String.raw`^[ \t,]*${entityTag}(?:[ \t]*,(?:[ \t]*${entityTag})?)*[ \t]*$`)

/**
 * The entity tags of which one must be that of what is changed; undefined if any will do: without the header, and with `*`, which
 * whatever is there to be changed fulfils. A weak tag is left out, because it matches nothing (section 8.8.3.2). Throws
 * `invalid_input` for what is no list of tags: a caller who sends it wants a condition.
 */
export function readIfMatch(header: ReadHeader): string[] | undefined {
  const value = header('if-match')
  if (value === undefined || value.trim() === '*') return undefined
  if (!listPattern.test(value))
    refuseField('', 'If-Match: Must be * or a list of entity tags in quotes, as ETag has them.')
  return [...value.matchAll(new RegExp(entityTag, 'g'))].flatMap(([tag]) =>
    tag.startsWith('W/') ? [] : [tag.slice(1, -1)],
  )
}

/** The entity tag of something of a revision. It is strong: an edit with a weak one could not be made on a condition. */
export function toEntityTag(revision: string): string {
  return `"${revision}"`
}
