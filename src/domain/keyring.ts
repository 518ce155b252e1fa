// The keys of this instance, by which it knows what it has made and given away: today the reservations of units.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { LatchkeyError } from '../core/errors.ts'
import { sqlitePath } from '../store/sqlite-url.ts'
import {
  isNewer,
  type KeyringFile,
  makeKeyringFile,
  readKeyringFile,
  readSealingKey,
} from './keyring-file.ts'

/** Keys of 32 bytes, the first of which signs; what any of them has signed is known. */
export class Keyring {
  readonly #database: string
  readonly #given: readonly Buffer[] | undefined
  #file: KeyringFile | undefined

  /**
   * `given` are the keys in base64. Without any, an SQLite database has them in a file beside it, `<database>.keyring`,
   * which the first use makes, for its owner alone. A file that was rotated is read again at its next use. Throws
   * `invalid_input` for a key that is not 32 bytes.
   */
  constructor(database: string, given: readonly string[]) {
    this.#database = database
    if (given.length > 0) this.#given = given.map(readSealingKey)
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
    if (this.#given !== undefined) return this.#given
    const path = sqlitePath(this.#database)
    if (path === undefined)
      throw new LatchkeyError(
        'keyring_missing',
        'This needs the keys of the instance. Make them with `latchkey keyring new --file <file>`, keep the file, and set LATCHKEY_SEALING_KEYS to what it holds, the same for every process.',
      )
    const file = `${path}.keyring`
    try {
      if (this.#file === undefined || isNewer(file, this.#file)) this.#file = readOrMake(file)
    } catch (error) {
      // Where the file is, is for the log alone.
      throw new LatchkeyError(
        'keyring_missing',
        'The keys of the instance, beside the database, cannot be read.',
        { cause: error },
      )
    }
    return this.#file.keys
  }
}

function readOrMake(file: string): KeyringFile {
  const found = readKeyringFile(file)
  if (found !== undefined) return found
  makeKeyringFile(file)
  return readKeyringFile(file) as KeyringFile
}

/** Of a purpose of its own each key makes another: what was signed for one is nothing to the others. */
function macOf(key: Buffer, purpose: string, text: string): Buffer {
  const derived = Buffer.from(hkdfSync('sha256', key, '', `latchkey ${purpose}`, 32))
  return createHmac('sha256', derived).update(text).digest()
}
