// The keys of this instance, by which it knows what it has made and given away: today the reservations of units.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { LatchkeyError } from '../core/errors.ts'
import { sqlitePath } from '../store/sqlite-url.ts'

/** Keys of 32 bytes, the first of which signs; what any of them has signed is known. */
export class Keyring {
  readonly #database: string
  #keys: readonly Buffer[] | undefined

  /**
   * `given` are the keys in base64. Without any, an SQLite database has them in a file beside it, `<database>.keyring`,
   * which the first use makes, for its owner alone. Throws `invalid_input` for a key that is not 32 bytes.
   */
  constructor(database: string, given: readonly string[]) {
    this.#database = database
    if (given.length > 0) this.#keys = given.map(readKey)
  }

  /** Signs a text for a purpose; 43 characters of base64url. Throws `keyring_missing`. */
  sign(purpose: string, text: string): string {
    return macOf(this.#open()[0] as Buffer, purpose, text).toString('base64url')
  }

  /** Tells whether one of the keys has signed a text for a purpose. Throws `keyring_missing`. */
  hasSigned(purpose: string, text: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url')
    return this.#open().some((key) => {
      const own = macOf(key, purpose, text)
      return own.length === given.length && timingSafeEqual(own, given)
    })
  }

  /** Throws `keyring_missing` unless there are keys. */
  require(): void {
    this.#open()
  }

  #open(): readonly Buffer[] {
    this.#keys ??= this.#read()
    return this.#keys
  }

  #read(): readonly Buffer[] {
    const path = sqlitePath(this.#database)
    if (path === undefined)
      throw new LatchkeyError(
        'keyring_missing',
        'This needs the keys of the instance. Set LATCHKEY_SEALING_KEYS to 32 random bytes in base64, the same for every process, and keep them: openssl rand -base64 32.',
      )
    const file = `${path}.keyring`
    try {
      return readFile(file) ?? makeFile(file)
    } catch (error) {
      if (error instanceof LatchkeyError) throw error
      throw new LatchkeyError(
        'keyring_missing',
        'The keys of the instance, beside the database, cannot be read.',
        {
          cause: error,
        },
      )
    }
  }
}

/** Of a purpose of its own each key makes another: what was signed for one is nothing to the others. */
function macOf(key: Buffer, purpose: string, text: string): Buffer {
  const derived = Buffer.from(hkdfSync('sha256', key, '', `latchkey ${purpose}`, 32))
  return createHmac('sha256', derived).update(text).digest()
}

function readFile(file: string): readonly Buffer[] | undefined {
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
    if (lines.length === 0) throw new LatchkeyError('keyring_missing', `${file} holds no key.`)
    return lines.map(readKey)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes the file whole, or reads what another process has made meanwhile. */
function makeFile(file: string): readonly Buffer[] {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  return readFile(file) as readonly Buffer[]
}

function readKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === 32) return key
  throw new LatchkeyError(
    'invalid_input',
    'Each sealing key must be 32 bytes in base64: openssl rand -base64 32.',
  )
}
