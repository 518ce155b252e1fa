// The file that holds the keys of an instance: made once, rotated, and read by every process. One key a line, in base64.
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { LatchkeyError } from '../core/errors.ts'

/** The keys that a file holds, and by what its next version is told from it. */
export interface KeyringFile {
  keys: readonly Buffer[]
  version: string
}

/** What became of a file. */
export interface KeyringChange {
  file: string
  /** How many keys it holds: the first signs, and what any of them has signed is known. */
  keys: number
}

/** Reads a file; undefined if it is not there. Throws `keyring_missing` for one without a key, `invalid_input` for a wrong one. */
export function readKeyringFile(file: string): KeyringFile | undefined {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const version = versionOf(fstatSync(handle))
    const lines = readFileSync(handle, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
    if (lines.length === 0) throw new LatchkeyError('keyring_missing', `${file} holds no key.`)
    return { keys: lines.map((line) => readSealingKey(line, file)), version }
  } finally {
    closeSync(handle)
  }
}

/** Tells whether a file is another one than the one that was read. */
export function isNewer(file: string, { version }: KeyringFile): boolean {
  const now = statSync(file, { throwIfNoEntry: false })
  return now !== undefined && versionOf(now) !== version
}

function versionOf({ ino, mtimeMs, size }: { ino: number; mtimeMs: number; size: number }): string {
  return `${ino} ${mtimeMs} ${size}`
}

/** Makes a file with one key, for its owner alone. Throws `invalid_input` if it is there: its keys would be lost. */
export function newKeyringFile(file: string): KeyringChange {
  if (!makeKeyringFile(file))
    throw new LatchkeyError(
      'invalid_input',
      `${file} exists, and what its keys have signed would be lost. Add a key to it with \`latchkey keyring rotate\`.`,
    )
  return { file, keys: 1 }
}

/** Makes a file with one key, whole; false if another process has made it meanwhile. */
export function makeKeyringFile(file: string): boolean {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  writeDraft(draft, [randomBytes(32)])
  try {
    handOver(draft, dirname(file))
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    unlinkSync(draft)
  }
}

/**
 * Puts a new key before those of a file, which stay: what they have signed is known as before. A reader finds the old
 * file or the new one, never a part. Throws `invalid_input` if there is no file, or while another process rotates it.
 */
export function rotateKeyringFile(file: string): KeyringChange {
  // It is the lock as well as the draft.
  const draft = `${file}.rotating`
  if (readKeyringFile(file) === undefined)
    throw new LatchkeyError(
      'invalid_input',
      `There is no keyring at ${file}. Make it with \`latchkey keyring new\`.`,
    )
  try {
    writeDraft(draft, [])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new LatchkeyError(
      'invalid_input',
      `${draft} exists: another process rotates this keyring, or one was interrupted. If none does, remove that file and rotate again.`,
    )
  }
  try {
    // Read once more: from here on nobody else rotates it.
    const { keys } = readKeyringFile(file) as KeyringFile
    const all = [randomBytes(32), ...keys]
    writeFileSync(draft, textOf(all), { flush: true })
    handOver(draft, file)
    renameSync(draft, file)
    return { file, keys: all.length }
  } catch (error) {
    unlinkSync(draft)
    throw error
  }
}

function writeDraft(file: string, keys: readonly Buffer[]): void {
  writeFileSync(file, textOf(keys), { mode: 0o600, flag: 'wx', flush: true })
}

function textOf(keys: readonly Buffer[]): string {
  return keys.map((key) => `${key.toString('base64')}\n`).join('')
}

/** Gives a file that root makes to the owner of what it stands for: the server would not be let to read it. */
function handOver(file: string, like: string): void {
  const { uid, gid } = statSync(like)
  if (process.getuid?.() === 0) chownSync(file, uid, gid)
}

/** Reads a key from base64. Throws `invalid_input` for one that is not 32 bytes. */
export function readSealingKey(text: string, from: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === 32) return key
  throw new LatchkeyError(
    'invalid_input',
    `${from}: Each key must be 32 bytes in base64, as \`latchkey keyring new\` makes them.`,
  )
}
