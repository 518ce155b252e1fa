// HTTP Basic (RFC 7617), for tools that know nothing else: on `/v1/auth` and in guards, if it is switched on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readServeSettings } from '../src/config.ts'
import { readBasic, readPresented } from '../src/core/bearer.ts'
import type { CreatedKey } from '../src/index.ts'
import { withKey } from '../src/middleware/fetch.ts'
import { makeSqlite } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const basic = (userName: string, password: string) => `Basic ${btoa(`${userName}:${password}`)}`

test('the password is the token, and the user name only if that is switched on and there is no password', () => {
  const of = (text: string, part?: 'password' | 'user-name') => readBasic(`Basic ${btoa(text)}`, part)
  expect(of('a:t')).toBe('t')
  expect(of(':t')).toBe('t')
  expect(of('t:')).toBe('')
  expect(of('t:', 'user-name')).toBe('t')
  expect(of('a:t', 'user-name')).toBe('t')
  expect(of(':', 'user-name')).toBe('')
  // Which colon ends the user name, programs do not agree on.
  for (const part of ['password', 'user-name'] as const) {
    expect(of('a:b:t', part)).toBe('')
    expect(of('a:t:', part)).toBe('')
    for (const header of [
      'Basic',
      'Basic ',
      'basic ====',
      'Basic YQ',
      'Basic Yg==x',
      'Basic a:b',
      `Basic ${btoa('t')}`,
    ])
      expect(readBasic(header, part), header).toBe('')
    for (const header of [undefined, '', 'Basics YTp0', 'Bearer t', 'YTp0'])
      expect(readBasic(header, part), header).toBeUndefined()
  }
  expect(readBasic(`bASIC   ${btoa('a:t')}`)).toBe('t')
})

test('what is presented in two ways must be the same', () => {
  const present = (headers: Record<string, string>, part?: 'password') =>
    readPresented((name) => headers[name], part)
  expect(present({ authorization: basic('a', 't') })).toBeUndefined()
  expect(present({ authorization: basic('a', 't') }, 'password')).toBe('t')
  expect(present({ authorization: basic('a', 't'), 'x-api-key': 't' }, 'password')).toBe('t')
  expect(present({ authorization: basic('a', 't'), 'x-api-key': 'u' }, 'password')).toBe('')
  expect(present({ authorization: basic('a', 't'), 'x-api-key': 'u' })).toBe('u')
  // Two headers come as one, with a comma between.
  expect(present({ authorization: `${basic('a', 't')}, Bearer t` }, 'password')).toBe('')
})

test('settings name the part, and no other', () => {
  expect(readServeSettings({}, { LATCHKEY_BASIC_AUTH: 'password' }).basicAuth).toBe('password')
  expect(readServeSettings({ basicAuth: 'user-name' }, { LATCHKEY_BASIC_AUTH: 'password' }).basicAuth).toBe(
    'user-name',
  )
  expect(readServeSettings({}, {}).basicAuth).toBeUndefined()
  expect(() => readServeSettings({}, { LATCHKEY_BASIC_AUTH: 'true' })).toThrow(
    'LATCHKEY_BASIC_AUTH: Must be password',
  )
})

describe('a token in HTTP Basic', () => {
  const database = makeSqlite()
  const servers = {} as Record<'off' | 'password' | 'user-name', TestServer>
  let made: CreatedKey
  beforeAll(async () => {
    servers.off = await startTestServer(database.url)
    made = await servers.off.latchkey.keys.create({ organizationId: 'root', name: 'K', permissions: ['a'] })
    for (const basicAuth of ['password', 'user-name'] as const)
      servers[basicAuth] = await startTestServer(database.url, { basicAuth })
  })
  afterAll(async () => {
    for (const server of Object.values(servers)) await server.close()
    await database.remove()
  })

  const challenge = ', Basic realm="Latchkey", charset="UTF-8"'
  const ways = (token: string) => [basic('any', token), basic(token, '')]

  test('is judged by /v1/auth as far as the setting says', async () => {
    for (const [name, statuses] of [
      ['off', [401, 401]],
      ['password', [200, 401]],
      ['user-name', [200, 200]],
    ] as const) {
      const server = servers[name]
      const answers = await Promise.all(
        ways(made.key).map((authorization) =>
          server.request('GET', '/v1/auth', { headers: { authorization } }),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual(statuses)
      const also = name === 'off' ? '' : challenge
      const nothing = await server.request('GET', '/v1/auth')
      expect(nothing.headers.get('www-authenticate')).toBe(`Bearer${also}`)
      const wrong = await server.request('GET', '/v1/auth', { token: 'x' })
      expect(wrong.headers.get('www-authenticate')).toBe(`Bearer error="invalid_token"${also}`)
      const twice = { headers: { authorization: basic('any', made.key), 'x-api-key': 'other' } }
      expect((await server.request('GET', '/v1/auth', twice)).status).toBe(401)
    }
    const lacking = { headers: { authorization: basic('any', made.key) } }
    const refused = await servers.password.request('GET', '/v1/auth?permission=b', lacking)
    expect(refused.headers.get('x-latchkey-code')).toBe('insufficient_permissions')
    // The management API takes none.
    const management = await servers['user-name'].request('GET', '/v1/keys/self', lacking)
    expect(management).toMatchObject({ status: 401, json: { code: 'missing_token' } })
  })

  test('is judged by guards as far as their option says', async () => {
    const { latchkey } = servers.off
    const ask = async (basicAuth: 'password' | 'user-name' | undefined, headers: Record<string, string>) => {
      const options = { verifier: latchkey, ...(basicAuth && { basicAuth }) }
      const guarded = withKey(options, (_, key) => new Response(key.keyId))
      const answer = await guarded(new Request('http://api.example/', { headers }))
      return [answer.status, answer.headers.get('www-authenticate')]
    }
    const [asPassword = {}, asUser = {}] = ways(made.key).map((authorization) => ({ authorization }))
    expect(await ask(undefined, asPassword)).toEqual([401, 'Bearer'])
    expect(await ask('password', asPassword)).toEqual([200, null])
    expect(await ask('password', asUser)).toEqual([401, `Bearer error="invalid_token"${challenge}`])
    expect(await ask('user-name', asUser)).toEqual([200, null])
    expect(await ask('user-name', {})).toEqual([401, `Bearer${challenge}`])
    expect(() => withKey({ verifier: latchkey, basicAuth: true as never }, () => new Response())).toThrow(
      'basicAuth: Must be password or user-name.',
    )
  })
})
