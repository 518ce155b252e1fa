// The calls by which people sign in.
import type {
  BeginSignInInput,
  ShownInvitation,
  SignInOptions,
  SignInProvider,
  ToldSignIn,
} from '../src/core/shapes/sign-in.ts'
import type { Wire } from '../src/core/wire.ts'
import { writeActingFor } from './acting-for.ts'
import { call, query } from './api.ts'
import type { ProviderAnswer } from './arrival.ts'
import { writePageValue } from './page-value.ts'
import { makePasskey, usePasskey } from './passkeys.ts'

export type WireSignInOptions = Wire<SignInOptions>
export type WireShownInvitation = Wire<ShownInvitation>
export type WireSignInProvider = Wire<SignInProvider>
export type WireToldSignIn = Wire<ToldSignIn>

/** How people sign in; `provider` names one that is not listed. */
export function signInOptionsQuery(provider?: string) {
  return {
    queryKey: ['sign-in', provider ?? ''],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      call<WireSignInOptions>('GET', `/v1/sign-in${query({ provider })}`, { signal }),
    staleTime: 60_000,
    // Needed when a session has ended, at once.
    gcTime: Number.POSITIVE_INFINITY,
  }
}

/** Shows an invitation, which uses nothing up. Throws {@link ApiError}. */
export function showInvitation(invitation: string): Promise<WireShownInvitation> {
  return call('POST', '/v1/sign-in/invitation', { body: { invitation } })
}

/** Begins to sign in at a provider: this window goes there. Throws {@link ApiError}. */
export async function goToProvider(provider: string, input: Wire<BeginSignInInput>): Promise<never> {
  const { url } = await call<{ url: string }>('POST', addressOf(provider), { body: input, asksAnew: false })
  location.assign(url)
  // Until the page is left.
  return new Promise(() => {})
}

/** Hands on what a provider has sent back, and keeps the session if there is a new one. Throws {@link ApiError}. */
export async function finishAtProvider(provider: string, answer: ProviderAnswer): Promise<WireToldSignIn> {
  return keepSession(await call('POST', `${addressOf(provider)}/callback`, { body: answer, asksAnew: false }))
}

function addressOf(provider: string): string {
  return `/v1/sign-in/providers/${encodeURIComponent(provider)}`
}

/** Signs in by a passkey, or makes the sign-in of the session fresh. Throws {@link ApiError}. */
export async function signInByPasskey(purpose: 'sign_in' | 'fresh'): Promise<WireToldSignIn> {
  const { options } = await beginPasskey<PublicKeyCredentialRequestOptionsJSON>('options', { purpose })
  return keepSession(
    await call('POST', '/v1/sign-in/passkey', {
      body: { credential: await usePasskey(options) },
      asksAnew: false,
    }),
  )
}

/** Makes a passkey: it accepts an invitation, or is one more of who is signed in. Throws {@link ApiError}. */
export async function addPasskey(given: { invitation?: string; label?: string }): Promise<WireToldSignIn> {
  const { label, ...whose } = given
  const { options } = await beginPasskey<PublicKeyCredentialCreationOptionsJSON>(
    'registration-options',
    whose,
  )
  const body = { ...whose, credential: await makePasskey(options), ...(label && { label }) }
  return keepSession(await call('POST', '/v1/sign-in/passkey/registration', { body, asksAnew: false }))
}

function beginPasskey<Options>(what: string, body: object): Promise<{ options: Options }> {
  return call('POST', `/v1/sign-in/passkey/${what}`, { body, asksAnew: false })
}

/** Keeps the session that a sign-in has opened, if it has. */
function keepSession(finished: WireToldSignIn): WireToldSignIn {
  const { session, organization_id: organization } = finished
  if (session !== null) {
    if (organization !== null) writeActingFor(organization)
    writePageValue(session.page_value)
  }
  return finished
}
