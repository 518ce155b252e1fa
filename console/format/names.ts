// What people call a key or an organization. Pure.
import { isVisible } from '../../src/core/visible-text.ts'

const longestName = 256

/** Says what is wrong with a name, or another text of the same bounds; undefined if nothing is. */
export function nameFault(name: string): string | undefined {
  if (name.trim() === '') return 'Enter a name.'
  return textFault(name)
}

/** The same for a text that may be left out. */
export function textFault(text: string, longest = longestName): string | undefined {
  const length = [...text].length
  if (length > longest) return `Must have at most ${longest} characters, and has ${length}.`
  if (!text.isWellFormed() || /\p{Cc}/u.test(text))
    return 'Must not contain a control character. Type the name again.'
  if (text.trim() !== '' && !isVisible(text))
    return 'Must have a character that can be seen. Type the name again.'
  return undefined
}
