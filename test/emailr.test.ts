// A client of emailr's own API takes every answer that it gets here, if organizations are given no id of their own.
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import emailr from './generators/emailr.openapi.json' with { type: 'json' }
import { makeSqlite } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const database = makeSqlite()
let server: TestServer
/** The token of a customer's key, as its program holds it. */
let token: string

beforeAll(async () => {
  server = await startTestServer(database.url)
  const { id: organizationId } = await server.latchkey.organizations.create({ name: 'Acme' })
  const permissions = ['latchkey:keys:read', 'latchkey:keys:write', 'emails:*']
  token = (await server.latchkey.keys.create({ organizationId, name: 'Program', permissions })).key
})
afterAll(async () => {
  await server.close()
  await database.remove()
})

const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(emailr, 'emailr')

/** Calls as the client does, and takes the answer as strictly as its description allows. */
async function call<Answer>(
  method: 'get' | 'post' | 'delete',
  path: string,
  template: string,
  body?: object,
): Promise<Answer> {
  const answer = await server.request<Answer>(method.toUpperCase(), path, { token, body })
  expect(answer.status).toBe(200)
  const pointer = ['paths', template, method, 'responses', '200', 'content', 'application/json', 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('/', '~1')))
    .join('/')
  const validate = ajv.getSchema(`emailr#/${pointer}`)
  expect(validate?.(answer.json), JSON.stringify(validate?.errors)).toBe(true)
  return answer.json
}

interface APIKey {
  id: string
  name: string
  key?: string
  permissions: string[]
  last_used_at: string | null
  revoked_at: string | null
}

test('a client of emailr creates, lists and revokes keys, and sees all of 130 at once', async () => {
  const before = await call<APIKey[]>('get', '/v1/keys', '/v1/keys')
  const created: APIKey[] = []
  for (let i = 0; i < 130; i++) {
    const wanted = { name: `Key ${i}`, permissions: i % 2 === 0 ? ['emails:send'] : [] }
    created.push(await call('post', '/v1/keys', '/v1/keys', wanted))
  }
  expect(created[0]).toMatchObject({ key: expect.stringMatching(/^re_\w+$/), permissions: ['emails:send'] })
  const listed = await call<APIKey[]>('get', '/v1/keys', '/v1/keys')
  expect(listed).toHaveLength(before.length + 130)
  expect(listed.some((key) => 'key' in key)).toBe(false)

  const [first] = created as [APIKey]
  await server.request('GET', '/v1/keys/self', { token: first.key })
  for (let times = 0; times < 2; times++)
    expect(await call('delete', `/v1/keys/${first.id}`, '/v1/keys/{id}')).toEqual({ success: true })
  const left = await call<APIKey[]>('get', '/v1/keys', '/v1/keys')
  expect(left.map(({ id }) => id)).not.toContain(first.id)
  const refused = await server.request('GET', '/v1/keys/self', { token: first.key })
  expect(refused).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
})
