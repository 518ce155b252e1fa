// Tables fit the terminal: columns shrink and leave in their order, ids stay whole.
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawBar } from '../src/cli/kit/bars.ts'
import { toPrintable, widthOf } from '../src/cli/kit/output.ts'
import { type Column, layOut } from '../src/cli/kit/table.ts'

interface Item {
  id: string
  name: string
  note: string
}

const columns: Column<Item>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'NAME', value: ({ name }) => name, shrinks: true },
  { heading: 'NOTE', value: ({ note }) => note, leaves: 2, color: () => 'red' },
  { heading: 'SIZE', value: ({ note }) => String(note.length), leaves: 1 },
]
const id = '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071'

function draw(items: readonly Item[], width: number): { lines: string[]; left: number } {
  const { heading, rows, left } = layOut(columns, items, width)
  return { lines: [heading, ...rows.map((cells) => cells.map(({ text }) => text).join(''))], left }
}

test('a table that fits is as wide as its cells', () => {
  expect(draw([{ id, name: 'CI', note: 'none' }], 80)).toEqual({
    lines: [`ID${' '.repeat(36)}NAME  NOTE  SIZE`, `${id}  CI    none  4`],
    left: 0,
  })
})

test('names shrink first, then columns leave in their order, and the id stays whole', () => {
  const items = [{ id, name: 'A name that is rather long', note: 'twenty characters ok' }]
  expect(draw(items, 80).lines[1]).toBe(`${id}  A name that i…  twenty characters ok  20`)
  const narrow = draw(items, 74)
  expect([narrow.left, narrow.lines[0]]).toEqual([1, expect.not.stringContaining('SIZE')])
  const narrower = draw(items, 60)
  expect([narrower.left, narrower.lines[0]]).toEqual([2, `ID${' '.repeat(36)}NAME`])
  expect(draw(items, 10).lines[1]).toBe(`${id}  A name that…`)
})

test('no line is wider than the terminal, whatever the names', () => {
  const item = fc.record({
    id: fc.constant(id),
    name: fc.string({ unit: 'grapheme', maxLength: 60 }),
    note: fc.string({ unit: 'grapheme', maxLength: 60 }),
  })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 5 }), fc.integer({ min: 52, max: 200 }), (items, width) => {
      const { lines } = draw(items, width)
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
      for (const line of lines.slice(1)) expect(line.startsWith(id)).toBe(true)
    }),
  )
})

test('a bar is as long as its part of the largest one, and what is more than nothing is seen', () => {
  const bar = (value: number, refused: number) =>
    stripVTControlCharacters(drawBar({ value, refused, max: 1_000 }, 10)).replaceAll(/[█#▏]/g, '#')
  expect([bar(0, 0), bar(1, 0), bar(500, 0), bar(1_000, 0)]).toEqual(['', '#', '#####', '##########'])
  // Both parts of it are seen, however small one is.
  expect([bar(1_000, 1), bar(1_000, 999), bar(1, 1)].map((text) => text.replaceAll(/[░x]/g, 'x'))).toEqual([
    '#########x',
    '#xxxxxxxxx',
    'x',
  ])
})

test('a table may have more rows than a call has arguments', () => {
  const item = { id, name: 'CI', note: 'none' }
  const { lines } = draw(
    Array.from({ length: 200_000 }, () => item),
    80,
  )
  expect(lines).toHaveLength(200_001)
  expect(lines.at(-1)).toBe(`${id}  CI    none  4`)
})

test('without a terminal nothing leaves, and what cannot be seen is written out', () => {
  const { lines, left } = draw([{ id, name: 'a\u202eb', note: 'x'.repeat(60) }], Number.POSITIVE_INFINITY)
  expect(left).toBe(0)
  expect(lines[1]).toContain(toPrintable('a\u202eb'))
  expect(lines[1]).toContain('x'.repeat(60))
})

test('every picture keeps what joins it to others, and digits their key; letters do not', () => {
  const lost: string[] = []
  for (let code = 0; code < 0x20000; code++) {
    const character = String.fromCodePoint(code)
    if (!/^\p{Extended_Pictographic}/u.test(character)) continue
    for (const text of [
      `a${character}\ufe0f`,
      `${character}\u200d${character}`,
      `a ${character}\u{1f3fd}\u200d♂`,
    ])
      if (toPrintable(text) !== text) lost.push(text)
  }
  expect(lost).toEqual([])
  expect(toPrintable('1\ufe0f\u20e3 #\ufe0f\u20e3')).toBe('1\ufe0f\u20e3 #\ufe0f\u20e3')
  expect(toPrintable('a\u200db 1\ufe0f 2\u200d\u20e3')).toBe('a\\u{200d}b 1\\u{fe0f} 2\\u{200d}\u20e3')
})
