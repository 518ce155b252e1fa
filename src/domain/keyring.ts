// The keys of this instance, by which it knows what it has made and given away: reservations of units,
// and what it must keep and nobody may read from the database.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { existsSync } from 'node:fs'
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
  constructor(database: string, given: readonly string[], from = 'sealingKeys') {
    this.#database = database
    if (given.length > 0) this.#given = given.map((key) => readSealingKey(key, from))
  }

  /** Signs a text for a purpose; 43 characters of base64url. Throws `keyring_missing`. */
  sign(purpose: string, text: string): string {
    return macOf(this.#open()[0] as Buffer, purpose, text).toString('base64url')
  }

  /** Tells whether one of the keys has signed a text for a purpose. Throws `keyring_missing`. */
  hasSigned(purpose: string, text: string, signature: string): boolean {
    // Letter by letter: base64url has several spellings of the same bytes.
    const given = Buffer.from(signature)
    return this.#open().some((key) => {
      const own = Buffer.from(macOf(key, purpose, text).toString('base64url'))
      return own.length === given.length && timingSafeEqual(own, given)
    })
  }

  /**
   * Seals bytes that lie at a place of the database, by AES-256-GCM: they are opened there alone. Throws `keyring_missing`.
   */
  seal(place: SealedPlace, secret: Uint8Array): string {
    const key = this.#open()[0] as Buffer
    return `s1.${nameOf(key)}.${encrypt(derive(key, sealing), placeText(place), secret)}`
  }

  /** Opens what was sealed at a place. Throws `unsealable` if no key of today has sealed it so, `keyring_missing`. */
  unseal(place: SealedPlace, sealed: string): Buffer {
    const [form, name = '', text = ''] = sealed.split('.')
    const key = this.#open().find((own) => nameOf(own) === name)
    if (form !== 's1' || key === undefined) throw unsealable(place, name)
    const secret = decrypt(derive(key, sealing), placeText(place), text)
    if (secret === undefined) throw unsealable(place, name)
    return secret
  }

  /**
   * Seals what somebody else keeps for a while, for a purpose: strangers may have it do so as often as they like, so it is by keys
   * of its own, of which no secret of the database depends. Throws `keyring_missing`.
   */
  sealForBearer(purpose: string, content: Uint8Array): string {
    return encrypt(derive(this.#open()[0] as Buffer, bearing), purpose, content)
  }

  /** Opens it; undefined for what none of the keys has sealed for that purpose. Throws `keyring_missing`. */
  openOfBearer(purpose: string, sealed: string): Buffer | undefined {
    for (const key of this.#open()) {
      const content = decrypt(derive(key, bearing), purpose, sealed)
      if (content !== undefined) return content
    }
    return undefined
  }

  /**
   * The names of the keys, the one that seals first; none if there are no keys yet, and it makes none. Throws `keyring_missing`
   * for a file that cannot be read.
   */
  names(): string[] {
    const path = sqlitePath(this.#database)
    if (this.#given === undefined && (path === undefined || !existsSync(fileBeside(path)))) return []
    return this.#open().map(nameOf)
  }

  /** The file whose keys this process goes on with, though it is gone: they are lost with the process. */
  missingFile(): string | undefined {
    const path = sqlitePath(this.#database)
    if (path === undefined || this.#file === undefined || existsSync(fileBeside(path))) return undefined
    return fileBeside(path)
  }

  /** Whether there are keys, or will be: PostgreSQL has none unless somebody gives them. */
  get canSeal(): boolean {
    return this.#given !== undefined || sqlitePath(this.#database) !== undefined
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
    const file = fileBeside(path)
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

/** Where the keys of an SQLite database are, if nobody gives them. */
function fileBeside(path: string): string {
  return `${path}.keyring`
}

function readOrMake(file: string): KeyringFile {
  const found = readKeyringFile(file)
  if (found !== undefined) return found
  makeKeyringFile(file)
  return readKeyringFile(file) as KeyringFile
}

/** Where in the database something sealed lies. */
export interface SealedPlace {
  table: string
  row: string
  column: string
}

const sealing = 'sealing'
const bearing = 'bearing'

function placeText({ table, row, column }: SealedPlace): string {
  return JSON.stringify([table, row, column])
}

const cipherName = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Encrypts bytes for whoever names the same bond: a nonce, the bytes and their tag, in base64url. */
function encrypt(key: Buffer, bond: string, content: Uint8Array): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(bond))
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  )
}

/** Decrypts them; undefined for what was encrypted by another key or for another bond, and for what is too short. */
function decrypt(key: Buffer, bond: string, text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < nonceBytes + tagBytes) return undefined
  // Of a fixed length: a tag that somebody cuts short would be guessed sooner.
  const cipher = createDecipheriv(cipherName, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(bond))
  cipher.setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([cipher.update(bytes.subarray(nonceBytes, -tagBytes)), cipher.final()])
  } catch {
    return undefined
  }
}

/** Tells keys apart, and says nothing of them. */
function nameOf(key: Buffer): string {
  return derive(key, 'name').subarray(0, 6).toString('base64url')
}

function unsealable({ table, column }: SealedPlace, name: string): LatchkeyError {
  return new LatchkeyError(
    'unsealable',
    `No key of this instance opens ${table}.${column}. Give back the key that sealed it, ${name}, to the keyring.`,
  )
}

/** What was derived before: each message of a webhook opens its secret. */
const derived = new WeakMap<Buffer, Map<string, Buffer>>()

function derive(key: Buffer, purpose: string): Buffer {
  const ofKey = derived.get(key) ?? new Map<string, Buffer>()
  derived.set(key, ofKey)
  const found = ofKey.get(purpose) ?? Buffer.from(hkdfSync('sha256', key, '', `latchkey ${purpose}`, 32))
  ofKey.set(purpose, found)
  return found
}

/** Of a purpose of its own each key makes another: what was signed for one is nothing to the others. */
function macOf(key: Buffer, purpose: string, text: string): Buffer {
  return createHmac('sha256', derive(key, purpose)).update(text).digest()
}
