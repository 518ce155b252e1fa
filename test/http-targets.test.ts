// Only what stands literally in a request's target is routed: no other spelling of a path is served past a proxy.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../src/server/app.ts'
import { makeSqlite } from './setup/databases.ts'
import { exchangeRaw, requestBytes } from './setup/raw.ts'
import { disguises } from './setup/request-targets.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const database = makeSqlite()
let server: TestServer

beforeAll(async () => {
  server = await startTestServer(database.url)
})

afterAll(async () => {
  await server.close()
  await database.remove()
})

/** A path of each route, with an id that could be one. */
const calls = routes
  .filter(({ path }) => path !== '/')
  .map(({ method, path }) => ({
    method,
    path: path.replace('{id}', '01890000-0000-7000-8000-000000000000').replace(/\{\w+\}/g, 'thing'),
  }))

async function ask(method: string, target: string): Promise<{ status: number; text: string }> {
  const text = await exchangeRaw(server.url, requestBytes(method, target, { token: server.rootKey }))
  return { status: Number(text.slice(9, 12)), text }
}

describe.each(Object.entries(disguises))('%s', (_, disguise) => {
  test('is routed nowhere, at either door', async () => {
    const answers = calls.map(async ({ method, path }) => {
      const target = disguise(path)
      const { text } = await ask(method, target)
      const seen = { target, code: /"code":"(\w+)"/.exec(text)?.[1] }
      // Other letters name another thing: an id that is as unknown as any, or an address with other methods.
      const wanted = isAnotherPath(target)
        ? /_not_found$|^method_not_allowed$|^unsupported_media_type$/
        : /^route_not_found$|^malformed_request$/
      expect(seen).toEqual({ target, code: expect.stringMatching(wanted) })
    })
    await Promise.all(answers)
  })
})

test('the literal path is routed, with and without a query', async () => {
  const absolute = [
    'http://latchkey.test/metrics',
    'https://other.test:1/docs?x=1',
    'http://latchkey.test?x=1',
  ]
  for (const target of ['/metrics', '/metrics?', '/docs?x=1', '/healthz', ...absolute])
    expect((await ask('GET', target)).status, target).toBe(200)
  // Routed too, and refused for what it asks.
  expect((await ask('GET', '/metrics?x=1')).status).toBe(422)
})

test('a disguised path is no page of the console either', async () => {
  for (const disguise of [(path: string) => `/x/..${path}`, (path: string) => path.replace('m', '%6d')]) {
    const headers = { accept: 'text/html' }
    const answer = await exchangeRaw(server.url, requestBytes('GET', disguise('/metrics'), { headers }))
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  }
})

/** Whether a target fits the form of a route: with other letters in a parameter's place it names another thing. */
function isAnotherPath(target: string): boolean {
  return routes.some(({ path }) => {
    const pattern = path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '(?!\\.{1,2}(?:/|$))[^/?]+')
    return new RegExp(`^${pattern}$`).test(target)
  })
}
