// The requests that each quickstart is sent, and what must come back; the same for all.
import assert from 'node:assert/strict'
import type { startServerProxy } from '../setup/http-proxy.ts'
import type { TestServer } from '../setup/server.ts'
import type { RunningApp } from './app.ts'
import type { AppRequest, Quickstart } from './quickstarts.ts'

/** What the quickstarts run against: one server, and the way to it. */
export interface Stage {
  server: TestServer
  proxy: Awaited<ReturnType<typeof startServerProxy>>
}

/** What was seen of an app. */
export interface Seen {
  /** How long a token was still good after its revocation was acknowledged. */
  revokedAfterMs: number
}

const revocationBoundMs = 2_000
const patienceMs = 20_000

/** Sends an app the table of requests. Throws at the first answer that is another than it must be. */
export async function checkRequests(
  quickstart: Quickstart,
  app: RunningApp,
  { server, proxy }: Stage,
): Promise<Seen> {
  const {
    read = { method: 'GET', path: '/api/emails' },
    send = { method: 'POST', path: '/api/emails', body: '{}' },
  } = quickstart
  const { keys } = server.latchkey
  const create = (
    permissions: string[],
    limits: { name: string; limit: number; windowSeconds: number }[] = [],
  ) => keys.create({ organizationId: 'acme', name: quickstart.name, permissions, limits })
  const ask = (request: AppRequest, token?: string) => sendTo(app, request, token)

  const anonymous = await ask(read)
  assert.equal(anonymous.status, 401, `without a token: ${anonymous.text}`)
  assert.equal(anonymous.headers.get('www-authenticate'), 'Bearer')
  const reader = await create(['emails:read'])
  const wrong = await ask(read, `${reader.key.slice(0, -1)}${reader.key.endsWith('a') ? 'b' : 'a'}`)
  assert.equal(wrong.status, 401, `with a wrong token: ${wrong.text}`)
  assert.match(wrong.headers.get('www-authenticate') ?? '', /invalid_token/)
  const good = await ask(read, reader.key)
  assert.equal(good.status, 200, `with a good token: ${good.text}\n${app.printed()}`)
  assert.match(good.text, /"emailsOf":\s*"acme"/)
  const refused = await ask(send, reader.key)
  assert.equal(refused.status, 403, `without the permission: ${refused.text}`)
  assert.match(refused.headers.get('www-authenticate') ?? '', /scope="emails:send"/)

  const limited = await create(['emails:*'], [{ name: 'calls', limit: 12, windowSeconds: 3_600 }])
  const first = await ask(read, limited.key)
  assert.equal(first.status, 200)
  assert.match(first.headers.get('ratelimit') ?? '', /^"calls";r=11\b/)
  const sent = await ask(send, limited.key)
  assert.match(sent.text, /"sentBy":/)
  assert.match(sent.headers.get('ratelimit') ?? '', /^"calls";r=1\b/)
  const over = await ask(send, limited.key)
  assert.equal(over.status, 429, `over the limit: ${over.text}`)
  assert.match(over.headers.get('retry-after') ?? '', /^\d+$/)

  const { guardedByMiddleware } = quickstart
  if (guardedByMiddleware !== undefined) {
    const request = { method: 'GET', path: guardedByMiddleware }
    assert.equal((await ask(request)).status, 401)
    const told = await ask(request, reader.key)
    assert.equal(told.status, 200)
    assert.match(told.text, /"organization":\s*"acme"/)
  }

  const revoked = await create(['emails:read'])
  assert.equal((await ask(read, revoked.key)).status, 200)
  await keys.revoke(revoked.id)
  const revokedAt = performance.now()
  const lastGoodAt = await askUntil(() => ask(read, revoked.key), 401, [200])
  const revokedAfterMs = lastGoodAt === undefined ? 0 : lastGoodAt - revokedAt
  assert.ok(revokedAfterMs <= revocationBoundMs, `a revoked token was good for ${revokedAfterMs} ms`)

  proxy.cut()
  await askUntil(() => ask(read, reader.key), 503, [200])
  for (const token of [reader.key, limited.key]) assert.equal((await ask(read, token)).status, 503)
  proxy.heal()
  await askUntil(() => ask(read, reader.key), 200, [503])
  return { revokedAfterMs }
}

/** Uses a new key once: gives what says whether the server knows that, when the app has ended. */
export async function useOnce(quickstart: Quickstart, app: RunningApp, { server }: Stage) {
  const { read = { method: 'GET', path: '/api/emails' } } = quickstart
  const { id, key } = await server.latchkey.keys.create({
    organizationId: 'acme',
    name: 'Last',
    permissions: ['emails:read'],
  })
  assert.equal((await sendTo(app, read, key)).status, 200)
  return async () => (await server.latchkey.keys.get(id)).lastUsedAt !== null
}

/** Asks until the answer has a status, and before it only others that may come; gives when the last of the others was asked. */
async function askUntil(
  ask: () => Promise<{ status: number; text: string }>,
  status: number,
  meanwhile: readonly number[],
): Promise<number | undefined> {
  const until = performance.now() + patienceMs
  let lastAt: number | undefined
  for (;;) {
    const askedAt = performance.now()
    const answer = await ask()
    if (answer.status === status) return lastAt
    assert.ok(meanwhile.includes(answer.status), `${answer.status} instead of ${status}: ${answer.text}`)
    assert.ok(askedAt < until, `still ${answer.status} and not ${status}`)
    lastAt = askedAt
    await new Promise((later) => setTimeout(later, 20))
  }
}

/** Sends one request to an app. */
export async function sendTo(
  { url }: Pick<RunningApp, 'url'>,
  { method, path, body }: AppRequest,
  token?: string,
) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
    redirect: 'manual',
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
