// Passkeys, as browsers use and make them (Web Authentication, Level 3). What the server asks for is handed on as it is.
import { ApiError } from './api.ts'

interface JsonCredential {
  toJSON(): unknown
}

/** Whether the browser can use passkeys here: on a page of https or of its own machine, and if it is not too old. */
export function takesPasskeys(): boolean {
  return (
    'PublicKeyCredential' in globalThis &&
    'parseRequestOptionsFromJSON' in PublicKeyCredential &&
    'credentials' in navigator
  )
}

/** Has the person choose and unlock a passkey. Throws {@link ApiError} if they would rather not. */
export function usePasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  return asJson(
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
    'nobody chose one, or this device has none for this address. Try again, or sign in another way. If it is lost, ask an owner of your organization to reset how you sign in.',
  )
}

/** Has the person make one. Throws {@link ApiError} if they would rather not. */
export function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  return asJson(
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
    'nobody made one, or this device can make none. Try again, or take another way.',
  )
}

async function asJson(asked: Promise<Credential | null>, ifNone: string): Promise<unknown> {
  try {
    const credential = await asked
    if (credential !== null) return (credential as unknown as JsonCredential).toJSON()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError')
      throw new ApiError('unreachable', 'This device has a passkey of yours already. Use that one.')
    // A browser tells a page the same of a refusal, of a passkey that is not there, and of time that ran out.
    if (!(error instanceof DOMException)) throw error
  }
  throw new ApiError('unreachable', `The browser gave no passkey: ${ifNone}`)
}
