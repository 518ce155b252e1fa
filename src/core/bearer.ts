// How a request presents a token, and how it is told what is wrong with it: RFC 6750, for the server's own calls,
// the proxies that ask it, and middleware elsewhere.

/** The token of an `Authorization` header; undefined if there is none, or one of another scheme. */
export function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  // Nearly all come so, and need no pattern.
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7)
  return /^bearer +(.*)$/i.exec(authorization)?.[1]
}

/**
 * The token that a request presents, in `Authorization: Bearer` or in `X-Api-Key`; undefined if it presents
 * none. One that presents two different ones presents none that can be judged, which is '': nobody knows
 * which of them the API behind will believe.
 */
export function readPresented(header: (name: string) => string | undefined): string | undefined {
  const bearer = readBearer(header('authorization'))
  const apiKey = header('x-api-key')
  if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey) return ''
  return bearer ?? apiKey
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

/** The challenge if the token lacks a permission (section 3). */
export function insufficientScope(permissions: readonly string[]): string {
  return `Bearer error="insufficient_scope", scope="${permissions.join(' ')}"`
}
