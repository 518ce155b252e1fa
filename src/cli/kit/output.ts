// What commands print: tables and fields for people, the wire's JSON for programs.
import { toWire } from '../../core/wire.ts'

/** Ends the process without a word once nobody reads what it prints: `latchkey keys list | head`. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit()
    })
  }
}

/** Goes on when nobody reads what it prints, which a server must; undoes {@link endWithReader}. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => {})
  }
}

/** Prints lines on standard output; resolves once they are written, and throws if they cannot be written. */
export function printSurely(...lines: string[]): Promise<void> {
  return writeSurely(lines.map((line) => `${line}\n`).join(''))
}

/** Writes a part of a file on standard output; resolves once the reader wants more, and throws if it cannot be written. */
export function writeSurely(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Prints a value as the wire's JSON, one document. */
export function printJson(value: object): void {
  print(toJson(toWire(value)))
}

/** Writes a value as JSON: the same to any program, and harmless on a terminal. */
export function toJson(value: object): string {
  const json = JSON.stringify(value, null, 2)
  return json.replace(turning, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Prints lines for people on standard output. */
export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Prints lines for people beside the output: standard error, so that a pipe takes only what it is after. */
export function printNote(...lines: string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
}

/** Aligns values behind their names. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...fields.map(([name]) => name.length))
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${toPrintable(value)}`.trimEnd())
}

/**
 * Writes out, as \u{202e}, what would move a terminal's cursor, colour its text, turn its direction or not be seen at
 * all: controls, format characters, and blanks other than a plain space. Only what joins an emoji stays as it is.
 */
export function toPrintable(text: string): string {
  return text.replace(unseen, (character, at: number) =>
    joinsEmoji(text, at) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** A name for a sentence, in quotes, so that its blanks at either end show. */
export function quote(name: string): string {
  return toPrintable(JSON.stringify(name))
}

const turning = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

// U+2800 is a symbol to Unicode, a Braille cell without dots.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800]|(?! )\p{Zs}/gu

function joinsEmoji(text: string, at: number): boolean {
  const before = text.slice(0, at)
  const after = text.slice(at)
  // The V8 of Node.js 26 matches no character outside of the basic plane by a class of several at the end (`[\p{So}x]$`):
  // here nothing hangs on one, since the class may be empty.
  if (/^[\u200d\ufe0f]/.test(after)) {
    if (/\p{Extended_Pictographic}[\ufe0f\p{EMod}]*$/u.test(before)) return true
  }
  return after.startsWith('\ufe0f\u20e3') && /[0-9#*]$/.test(before)
}

/** Cuts a text to as many columns of the terminal as there are, the last of them a `…`. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 1
  for (const { segment } of segmentsOf(text)) {
    used += widthOfSegment(segment)
    if (used > width) break
    kept += segment
  }
  return `${kept}…`
}

/** Fills a text with blanks up to as many columns of the terminal. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

let segmenter: Intl.Segmenter | undefined
const wide =
  /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60]/u

/** How many columns of a terminal a text takes: emoji and the scripts of East Asia take two. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmentsOf(text)) width += widthOfSegment(segment)
  return width
}

function segmentsOf(text: string): Iterable<Intl.SegmentData> {
  // Made when it is needed: its data takes long to load.
  segmenter ??= new Intl.Segmenter()
  return segmenter.segment(text)
}

function widthOfSegment(segment: string): number {
  return wide.test(segment) ? 2 : 1
}
