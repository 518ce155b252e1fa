// What those who search for leaked tokens ask and are told: GitLab by a token that both share, and TruffleHog with a key.
import { expect, test } from 'vitest'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const sharedToken = 'gitlab-and-latchkey-share-this'

onEachDatabase('a finding of TruffleHog', (makeDatabase) => {
  const ask = (server: TestServer, texts: unknown, token = server.rootKey) =>
    server.request('POST', '/v1/leaks/trufflehog', { token, body: { latchkey: { token: texts } } })

  test('is live if one of its texts is a token that opens something, in whatever way it may be refused elsewhere', async () => {
    let now = Date.now()
    await using server = await startTestServer(await makeDatabase(), { now: () => now })
    const { keys, organizations } = server.latchkey
    await organizations.create({ id: 'acme', name: 'Acme' })
    const make = (more: object = {}) => keys.create({ organizationId: 'acme', name: 'A', ...more })
    const limited = await make({ limits: [{ name: 'calls', limit: 1, windowSeconds: 3600 }] })
    await server.latchkey.verify(limited.key)
    const rotated = await make()
    const successor = await keys.rotate(rotated.id, { graceSeconds: 60 })
    const live = {
      plain: (await make()).key,
      'bound to addresses': (await make({ allowedIps: ['192.0.2.1'] })).key,
      'used up': limited.key,
      'in its grace': rotated.key,
      new: successor.key,
      foreign: 'of-another-system-4711',
    }
    await keys.import([{ organizationId: 'acme', name: 'I', token: live.foreign }])
    for (const [name, token] of Object.entries(live))
      expect((await ask(server, [token])).status, name).toBe(200)
    // The whole match comes first, with what stands around it.
    const answer = await ask(server, [`"${live.plain}"`, live.plain])
    expect(answer).toMatchObject({ status: 200, text: '' })

    const [revoked, suspended] = [await make(), await make()]
    await keys.revoke(revoked.id)
    await keys.suspend(suspended.id)
    const dead = {
      revoked: revoked.key,
      suspended: suspended.key,
      'not yet': (await make({ notBefore: new Date(now + 3_600_000) })).key,
      unknown: live.plain.replace(/_.{16}/, '_0000000000000000'),
      half: live.plain.slice(0, -20),
      'another check': `${live.plain.slice(0, -1)}${live.plain.endsWith('0') ? '1' : '0'}`,
      'no token': 'x',
      'very long': 'x'.repeat(50_000),
      'half of a surrogate pair': '\ufffd',
    }
    for (const [name, token] of Object.entries(dead)) {
      const { status, text } = await ask(server, [token])
      expect({ status, text }, name).toEqual({ status: 403, text: '' })
    }
    now += 60_001
    expect((await ask(server, [live['in its grace']])).status).toBe(403)
  })

  test('is no use of its key, and draws from no limit', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys } = server.latchkey
    const limits = [{ name: 'calls', limit: 3, windowSeconds: 3600 }] as const
    const key = await keys.create({ organizationId: 'root', name: 'L', limits: [...limits] })
    for (let i = 0; i < 20; i++) expect((await ask(server, [key.key])).status).toBe(200)
    for (let i = 0; i < 20; i++) await ask(server, [`${key.key.slice(0, -1)}x`])
    expect((await keys.get(key.id)).lastUsedAt).toBeNull()
    expect(await server.latchkey.verify(key.key)).toMatchObject({ limits: [{ remaining: 2 }] })
    expect((await keys.get(key.id)).lastUsedAt).not.toBeNull()
  })

  test('is told of its own organization alone, to a key that may verify', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys, organizations } = server.latchkey
    for (const id of ['acme', 'globex']) await organizations.create({ id, name: id })
    const scanner = await keys.create({
      organizationId: 'acme',
      name: 'S',
      permissions: ['latchkey:keys:verify'],
    })
    const other = await keys.create({ organizationId: 'globex', name: 'O' })
    const own = await keys.create({ organizationId: 'acme', name: 'M' })
    expect((await ask(server, [own.key], scanner.key)).status).toBe(200)
    expect((await ask(server, [other.key], scanner.key)).status).toBe(403)
    expect((await ask(server, [own.key], own.key)).json).toMatchObject({ code: 'missing_permission' })
    expect((await ask(server, [own.key], 'x')).status).toBe(401)
    const send = (body: unknown) =>
      server.request('POST', '/v1/leaks/trufflehog', { token: scanner.key, body })
    expect((await send({ A: { token: [own.key], rest: ['"'] }, MyDetector: {} })).status).toBe(200)
    expect((await send({ MyDetector: {} })).status).toBe(403)
    const wrong = [{}, [], 'x', null, { a: [] }, { a: { b: 'c' } }, { a: { b: [1] } }]
    for (const body of wrong)
      expect((await send(JSON.stringify(body))).status, JSON.stringify(body)).toBe(422)
    const many = Array.from({ length: 17 }, (_, i) => `${i}`)
    expect((await ask(server, many, scanner.key)).status).toBe(422)
    expect((await ask(server, ['x'.repeat(65_536)], scanner.key)).status).toBe(413)
  })
})

onEachDatabase('GitLab', (makeDatabase) => {
  test('lists a type for each prefix, to whom shows the shared token as it is', async () => {
    const gitlabTokens = [sharedToken, 'the-next-one-while-it-changes']
    await using server = await startTestServer(await makeDatabase(), {
      gitlabTokens,
      prefixes: ['re_live', 're_test'],
    })
    const list = (headers: Record<string, string> = {}) =>
      server.request('GET', '/v1/leaks/gitlab/revocable_token_types', { headers })
    const types = ['gitleaks_rule_id_latchkey-re_live', 'gitleaks_rule_id_latchkey-re_test']
    for (const authorization of gitlabTokens)
      expect(await list({ authorization })).toMatchObject({ status: 200, json: { types } })
    expect(await list()).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    const wrong = [`Bearer ${sharedToken}`, sharedToken.slice(0, -1), `${sharedToken}x`, server.rootKey, '']
    for (const authorization of wrong)
      expect(await list({ authorization }), authorization).toMatchObject({
        status: 401,
        json: { code: 'invalid_token' },
      })
    expect(JSON.stringify(server.log)).not.toContain(sharedToken)
  })

  test('is told of a parameter that its calls do not take, once it has shown the token', async () => {
    await using server = await startTestServer(await makeDatabase(), { gitlabTokens: [sharedToken] })
    for (const [method, call, body] of [
      ['GET', 'revocable_token_types', undefined],
      ['POST', 'revoke_tokens', []],
    ] as const)
      for (const query of ['x=1', 'utm_source=a&utm_medium=b', 'x', '=', '%ff=1']) {
        const request = (headers: Record<string, string>) =>
          server.request(method, `/v1/leaks/gitlab/${call}?${query}`, { body, headers })
        expect(await request({ authorization: sharedToken }), `${call}?${query}`).toMatchObject({
          status: 422,
          json: { code: 'invalid_input' },
        })
      }
  })

  test('has no call where no token is shared', async () => {
    await using server = await startTestServer(await makeDatabase())
    const answer = await server.request('GET', '/v1/leaks/gitlab/revocable_token_types', {
      headers: { authorization: '' },
    })
    expect(answer).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
    expect(answer.json.detail).toContain('LATCHKEY_GITLAB_TOKENS')
  })
})
