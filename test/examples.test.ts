// The programs of examples/ do what they say: each runs as a process, on the package as it is built, against a
// real server. Those of examples/gateways run in gateways.test.ts.
import { cpSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import { makeFolder, repository } from './setup/documents-run.ts'
import { addressIn, startExample } from './setup/example.ts'
import { send, startTestServer } from './setup/server.ts'

test('every example is run here', () => {
  // That of customer-page runs in embed/example.test.ts, that of verify-log in audit-verify.test.ts, that of spring in
  // spring.test.ts, and quickstarts and that of terraform by commands of their own.
  const run = [
    ...[
      'customer-keys',
      'customer-page',
      'edge',
      'express-guard',
      'gateways',
      'hono-embed',
      'quickstarts',
      'rotate-on-deploy',
      'spring',
      'terraform',
      'verify-log',
    ],
  ]
  expect(readdirSync(join(repository, 'examples')).sort()).toEqual(run)
})

test('hono-embed issues and checks keys in its own process', async () => {
  const database = makeSqlite()
  onTestFinished(database.remove)
  const url = addressIn(await startExample('hono-embed/app.ts', { DATABASE: database.url }))
  await using latchkey = await openLatchkey({ database: database.url })
  await createAcme(latchkey)
  const create = (permissions: string[]) =>
    latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
  const { key } = await create(['greetings:*'])
  const answer = await send(url, 'GET', '/greeting', { token: key })
  expect(answer.json).toEqual({ greeting: 'Hello, acme' })
  expect((await send(url, 'GET', '/greeting')).status).toBe(401)
  expect((await send(url, 'GET', '/greeting', { token: (await create([])).key })).status).toBe(403)
})

test('express-guard has a server judge, and lets nobody through when that is away', async () => {
  await using latchkey = await startLatchkey()
  const verifier = await latchkey.create(['latchkey:keys:verify'], 'root')
  const reader = await latchkey.create(['emails:read'])
  const environment = { LATCHKEY_URL: latchkey.url, LATCHKEY_KEY: verifier.key }
  const url = addressIn(await startExample('express-guard/app.ts', environment))
  expect((await send(url, 'GET', '/emails', { token: reader.key })).json).toEqual({ emailsOf: 'acme' })
  expect((await send(url, 'POST', '/emails', { token: reader.key })).status).toBe(403)
  await latchkey.latchkey.keys.revoke(verifier.id)
  expect((await send(url, 'GET', '/emails', { token: reader.key })).status).toBe(503)
})

test('edge judges before it asks the origin, and tells it whose key it was', async () => {
  await using latchkey = await startLatchkey()
  const reached: string[][] = []
  const origin = createServer((request, response) => {
    reached.push(request.rawHeaders)
    response.end(request.url)
  })
  await new Promise<void>((ready) => origin.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void origin.close().closeAllConnections())
  const verifier = await latchkey.create(['latchkey:keys:verify'], 'root')
  const reader = await latchkey.create(['emails:read'])
  const folder = makeFolder()
  cpSync(join(repository, 'examples'), join(folder, 'examples'), { recursive: true })
  const { default: worker } = await import(pathToFileURL(join(folder, 'examples/edge/worker.ts')).href)
  const settings = {
    LATCHKEY_URL: latchkey.url,
    LATCHKEY_KEY: verifier.key,
    ORIGIN: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
  }
  const ask = (method: string, token: string): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${token}`,
      'X-Latchkey-Key-Id': 'forged',
      X_Latchkey_Code: 'forged',
    }
    return worker.fetch(new Request('https://api.example.com/emails?page=2', { method, headers }), settings)
  }
  const answer = await ask('GET', reader.key)
  expect([answer.status, await answer.text()]).toEqual([200, '/emails?page=2'])
  expect(reached).toHaveLength(1)
  expect(reached[0]).toContain(reader.id)
  expect(JSON.stringify(reached)).not.toMatch(`forged|${reader.key}`)
  expect((await ask('POST', reader.key)).status).toBe(403)
  expect((await ask('GET', 'nonsense')).status).toBe(401)
  expect(reached).toHaveLength(1)
})

test('rotate-on-deploy gives the new token on standard output alone, and does not rotate twice in a grace', async () => {
  await using latchkey = await startLatchkey()
  const deployer = await latchkey.create(['latchkey:keys:write', 'emails:send'])
  const deployed = await latchkey.create(['emails:send'])
  const environment = { LATCHKEY_URL: latchkey.url, LATCHKEY_KEY: deployer.key, KEY_ID: deployed.id }
  const first = await startExample('rotate-on-deploy/rotate.ts', environment, 'its end')
  expect(first.code()).toBe(0)
  const verify = async (token: string) => (await latchkey.latchkey.verify(token)).valid
  expect([await verify(first.stdout()), await verify(deployed.key)]).toEqual([true, true])
  expect(first.stderr()).not.toContain(first.stdout())
  const second = await startExample('rotate-on-deploy/rotate.ts', environment, 'its end')
  expect([second.code(), second.stdout()]).toEqual([75, ''])
  expect(await verify(first.stdout())).toBe(true)
})

test('customer-keys lets customers manage their own keys and nobody else’s', async () => {
  await using latchkey = await startLatchkey()
  await latchkey.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
  const environment = { LATCHKEY_URL: latchkey.url, LATCHKEY_KEY: latchkey.rootKey }
  const program = await startExample('customer-keys/app.ts', environment)
  const url = addressIn(program)
  const as = (user: string) => ({
    cookie: new RegExp(`^${user} signs in with Cookie: (.+)$`, 'm').exec(program.stdout())?.[1] as string,
  })
  const post = (path: string, user: string, form: string) =>
    send(url, 'POST', path, {
      body: form,
      headers: { ...as(user), 'content-type': 'application/x-www-form-urlencoded' },
    })
  expect((await send(url, 'GET', '/keys')).status).toBe(401)
  const made = await post('/keys', 'ada', 'name=%3Cb%3ECI&permissions=emails:send&organization_id=globex')
  const token = /<pre>([^<]+)</.exec(made.text)?.[1] as string
  const verdict = await latchkey.latchkey.verify(token)
  expect(verdict).toMatchObject({ organizationId: 'acme', name: '<b>CI', permissions: ['emails:send'] })
  const { keyId } = verdict as { keyId: string }
  expect((await latchkey.latchkey.keys.get(keyId)).createdBy).toBe('ada')

  const page = (await send(url, 'GET', '/keys', { headers: as('ada') })).text
  expect(page).toContain('&lt;b&gt;CI')
  expect(page).not.toContain(token)
  expect((await send(url, 'GET', '/keys', { headers: as('bob') })).text).not.toContain(keyId)
  expect((await post('/keys', 'ada', 'name=x&permissions=latchkey:keys:write')).status).toBe(422)
  expect((await post('/keys', 'ada', 'name=')).status).toBe(422)

  const foreign = await post(`/keys/${keyId}/revoke`, 'bob', '')
  const unknown = await post('/keys/00000000-0000-7000-8000-000000000000/revoke', 'bob', '')
  expect([foreign.status, foreign.text]).toEqual([404, unknown.text])
  expect((await latchkey.latchkey.verify(token)).valid).toBe(true)
  expect((await post(`/keys/${keyId}/revoke`, 'ada', '')).status).toBe(303)
  expect((await latchkey.latchkey.verify(token)).code).toBe('revoked')
})

async function startLatchkey() {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  await createAcme(server.latchkey)
  return {
    ...server,
    create: (permissions: string[], organizationId = 'acme') =>
      server.latchkey.keys.create({ organizationId, name: 'Key', permissions }),
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await database.remove()
    },
  }
}
