// An authenticator in software, for what no browser lets a test do: it signs whatever it is told to (Web Authentication, Level 3).
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** What is signed, true or not. */
export interface Said {
  challenge: string
  /** What the browser says of where, and for what: beside `type`, `challenge` and `origin`. */
  client?: Record<string, unknown>
  /** Whose passkey the authenticator thinks that it is. */
  rpId?: string
  /** Bits: 1 the person was there, 4 it was verified, 8 it may be backed up, 16 it is, 64 a key comes along. */
  flags?: number
  counter?: number
}

const rpId = 'keys.example.com'
const origin = `https://${rpId}`
const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest()
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Makes one that has one passkey, for `https://keys.example.com`. */
export function makeAuthenticator() {
  const id = randomBytes(16)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  // ES256 on P-256, as COSE has it.
  const cose = Buffer.concat([
    ...[Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url')],
    ...[Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')],
  ])
  const dataOf = ({ rpId: of = rpId, counter = 0 }: Said, flags: number) => {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(of), Buffer.from([flags]), count])
  }
  const clientOf = (type: string, { challenge, client = {} }: Said) =>
    encode({ type, challenge, origin, crossOrigin: false, ...client })
  const common = { id: id.toString('base64url'), rawId: id.toString('base64url'), type: 'public-key' }

  return {
    id: common.id,
    /** The credential of a new passkey. */
    make(said: Said): object {
      const length = Buffer.from([0, id.length])
      const data = Buffer.concat([dataOf(said, said.flags ?? 0x45), Buffer.alloc(16), length, id, cose])
      const header = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex')
      const attestationObject = Buffer.concat([header, Buffer.from([data.length]), data]).toString(
        'base64url',
      )
      const clientDataJSON = clientOf('webauthn.create', said)
      return { ...common, response: { clientDataJSON, attestationObject, transports: ['usb'] } }
    },
    /** The credential of its use. */
    use(said: Said): object {
      const authenticatorData = dataOf(said, said.flags ?? 0x05)
      const clientDataJSON = clientOf('webauthn.get', said)
      const signed = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))])
      return {
        ...common,
        response: {
          clientDataJSON,
          authenticatorData: authenticatorData.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
        },
      }
    },
  }
}
