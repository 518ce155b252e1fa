// What the element says, in each language that it speaks.
import { de } from './de.ts'
import { en, type Words } from './en.ts'
import { es } from './es.ts'
import { type Language, languageOf } from './languages.ts'

export type { Words } from './en.ts'

const words: Record<Language, Words> = { en, de, es }

/** What is said in a language (BCP 47). */
export function wordsOf(tag: string): Words {
  return words[languageOf(tag)]
}

/** What a code of `PortalError` means to the reader. */
export function errorText(words: Words, code: string): string {
  const errors: Record<string, string> = words.errors
  return (Object.hasOwn(errors, code) ? errors[code] : undefined) ?? words.errors.internal
}
