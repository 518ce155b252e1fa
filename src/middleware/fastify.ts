// `latchkey/fastify`: guards routes of a Fastify app; their handlers get the key by `keyOf(request)`.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { headerReader } from '../core/bearer.ts'
import { AdmittedKeys, createGuard, type GuardOptions, type VerifiedKey } from './guard.ts'

export type { GuardOptions, TokenVerifier, VerifiedKey } from './guard.ts'

const admitted = new AdmittedKeys()

/**
 * Makes an `onRequest` hook, for one route or for all of a plugin's, that lets through requests with a valid
 * key that holds the permissions. Throws TypeError for permissions of a wrong form.
 */
export function requireKey(
  options: GuardOptions<FastifyRequest>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const guard = createGuard(options)
  return async (request, reply) => {
    const admission = await guard(headerReader(request.raw.rawHeaders), request, request.raw, {
      ip: request.ip,
      method: request.method,
      target: request.originalUrl,
    })
    if ('key' in admission) {
      admitted.set(request, admission.key)
      reply.headers(admission.headers)
      return undefined
    }
    const { status, headers, body } = admission.refusal
    return reply.code(status).headers(headers).send(body)
  }
}

/** The key that a request was let through with. Throws if no `requireKey` stands before the route. */
export function keyOf(request: Pick<FastifyRequest, 'raw'>): VerifiedKey {
  return admitted.get(request)
}
