// Web Authentication, Level 3: what a browser is asked for, and whether what it brings proves that. The server's name and origin are
// those of its public address, and of no request. Everything here is judged from what is given: nothing is read or written.
import { LatchkeyError } from '../../core/errors.ts'
import { madeCredentialSchema, usedCredentialSchema } from '../../core/shapes/passkeys.ts'
import type { RandomSource } from '../../core/token.ts'
import type { PasskeyRow } from '../../store/passkeys.ts'

/** Ed25519, P-256 and RSA, by their numbers in COSE: what authenticators have. */
const algorithms = [-8, -7, -257]
/** So long the browser waits for the person. */
const timeout = 300_000

/** Who asks for passkeys. */
export interface RelyingParty {
  /** The host, without its port. */
  id: string
  origin: string
}

/** Who asks, by the server's public address; undefined if no browser makes passkeys for that: they take a name, and TLS but for `localhost`. */
export function relyingPartyOf(publicUrl: string | undefined): RelyingParty | undefined {
  const url = publicUrl === undefined ? null : URL.parse(publicUrl)
  if (url === null) return undefined
  const { hostname: id, origin, protocol } = url
  if (id.startsWith('[') || /^[\d.]+$/.test(id)) return undefined
  const isLocal = id === 'localhost' || id.endsWith('.localhost')
  return protocol === 'https:' || isLocal ? { id, origin } : undefined
}

/** Draws what a browser must sign. */
export function drawBytes(random: RandomSource): string {
  return Buffer.from(random(new Uint8Array(32))).toString('base64url')
}

/** A passkey that somebody has, as its browser finds it. */
export type Known = Pick<PasskeyRow, 'id' | 'transports'>

/** What a browser is asked for that uses a passkey: any of the server's, or one of those that are named. */
export function requestOptions({ id: rpId }: RelyingParty, challenge: string, known: readonly Known[] = []) {
  return { challenge, rpId, timeout, userVerification: 'required', allowCredentials: known.map(describe) }
}

/** What a browser is asked for that makes a passkey, on another authenticator than those that are known. */
export function creationOptions(
  { id }: RelyingParty,
  challenge: string,
  user: { handle: string; email: string; name: string | null },
  known: readonly Known[] = [],
) {
  return {
    rp: { id, name: 'Latchkey' },
    user: { id: user.handle, name: user.email, displayName: user.name ?? user.email },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout,
    attestation: 'none',
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    excludeCredentials: known.map(describe),
  }
}

function describe({ id, transports }: Known) {
  return { id, type: 'public-key', transports: JSON.parse(transports) as string[] }
}

/** What a credential says before anything of it is proved. */
export interface Claimed {
  id: string
  /** What its browser has signed. */
  challenge: string
}

/** Reads which passkey was used, or made, and for which challenge. Throws `passkey_refused`. */
export function readClaim(credential: unknown): Claimed {
  const { id, response } = (credential ?? {}) as { id?: unknown; response?: { clientDataJSON?: unknown } }
  const text = response?.clientDataJSON
  if (typeof id !== 'string' || typeof text !== 'string' || text.length > 32_768) throw passkeyRefused()
  try {
    const { challenge, crossOrigin } = JSON.parse(Buffer.from(text, 'base64url').toString())
    // Not in a frame of another site either.
    if (typeof challenge === 'string' && crossOrigin !== true) return { id, challenge }
  } catch (error) {
    throw passkeyRefused(error)
  }
  throw passkeyRefused()
}

/** What a used passkey says of itself. */
export interface ProvedUse {
  counter: number
  isBackedUp: boolean
}

/**
 * Checks that a passkey was used by a person who has shown itself to the authenticator, here and for this challenge. Throws
 * `passkey_refused`, also if its counter goes back.
 */
export async function proveUse(
  party: RelyingParty,
  challenge: string,
  given: unknown,
  row: PasskeyRow & { subject: string; issuer: string },
): Promise<ProvedUse> {
  const credential = parse(usedCredentialSchema, given)
  const { userHandle, ...proofs } = credential.response
  if (credential.id !== row.id || row.issuer !== party.id) throw passkeyRefused()
  if (userHandle && userHandle !== row.subject) throw passkeyRefused()
  const { verifyAuthenticationResponse } = await load()
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...expected(party, challenge),
      response: { ...credential, response: proofs, clientExtensionResults: {} },
      credential: { id: row.id, publicKey: Uint8Array.from(row.public_key), counter: Number(row.counter) },
    })
    if (!verified || !authenticationInfo.userVerified) throw passkeyRefused()
    return { counter: authenticationInfo.newCounter, isBackedUp: authenticationInfo.credentialBackedUp }
  } catch (error) {
    throw passkeyRefused(error)
  }
}

/** A new passkey. */
export type ProvedPasskey = Omit<PasskeyRow, 'identity_id'>

/** Checks that a passkey was made here, for this challenge, by a person who has shown itself. Throws `passkey_refused`. */
export async function provePasskey(
  party: RelyingParty,
  challenge: string,
  given: unknown,
): Promise<ProvedPasskey> {
  const credential = parse(madeCredentialSchema, given)
  const { verifyRegistrationResponse } = await load()
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      ...expected(party, challenge),
      response: {
        ...credential,
        response: { ...credential.response, transports: [] },
        clientExtensionResults: {},
      },
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified || !registrationInfo.userVerified) throw passkeyRefused()
    const { credential: made, credentialBackedUp } = registrationInfo
    return {
      id: made.id,
      public_key: made.publicKey,
      counter: made.counter,
      transports: JSON.stringify(credential.response.transports),
      backed_up: credentialBackedUp ? 1 : 0,
    }
  } catch (error) {
    throw passkeyRefused(error)
  }
}

function expected({ id, origin }: RelyingParty, challenge: string) {
  return {
    ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id },
    requireUserVerification: true,
  }
}

function parse<Output>(
  schema: { safeParse(value: unknown): { success: true; data: Output } | { success: false } },
  given: unknown,
): Output {
  const result = schema.safeParse(given)
  if (!result.success) throw passkeyRefused()
  return result.data
}

/** The package is loaded with the first passkey: most processes see none. */
function load() {
  return import('@simplewebauthn/server')
}

// One sentence for all of them: nobody learns how far a forged one has come.
export function passkeyRefused(cause?: unknown): LatchkeyError {
  if (cause instanceof LatchkeyError) return cause
  return new LatchkeyError(
    'passkey_refused',
    'The passkey proves nothing here: it is of another address, was not unlocked by a person, or may be a copy.',
    cause === undefined ? {} : { cause },
  )
}
