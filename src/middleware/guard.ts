// What every guard does in every framework: takes the token of a request, has it verified, and says what to answer.

import { insufficientScope, invalidToken, readPresented } from '../core/bearer.ts'
import { maxPermissionLength, maxPermissions } from '../core/bounds.ts'
import { type ErrorCode, errorTable } from '../core/errors.ts'
import { unknownOption } from '../core/options.ts'
import { permissionPattern } from '../core/permissions.ts'
import type { Verdict } from '../core/shapes/verification.ts'
import { redactTokens } from '../core/token.ts'

/** The verdict on a token that is valid: whose key it is, and what it may do. */
export type VerifiedKey = Extract<Verdict, { valid: true }>

/** Who judges tokens: what `openLatchkey`, `createClient` and `createVerifier` give. */
export interface TokenVerifier {
  /** Judges a token, and whether its key holds all of the permissions. Throws if it cannot. */
  verify(
    token: string,
    options?: { permissions?: string[] },
    asker?: { ip?: string | undefined },
  ): Promise<Verdict>
}

/** What a guard asks of the requests that it lets through. */
export interface GuardOptions<Request> {
  /** Judges the tokens: what `openLatchkey`, `createClient` or `createVerifier` gives. */
  verifier: TokenVerifier
  /** All of these are required: a list, or a function of the request that gives one. None if absent. */
  permissions?: readonly string[] | ((request: Request) => readonly string[])
  /**
   * Called with the error if the verifier could not judge and the request was answered 503. It gets no token. If
   * absent, the guard writes the first such error of each minute to `console.error`.
   */
  onError?: (error: unknown) => void
}

/** An answer to a request that is not let through: a problem (RFC 9457). */
export interface Refusal {
  status: 401 | 403 | 503
  headers: Record<string, string>
  body: string
}

/** What became of a request: a key, or an answer. */
export type Admission = { key: VerifiedKey } | { refusal: Refusal }

/**
 * Judges one request, of which it reads headers by their lower-case names, on behalf of the client's address if that is
 * known. Throws only what `permissions` throws.
 */
export type Guard<Request> = (
  header: (name: string) => string | undefined,
  request: Request,
  ip?: string | undefined,
) => Promise<Admission>

/**
 * Makes a guard. Throws TypeError for an unknown option, and for a list of permissions of which one is of a wrong form.
 * A request for which the function gives such a one is answered 403: no key can hold that.
 */
export function createGuard<Request>(options: GuardOptions<Request>): Guard<Request> {
  const fault = unknownOption(options, ['verifier', 'permissions', 'onError'])
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
  const { verifier, permissions = [], onError = makeReporter() } = options
  if (typeof permissions !== 'function') checkPermissions(permissions)
  return async (header, request, ip) => {
    const wanted = typeof permissions === 'function' ? permissions(request) : permissions
    // What is made of a request is its sender's own text: it may be none that a key can hold, such as a long path.
    const askable = wanted.filter(isPermission)
    const isAskable = askable.length === wanted.length && askable.length <= maxPermissions
    const token = readPresented(header)
    if (token === undefined) {
      const detail = 'Send a token as Authorization: Bearer <token> or as X-Api-Key: <token>.'
      return refuse('missing_token', detail, { 'www-authenticate': 'Bearer' })
    }
    // Two different ones, or an empty one: nothing that could be asked about.
    if (token === '' || token.length > maxTokenLength) return refuseToken()
    let verdict: Verdict
    try {
      verdict = await verifier.verify(token, { permissions: isAskable ? askable : [] }, { ip })
      if (verdict.valid === true) return isAskable ? { key: verdict } : refuseUnaskable()
    } catch (error) {
      // No verdict: neither yes nor no. Who asked may ask again, and does not come through.
      onError(error)
      return refuse('store_unavailable', 'The token cannot be verified now. Try again.', {
        'retry-after': '1',
      })
    }
    if (verdict.code === 'insufficient_permissions') {
      const challenge = { 'www-authenticate': insufficientScope(wanted) }
      return refuse(
        'missing_permission',
        `This request requires a key that holds ${wanted.join(' ')}.`,
        challenge,
      )
    }
    return refuseToken()
  }
}

/** Remembers which key each request was let through with, for handlers behind a guard. */
export class AdmittedKeys {
  readonly #keys = new WeakMap<object, VerifiedKey>()

  set(request: object, key: VerifiedKey): void {
    this.#keys.set(request, key)
  }

  /** The key of a request. Throws if no guard let it through: that is a route without one. */
  get(request: object): VerifiedKey {
    const key = this.#keys.get(request)
    if (key === undefined)
      throw new Error('This route has no key, because no guard runs before it. Add requireKey to the route.')
    return key
  }
}

const reportEveryMs = 60_000

/** Makes what reports errors where the program has nothing of its own for them: rarely, and without any token. */
function makeReporter(): (error: unknown) => void {
  let reportedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    const now = Date.now()
    if (Math.abs(now - reportedAt) < reportEveryMs) return
    reportedAt = now
    const reason = redactTokens(error instanceof Error ? error.message : String(error))
    console.error(`Latchkey could not verify a key, and the request was answered 503: ${reason}`)
  }
}

/** Longer than any token with any prefix; a longer one is not worth a request. */
const maxTokenLength = 256

function isPermission(permission: unknown): permission is string {
  return (
    typeof permission === 'string' &&
    permission.length <= maxPermissionLength &&
    permissionPattern.test(permission)
  )
}

function checkPermissions(permissions: readonly string[]): void {
  const wrong = permissions.find((permission) => !isPermission(permission))
  if (wrong !== undefined)
    throw new TypeError(`${JSON.stringify(wrong)} is not a permission such as emails:send.`)
  if (permissions.length > maxPermissions)
    throw new TypeError(`A guard requires at most ${maxPermissions} permissions.`)
}

// Its text is the sender's, and stands in no header.
function refuseUnaskable(): { refusal: Refusal } {
  const detail = 'This request requires a permission that no key can hold.'
  return refuse('missing_permission', detail, { 'www-authenticate': 'Bearer error="insufficient_scope"' })
}

// One sentence for all of them, so that nobody learns which once opened something.
function refuseToken(): { refusal: Refusal } {
  const detail = 'The token is unknown, expired or revoked.'
  return refuse('invalid_token', detail, { 'www-authenticate': invalidToken })
}

function refuse(code: ErrorCode, detail: string, headers: Record<string, string>): { refusal: Refusal } {
  const [status, title] = errorTable[code]
  return {
    refusal: {
      status: status as Refusal['status'],
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
      body: JSON.stringify({ type: `urn:latchkey:error:${code}`, title, status, detail, code }),
    },
  }
}
