// Scans files, folders and streams for tokens, archives and what they hold included.

import { hash } from 'node:crypto'
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { redactTokens, tokenHint } from '../../core/token.ts'
import { Budget, isArchive, maxUnpackedBytes, tooLarge, unpack } from './archives.ts'
import { type Finding, Search } from './search.ts'

/** A token and where it stands; nothing in it is secret. */
export interface Leak {
  /** The path of the file; of what is in an archive, that of the archive, `!/` and its name there. */
  path: string
  /** The first commit that has it, if a history was scanned and a commit has it. */
  commit: string | null
  line: number
  column: number
  prefix: string
  kid: string
  hint: string
}

/** The same, with what a server knows the token by. */
export interface HeldLeak extends Leak {
  /** The SHA-256 of the token, in hexadecimal digits; it is never printed. */
  sha256: string
}

/** Something that could not be read, and why. */
export interface Unread {
  path: string
  reason: string
}

/** What a scan has come to. */
export interface Scanned {
  leaks: HeldLeak[]
  unread: Unread[]
  files: number
  bytes: number
}

const partBytes = 1024 * 1024
/** Why something cannot be read, by the codes of the system. */
const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
}
const deepest = 8
/** Git compresses what is here: `--history` looks into it. */
const packedByGit = /(?:^|\/)\.git\/objects$/

/** One scan of any number of things. */
export class Scanner {
  readonly scanned: Scanned = { leaks: [], unread: [], files: 0, bytes: 0 }
  readonly #isExcluded: (path: string) => boolean
  readonly #onFile: () => void
  readonly #part = Buffer.allocUnsafe(partBytes)

  constructor(isExcluded: (path: string) => boolean = () => false, onFile: () => void = () => {}) {
    this.#isExcluded = isExcluded
    this.#onFile = onFile
  }

