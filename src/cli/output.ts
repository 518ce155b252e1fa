// What commands print: tables and fields for people, the wire's JSON for programs.
import { toWire } from '../wire.ts'

const longestCell = 48

/** Prints a value as the wire's JSON, one document. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(toWire(value), null, 2)}\n`)
}

/** Prints lines for people on standard output. */
export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Prints lines for people beside the output: standard error, so that a pipe takes only what it is after. */
export function printNote(...lines: string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
}

/** Aligns rows under their headings, two spaces apart. Long cells are cut, but for ids in the first column. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [headings, ...rows].map((row) =>
    row.map((cell, column) => (column === 0 ? toPrintable(cell) : shorten(toPrintable(cell)))),
  )
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))))
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Aligns values behind their names. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...fields.map(([name]) => name.length))
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${toPrintable(value)}`.trimEnd())
}

/** Replaces what would move a terminal's cursor, colour its text or turn its direction. */
export function toPrintable(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd')
}

function shorten(text: string): string {
  const characters = [...text]
  return characters.length <= longestCell ? text : `${characters.slice(0, longestCell - 1).join('')}…`
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

const segmenter = new Intl.Segmenter()
const wide =
  /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60]/u

// Terminals give emoji and the scripts of East Asia two columns.
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}
