// What the standards of OAuth 2.0 and HTTP take of settings: the server's public address, tokens in HTTP Basic, and whose tokens open
// sessions.
import type { BasicPart } from './bearer.ts'
import { type Environment, type Given, pick, refuse } from './given-settings.ts'
import { containsToken } from './token.ts'
import { type TokenSignIn, tokenSignIns } from './token-sign-in.ts'

/** What flags say of it, as they were typed. */
export interface StandardsFlags {
  publicUrl?: string
  basicAuth?: string
  tokenSignIn?: string
}

export interface StandardsSettings {
  /** The address under which clients reach the server, without a slash at its end; undefined if nobody has said it. */
  publicUrl: string | undefined
  /** In which part of HTTP Basic `/v1/auth` takes a token; undefined for none. */
  basicAuth: BasicPart | undefined
  /** Whose tokens open sessions. */
  tokenSignIn: TokenSignIn
}

/** Reads them. Throws `invalid_input`. */
export function readStandards(flags: StandardsFlags, env: Environment): StandardsSettings {
  return {
    publicUrl: readPublicUrl(pick('--public-url', flags.publicUrl, 'LATCHKEY_PUBLIC_URL', env)),
    basicAuth: readBasicAuth(pick('--basic-auth', flags.basicAuth, 'LATCHKEY_BASIC_AUTH', env)),
    tokenSignIn: readTokenSignIn(pick('--token-sign-in', flags.tokenSignIn, 'LATCHKEY_TOKEN_SIGN_IN', env)),
  }
}

/** The address under which people reach the server: as given, else as LATCHKEY_PUBLIC_URL says. Throws `invalid_input`. */
export function publicUrlOf(
  { publicUrl }: Pick<StandardsFlags, 'publicUrl'>,
  env: Environment,
): string | undefined {
  return readPublicUrl(pick('publicUrl', publicUrl, 'LATCHKEY_PUBLIC_URL', env))
}

function readPublicUrl(given: Given | undefined): string | undefined {
  if (given === undefined) return undefined
  const { value, from } = given
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol))
    refuse(`${from}: Must be the address of this server, such as https://keys.example.com.`)
  // RFC 8414, section 2.
  if (url.username || url.password || url.search || url.hash || /[?#]/.test(value) || containsToken(value))
    refuse(`${from}: Must be the address alone, without a user, a query and a fragment.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function readTokenSignIn(given: Given | undefined): TokenSignIn {
  if (given === undefined) return 'all'
  const choice = tokenSignIns.find((name) => name === given.value)
  return choice ?? refuse(`${given.from}: Must be one of ${tokenSignIns.join(', ')}.`)
}

function readBasicAuth(given: Given | undefined): BasicPart | undefined {
  if (given === undefined) return undefined
  if (given.value === 'password' || given.value === 'user-name') return given.value
  refuse(`${given.from}: Must be password or user-name.`)
}
