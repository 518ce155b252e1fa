// What GitHub and GitLab report, over HTTP: who is believed, what is written down, and what becomes of it.
import { createHash, randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { generateToken } from '../src/core/token.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { listOf, makeSigner, signed, startKeyServer } from './setup/github.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const sharedToken = 'gitlab-and-latchkey-share-this'
const webhookNetworks = ['127.0.0.0/8']
const place = 'https://github.com/acme/app/blob/main/.env'
const stranger = () => generateToken('re', (bytes) => bytes.map(() => randomInt(256)) as Uint8Array).token

async function exposuresOf({ latchkey }: TestServer, keyId: string) {
  const { items } = await latchkey.audit.list({ keyId, action: 'key.exposed' })
  return items.map(({ changes }) => changes)
}

onEachDatabase('a report of GitHub', (makeDatabase) => {
  const signer = makeSigner('mine')
  const send = (server: TestServer, body: unknown, headers?: Record<string, string>) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return server.request('POST', '/v1/leaks/github', {
      body: text,
      headers: headers ?? signed(signer, text),
    })
  }
  async function start(options: Parameters<typeof startTestServer>[1] = {}) {
    const keys = await startKeyServer((_, response) => response.end(listOf(signer)))
    const server = await startTestServer(await makeDatabase(), {
      githubKeysUrl: keys.url,
      webhookNetworks,
      ...options,
    })
    await createAcme(server.latchkey)
    return server
  }
  const foundOf = (token: string) => ({ token, type: 'latchkey', url: place, source: 'commit' })

  test('revokes what it shows, is told of once a day, and leaves no token behind', async () => {
    await using server = await start()
    const { keys } = server.latchkey
    const leaked = await keys.create({ organizationId: 'acme', name: 'L' })
    const other = await keys.create({ organizationId: 'acme', name: 'O' })
    const half = other.key.slice(0, -20)
    const report = [foundOf(leaked.key), foundOf(leaked.key), foundOf(stranger()), foundOf(half), foundOf('')]
    for (let i = 0; i < 2; i++) expect(await send(server, report)).toMatchObject({ status: 202, text: '' })
    await expect.poll(() => server.latchkey.verify(leaked.key)).toMatchObject({ code: 'revoked' })
    expect(await keys.get(leaked.id)).toMatchObject({ exposure: { source: 'github', url: place } })
    // What was sent after it was acted on after it.
    const last = await keys.create({ organizationId: 'acme', name: 'Last' })
    await send(server, [{ ...foundOf(last.key), url: '' }])
    await expect.poll(() => server.latchkey.verify(last.key)).toMatchObject({ code: 'revoked' })
    expect((await keys.get(last.id)).exposure).toMatchObject({ source: 'github', url: null })
    expect(await exposuresOf(server, leaked.id)).toHaveLength(1)
    expect(await server.latchkey.verify(other.key)).toMatchObject({ valid: true })
    expect(JSON.stringify(server.log)).not.toContain(leaked.key.slice(20))
  })

  test('says of each token whether it is ours in whatever state, if GitHub is to know', async () => {
    await using server = await start({ githubLabels: true })
    const { keys } = server.latchkey
    const make = () => keys.create({ organizationId: 'acme', name: 'A' })
    const [live, revoked, rotated] = [await make(), await make(), await make()]
    await keys.revoke(revoked.id)
    await keys.rotate(rotated.id)
    const foreign = 'of-another-system-4711'
    await keys.import([{ organizationId: 'acme', name: 'I', token: foreign }])
    const own = [live.key, revoked.key, rotated.key, foreign]
    const others = [stranger(), live.key.slice(0, -1), 'of-another-system-4712', 'x', '']
    const answer = await send(server, [...own, ...others, live.key].map(foundOf))
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual(
      [...own, ...others, live.key].map((token) => ({
        token_hash: createHash('sha256').update(token).digest('hex'),
        token_type: 'latchkey',
        label: others.includes(token) ? 'false_positive' : 'true_positive',
      })),
    )
  })

  test('that GitHub has not signed, byte for byte, does nothing', async () => {
    await using server = await start()
    const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'A' })
    const text = JSON.stringify([foundOf(key)])
    const right = signed(signer, text)
    const spaced = JSON.stringify([foundOf(key)], null, 1)
    const refused = { status: 401, json: { code: 'invalid_signature' } }
    expect(await send(server, spaced, right)).toMatchObject(refused)
    expect(await send(server, text, {})).toMatchObject(refused)
    expect(await send(server, text, signed({ ...makeSigner('x'), id: 'mine' }, text))).toMatchObject(refused)
    const answer = await send(server, text, signed(makeSigner('other'), text))
    expect(answer).toMatchObject(refused)
    expect(answer.headers.get('www-authenticate')).not.toBeNull()
    expect(await server.latchkey.verify(key)).toMatchObject({ valid: true })
    // Spaces are as good as any, if they are what was signed; fields of a later version too.
    const more = JSON.stringify([{ ...foundOf(key), more: { a: 1 } }], null, 1)
    expect((await send(server, more)).status).toBe(202)
    await expect.poll(() => server.latchkey.verify(key)).toMatchObject({ code: 'revoked' })
  })

  test('of another form, or longer than any, is refused; one of thousands is taken', async () => {
    await using server = await start()
    for (const body of ['{}', '[1]', '[{"token":1,"type":"x"}]', '[{"type":"x"}]', 'null'])
      expect(await send(server, body), body).toMatchObject({ status: 400, json: { code: 'invalid_report' } })
    for (const body of ['', '[', '\u0000'])
      expect((await send(server, body)).json, body).toMatchObject({ code: 'invalid_json' })
    const many = (count: number) =>
      JSON.stringify(Array.from({ length: count }, () => ({ token: '', type: '' })))
    expect(await send(server, many(10_001))).toMatchObject({ status: 400 })
    const long = `[${' '.repeat(1024 * 1024)}]`
    expect(await send(server, long)).toMatchObject({ status: 413 })
    const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'A' })
    const thousands = [...Array.from({ length: 8_000 }, stranger), key].map((token) => ({ token, type: '' }))
    expect((await send(server, thousands)).status).toBe(202)
    await expect
      .poll(() => server.latchkey.verify(key), { timeout: 10_000 })
      .toMatchObject({ code: 'revoked' })
    // All in all so many a minute.
    expect((await send(server, many(10_000))).status).toBe(202)
    const later = await send(server, many(10_000))
    expect(later).toMatchObject({ status: 429, json: { code: 'too_many_reports' } })
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(1)
  })

  test('is nobody’s while the keys cannot be read, and there is no such call without their address', async () => {
    await using server = await start({ githubKeysUrl: 'http://127.0.0.1:1/' })
    const answer = await send(server, [])
    expect(answer).toMatchObject({ status: 503, json: { code: 'key_server_unavailable' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(1)
    await using without = await startTestServer(await makeDatabase())
    expect(await send(without, [])).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
  })
})

onEachDatabase('a report of GitLab', (makeDatabase) => {
  const send = (server: TestServer, body: unknown, authorization: string | undefined = sharedToken) =>
    server.request('POST', '/v1/leaks/gitlab/revoke_tokens', { body, headers: { authorization } })
  const foundOf = (token: string, type = 'gitleaks_rule_id_latchkey-re') => ({ type, token, location: place })

  test('revokes what it shows, whatever else stands beside it', async () => {
    await using server = await startTestServer(await makeDatabase(), { gitlabTokens: [sharedToken] })
    await createAcme(server.latchkey)
    const { keys } = server.latchkey
    const leaked = await keys.create({ organizationId: 'acme', name: 'L' })
    const report = [leaked.key, stranger(), leaked.key.slice(0, -10), ''].map((token) => foundOf(token))
    for (let i = 0; i < 2; i++) {
      const answer = await send(server, report)
      expect(answer).toMatchObject({ status: 204, text: '' })
      expect(answer.headers.get('content-length')).toBeNull()
    }
    await expect.poll(() => server.latchkey.verify(leaked.key)).toMatchObject({ code: 'revoked' })
    expect((await keys.get(leaked.id)).exposure).toMatchObject({ source: 'gitlab', url: place })
    expect((await send(server, [])).status).toBe(204)
  })

  test('of whom does not share the token, or of another form or type, does nothing', async () => {
    await using server = await startTestServer(await makeDatabase(), { gitlabTokens: [sharedToken] })
    await createAcme(server.latchkey)
    const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'A' })
    for (const wrong of [`Bearer ${sharedToken}`, `${sharedToken}x`, server.rootKey, ''])
      expect(await send(server, [foundOf(key)], wrong)).toMatchObject({ status: 401 })
    // Nothing is read of a stranger.
    expect(await send(server, '{', 'x')).toMatchObject({ status: 401 })
    const types = ['gitleaks_rule_id_latchkey-xx', 'gitleaks_rule_id_aws', 'latchkey-re', '']
    for (const type of types)
      expect(await send(server, [foundOf(stranger()), foundOf(key, type)]), type).toMatchObject({
        status: 400,
        json: { code: 'unsupported_token_type' },
      })
    for (const body of ['{}', '[{}]', '[{"type":"x"}]', '{', '[{"type":"x","token":1e400}]'])
      expect(await send(server, body), body).toMatchObject({ status: 400 })
    expect(await send(server, `[${' '.repeat(1024 * 1024)}]`)).toMatchObject({ status: 413 })
    expect(await server.latchkey.verify(key)).toMatchObject({ valid: true })
    const many = Array.from({ length: 10_000 }, () => foundOf(''))
    const { status } = await send(
      server,
      many.map(({ type, token }) => ({ type, token })),
    )
    expect(status).toBe(204)
  })
})
