// What a text that was typed or pasted into a search says of a key beside its name: a token, a hint, an id, a tag. Pure.
import { foreignFault } from '../../src/core/foreign-token.ts'
import { isId } from '../../src/core/id-form.ts'
import { containsToken, parseHint } from '../../src/core/token.ts'
import { readToken, strangerIn } from './token-reading.ts'

/** What to look for in place of the text; `part` is of a token that is not whole, which must not be sent. */
export type FoundBy = { kid: string } | { id: string } | { tag: string } | { part: true }

/** Reads a search; undefined for a text to be searched for as it is. Nothing that it gives holds a character of a secret. */
export function readSearch(text: string): FoundBy | undefined {
  const trimmed = text.trim()
  const { kid } = readToken(trimmed)
  if (kid !== undefined) return { kid }
  if (containsToken(trimmed)) return { part: true }
  const hint = parseHint(trimmed)
  if (hint !== undefined) return { kid: hint.kid }
  if (isId(trimmed)) return { id: trimmed }
  // The space behind it, or Enter, ends it.
  const tag = /^#([a-z0-9][a-z0-9_.:-]{0,62})\s$/.exec(text)?.[1]
  return tag === undefined ? undefined : { tag }
}

/**
 * Gives the token of another system that a text looks like, which must not be sent to be searched for; undefined if it looks
 * like words. Not of what `readSearch` reads.
 */
export function foreignIn(text: string): string | undefined {
  const token = text.trim().replace(/^bearer\s+/i, '')
  if (foreignFault(token) !== undefined) return undefined
  return strangerIn(token) !== undefined || (token.match(/[0-9A-Za-z]{16,}/g) ?? []).some(isRandom)
    ? token
    : undefined
}

/** Whether letters and digits change their kind so often as those of no name do: a name has a few words and numbers. */
function isRandom(run: string): boolean {
  const changes = run.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])/g)?.length ?? 0
  return changes * 4 > run.length
}
