// Takes archives apart in memory: zip and what is one (jar, docx, whl), tar and gzip. What they hold is bounded, for a small one may unfold without end.
import { gunzipSync, inflateRawSync } from 'node:zlib'

/** One thing in an archive, or why it cannot be read. */
export type Entry = { name: string; bytes: Buffer } | { name: string; reason: string }

/** The longest archive that is taken apart, and the longest of what it holds. */
export const maxUnpackedBytes = 256 * 1024 * 1024

/** So many places of tokens are told of one file, archives in it included: it may hold nothing else. */
export const maxPlaces = 20_000
/** So much of the name of an entry is told. */
const longestName = 1_024

/** How much may come out of one file in all, archives in archives included. */
export class Budget {
  #left = 4 * maxUnpackedBytes
  #entries = 200_000
  #unread = 1_000
  /** How many places of tokens are still told. */
  places = maxPlaces

  /** Tells how long the next thing may be at most; 0 if nothing more is taken. */
  next(): number {
    this.#entries--
    return this.#entries < 0 ? 0 : Math.max(0, Math.min(this.#left, maxUnpackedBytes))
  }

  take(bytes: number): void {
    this.#left -= bytes
  }

  /** Notes that something is not read: each such thing is told, and a small archive can have any number of them. */
  noteUnread(): void {
    this.#unread--
  }

  /** Whether no more is looked at. */
  get isSpent(): boolean {
    return this.#entries < 0 || this.#left <= 0 || this.#unread < 0 || this.places <= 0
  }
}

const slash = 0x2f
export const tooLarge = 'unpacks to more than is read'

/** Tells whether bytes begin an archive. */
export function isArchive(bytes: Buffer): boolean {
  return isZip(bytes) || isGzip(bytes) || isTar(bytes)
}

/** What an archive holds, one after another. Ends with a reason at what is broken in it. */
export function* unpack(bytes: Buffer, budget: Budget): Generator<Entry> {
  if (isGzip(bytes)) yield ungzip(bytes, budget)
  else if (isZip(bytes)) yield* unzip(bytes, budget)
  else if (isTar(bytes)) yield* untar(bytes, budget)
}

function isZip(bytes: Buffer): boolean {
  return bytes.length > 22 && [0x04034b50, 0x06054b50].includes(bytes.readUInt32LE(0))
}

function isGzip(bytes: Buffer): boolean {
  return bytes.length > 18 && bytes.readUIntBE(0, 3) === 0x1f8b08
}

function isTar(bytes: Buffer): boolean {
  return bytes.length >= 512 && bytes.toString('latin1', 257, 262) === 'ustar'
}

function ungzip(bytes: Buffer, budget: Budget): Entry {
  return inflate('', budget, (maxOutputLength) => gunzipSync(bytes, { maxOutputLength }))
}

function inflate(name: string, budget: Budget, open: (most: number) => Buffer): Entry {
  const most = budget.next()
  if (most <= 0) return { name, reason: tooLarge }
  try {
    const bytes = open(most)
    budget.take(bytes.length)
    return { name, bytes }
  } catch (error) {
    const isTooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    if (isTooLarge) budget.take(most)
    return { name, reason: isTooLarge ? tooLarge : 'is broken' }
  }
}

/** By its directory, which stands at its end (APPNOTE 4.3.12). */
function* unzip(bytes: Buffer, budget: Budget): Generator<Entry> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0 || end + 22 > bytes.length) return yield { name: '', reason: 'is broken' }
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50)
      return yield { name: '', reason: 'is broken' }
    const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)]
    const [packed, head] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)]
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28)
    const name = shortened(bytes.toString('utf8', at + 46, nameEnd))
    at = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
    if (bytes[nameEnd - 1] === slash) continue
    if (flags & 1) yield { name, reason: 'is encrypted' }
    else if (packed === 0xffffffff || head + 30 > bytes.length)
      yield { name, reason: 'is of a form that is not read' }
    else {
      const start = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28)
      const content = bytes.subarray(start, start + packed)
      if (method === 0) yield inflate(name, budget, () => content)
      else if (method === 8)
        yield inflate(name, budget, (maxOutputLength) => inflateRawSync(content, { maxOutputLength }))
      else yield { name, reason: 'is of a form that is not read' }
    }
  }
}

/** By its headers of 512 bytes (POSIX.1-2017, pax, ustar); what follows a long name of GNU or pax has that name. */
function* untar(bytes: Buffer, budget: Budget): Generator<Entry> {
  let longName: string | undefined
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const text = (from: number, to: number) =>
      bytes.toString('utf8', at + from, at + to).replace(/\0[\s\S]*$/, '')
    const size = bytes[at + 124] === 0x80 ? bytes.readUIntBE(at + 130, 6) : Number.parseInt(text(124, 136), 8)
    if (!Number.isSafeInteger(size) || size < 0) return yield { name: '', reason: 'is broken' }
    const content = bytes.subarray(at + 512, at + 512 + size)
    const type = String.fromCharCode(bytes[at + 156] as number)
    if (type === 'L') longName = content.toString().replace(/\0[\s\S]*$/, '')
    else if (type === 'x') longName = /^\d+ path=(.*)$/m.exec(content.toString())?.[1] ?? longName
    else {
      const name = shortened(longName ?? [text(345, 500), text(0, 100)].filter(Boolean).join('/'))
      longName = undefined
      if (type === '0' || type === '\0' || type === '7') {
        if (content.length < size) yield { name, reason: 'is broken' }
        yield inflate(name, budget, () => content)
      }
    }
    at += 512 + Math.ceil(size / 512) * 512
  }
}

function shortened(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}
