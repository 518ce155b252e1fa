// The calls by which a browser signs in, sees where else its key is signed in, and signs out.
import { z } from 'zod'
import { sessionEnded } from '../../core/access.ts'
import { readBearer } from '../../core/bearer.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { doneSchema } from '../../core/shapes/calls.ts'
import { type SessionValues, sessionSchema, startedSessionSchema } from '../../core/shapes/sessions.ts'
import { readSessionValues } from '../../http/authenticate.ts'
import { isOverTls } from '../../http/client-address.ts'
import type { Exchange, ReadHeader } from '../../http/exchange.ts'
import { json } from '../../http/reply.ts'
import { sessionCookie, takenCookie } from '../../http/session-cookie.ts'
import { type Parts, route } from '../parts.ts'

export const sessionRoutes = [
  route({
    method: 'POST',
    path: '/v1/sessions',
    operationId: 'startSession',
    tag: 'Sessions',
    summary: 'Sign in',
    description:
      'Opens a session for the calling key. It has two values: one in a cookie that no script can read, and `page_value`, which the page keeps and sends as `Latchkey-Session`. The session ends after 12 hours, after one hour without use, and as soon as its token is no longer valid. A key keeps its newest 20 sessions, and signs in at most 30 times a minute. The session that the browser shows beside the token ends.',
    access: 'latchkey:keys:read',
    // Otherwise a session could prolong itself for ever.
    tokenOnly: true,
    answers: [
      {
        status: 200,
        description: 'The session, and the value of its page.',
        schema: startedSessionSchema,
        headers: ['Set-Cookie'],
      },
    ],
    problems: ['too_many_sessions', 'token_sign_in_off'],
    handle: async ({ parts, header, exchange }) => {
      if (parts.tokenSignIn === 'off')
        throw new LatchkeyError(
          'token_sign_in_off',
          'No key signs in by its token here. Sign in as yourself.',
        )
      const { requestId, ip, peer } = exchange
      const { session, value, pageValue } = await parts.latchkey.sessions.start(
        readBearer(header('authorization')) as string,
        {
          ip,
          requestId,
          userAgent: header('user-agent'),
          permission: 'latchkey:keys:read',
          rootOnly: parts.tokenSignIn === 'root',
          previous: previousSession(parts, header, exchange),
        },
      )
      const overTls = isOverTls(header, peer, parts.trustedProxies)
      return json({ ...session, pageValue }, { 'set-cookie': sessionCookie(value, overTls) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/self/refresh',
    operationId: 'refreshSession',
    tag: 'Sessions',
    summary: 'Refresh the sign-in',
    description:
      'Makes the sign-in of the session fresh for ten minutes: the token of its key as `Authorization`, beside the cookie and `Latchkey-Session`. A session needs that before it makes, rotates or widens a key of the root organization or one with a `latchkey:` permission.',
    access: 'latchkey:keys:read',
    // The token proves what the session cannot.
    tokenOnly: true,
    withSession: true,
    answers: [{ status: 200, description: 'The session.', schema: sessionSchema }],
    problems: ['session_ended', 'cross_site_request', 'too_many_sessions'],
    handle: async ({ parts, header, exchange }) => {
      const values = readSessionValues(parts, header, exchange)
      if (values === undefined) throw sessionEnded()
      const token = readBearer(header('authorization')) as string
      return json(await parts.latchkey.sessions.refresh(token, values, exchange))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sessions',
    operationId: 'listSessions',
    tag: 'Sessions',
    summary: 'List sessions',
    description: 'The live sessions of the calling key, newest first. Requires no permission.',
    access: 'any key',
    answers: [{ status: 200, description: 'The sessions.', schema: z.array(sessionSchema) }],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.sessions.list({ actor: caller, signal })),
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    operationId: 'endSession',
    tag: 'Sessions',
    summary: 'Sign out',
    description:
      'Ends a session of the calling key permanently. `self` is the calling session; a request with a token has none. Requires no permission.',
    access: 'any key',
    answers: [
      { status: 200, description: 'It is no longer valid.', schema: doneSchema, headers: ['Set-Cookie'] },
    ],
    problems: ['session_not_found'],
    handle: async ({ parts: { latchkey }, params: { id }, caller, exchange }) => {
      await latchkey.sessions.end(id, { actor: caller })
      const isOwn = id === 'self' || id === caller.sessionId
      const headers: Record<string, string> =
        isOwn && exchange.cookieName !== undefined ? { 'set-cookie': takenCookie(exchange.cookieName) } : {}
      return json({ success: true }, headers)
    },
  }),
]

/** The values of the session that a browser signs in over; undefined if another page asks, or none is shown. */
function previousSession(parts: Parts, header: ReadHeader, exchange: Exchange): SessionValues | undefined {
  try {
    return readSessionValues(parts, header, exchange)
  } catch (error) {
    // The token alone signs in: what else comes with it can only end a session that it proves.
    if (error instanceof LatchkeyError) return undefined
    throw error
  }
}
