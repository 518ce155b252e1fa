// Names as the console shows and compares them: what hides is marked, and what people see is what they have to type.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asTyped, isTypedRight, partsOf, withMarks } from '../../console/format/foreign-text.ts'

describe('a hidden character', () => {
  test.each([
    ['an override', 'a\u202egnp.exe', 'a[U+202E]gnp.exe'],
    ['isolates', '\u2067right\u2069', '[U+2067]right[U+2069]'],
    ['a direction mark', 'a\u200fb\u061c', 'a[U+200F]b[U+061C]'],
    ['a zero-width space', 'C\u200bI', 'C[U+200B]I'],
    ['a joiner between letters that nothing joins', 'C\u200dI', 'C[U+200D]I'],
    ['a soft hyphen', 'co\u00adop', 'co[U+00AD]op'],
    ['a byte order mark', '\ufeffCI', '[U+FEFF]CI'],
    ['a filler', 'CI\u3164', 'CI[U+3164]'],
    ['a Braille cell without dots', '\u2800', '[U+2800]'],
    ['tags without a flag', 'CI\u{e0041}', 'CI[U+E0041]'],
    ['a variation selector behind a letter', 'CI\ufe0f', 'CI[U+FE0F]'],
    ['a separator of lines', 'a\u2028b', 'a[U+2028]b'],
  ])('is marked: %s', (_, text, shown) => {
    expect(withMarks(text)).toBe(shown)
  })

  test.each([
    'مفتاح المتجر',
    'می‌خواهم',
    'क्‍ष',
    '👩🏽‍🚀 launch',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '1️⃣ ❤️ ☎︎',
    '👨‍👩‍👧‍👦',
    '🏳️‍🌈',
    'Z\u0351\u036B\u0343algo',
    'Åström & Sønn',
    '日本語のキー',
    '葛\u{e0100}',
    'a  b\u00a0c\u3000d',
    '',
  ])('is none that shapes the letter or picture beside it: %s', (text) => {
    expect(partsOf(text)).toEqual([{ text, isHidden: false }])
  })

  test('never stands in what is shown, whatever is around it, and the rest is kept', () => {
    const unit = fc.constantFrom(
      'a',
      'é',
      'م',
      'क',
      '👩',
      '🏽',
      '\u200d',
      '\u200c',
      '\u202e',
      '\u2069',
      '\ufe0f',
      ' ',
    )
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const parts = partsOf(text)
        expect(parts.map((part) => (part.isHidden ? codePoint(part.text) : part.text)).join('')).toBe(text)
        expect(withMarks(text)).not.toMatch(/[\u202e\u2069]/)
      }),
    )
  })
})

describe('a name', () => {
  test.each([
    ['Cafe\u0301 🔑 ', 'Café 🔑'],
    ['two  spaces', 'two spaces'],
    ['two spaces', 'two  spaces'],
    ['no\u00a0break', 'no break'],
    ['full\u3000width', 'full width'],
    ['zero\u200bwidth', 'zerowidth'],
    ['co\u00adop', 'coop'],
    ['\u202Eلا\u202C', 'لا'],
    ['a\u202egnp', 'agnp'],
    ['👩🏽‍🚀', '👩🏽‍🚀'],
    ['❤️', '❤'],
    ['می‌خواهم', 'میخواهم'],
    [' led\tby  blanks ', 'led by blanks'],
  ])('is typed as it is seen: %j', (name, typed) => {
    expect(isTypedRight(typed, name)).toBe(true)
    // And as it is copied.
    expect(isTypedRight(name, name)).toBe(true)
  })

  test('is another in another letter, case or word', () => {
    for (const typed of ['', 'café 🔑', 'Café', 'Cafe 🔑', 'Café🔑', 'Café 🔑 2'])
      expect(isTypedRight(typed, 'Café 🔑'), typed).toBe(false)
  })

  test('of which nothing is seen is never typed right', () => {
    for (const name of ['\u200b', '\u202e\u2069', '\u2800 \u3164']) {
      expect(asTyped(name)).toBe('')
      for (const typed of ['', ' ', name]) expect(isTypedRight(typed, name)).toBe(false)
    }
  })
})

function codePoint(mark: string): string {
  return String.fromCodePoint(Number.parseInt(mark.slice(2), 16))
}
