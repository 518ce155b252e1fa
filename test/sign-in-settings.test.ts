// The settings of providers: what is refused of them, and that a provider that is away keeps nobody from anything else.
import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { issuerFault, mayActBy, parseProviders } from '../src/core/provider-settings.ts'
import { Providers } from '../src/domain/sign-in/providers.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { onOneDatabase } from './setup/databases.ts'
import { Browser, startLiar, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

const right = {
  ...{ id: 'okta', name: 'Okta', issuer: 'https://okta.example', client_id: 'c', organizations: ['acme'] },
}
const parse = (...providers: object[]) => parseProviders(JSON.stringify({ providers }), 'oidc.json')
const faultOf = (change: object) => {
  try {
    parse({ ...right, ...change })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

test('a file of providers is refused with the place of each fault, and the fields that there are', () => {
  expect(parse(right)).toMatchObject([
    { scopes: ['openid', 'email', 'profile'], listed: false, email_proof: 'claim' },
  ])
  const rule = { claim: 'groups', equals: 'ops', organization_id: 'acme', role: 'admin' }
  expect(faultOf({ rules: [rule] })).toBeUndefined()
  const faults: [object, string][] = [
    [{ isuer: 'x' }, 'providers[0].isuer: Unknown field. Allowed are id, name, issuer'],
    [
      { rules: [{ ...rule, rolle: 'x' }] },
      'providers[0].rules[0].rolle: Unknown field. Allowed are claim, equals',
    ],
    [{ rules: [{ ...rule, role: 'owner' }] }, 'no rule makes an owner'],
    [{ rules: [{ ...rule, organization_id: 'globex' }] }, 'providers[0].rules[0].organization_id'],
    [{ id: 'passkey' }, 'passkeys have this one'],
    [{ id: 'Okta/../x' }, 'providers[0].id'],
    [{ issuer: 'http://okta.example' }, 'https://'],
    [{ issuer: 'https://user:secret@okta.example' }, 'providers[0].issuer'],
    [{ organizations: [] }, 'at least one'],
    [{ organizations: undefined }, 'providers[0].organizations'],
    [{ scopes: ['email'] }, 'openid'],
    [{ email_proof: 'issuer' }, 'providers[0].email_domains'],
    [{ email_domains: ['acme.example'] }, 'providers[0].email_domains'],
    [{ issuer: 'https://login.microsoftonline.com/common/v2.0' }, 'providers[0].tenants'],
    [{ client_secret: 'in the open' }, 'providers[0].client_secret: Unknown field'],
  ]
  for (const [change, fault] of faults) expect(faultOf(change), JSON.stringify(change)).toContain(fault)
  expect(() => parse(right, right)).toThrow('providers[1].id: Is the id of another provider.')
  expect(() => parseProviders('{', 'oidc.json')).toThrow('oidc.json: is no JSON')
  expect(() => parseProviders('{"provider": []}', 'oidc.json')).toThrow('Allowed are providers')
})

test('an issuer is asked without TLS on this machine alone', () => {
  for (const here of ['http://localhost:9000', 'http://127.0.0.1', 'http://[::1]:80/realm'])
    expect(issuerFault(here), here).toBeUndefined()
  for (const elsewhere of [
    'http://10.0.0.1',
    'http://localhost.example',
    'ftp://localhost',
    'okta',
    'https://a?b',
  ])
    expect(issuerFault(elsewhere), elsewhere).toBeDefined()
})

test('three variables are one provider, of the root organization, and not beside a file', () => {
  const env = { LATCHKEY_OIDC_ISSUER: 'https://okta.example', LATCHKEY_OIDC_CLIENT_ID: 'c' }
  const [provider] = Providers.read({}, { ...env, LATCHKEY_OIDC_CLIENT_SECRET: 's' }).list
  expect(provider).toMatchObject({
    id: 'oidc',
    organizations: ['root'],
    rules: [],
    listed: true,
    client_secret: 's',
  })
  expect(() => Providers.read({}, { LATCHKEY_OIDC_CLIENT_ID: 'c' })).toThrow('LATCHKEY_OIDC_ISSUER')
  expect(() => Providers.read({}, { ...env, LATCHKEY_OIDC_FILE: 'x' })).toThrow('exclude each other')
  expect(() => Providers.read({ oidcFile: '/nowhere' }, {})).toThrow('cannot be read')
})

test('the word of a provider counts for its organizations, and * is all but root', () => {
  const may = mayActBy(
    [
      { id: 'okta', organizations: ['*'] },
      { id: 'own', organizations: ['root'] },
    ],
    'refuse',
  )
  const ask = (provider: string, organization_id: string, sign_in = 'any') =>
    may({ provider, organization_id, sign_in })
  expect(['acme', 'root'].map((id) => ask('okta', id))).toEqual([true, false])
  expect(['acme', 'root'].map((id) => ask('own', id))).toEqual([false, true])
  expect(ask('removed', 'acme')).toBe(false)
  expect([
    ask('passkey', 'acme'),
    ask('passkey', 'acme', 'provider'),
    ask('okta', 'acme', 'provider'),
  ]).toEqual([...[true, false, true]])
})

onOneDatabase('SQLite', 'a provider', (makeDatabase) => {
  const start = async (options: object, ...providers: object[]) =>
    startTestServer(await makeDatabase(), { publicUrl, oidcFile: writeProviders(...providers), ...options })

  test('that is away, hangs, or talks without end is told as such, and the others go on', async () => {
    const [away, hangs] = [await startLiar(), await startLiar()]
    const [endless, fine] = [await startLiar(), await startLiar()]
    const found = '/.well-known/openid-configuration'
    hangs.answers[found] = () => {}
    endless.answers[found] = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '.repeat(100_000)), 1)
      response.on('close', () => clearInterval(timer))
    }
    away.close()
    const listed = { away, hangs, endless, fine }
    await using server = await start(
      {},
      ...Object.entries(listed).map(([id, { issuer }]) => ({ id, issuer, listed: id !== 'endless' })),
    )
    const shown = await new Browser(server).ask('GET', '/v1/sign-in?provider=endless')
    expect(shown.json).toMatchObject({ providers: Object.keys(listed).map((id) => ({ id, name: 'Okta' })) })
    // Who is not listed is shown to nobody who does not name it.
    for (const path of ['/v1/sign-in', '/v1/sign-in?provider=hangs', '/v1/sign-in?provider=endles'])
      expect((await new Browser(server).ask('GET', path)).json).toMatchObject({
        providers: [{ id: 'away' }, { id: 'hangs' }, { id: 'fine' }],
      })
    const begin = (id: string) =>
      new Browser(server).ask('POST', `/v1/sign-in/providers/${id}`, { purpose: 'sign_in' })
    const all = await Promise.all([begin('away'), begin('hangs'), begin('endless'), begin('fine')])
    const unavailable = { status: 503, json: { code: 'provider_unavailable' } }
    expect(all).toMatchObject([unavailable, unavailable, unavailable, { status: 200 }])
    // More than eight at once wait for nobody.
    const many = await Promise.all(Array.from({ length: 12 }, () => begin('hangs')))
    expect(many.every(({ status }) => status === 503)).toBe(true)
    expect(hangs.asked[found]).toBe(1 + 8)
    // Once it is back, it signs in.
    delete hangs.answers[found]
    expect((await begin('hangs')).status).toBe(200)
    const log = JSON.stringify(server.log)
    expect(log.includes('ANSWER_TOO_LONG')).toBe(true)
    expect(log.includes('took too long')).toBe(true)
  })

  test('of another issuer than its file says signs nobody in', async () => {
    const [one, two] = [await startLiar(), await startLiar()]
    one.answers['/.well-known/openid-configuration'] = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const here = { issuer: two.issuer, authorization_endpoint: `${two.issuer}/auth` }
      response.end(
        JSON.stringify({ ...here, token_endpoint: `${two.issuer}/token`, jwks_uri: `${two.issuer}/jwks` }),
      )
    }
    await using server = await start({}, { id: 'one', issuer: one.issuer })
    const answer = await new Browser(server).ask('POST', '/v1/sign-in/providers/one', { purpose: 'sign_in' })
    expect(answer.json).toMatchObject({ code: 'provider_unavailable' })
  })

  test('that sends us elsewhere is not followed: no answer of it leads into another network', async () => {
    const [one, two] = [await startLiar(), await startLiar()]
    const away = '/.well-known/openid-configuration'
    const elsewhere: RequestListener = (request, response) => {
      response.writeHead(307, { location: `${two.issuer}${request.url}` })
      response.end()
    }
    await using server = await start({}, { id: 'one', issuer: one.issuer })
    const begin = () => new Browser(server).ask('POST', '/v1/sign-in/providers/one', { purpose: 'sign_in' })
    one.answers[away] = elsewhere
    expect((await begin()).json).toMatchObject({ code: 'provider_unavailable' })
    delete one.answers[away]
    one.answers['/token'] = elsewhere
    expect((await new Browser(server).pass('one')).json).toMatchObject({ code: 'provider_unavailable' })
    expect(two.asked).toEqual({})
  })

  test('of many tenants signs in people of those that its file names', async () => {
    const liar = await startLiar()
    await using server = await start({}, { id: 'entra', issuer: liar.issuer, tenants: ['t1'] })
    const accept = async (claims: object) => {
      liar.claims = { ...claims }
      const email = 'ada@acme.example'
      const invited = await server.latchkey.invitations.create({
        organizationId: 'root',
        email,
        role: 'viewer',
      })
      const answer = await new Browser(server).pass('entra', {
        purpose: 'invitation',
        invitation: secretOf(invited),
      })
      return answer.status
    }
    expect(await accept({ tid: 't2' })).toBe(403)
    expect(await accept({})).toBe(403)
    expect(await accept({ tid: 't1' })).toBe(200)
  })

  test("says who somebody is, and Google's word of an address counts where Google owns it", async () => {
    const { personOf } = await import('../src/domain/sign-in/person.ts')
    const [google] = parse({ ...right, issuer: 'https://accounts.google.com' })
    const proves = (email: string, more: object = {}) =>
      personOf(google as never, {
        iss: 'https://accounts.google.com',
        sub: '1',
        email,
        email_verified: true,
        ...more,
      }).emailVerified
    expect(proves('ada@gmail.com')).toBe(true)
    expect(proves('ada@acme.example')).toBe(false)
    expect(proves('ada@acme.example', { hd: 'acme.example' })).toBe(true)
    expect(proves('ada@acme.example', { hd: 'other.example' })).toBe(false)
    expect(personOf(google as never, { iss: 'i', sub: '1', name: 'A\u202eda\r\n' })).toMatchObject({
      ...{ name: 'Ada', label: 'Ada', email: null, emailVerified: false },
    })
  })

  test('takes an address as it was said or not at all, and no subject that can be none', async () => {
    const { personOf } = await import('../src/domain/sign-in/person.ts')
    const proof = { email_proof: 'issuer', email_domains: ['acme.example'] }
    const [claim, issuer] = [right, { ...right, ...proof }].map((one) => parse(one)[0])
    const addressOf = (email: unknown, by = claim, verified: unknown = true) => {
      const { emailVerified, ...person } = personOf(by as never, {
        ...{ iss: 'i', sub: '1', email, email_verified: verified },
      })
      return emailVerified ? person.email : null
    }
    expect(addressOf('ada@acme.example')).toBe('ada@acme.example')
    for (const other of [
      ...['ad\u00ada@acme.example', 'ada@acme.example\u200b', ' ada@acme.example', 'ada@acme.example\n'],
      ...[
        'ad\u202ea@acme.example',
        'ada@acme.example.',
        'ada@acme\u3002example',
        ['ada@acme.example'],
        {},
        1,
      ],
      'Claim your prize at evil.example/win, says ada@acme.example',
    ])
      for (const by of [claim, issuer]) expect(addressOf(other, by), JSON.stringify(other)).toBeNull()
    expect(addressOf('ada@acme.example', issuer, undefined)).toBe('ada@acme.example')
    for (const verified of [false, 'false'])
      expect(addressOf('ada@acme.example', issuer, verified), String(verified)).toBeNull()
    // Two people would be one, or one that no index takes.
    for (const sub of [undefined, null, '', 7, true, {}, ['a'], 'a\u0000', 'a\ud800', 'a'.repeat(256)])
      expect(() => personOf(claim as never, { iss: 'i', sub }), JSON.stringify(sub)).toThrow(
        expect.objectContaining({ code: 'provider_unavailable' }),
      )
  })

  test('takes the public address, which no request says', async () => {
    const liar = await startLiar()
    await using server = await start({ publicUrl: undefined }, { id: 'okta', issuer: liar.issuer })
    const browser = new Browser(server)
    const answer = await browser.ask(
      'POST',
      '/v1/sign-in/providers/okta',
      { purpose: 'sign_in' },
      {
        'x-forwarded-host': 'evil.example',
      },
    )
    expect(answer).toMatchObject({ status: 503, json: { code: 'public_url_missing' } })
    expect(() => server.latchkey.signIn.check()).toThrow('LATCHKEY_PUBLIC_URL')
    await using plain = await start(
      { publicUrl: 'http://keys.example.com' },
      { id: 'okta', issuer: liar.issuer },
    )
    expect(() => plain.latchkey.signIn.check()).toThrow('by https')
  })

  test('without its secret is refused when a server starts', async () => {
    const file = writeProviders({ ...right, client_secret_file: '/nowhere/secret' })
    await using latchkey = await openLatchkey({ database: await makeDatabase(), publicUrl, oidcFile: file })
    expect(() => latchkey.signIn.check()).toThrow('The secret of the provider okta cannot be read')
  })

  test('sends nobody to where a request says', async () => {
    const liar = await startLiar()
    await using server = await start({}, { id: 'okta', issuer: liar.issuer })
    const browser = new Browser(server)
    for (const more of [
      { redirect_uri: 'https://evil.example' },
      { return_to: '//evil.example' },
      { url: 'x' },
    ])
      expect(
        (await browser.ask('POST', '/v1/sign-in/providers/okta', { purpose: 'sign_in', ...more })).status,
      ).toBe(422)
    const url = await browser.begin('okta')
    expect(url.searchParams.get('redirect_uri')).toBe(`${publicUrl}/sign-in/callback/okta`)
    expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    for (const id of ['%2e%2e', 'okta%2f..', 'x'.repeat(200)])
      expect((await browser.ask('POST', `/v1/sign-in/providers/${id}`, { purpose: 'sign_in' })).status).toBe(
        404,
      )
  })
})

onOneDatabase('PostgreSQL', 'a server at which people sign in by providers', (makeDatabase) => {
  test('does not start without the keys that seal what a browser has begun: each process must open it', async () => {
    const database = await makeDatabase()
    const settings = { database, publicUrl, oidcFile: writeProviders(right) }
    await using without = await openLatchkey(settings)
    expect(() => without.signIn.check()).toThrow('set LATCHKEY_SEALING_KEYS')
    await using sealed = await openLatchkey({
      ...settings,
      sealingKeys: [Buffer.alloc(32, 1).toString('base64')],
    })
    sealed.signIn.check()
    await using nobody = await openLatchkey({ database })
    nobody.signIn.check()
  })
})
