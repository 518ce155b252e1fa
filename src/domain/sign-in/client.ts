// What a provider of OpenID Connect is asked: where its endpoints are, and who has signed in. The operator's file names it, so it may be
// in any network; its answers are bounded in size and time, and how many are asked for at once.
import type { ClientAuth, Configuration, CustomFetchOptions } from 'openid-client'
import { LatchkeyError } from '../../core/errors.ts'
import type { ProviderSettings } from '../../core/provider-settings.ts'
import { signInExpired } from './refusals.ts'

type Library = typeof import('openid-client')

const timeoutMs = 5_000
const maxAtOnce = 8
const maxAnswerBytes = 512 * 1024
/** A provider's endpoints are asked for again after so long. */
const discoveryMs = 60 * 60_000
/** So far the clocks of a provider and of this process may differ. */
const toleranceSeconds = 60

/**
 * Whoever signed in at the provider within ten years is not asked anew because of it. A provider says when that was (`auth_time`)
 * only if it is asked for an age: OpenID Connect Core 1.0, section 2. A session is as fresh as that.
 */
const anyAgeSeconds = 315_360_000

/** What a provider says of a person: the claims of its ID token, and beside them those that its userinfo alone has. */
export type Claims = Readonly<Record<string, unknown>>

/** What is sent to a provider, and what must come back. */
export interface AuthorizationRequest {
  redirectUri: string
  state: string
  nonce: string
  verifier: string
  /** Whether the person must sign in there anew. */
  fresh: boolean
}

/** What came back by the browser. */
export interface AuthorizationAnswer {
  code?: string | undefined
  iss?: string | undefined
  error?: string | undefined
  errorDescription?: string | undefined
}

/** The client of one provider, in one process. */
export class ProviderClient {
  readonly #provider: ProviderSettings
  readonly #secret: () => string | undefined
  readonly #monotonic: () => number
  #discovered: { config: Configuration; at: number } | undefined
  #atOnce = 0

  /** `secret` reads the secret of the client; it is read anew each time. */
  constructor(provider: ProviderSettings, secret: () => string | undefined, monotonic: () => number) {
    this.#provider = provider
    this.#secret = secret
    this.#monotonic = monotonic
  }

  /** Learns where its endpoints are, unless that is known. Throws `provider_unavailable`. */
  async discover(): Promise<void> {
    await this.#ask((library) => this.#discover(library))
  }

