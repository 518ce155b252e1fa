// A browser that is signed in: what it sends, and what it is told when its session is over.
import { expect } from 'vitest'
import type { CreatedKey, Latchkey, Session, Wire } from '../../src/index.ts'
import { send, type TestAnswer, type TestServer } from './server.ts'

export type WireSession = Wire<Session>
export type Headers = Record<string, string>

/** The values of one signed-in browser, as headers: the cookie, and what the console's page holds. */
export type Browser = { cookie: string; 'latchkey-session': string }
type StartedWireSession = WireSession & { page_value: string }

/** Signs in with a token; gives the session and the two values that the browser then sends. */
export async function signIn(
  { url }: Pick<TestServer, 'url'>,
  token: string,
  headers: Headers = {},
): Promise<{ session: WireSession; browser: Browser; answer: TestAnswer<StartedWireSession> }> {
  const answer = await send<StartedWireSession>(url, 'POST', '/v1/sessions', { token, headers })
  expect(answer.status).toBe(200)
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  const { page_value: pageValue, ...session } = answer.json
  return { session, browser: { cookie, 'latchkey-session': pageValue }, answer }
}

/** Asks by a session as the console's page would. */
export function ask<Json = Record<string, unknown>>(
  { url }: Pick<TestServer, 'url'>,
  method: string,
  path: string,
  browser: Headers,
  body?: unknown,
): Promise<TestAnswer<Json>> {
  return send(url, method, path, { body, headers: { 'sec-fetch-site': 'same-origin', ...browser } })
}

/** Has the process write which keys were used: it does so by itself at any moment, which must not look like a change. */
export async function writeUses({ latchkey }: Pick<TestServer, 'latchkey'>): Promise<void> {
  const [key] = (await latchkey.keys.list({ limit: 1 })).items
  await latchkey.keys.forgetPlaces(key?.id ?? '')
}

/** Makes a key for somebody who signs in. */
export function makeKey(
  latchkey: Latchkey,
  permissions = ['latchkey:keys:read'],
  organizationId = 'root',
): Promise<CreatedKey> {
  return latchkey.keys.create({ organizationId, name: 'Ada', permissions })
}

/** Expects the one answer to values that open nothing. It takes no cookie back: that would end a live session. */
export function expectEnded(answer: TestAnswer, what?: string): void {
  expect(answer, what).toMatchObject({ status: 401, json: { code: 'session_ended' } })
  expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  expect(answer.headers.get('set-cookie')).toBeNull()
}
