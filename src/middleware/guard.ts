// What every guard does in every framework: takes the token of a request, has it verified, and says what to answer.

import { challengeOf, insufficientScope, readPresented } from '../core/bearer.ts'
import { maxPermissionLength, maxPermissions } from '../core/bounds.ts'
import { maxPresentedLength } from '../core/foreign-token.ts'
import { costFault } from '../core/limits.ts'
import { drawFault, prefixFault, unknownOption } from '../core/options.ts'
import { permissionPattern } from '../core/permissions.ts'
import { isExceeded, rateLimitHeaders } from '../core/rate-limit-headers.ts'
import { contextOf, type RequestParts } from '../core/request-context.ts'
import type { Cost } from '../core/shapes/limits.ts'
import type { CallContext, Verdict } from '../core/shapes/verification.ts'
import { redactTokens } from '../core/token.ts'
import { type Refusal, refuse, refuseCost, refuseExceeded, refuseToken, refuseUnaskable } from './refusals.ts'

/** The verdict on a token that is valid: whose key it is, and what it may do. */
export type VerifiedKey = Extract<Verdict, { valid: true }>

/** Who judges tokens: what `openLatchkey`, `createClient` and `createVerifier` give. */
export interface TokenVerifier {
  /** Judges a token, and whether its key holds all of the permissions. Throws if it cannot. */
  verify(
    token: string,
    options?: {
      permissions?: string[]
      prefix?: string
      cost?: Cost
      reserveSeconds?: number
      context?: CallContext
    },
    asker?: { ip?: string | undefined },
  ): Promise<Verdict>
}

/** What a guard asks of the requests that it lets through. */
export interface GuardOptions<Request> {
  /** Judges the tokens: what `openLatchkey`, `createClient` or `createVerifier` gives. */
  verifier: TokenVerifier
  /** All of these are required: a list, or a function of the request that gives one. None if absent. */
  permissions?: readonly string[] | ((request: Request) => readonly string[])
  /** The prefix that tokens must have, such as `re_live`: one of another environment is refused. Any if absent. */
  prefix?: string
  /**
   * How many units a request draws of each limit of its key, or of the limits that an object names; or a function of the
   * request that gives either. If absent, each limit's own default. A request draws once: behind a guard that has drawn,
   * a guard without a cost draws nothing, and a guard with one throws, unless the first guard's cost is 0.
   */
  cost?: Cost | ((request: Request) => Cost | Promise<Cost>)
  /**
   * Reserves the cost for so long, from 1 to 86,400 seconds: the key has a `reservation`, which a settlement brings to what
   * the request really cost. It takes a `cost`; a request that costs 0 reserves nothing.
   */
  reserveSeconds?: number
  /**
   * Takes tokens of HTTP Basic too, for tools that know nothing else: as the `password`; or, with `user-name`, as the user
   * name of an empty password too. Many logs hold user names. Only Bearer and `X-Api-Key` if absent.
   */
  basicAuth?: 'password' | 'user-name'
  /**
   * Called with the error if the verifier could not judge and the request was answered 503. It gets no token. If
   * absent, the guard writes the first such error of each minute to `console.error`.
   */
  onError?: (error: unknown) => void
}

/** What became of a request: it is let through, or refused. */
export type Admission = Admitted | Refused

/** A request that is let through. */
export interface Admitted {
  /** Whose key it is, and what it may do. */
  key: VerifiedKey
  /** What the answer of its handler says of limits, if any apply. */
  headers: Record<string, string>
}

/** A request that is not let through. */
export interface Refused {
  /** What to answer. */
  refusal: Refusal
}

/**
 * Judges one request, of which it reads headers by their lower-case names, on behalf of the client's address if that is
 * known, and tells the verifier from where the request comes and what it calls. `identity` is the object that all guards of one request see. Throws what `permissions` and `cost` throw, and Error
 * if the cost stands on a guard behind one that has drawn.
 */
export type Guard<Request> = (
  header: (name: string) => string | undefined,
  request: Request,
  identity: object,
  parts?: Omit<RequestParts, 'userAgent'>,
) => Promise<Admission>