  /** Scans a file, or a folder and all below it. Links in a folder are not followed: what is in it is scanned itself. */
  scanPath(path: string): void {
    this.#attempt(path, () => {
      if (!statSync(path).isDirectory()) this.#scanFile(path, 0)
      else this.#scanFolder(path, '')
    })
  }

  /** Scans what is in memory, such as a blob of a history. */
  scanBytes(path: string, bytes: Buffer, commit: string | null = null): void {
    this.#count(bytes.length)
    this.#scanWhole(path, bytes, commit)
  }

  /** Scans a stream, in parts. */
  async scanStream(path: string, stream: AsyncIterable<Buffer>): Promise<void> {
    const budget = new Budget()
    const search = this.#searchOf(path, budget, null)
    let archive: Buffer[] | undefined
    let length = 0
    for await (const part of stream) {
      if (length === 0 && isArchive(part)) archive = []
      length += part.length
      if (archive && length > maxUnpackedBytes) {
        for (const one of archive) search.push(one)
        archive = undefined
        this.tellUnread(path, 'is too long to unpack')
      }
      if (archive) archive.push(Buffer.from(part))
      else search.push(part)
    }
    this.#count(length)
    if (archive) this.#scanWhole(path, Buffer.concat(archive), null)
    else this.#tellFull(path, search)
  }

  /** Takes over what another scan has come to, with the places of its leaks, which it knew only in the end. */
  take({ files, bytes, unread }: Scanned, leaks: readonly HeldLeak[]): void {
    this.scanned.files += files
    this.scanned.bytes += bytes
    this.scanned.unread.push(...unread)
    // One by one: there may be more than a call takes arguments.
    for (const leak of leaks)
      if (!this.#isExcluded(leak.path)) this.scanned.leaks.push({ ...leak, path: redactTokens(leak.path) })
  }

  /** Notes that something could not be read. */
  tellUnread(path: string, reason: string): void {
    this.scanned.unread.push({ path: redactTokens(path), reason })
  }

  #scanFolder(root: string, below: string): void {
    const path = join(root, below)
    let names: Dirent[] = []
    this.#attempt(path, () => {
      names = readdirSync(path, { withFileTypes: true })
    })
    for (const entry of names.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const inside = below === '' ? entry.name : `${below}/${entry.name}`
      if (this.#isExcluded(inside) || (entry.isDirectory() && packedByGit.test(inside))) continue
      if (entry.isDirectory()) this.#scanFolder(root, inside)
      else if (entry.isFile())
        this.#attempt(join(root, inside), () => this.#scanFile(join(root, inside), constants.O_NOFOLLOW))
    }
  }

  #scanFile(path: string, flags: number): void {
    const file = openSync(path, constants.O_RDONLY | flags)
    try {
      const part = this.#part
      const length = readSync(file, part)
      const first = part.subarray(0, length)
      if (isArchive(first)) this.#scanArchive(path, file, first)
      else if (length < part.length && fstatSync(file).isFile()) {
        this.#count(length)
        this.#searchWhole(path, first, new Budget(), null)
      } else this.#searchParts(path, file, length)
    } finally {
      closeSync(file)
    }
  }

  /** Searches a file of any length, of which the first part has been read. */
  #searchParts(path: string, file: number, first: number): void {
    const search = this.#searchOf(path, new Budget(), null)
    let total = 0
    for (let read = first; read > 0; read = readSync(file, this.#part)) {
      search.push(this.#part.subarray(0, read))
      total += read
    }
    this.#count(total)
    this.#tellFull(path, search)
  }

  #scanArchive(path: string, file: number, first: Buffer): void {
    const parts = [Buffer.from(first)]
    let length = first.length
    for (let read = readSync(file, this.#part); read > 0; read = readSync(file, this.#part)) {
      length += read
      if (length > maxUnpackedBytes) {
        this.tellUnread(path, 'is too long to unpack')
        return
      }
      parts.push(Buffer.from(this.#part.subarray(0, read)))
    }
    this.scanBytes(path, Buffer.concat(parts))
  }

  #scanWhole(path: string, bytes: Buffer, commit: string | null): void {
    const budget = new Budget()
    this.#scanContent(path, bytes, budget, 0, commit)
    if (budget.isSpent) this.tellUnread(path, tooLarge)
  }

  #scanContent(path: string, bytes: Buffer, budget: Budget, depth: number, commit: string | null): void {
    if (!isArchive(bytes) || depth === deepest) {
      this.#searchWhole(path, bytes, budget, commit)
      if (depth === deepest) this.tellUnread(path, 'is in too many archives')
      return
    }
    for (const entry of unpack(bytes, budget)) {
      const inside = entry.name === '' ? path : `${path}!/${entry.name}`
      if ('reason' in entry) {
        budget.noteUnread()
        this.tellUnread(inside, entry.reason)
      } else if (!this.#isExcluded(entry.name))
        this.#scanContent(inside, entry.bytes, budget, depth + 1, commit)
      if (budget.isSpent) return
    }
  }

  #searchWhole(path: string, bytes: Buffer, budget: Budget, commit: string | null): void {
    const search = this.#searchOf(path, budget, commit)
    search.whole(bytes)
    this.#tellFull(path, search)
  }

  /** Searches one thing, as far as its file has places left to be told. */
  #searchOf(path: string, budget: Budget, commit: string | null): Search {
    const shown = redactTokens(path)
    return new Search((finding) => {
      budget.places--
      this.#add(shown, finding, commit)
    }, budget.places)
  }

  #tellFull(path: string, { isFull }: Search): void {
    if (isFull) this.tellUnread(path, 'has more tokens than are told')
  }

  #add(path: string, { token, prefix, kid, line, column }: Finding, commit: string | null): void {
    const hint = tokenHint(prefix, kid)
    const sha256 = hash('sha256', token)
    this.scanned.leaks.push({ path, commit, line, column, prefix, kid, hint, sha256 })
  }

  #count(bytes: number): void {
    this.scanned.files++
    this.scanned.bytes += bytes
    this.#onFile()
  }

  #attempt(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      this.tellUnread(path, reasons[code ?? ''] ?? `cannot be read (${code})`)
    }
  }
}
