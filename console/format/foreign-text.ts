// Text that others wrote: where it hides characters or turns its direction, and how it compares as people see it. Pure.

/** A part of a text: as it stands, or a hidden character, named by its code point in place of itself. */
export interface TextPart {
  text: string
  isHidden: boolean
}

/**
 * Characters that draw nothing and are no blanks that everybody types: direction marks, zero-width characters, fillers,
 * soft hyphens, tags, separators of lines, the Braille cell without dots.
 */
const hidden =
  /[\u007f-\u009f\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\u2800\ufff9-\ufffb\u{1d159}\u{13430}-\u{1343f}]/gu

const variationSelector = /^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]$/u
const joiner = /^[\u200c\u200d]$/
const tag = /^[\u{e0020}-\u{e007f}]$/u
const mongolianSelector = /^[\u180b-\u180f]$/

const endsInPicture = /\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}\u{e0020}-\u{e007f}]*$/u
const startsWithPicture = /^\p{Extended_Pictographic}/u
/** Letters without case of a script that joins them: Arabic, Devanagari and their like, but not Han or Hangul. */
const endsInJoined = /(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}])(?:\p{Lo}|\p{M})$/u
const startsWithJoined = /^(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}])[\p{Lo}\p{M}]/u

/** Splits a text at its hidden characters. What shapes a picture or a letter beside it is not hidden. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = []
  let from = 0
  for (const { 0: character, index } of text.matchAll(hidden)) {
    if (shapes(character, text.slice(0, index), text.slice(index + character.length))) continue
    if (index > from) parts.push({ text: text.slice(from, index), isHidden: false })
    parts.push({ text: codePointOf(character), isHidden: true })
    from = index + character.length
  }
  if (from < text.length || parts.length === 0) parts.push({ text: text.slice(from), isHidden: false })
  return parts
}

/** Writes a text where no mark can be drawn, such as a window's title: `a[U+202E]b`. */
export function withMarks(text: string): string {
  return partsOf(text)
    .map((part) => (part.isHidden ? `[${part.text}]` : part.text))
    .join('')
}

/**
 * Gives a text as people see and type it: hidden characters left out, blanks of every kind one space each run, letters
 * composed. Empty if nothing of it can be seen.
 */
export function asTyped(text: string): string {
  return text
    .normalize('NFC')
    .replace(hidden, '')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .trim()
}

/** Tells whether a text was typed as people see it. What nobody can see is never the same. */
export function isTypedRight(typed: string, text: string): boolean {
  return asTyped(text) !== '' && asTyped(typed) === asTyped(text)
}

function shapes(character: string, before: string, after: string): boolean {
  if (variationSelector.test(character)) return /(?:\p{Emoji}|\p{S}|\p{Lo})$/u.test(before)
  if (mongolianSelector.test(character)) return /\p{sc=Mongolian}$/u.test(before)
  if (tag.test(character)) return /\u{1f3f4}[\u{e0020}-\u{e007e}]*$/u.test(before)
  if (!joiner.test(character)) return false
  if (endsInPicture.test(before) && startsWithPicture.test(after)) return character === '\u200d'
  // A joiner may end a word of the scripts that have a sign against vowels.
  return endsInJoined.test(before) && (startsWithJoined.test(after) || /\p{Mn}$/u.test(before))
}

function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`
}