/**
 * Makes a guard. Throws TypeError for an unknown option, for a list of permissions of which one is of a wrong form, and for a
 * cost of a wrong form. A request for which the functions give such a one is answered 403, since no key can hold that
 * permission, or 422, since no limit can count that cost.
 */
export function createGuard<Request>(options: GuardOptions<Request>): Guard<Request> {
  const fault = unknownOption(options, optionNames)
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
  const { verifier, permissions = [], prefix, cost, reserveSeconds, basicAuth } = options
  const { onError = makeReporter() } = options
  if (basicAuth !== undefined && basicAuth !== 'password' && basicAuth !== 'user-name')
    throw new TypeError('basicAuth: Must be password or user-name.')
  if (typeof permissions !== 'function') checkPermissions(permissions)
  if (cost !== undefined && typeof cost !== 'function') checkCost(cost)
  checkReserve(reserveSeconds, cost)
  checkPrefix(prefix)
  return async (header, request, identity, parts = {}) => {
    const wanted = typeof permissions === 'function' ? permissions(request) : permissions
    // What is made of a request is its sender's own text: it may be none that a key can hold, such as a long path.
    const askable = wanted.filter(isPermission)
    const isAskable = askable.length === wanted.length && askable.length <= maxPermissions
    const token = readPresented(header, basicAuth)
    if (token === undefined) {
      const detail = 'Send a token as Authorization: Bearer <token> or as X-Api-Key: <token>.'
      return refuse('missing_token', detail, { 'www-authenticate': challengeOf('Bearer', basicAuth) })
    }
    // Two different ones, an empty one, or one that is too long for any: not worth a request.
    if (token === '' || token.length > maxPresentedLength) return refuseToken(basicAuth)
    const hasDrawn = drawn.has(identity)
    if (hasDrawn && cost !== undefined) throw new Error(drawnTwice)
    const wantedCost = typeof cost === 'function' ? await cost(request) : cost
    if (cost !== undefined && costFault(wantedCost)) return refuseCost()
    // What no key can be let through with draws nothing.
    const asked = hasDrawn || !isAskable ? 0 : wantedCost
    let verdict: Verdict
    try {
      const context = contextOf({ ...parts, userAgent: header('user-agent') })
      const question = {
        ...(context && { context }),
        permissions: isAskable ? askable : [],
        ...(prefix !== undefined && { prefix }),
        ...(asked !== undefined && { cost: asked }),
        ...(asked !== undefined && reserveSeconds !== undefined && !isNothing(asked) && { reserveSeconds }),
      }
      verdict = await verifier.verify(token, question, { ip: parts.ip })
      if (verdict.valid === true) {
        if (!isAskable) return refuseUnaskable()
        if (asked !== 0) drawn.add(identity)
        return { key: verdict, headers: rateLimitHeaders(verdict, Date.now()) }
      }
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
    if (isExceeded(verdict)) return refuseExceeded(verdict)
    return refuseToken(basicAuth)
  }
}

const optionNames = [
  ...['verifier', 'permissions', 'prefix', 'cost', 'reserveSeconds', 'basicAuth', 'onError'],
]

/** The requests for which a guard has drawn from the limits of a key. */
const drawn = new WeakSet<object>()

const drawnTwice =
  'An earlier guard of this request has drawn from the limits of its key already, by its own cost or by their default. ' +
  'Give the earlier guard cost: 0, or leave the cost out here.'

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

function checkPrefix(prefix: unknown): void {
  const fault = prefixFault(prefix)
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
}

function checkReserve(reserveSeconds: unknown, cost: unknown): void {
  if (reserveSeconds === undefined) return
  if (cost === undefined) throw new TypeError('reserveSeconds: Needs a cost, which is what it reserves.')
  const fault = drawFault({ reserveSeconds })
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
}

/** Whether a cost is one of which nothing could be reserved. */
function isNothing(cost: Cost): boolean {
  return typeof cost === 'number' ? cost === 0 : Object.values(cost).every((units) => units === 0)
}

function checkCost(cost: unknown): void {
  const fault = costFault(cost)
  if (fault) throw new TypeError(`${['cost', ...fault.path].join('.')}: ${fault.message}`)
}
