// Requests that take long: who asks is judged by what is true when the answer is made, not when the headers came.

import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { routes } from '../src/server/app.ts'
import { createAcme } from './setup/acme.ts'
import { makePostgres, makeSqlite } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { openPage, portalUrl } from './setup/portal.ts'
import { openRaw, requestBytes } from './setup/raw.ts'
import { bodies } from './setup/route-bodies.ts'
import { startTestServer } from './setup/server.ts'

/** Longer than a caller is believed. */
const longMs = 250

test('whoever is revoked while its body comes gets no answer to it, whatever it asks', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const server = await startTestServer(url, { publicUrl: portalUrl })
  const { keys } = server.latchkey
  await createAcme(server.latchkey)
  const withBody = routes.filter(({ body, access }) => body !== undefined && access !== 'public')
  expect(withBody.map(({ operationId }) => operationId).sort()).toEqual(
    Object.keys(bodies)
      .filter((id) => routes.find(({ operationId }) => operationId === id)?.access !== 'public')
      .sort(),
  )
  await Promise.all(
    withBody.map(async ({ method, path, operationId, portal }) => {
      const caller = await keys.create({
        organizationId: 'root',
        name: operationId,
        permissions: ['latchkey:*'],
      })
      const target = path.replaceAll(/\{\w+\}/g, caller.id)
      // The session of a page ends with the key that made it.
      const token = portal
        ? (await openPage(server, { user: { id: operationId } }, caller.key)).token
        : caller.key
      const code = portal ? 'session_ended' : 'invalid_token'
      const bytes = requestBytes(method, target, {
        token,
        body: JSON.stringify(bodies[operationId]),
      })
      const connection = await openRaw(server.url)
      connection.socket.write(bytes.slice(0, -1))
      await setTimeout(longMs)
      await keys.revoke(caller.id)
      connection.socket.write(bytes.slice(-1))
      expect(await connection.closed, operationId).toMatch(
        new RegExp(`^HTTP/1\\.1 401 [\\s\\S]+"code":"${code}"`),
      )
    }),
  )
  await server.close()
})

test('whoever may not ask any more when the database has answered gets nothing that was read', async () => {
  await using ownDatabase = await makePostgres()
  const { url } = ownDatabase
  let now = Date.now()
  const server = await startTestServer(url, { now: () => now })
  const { keys, organizations } = server.latchkey
  await createAcme({ organizations })
  const { key: token } = await keys.create({
    organizationId: 'acme',
    name: 'Reader',
    permissions: ['latchkey:organizations:read'],
    expiresAt: new Date(now + 60_000),
  })
  const paths = ['/v1/organizations/acme', '/v1/organizations']
  for (const path of paths) expect((await server.request('GET', path, { token })).status).toBe(200)
  const direct = await connectDirectly(url)
  await direct.run('begin')
  await direct.run('lock table organizations')
  const asked = paths.map((path) => server.request('GET', path, { token }))
  await setTimeout(longMs)
  now += 60_000
  await direct.run('commit')
  await direct[Symbol.asyncDispose]()
  for (const answer of await Promise.all(asked))
    expect(answer).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
  await server.close()
})
