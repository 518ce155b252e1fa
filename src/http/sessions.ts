// The calls by which a browser signs in, sees where else its key is signed in, and signs out.
import { z } from 'zod'
import { readBearer } from '../bearer.ts'
import { sessionSchema } from '../schemas.ts'
import { isOverTls } from './client-address.ts'
import { doneSchema } from './keys.ts'
import { json } from './reply.ts'
import { route } from './route.ts'
import { sessionCookie, takenCookie } from './session-cookie.ts'

export const sessionRoutes = [
  route({
    method: 'POST',
    path: '/v1/sessions',
    operationId: 'startSession',
    tag: 'Sessions',
    summary: 'Sign in',
    description:
      'Opens a session for the calling key, in a cookie that no script can read. It ends after 12 hours, after one without use, and as soon as its token opens nothing any more. The newest 20 of a key stay.',
    access: 'latchkey:keys:read',
    // Otherwise a session could prolong itself for ever.
    tokenOnly: true,
    answers: [{ status: 200, description: 'The session.', schema: sessionSchema, headers: ['Set-Cookie'] }],
    handle: async ({ parts, latchkey, header, exchange }) => {
      const { requestId, ip, peer } = exchange
      const { session, value } = await latchkey.sessions.start(
        readBearer(header('authorization')) as string,
        { ip, requestId, userAgent: header('user-agent') },
      )
      const overTls = isOverTls(header, peer, parts.trustedProxies)
      return json(session, { 'set-cookie': sessionCookie(value, overTls) })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sessions',
    operationId: 'listSessions',
    tag: 'Sessions',
    summary: 'List where the key is signed in',
    description: 'The live sessions of the calling key, newest first. Takes no permission.',
    access: 'any key',
    answers: [{ status: 200, description: 'The sessions.', schema: z.array(sessionSchema) }],
    handle: async ({ latchkey, caller }) => json(await latchkey.sessions.list(caller)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    operationId: 'endSession',
    tag: 'Sessions',
    summary: 'Sign out',
    description:
      'Ends a session of the calling key, at once and for good. `self` is the session that asks; for a request by a token there is none. Takes no permission.',
    access: 'any key',
    answers: [
      { status: 200, description: 'It opens nothing any more.', schema: doneSchema, headers: ['Set-Cookie'] },
    ],
    problems: ['session_not_found'],
    handle: async ({ latchkey, params: { id }, caller, exchange }) => {
      await latchkey.sessions.end(id, caller)
      const isOwn = id === 'self' || id === caller.sessionId
      const headers: Record<string, string> =
        isOwn && exchange.cookieName !== undefined ? { 'set-cookie': takenCookie(exchange.cookieName) } : {}
      return json({ success: true }, headers)
    },
  }),
]
