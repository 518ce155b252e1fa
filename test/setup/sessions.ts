// A browser that is signed in: what it sends, and what it is told when its session is over.
import { expect } from 'vitest'
import type { CreatedKey, Latchkey, Session, Wire } from '../../src/index.ts'
import { send, type TestAnswer, type TestServer } from './server.ts'

export type WireSession = Wire<Session>
export type Headers = Record<string, string>

/** Signs in with a token; gives the session and the cookie that the browser then sends. */
export async function signIn(
  { url }: Pick<TestServer, 'url'>,
  token: string,
  headers: Headers = {},
): Promise<{ session: WireSession; cookie: string; answer: TestAnswer<WireSession> }> {
  const answer = await send<WireSession>(url, 'POST', '/v1/sessions', { token, headers })
  expect(answer.status).toBe(200)
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  return { session: answer.json, cookie, answer }
}

/** Asks by a cookie as a page of the server itself would. */
export function ask<Json = Record<string, unknown>>(
  { url }: Pick<TestServer, 'url'>,
  method: string,
  path: string,
  cookie: string,
  body?: unknown,
): Promise<TestAnswer<Json>> {
  return send(url, method, path, { body, headers: { cookie, 'sec-fetch-site': 'same-origin' } })
}

/** Makes a key for somebody who signs in. */
export function makeKey(
  latchkey: Latchkey,
  permissions = ['latchkey:keys:read'],
  organizationId = 'root',
): Promise<CreatedKey> {
  return latchkey.keys.create({ organizationId, name: 'Ada', permissions })
}

/** Expects the one answer to a cookie that opens nothing. */
export function expectEnded(answer: TestAnswer): void {
  expect(answer).toMatchObject({ status: 401, json: { code: 'session_ended' } })
  expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  expect(answer.headers.get('set-cookie')).toBe('latchkey=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict')
}
