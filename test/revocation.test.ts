// OAuth 2.0 Token Revocation (RFC 7009): who may end which token, and what becomes of its key.
import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const basic = (password: string) => `Basic ${btoa(`any:${password}`)}`

const revoke = (server: TestServer, token: string, authorization?: string, more = '') =>
  server.request('POST', '/v1/revoke', {
    headers: { ...form, ...(authorization !== undefined && { authorization }) },
    body: `token=${encodeURIComponent(token)}${more}`,
  })

async function codeOf({ latchkey }: TestServer, token: string): Promise<string> {
  return (await latchkey.verify(token)).code
}

onEachDatabase('revocation by token', (makeDatabase) => {
  test('whoever has a token ends it, and its own key stands in the audit log', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys, organizations, audit } = server.latchkey
    await organizations.create({ id: 'acme', name: 'Acme' })
    const { id, key } = await keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a'] })
    const answer = await revoke(server, key)
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await codeOf(server, key)).toBe('revoked')
    const { items } = await audit.list({ keyId: id })
    expect(items[0]).toMatchObject({
      action: 'key.revoked',
      organizationId: 'acme',
      keyId: id,
      actorType: 'key',
      actor: id,
    })
    // Again, and of what nobody knows, it is the same answer, and no event.
    for (const token of [key, key.replace(/^re_.{16}/, 're_0000000000000000'), 'x', `${key}é`])
      expect(await revoke(server, token), token.slice(0, 5)).toMatchObject({ status: 200, text: '' })
    expect((await audit.list({ keyId: id })).items).toHaveLength(items.length)
    expect(JSON.stringify(server.log)).not.toContain(key.slice(20))
  })

  test('an old token in its grace ends alone, and one whose grace is over ends nothing', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys, audit } = server.latchkey
    const { id, key: first } = await keys.create({ organizationId: 'root', name: 'R' })
    const { key: second } = await keys.rotate(id, { graceSeconds: 3600 })
    expect((await revoke(server, first)).status).toBe(200)
    expect([await codeOf(server, first), await codeOf(server, second)]).toEqual(['rotated', 'valid'])
    expect((await audit.list({ keyId: id })).items[0]).toMatchObject({
      action: 'key.secret_ended',
      actor: id,
    })
    for (const authorization of [undefined, `Bearer ${server.rootKey}`])
      expect((await revoke(server, first, authorization)).status).toBe(200)
    expect(await codeOf(server, second)).toBe('valid')
    const third = await keys.rotate(id, { graceSeconds: 3600 })
    expect((await revoke(server, third.key)).status).toBe(200)
    expect([await codeOf(server, second), await codeOf(server, third.key)]).toEqual(['revoked', 'revoked'])
  })

  test('a caller that shows itself needs latchkey:keys:write, and reaches its own organization alone', async () => {
    let now = Date.now()
    await using server = await startTestServer(await makeDatabase(), { now: () => now })
    const { keys, organizations, audit } = server.latchkey
    for (const id of ['acme', 'globex']) await organizations.create({ id, name: id })
    const make = async (organizationId: string, permissions: string[] = [], expiresAt: Date | null = null) =>
      keys.create({ organizationId, name: 'K', permissions, expiresAt })
    const writer = await make('acme', ['latchkey:keys:write', 'emails:*'])
    const reader = await make('acme', ['latchkey:keys:read'])
    const [mine, stronger, foreign] = [
      await make('acme', ['emails:send']),
      await make('acme', ['files:read']),
      await make('globex'),
    ]
    const dead = `Bearer ${mine.key.replace(/^re_.{16}/, 're_0000000000000000')}`
    const refusals: [token: string, authorization: string, status: number, error: string][] = [
      [mine.key, `Bearer ${reader.key}`, 403, 'insufficient_scope'],
      ['unknown', `Bearer ${reader.key}`, 403, 'insufficient_scope'],
      [stronger.key, `Bearer ${writer.key}`, 403, 'insufficient_scope'],
      [mine.key, dead, 401, 'invalid_token'],
      [mine.key, basic('nobody'), 401, 'invalid_client'],
      [mine.key, 'Digest x', 401, 'invalid_client'],
    ]
    for (const [token, authorization, status, error] of refusals)
      expect(await revoke(server, token, authorization), error).toMatchObject({ status, json: { error } })
    // To this caller, another organization's token is as unknown as any.
    expect((await revoke(server, foreign.key, `Bearer ${writer.key}`)).status).toBe(200)
    for (const { key } of [mine, stronger, foreign]) expect(await codeOf(server, key)).toBe('valid')

    expect((await revoke(server, mine.key, basic(writer.key))).status).toBe(200)
    expect((await audit.list({ keyId: mine.id })).items[0]).toMatchObject({ actor: writer.id })
    expect((await revoke(server, foreign.key, `Bearer ${server.rootKey}`)).status).toBe(200)
    // Its own token, without any permission.
    expect((await revoke(server, reader.key, `Bearer ${reader.key}`)).status).toBe(200)
    for (const { key } of [mine, foreign, reader]) expect(await codeOf(server, key)).toBe('revoked')

    // What has expired opens nothing, but may be prolonged: with the permission, it ends for good.
    const expired = await make('acme', [], new Date(now + 1_000))
    now += 2_000
    expect((await revoke(server, expired.key)).status).toBe(200)
    expect(await codeOf(server, expired.key)).toBe('expired')
    expect((await revoke(server, expired.key, `Bearer ${writer.key}`)).status).toBe(200)
    expect(await codeOf(server, expired.key)).toBe('revoked')
  })

  test('the last root key stays, by whatever it is shown', async () => {
    await using server = await startTestServer(await makeDatabase())
    for (const authorization of [undefined, `Bearer ${server.rootKey}`]) {
      const answer = await revoke(server, server.rootKey, authorization)
      expect(answer).toMatchObject({ status: 409, json: { error: 'invalid_request' } })
    }
    expect(await codeOf(server, server.rootKey)).toBe('valid')
    await server.latchkey.createRootKey()
    expect((await revoke(server, server.rootKey)).status).toBe(200)
    expect(await codeOf(server, server.rootKey)).toBe('revoked')
  })

  test('bad requests are refused by the errors of RFC 6749', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { key } = await server.latchkey.keys.create({ organizationId: 'root', name: 'K' })
    const bad: [body: string, headers: Record<string, string>, status: number, error: string][] = [
      ['', form, 400, 'invalid_request'],
      ['token=', form, 400, 'invalid_request'],
      [`token=${key}&token=${key}`, form, 400, 'invalid_request'],
      [`token=${key}%`, form, 400, 'invalid_request'],
      [JSON.stringify({ token: key }), {}, 415, 'invalid_request'],
      [`token=${'x'.repeat(65_536)}`, form, 413, 'invalid_request'],
      ['token=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', form, 400, 'unsupported_token_type'],
    ]
    for (const [body, headers, status, error] of bad) {
      const answer = await server.request('POST', '/v1/revoke', { body, headers })
      expect(answer, body.slice(0, 40)).toMatchObject({ status, json: { error } })
    }
    const inUrl = await server.request('POST', `/v1/revoke?token=${key}`, { headers: form, body: 'token=x' })
    expect(inUrl).toMatchObject({ status: 400, json: { error: 'invalid_request' } })
    expect(await codeOf(server, key)).toBe('valid')
    // A hint is only a hint, and nothing else is read.
    expect((await revoke(server, key, undefined, '&token_type_hint=refresh_token&client_id=a')).status).toBe(
      200,
    )
    expect(await codeOf(server, key)).toBe('revoked')
  })

  test('oauth4webapi finds the calls by the metadata, and revokes', async () => {
    const database = await makeDatabase()
    {
      await using server = await startTestServer(database)
      const { status, json } = await server.request('GET', '/.well-known/oauth-authorization-server')
      expect({ status, json }).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
      expect(json.detail).toContain('LATCHKEY_PUBLIC_URL')
    }
    const publicUrl = 'https://keys.example.com'
    await using server = await startTestServer(database, { publicUrl })
    // As a proxy in front would.
    const options = {
      [oauth.customFetch]: (url: string, init: object): Promise<Response> =>
        fetch(url.replace(publicUrl, server.url), init),
      algorithm: 'oauth2',
    } as const
    const issuer = new URL(publicUrl)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
    expect(as).toMatchObject({ response_types_supported: [], grant_types_supported: [] })
    const { key } = await server.latchkey.keys.create({ organizationId: 'root', name: 'K' })
    const client: oauth.Client = { client_id: 'gateway' }
    const asked = await oauth.introspectionRequest(
      as,
      client,
      oauth.ClientSecretBasic(server.rootKey),
      key,
      options,
    )
    expect((await oauth.processIntrospectionResponse(as, client, asked)).active).toBe(true)
    for (const auth of [oauth.None(), oauth.ClientSecretBasic(server.rootKey)]) {
      const response = await oauth.revocationRequest(as, client, auth, key, options)
      expect(await oauth.processRevocationResponse(response)).toBeUndefined()
    }
    expect(await codeOf(server, key)).toBe('revoked')
  })
})
