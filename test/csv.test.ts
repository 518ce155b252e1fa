// CSV that spreadsheets show and never run: no cell begins a formula, and every text comes back.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRecord, neutralise } from '../src/core/csv.ts'
import { readCsv } from './setup/csv.ts'

/** Texts that are made of what matters to spreadsheets and to CSV, and of anything else. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.constantFrom(...'=+-@\t\r\n\'" ,;\u00a0\ufeff\uff1d\uff0b\uff0d\uff20a1'), { maxLength: 8 })
    .map((signs) => signs.join('')),
)

test('no cell begins as a formula does, whatever whitespace and quotes a spreadsheet takes away', () => {
  const attacks = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\rx',
    '\nx',
    ' =1',
    '"=1',
    "'=1",
    '\u00a0=1',
    '\ufeff=1',
    '＝1',
    '＋1',
    '－1',
    '＠1',
    `=cmd|'/C calc'!A0`,
  ]
  for (const attack of attacks) expect(neutralise(attack)).toBe(`'${attack}`)
  for (const harmless of ['', 'CI', 'a=b', '1-1', 'a@b', "O'Hara", "'quoted'", ' spaced', '{"a":"=1"}'])
    expect(neutralise(harmless)).toBe(harmless)
  fc.assert(
    fc.property(texts, (text) => {
      const shown = neutralise(text)
      if (shown === text) expect(text.replace(/^[\s'"]+/, '')).not.toMatch(/^[=+\-@＝＋－＠]/)
      else expect(shown).toBe(`'${text}`)
    }),
  )
})

test('neutralising loses nothing: every text comes back by taking away what was put before it', () => {
  const back = (shown: string) =>
    shown.startsWith("'") && neutralise(shown.slice(1)) === shown ? shown.slice(1) : shown
  fc.assert(fc.property(texts, (text) => back(neutralise(text)) === text))
})

test('records are read back as they were, whatever quotes, commas and line breaks they hold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.option(texts), { minLength: 2, maxLength: 4 }), { maxLength: 4 }),
      (records) => {
        const written = records.map(csvRecord).join('')
        expect(readCsv(written)).toEqual(
          records.map((record) => record.map((cell) => neutralise(cell ?? ''))),
        )
      },
    ),
  )
})
