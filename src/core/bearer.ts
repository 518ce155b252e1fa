// How a request presents a token, and how it is told what is wrong with it: RFC 6750, and RFC 7617 where that is taken, for
// the server's own calls, the proxies that ask it, and middleware elsewhere.

/** The token of an `Authorization` header; undefined if there is none, or one of another scheme. */
export function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  // Nearly all come so, and need no pattern.
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7)
  return /^bearer +(.*)$/i.exec(authorization)?.[1]
}

/** Where HTTP Basic may hold a token: in the password alone or, if that is empty, in the user name too. */
export type BasicPart = 'password' | 'user-name'

/**
 * The token of an `Authorization: Basic` header (RFC 7617). Undefined if there is no such header; '', which is no token, for
 * one that cannot be read or whose token has a colon.
 */
export function readBasic(
  authorization: string | undefined,
  part: BasicPart = 'password',
): string | undefined {
  if (authorization === undefined || !/^basic(?: |$)/i.test(authorization)) return undefined
  const text = decodeBase64(authorization.slice('basic'.length).trim())
  const colon = text.indexOf(':')
  if (colon === -1) return ''
  const password = text.slice(colon + 1)
  const token = password === '' && part === 'user-name' ? text.slice(0, colon) : password
  // Programs do not agree on which colon ends the user name, so none may be part of a token.
  return token.includes(':') ? '' : token
}

/** The text in base64, whose bytes are its characters; '' if it is none. */
function decodeBase64(text: string): string {
  try {
    return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? atob(text) : ''
  } catch {
    return ''
  }
}

/**
 * The token that a request presents, in `Authorization: Bearer`, in HTTP Basic if that is taken, or in `X-Api-Key`;
 * undefined if it presents none. One that presents two different ones presents none that can be judged, which is '': nobody
 * knows which of them the API behind will believe.
 */
export function readPresented(
  header: (name: string) => string | undefined,
  basic?: BasicPart,
): string | undefined {
  const authorization = header('authorization')
  const shown = readBearer(authorization) ?? (basic && readBasic(authorization, basic))
  const apiKey = header('x-api-key')
  if (shown !== undefined && apiKey !== undefined && shown !== apiKey) return ''
  return shown ?? apiKey
}

/**
 * Reads Node's raw headers as fetch does: one that came twice is both, with a comma between; cookies have a
 * semicolon there (RFC 9113, section 8.2.3).
 */
export function headerReader(rawHeaders: readonly string[]): (name: string) => string | undefined {
  return (name) => {
    let value: string | undefined
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const candidate = rawHeaders[i] as string
      if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
      const mark = name === 'cookie' ? ';' : ','
      value = value === undefined ? rawHeaders[i + 1] : `${value}${mark} ${rawHeaders[i + 1]}`
    }
    return value
  }
}

/** The challenge if the token is invalid (section 3.1). */
export const invalidToken = 'Bearer error="invalid_token"'

/** The challenge of a refusal, for those too that know Basic alone, if that is taken. */
export function challengeOf(challenge: string, basic: BasicPart | undefined): string {
  return basic === undefined ? challenge : `${challenge}, ${basicChallenge}`
}

/** The challenge to programs that know only a user name and a password (RFC 7617, section 2). */
export const basicChallenge = 'Basic realm="Latchkey", charset="UTF-8"'

/** The challenge if the token lacks a permission (section 3). */
export function insufficientScope(permissions: readonly string[]): string {
  return `Bearer error="insufficient_scope", scope="${permissions.join(' ')}"`
}