  /** The page of the provider to which a browser goes. Throws `provider_unavailable`. */
  async authorizationUrl({
    redirectUri,
    state,
    nonce,
    verifier,
    fresh,
  }: AuthorizationRequest): Promise<string> {
    return this.#ask(async (library) => {
      const config = await this.#discover(library)
      const url = library.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: this.#provider.scopes.join(' '),
        state,
        nonce,
        code_challenge: await library.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        max_age: String(fresh ? 0 : anyAgeSeconds),
      })
      return url.href
    })
  }

  /**
   * Learns who has signed in, by the code. `needed` are claims that userinfo is asked for if the ID token lacks them. Throws
   * `sign_in_expired` for a code that is of no use and if the provider refused, `provider_unavailable` for everything else.
   */
  async readClaims(
    answer: AuthorizationAnswer,
    { redirectUri, state, nonce, verifier }: AuthorizationRequest,
    needed: readonly string[],
  ): Promise<Claims> {
    if (answer.error !== undefined) throw refusedBy(answer.error)
    return this.#ask(async (library) => {
      const config = await this.#discover(library)
      const { issuer, authorization_response_iss_parameter_supported: saysIssuer } = config.serverMetadata()
      // RFC 9207: what another provider sent is not handed to this one.
      const isFromHere = answer.iss === undefined ? saysIssuer !== true : answer.iss === issuer
      if (!isFromHere || answer.code === undefined) throw signInExpired()
      const url = new URL(redirectUri)
      url.searchParams.set('state', state)
      url.searchParams.set('code', answer.code)
      if (answer.iss !== undefined) url.searchParams.set('iss', answer.iss)
      const tokens = await library.authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims() as unknown as Claims
      const hasAll = needed.every((name) => claims[name] !== undefined)
      if (hasAll || config.serverMetadata().userinfo_endpoint === undefined) return claims
      // Of the same person, or it throws.
      const more = await library.fetchUserInfo(config, tokens.access_token, String(claims.sub))
      // An address and its proof come of one answer: a proof of one address is none of another.
      const isOfUserinfo = claims.email_verified === undefined && more.email !== undefined
      const { email, email_verified } = isOfUserinfo ? more : claims
      return { ...more, ...claims, email, email_verified }
    })
  }

  async #discover(library: Library): Promise<Configuration> {
    const found = this.#discovered
    const at = this.#monotonic()
    if (found !== undefined && at - found.at < discoveryMs) return found.config
    const { issuer, client_id: clientId } = this.#provider
    const secret = this.#secret()
    const config = await library.discovery(
      new URL(issuer),
      clientId,
      { [library.clockTolerance]: toleranceSeconds },
      secret === undefined ? library.None() : this.#authenticate(library),
      {
        [library.customFetch]: fetchBounded,
        timeout: timeoutMs / 1000,
        // Only of an issuer on this machine, which the settings say.
        execute: [
          library.enableNonRepudiationChecks,
          ...(issuer.startsWith('http:') ? [library.allowInsecureRequests] : []),
        ],
      },
    )
    this.#discovered = { config, at }
    return config
  }

  /** By the secret as the file has it then, in the way that the provider takes. */
  #authenticate(library: Library): ClientAuth {
    return (as, client, body, headers) => {
      const secret = this.#secret()
      const isPost = as.token_endpoint_auth_methods_supported?.includes('client_secret_post') === true
      const isBasic = as.token_endpoint_auth_methods_supported?.includes('client_secret_basic') !== false
      const by = isPost && !isBasic ? library.ClientSecretPost(secret) : library.ClientSecretBasic(secret)
      return by(as, client, body, headers)
    }
  }

  /** Asks, while few others do. One provider that hangs keeps nobody from another. */
  async #ask<T>(ask: (library: Library) => Promise<T>): Promise<T> {
    if (this.#atOnce >= maxAtOnce) throw unavailable(new Error('Too many sign-ins wait for the provider.'))
    this.#atOnce++
    // Loaded only here: most processes never need it.
    const library = await import('openid-client')
    const tooLate = Promise.withResolvers<never>()
    const timer = setTimeout(() => tooLate.reject(new Error('The provider took too long.')), timeoutMs)
    try {
      return await Promise.race([ask(library), tooLate.promise])
    } catch (error) {
      throw toRefusal(library, error)
    } finally {
      clearTimeout(timer)
      this.#atOnce--
    }
  }
}

/** Fetches an answer of bounded length, from the address that was asked alone. */
async function fetchBounded(
  url: string,
  { method, headers: sent, body, ...options }: CustomFetchOptions,
): Promise<Response> {
  const response = await fetch(url, {
    ...{ method, headers: sent, body: body as NonNullable<RequestInit['body']> | null, redirect: 'manual' },
    signal: options.signal ?? AbortSignal.timeout(timeoutMs),
  })
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    // Its code goes to the log, whoever wraps it.
    if (length > maxAnswerBytes)
      throw Object.assign(new Error('The answer is too long.'), { code: 'ANSWER_TOO_LONG' })
    parts.push(part)
  }
  const hasBody = length > 0 && ![204, 205, 304].includes(response.status)
  const { status, statusText, headers } = response
  const kept = new Headers(headers)
  kept.delete('content-encoding')
  kept.delete('content-length')
  return new Response(hasBody ? Buffer.concat(parts) : null, { status, statusText, headers: kept })
}

function toRefusal(library: Library, error: unknown): unknown {
  if (error instanceof LatchkeyError && error.code !== 'invalid_input') return error
  // A code that was used, or is another client's.
  if (error instanceof library.ResponseBodyError && error.error === 'invalid_grant') return signInExpired()
  if (error instanceof library.AuthorizationResponseError) return refusedBy(error.error)
  return unavailable(error)
}

function refusedBy(reason: string): LatchkeyError {
  // It came by the browser: anybody may have written it.
  const told = /^[a-z_]{1,40}$/.test(reason) ? ` (${reason})` : ''
  return new LatchkeyError('sign_in_expired', `The provider did not sign you in${told}. Begin again.`)
}

/** What goes to the log says what was wrong, and nothing of what was sent: answers have tokens in them. */
export function unavailable(error: unknown): LatchkeyError {
  const { code, error: reason, message, cause } = error as Record<string, unknown>
  const words = [code, reason, message, (cause as { code?: unknown } | undefined)?.code]
  const why = words.filter((word) => typeof word === 'string').join(': ')
  return new LatchkeyError(
    'provider_unavailable',
    'The provider does not answer as it should. Try again later.',
    {
      cause: new Error(why.slice(0, 500)),
    },
  )
}
