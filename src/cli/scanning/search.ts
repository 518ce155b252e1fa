// Searches one thing after another, such as a file, in parts of any size, and tells where in it each token stands.
import { type Found, findTokens, longestToken } from './find-tokens.ts'

/** A token, by what may be shown of it and of where it stands. Nothing here is secret but `token`, which is never printed. */
export interface Finding {
  token: string
  prefix: string
  kid: string
  line: number
  /** In UTF-16 units, from 1, as SARIF counts by default. */
  column: number
}

const newline = 0x0a
/** So many tokens of the part before are found again at most. */
const overlapping = 4

/** The search through one thing: its parts in order, and then its end. */
export class Search {
  readonly #report: (finding: Finding) => void
  /** What of the part before may be the beginning of a token, or of a character of UTF-16. */
  #rest: Buffer = Buffer.alloc(0)
  #line = 1
  /** How many UTF-16 units of the line stand before `#rest`. */
  #columns = 0
  #bytesBefore = 0
  /** Where the last token began: one in the overlap is told once. */
  #last = -1
  #left: number

  /** Tells of the first `most` tokens. */
  constructor(report: (finding: Finding) => void, most = Number.POSITIVE_INFINITY) {
    this.#report = report
    this.#left = most
  }

  /** Whether as many were told as may be. */
  get isFull(): boolean {
    return this.#left <= 0
  }

  /** Searches the next part. The bytes may be used anew afterwards. */
  push(part: Buffer): void {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part])
    this.#search(bytes)
    // An even number stays, so that the two bytes of UTF-16 stay together.
    const kept = Math.min(bytes.length, 2 * longestToken + ((bytes.length + this.#bytesBefore) % 2))
    this.#pass(bytes.subarray(0, bytes.length - kept))
    this.#rest = Buffer.from(bytes.subarray(bytes.length - kept))
  }

  /** Searches a thing whose only part this is. */
  whole(bytes: Buffer): void {
    this.#search(bytes)
  }

  #search(bytes: Buffer): void {
    let [passed, line, columns] = [0, this.#line, this.#columns]
    for (const { at, token, prefix, kid } of findAll(bytes, this.#left + overlapping)) {
      const place = this.#bytesBefore + at
      if (place <= this.#last) continue
      this.#last = place
      if (this.isFull) return
      this.#left--
      ;[line, columns] = move(bytes.subarray(passed, at), line, columns)
      passed = at
      this.#report({ token, prefix, kid, line, column: columns + 1 })
    }
  }

  #pass(bytes: Buffer): void {
    ;[this.#line, this.#columns] = move(bytes, this.#line, this.#columns)
    this.#bytesBefore += bytes.length
  }
}

/** Tokens in one byte a character, and in UTF-16 where there are bytes of zero. */
function findAll(bytes: Buffer, most: number): Found[] {
  const found = findTokens(bytes, most)
  return bytes.includes(0)
    ? [...found, ...findWide(bytes, most)].sort((one, other) => one.at - other.at)
    : found
}

/** Finds tokens of UTF-16 in either order of its bytes: in every second byte, if all those between are zero. */
function findWide(bytes: Buffer, most: number): Found[] {
  return [0, 1].flatMap((first) => {
    const narrow = Buffer.allocUnsafe(Math.ceil((bytes.length - first) / 2))
    for (let i = 0, at = first; at < bytes.length; at += 2) narrow[i++] = bytes[at] as number
    return findTokens(narrow, most)
      .map((found) => ({ ...found, at: first + 2 * found.at }))
      .filter(({ at, token }) => {
        const between = (shift: number) =>
          Array.from(token).every((_, i) => i === 0 || bytes[at + 2 * i + shift] === 0)
        return between(1) || between(-1)
      })
  })
}

/** Which line and column it is behind bytes. */
function move(bytes: Buffer, line: number, columns: number): [line: number, columns: number] {
  let start = 0
  let lines = line
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
    lines++
    start = at + 1
  }
  let length = 0
  // Byte by byte, since a character may be cut: one of UTF-8 counts by its first byte, and from U+10000 on for two.
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if ((byte & 0xc0) !== 0x80) length += byte >= 0xf0 ? 2 : 1
  }
  return [lines, start === 0 ? columns + length : length]
}
