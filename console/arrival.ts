// What an address brought that must not stay in it: what a provider sends the browser back with, or the secret of an invitation.
// To be imported first: the address is clear before anything else of the page runs.

/** What a provider sent the browser back with (RFC 6749, section 4.1.2; RFC 9207). */
export interface ProviderAnswer {
  state: string
  code?: string
  iss?: string
  error?: string
  error_description?: string
}

/** A page for whoever is on the way in, and what its address brought. */
export type Arrival =
  | { page: 'callback'; provider: string; answer: ProviderAnswer | undefined }
  | { page: 'invitation' }
  | { page: 'window' }

const callback = /^\/sign-in\/callback\/([^/]+)\/?$/

/** The page of the way in that the address names; undefined for the console itself. */
export const arrival: Arrival | undefined = arrive()

let secret: string | undefined
if (arrival?.page === 'invitation') takeSecret()

function arrive(): Arrival | undefined {
  const { pathname, search } = location
  if (/^\/invitation\/?$/.test(pathname)) return { page: 'invitation' }
  if (/^\/sign-in\/window\/?$/.test(pathname)) return { page: 'window' }
  const [, provider] = callback.exec(pathname) ?? []
  if (provider === undefined) return undefined
  const given = new URLSearchParams(search)
  history.replaceState(null, '', pathname)
  return { page: 'callback', provider: decoded(provider), answer: answerIn(given) }
}

function answerIn(given: URLSearchParams): ProviderAnswer | undefined {
  const state = given.get('state')
  if (state === null) return undefined
  const answer: ProviderAnswer = { state }
  for (const name of ['code', 'iss', 'error', 'error_description'] as const) {
    const value = given.get(name)
    if (value !== null) answer[name] = value
  }
  return answer
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Takes the secret of an invitation out of the address, where a link has put it; undefined if the address has none. It is kept in
 * memory alone: a page that is loaded anew has lost it.
 */
export function takeSecret(): string | undefined {
  if (location.hash.length > 1) {
    secret = location.hash.slice(1)
    history.replaceState(null, '', location.pathname)
  }
  return secret
}
