// `latchkey/express`: guards routes of an Express app; their handlers get the key by `keyOf(request)`.
import type { NextFunction, Request, Response } from 'express'
import { headerReader } from '../core/bearer.ts'
import { type Admission, AdmittedKeys, createGuard, type GuardOptions, type VerifiedKey } from './guard.ts'

export type { GuardOptions, TokenVerifier, VerifiedKey } from './guard.ts'

/** Express middleware that leaves the types of a route's parameters to its path. */
export type KeyHandler = <Parameters>(
  request: Request<Parameters>,
  response: Response,
  next: NextFunction,
) => Promise<void>

const admitted = new AdmittedKeys()

/**
 * Makes middleware that lets through requests with a valid key that holds the permissions. Throws TypeError
 * for permissions of a wrong form.
 */
export function requireKey(options: GuardOptions<Request>): KeyHandler {
  const guard = createGuard(options)
  return async (request, response, next) => {
    let admission: Admission
    try {
      admission = await guard(headerReader(request.rawHeaders), request as Request, request, {
        ip: request.ip,
        method: request.method,
        target: request.originalUrl,
      })
    } catch (error) {
      // Express 4 hears of no promise that is rejected.
      next(error)
      return
    }
    if ('key' in admission) {
      admitted.set(request, admission.key)
      for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value)
      next()
      return
    }
    const { status, headers, body } = admission.refusal
    response.writeHead(status, headers).end(body)
  }
}

/** The key that a request was let through with. Throws if no `requireKey` stands before the route. */
export function keyOf(request: Pick<Request, 'rawHeaders'>): VerifiedKey {
  return admitted.get(request)
}
