// Signed notes, as https://c2sp.org/signed-note has them: text, and lines of Ed25519 signatures below it.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

/** Who signs: a name, and an Ed25519 key. */
export interface Signer {
  name: string
  key: KeyObject
}

/** Whose signatures are believed. */
export interface KnownSigner {
  name: string
  /** The first four bytes of the hash of name and key, by which a line is told to be of this signer. */
  hash: Buffer
  key: KeyObject
}

const ed25519 = 1
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Makes a new private key: its 32 bytes. */
export function newSignerSeed(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32)
}

/** A signer by a name and the 32 bytes of its private key. */
export function signerOf(name: string, seed: Uint8Array): Signer {
  if (!isSignerName(name)) throw new RangeError('A name of a signer has no space and no +.')
  return {
    name,
    key: createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: 'der', type: 'pkcs8' }),
  }
}

/** The text by which others know a signer: `name+hash+key`. */
export function verifierKeyOf({ name, key }: Signer): string {
  const bytes = publicBytes(key)
  return `${name}+${keyHash(name, bytes).toString('hex')}+${bytes.toString('base64')}`
}

/** Reads `name+hash+key`; undefined if it is none. */
export function readVerifierKey(text: string): KnownSigner | undefined {
  const [, name, hex, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  if (name === undefined || hex === undefined || encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 33 || bytes[0] !== ed25519 || keyHash(name, bytes).toString('hex') !== hex)
    return undefined
  const key = createPublicKey({
    key: Buffer.concat([publicPrefix, bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  })
  return { name, hash: Buffer.from(hex, 'hex'), key }
}

/** Signs a text, whose last line must be ended; each signer adds a line. */
export function signNote(text: string, signers: readonly Signer[]): string {
  if (!text.endsWith('\n')) throw new RangeError('The text of a note ends with a line break.')
  const lines = signers.map(({ name, key }) => {
    const signature = Buffer.concat([keyHash(name, publicBytes(key)), sign(null, Buffer.from(text), key)])
    return `\u2014 ${name} ${signature.toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

/** A note as it was read. */
export interface Note {
  /** The text that is signed, with its last line break. */
  text: string
  signatures: readonly { name: string; hash: Buffer; signature: Buffer }[]
}

/** Reads a note, with or without signatures; undefined if it is none. */
export function readNote(note: string): Note | undefined {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return undefined
  const lines = note.slice(end + 2, -1)
  const read = lines === '' ? [] : lines.split('\n').map(readSignature)
  if (read.includes(undefined)) return undefined
  return { text: note.slice(0, end + 1), signatures: read as Note['signatures'] }
}

/** Tells whether a note is signed by a signer. One wrong signature of that signer is enough to refuse it. */
export function isSignedBy({ text, signatures }: Note, signer: KnownSigner): boolean {
  const own = signatures.filter(({ name, hash }) => name === signer.name && hash.equals(signer.hash))
  return (
    own.length > 0 && own.every(({ signature }) => verify(null, Buffer.from(text), signer.key, signature))
  )
}

function readSignature(line: string): Note['signatures'][number] | undefined {
  const [, name, encoded = ''] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  // There is one way to write it: another one of the same bytes is no signature.
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded) return undefined
  return { name, hash: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}

function isSignerName(name: string): boolean {
  return /^[^\s+]+$/u.test(name)
}

function publicBytes(key: KeyObject): Buffer {
  const own = key.type === 'private' ? createPublicKey(key) : key
  return Buffer.concat([Buffer.of(ed25519), own.export({ type: 'spki', format: 'der' }).subarray(-32)])
}

function keyHash(name: string, bytes: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), bytes]), 'buffer').subarray(0, 4)
}
