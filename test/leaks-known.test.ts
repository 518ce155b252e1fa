// Which tokens that were found are live, by kid and SHA-256: what they are told to be, to whom, and what of them is sent.
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import type { FoundLeak } from '../src/core/shapes/leaks.ts'
import { assembleToken, parseToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { useCommand } from './setup/command.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'
import { sarifFaults } from './setup/sarif.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const shown = (token: string) => ({ kid: parseToken(token)?.kid ?? '', sha256: sha256(token) })
const unknown = { status: 'unknown', keyId: null, name: null, organizationId: null, hint: null }

onEachDatabase('a token that was found, by kid and SHA-256', (makeDatabase) => {
  test('is told to be live, in its grace, ended or unknown, in the order of the question', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    const { keys } = latchkey
    const make = (more: object = {}) => keys.create({ organizationId: 'acme', name: 'A', ...more })
    const [plain, suspended, revoked, rotated] = [await make(), await make(), await make(), await make()]
    await keys.suspend(suspended.id)
    await keys.revoke(revoked.id)
    const successor = await keys.rotate(rotated.id, { graceSeconds: 3600 })
    const parent = await make({ permissions: ['latchkey:self:derive'] })
    const actor = await callerBy(latchkey, parent.key)
    const child = await keys.derive({ name: 'C' }, { actor })
    await keys.revoke(parent.id)
    const wanted: [string, string][] = [
      [plain.key, 'live'],
      [suspended.key, 'live'],
      [(await make({ notBefore: new Date(clock.now() + hour) })).key, 'live'],
      [(await make({ allowedIps: ['192.0.2.1'] })).key, 'live'],
      [rotated.key, 'in_grace'],
      [successor.key, 'live'],
      [revoked.key, 'ended'],
      [child.key, 'ended'],
      [(await make({ decoy: true })).key, 'unknown'],
      [assembleToken('re', shown(plain.key).kid, randomBytes(32)), 'unknown'],
      [assembleToken('re', '0123456789abcdef', randomBytes(32)), 'unknown'],
      [plain.key, 'live'],
    ]
    const ask = async () => {
      const { tokens } = await latchkey.leaks.find({ tokens: wanted.map(([token]) => shown(token)) })
      expect(tokens.map(({ kid }) => kid)).toEqual(wanted.map(([token]) => shown(token).kid))
      return tokens
    }
    const found = await ask()
    expect(found.map(({ status }) => status)).toEqual(wanted.map(([, status]) => status))
    const { id: keyId, hint, key } = plain
    const of = { keyId, name: 'A', organizationId: 'acme', hint }
    expect(found[0]).toEqual({ kid: shown(key).kid, status: 'live', ...of })
    for (const { kid, ...one } of found.filter(({ status }) => status === 'unknown'))
      expect(one, kid).toEqual(unknown)
    await keys.update(plain.id, { expiresAt: new Date(clock.now() + hour / 2) })
    clock.advance(hour)
    const later = await ask()
    expect([later[0], later[4], later[5]].map((one) => one?.status)).toEqual(['ended', 'ended', 'live'])
  })

  test('is no use of its key, draws nothing, and is told to its own organization and to root alone', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    const limits = [{ name: 'calls', limit: 3, windowSeconds: 3600 }]
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'L', limits })
    const verify = ['latchkey:keys:verify']
    const statuses = { acme: 'live', root: 'live', bees: 'unknown' }
    for (const [organizationId, status] of Object.entries(statuses)) {
      const actor = await makeCaller(latchkey, organizationId, verify)
      const { tokens } = await latchkey.leaks.find({ tokens: [shown(key)] }, { actor })
      expect(tokens[0]?.status, organizationId).toBe(status)
      if (status === 'unknown') expect(tokens[0]).toEqual({ kid: shown(key).kid, ...unknown })
    }
    expect((await latchkey.keys.get(id)).lastUsedAt).toBeNull()
    expect(await latchkey.verify(key)).toMatchObject({ limits: [{ remaining: 2 }] })
  })

  test('is asked for over HTTP, up to 1,000 at once, by keys that may verify', async () => {
    await using server = await startTestServer(await makeDatabase())
    const client = createClient({ url: server.url, token: server.rootKey })
    const own = shown(server.rootKey)
    const others = Array.from({ length: 998 }, () => ({ kid: 'x'.repeat(16), sha256: 'f'.repeat(64) }))
    const { tokens } = await client.leaks.find({ tokens: [own, ...others, own] })
    expect(tokens).toHaveLength(1_000)
    expect([tokens[0], tokens[1], tokens[999]].map((one) => one?.status)).toEqual(['live', 'unknown', 'live'])
    const send = (body: unknown, token = server.rootKey) =>
      server.request('POST', '/v1/leaks/known', { token, body })
    const answer = await send({ tokens: [own] })
    expect(answer.json).toEqual({
      tokens: [
        expect.objectContaining({
          kid: own.kid,
          status: 'live',
          organization_id: 'root',
          key_id: expect.any(String),
        }),
      ],
    })
    const wrong = [
      ...[
        { ...own, sha256: own.sha256.toUpperCase() },
        { ...own, sha256: own.sha256.slice(1) },
      ],
      ...[{ ...own, kid: 'x' }, { ...own, key: server.rootKey }, { kid: own.kid }, server.rootKey, null],
    ].map((token) => ({ tokens: [token] }))
    for (const body of [...wrong, { tokens: [] }, { tokens: [own, ...others, own, own] }, {}]) {
      const { status, text } = await send(body)
      expect(status, JSON.stringify(body).slice(0, 80)).toBe(422)
      expect(text).not.toContain(server.rootKey)
    }
    const { key } = await server.latchkey.keys.create({ organizationId: 'root', name: 'N' })
    expect((await send({ tokens: [own] }, key)).json).toMatchObject({ code: 'missing_permission' })
    expect(await codeOf(server.latchkey.leaks.find({ tokens: [] }))).toBe('invalid_input')
  })
})

const command = useCommand()

test('latchkey scan --url tells which are live, and sends neither a token nor anything to where it is redirected', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const { keys } = server.latchkey
  const live = await keys.create({ organizationId: 'root', name: 'Nightly build' })
  const ended = await keys.create({ organizationId: 'root', name: 'B' })
  await keys.revoke(ended.id)
  const stranger = assembleToken('re', '0123456789abcdef', randomBytes(32))
  const path = join(command.folder(), 'found.txt')
  writeFileSync(path, [live.key, ended.key, stranger, live.key].join('\n'))
  const asked: string[] = []
  let redirectTo: string | undefined
  await using front = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    asked.push(`${request.method} ${request.url} ${body}`)
    if (redirectTo !== undefined) return void response.writeHead(307, { location: redirectTo }).end()
    const { status, text } = await server.request(request.method ?? '', request.url ?? '', {
      token: server.rootKey,
      body,
    })
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  }).listen(0, '127.0.0.1')
  await new Promise((done) => front.once('listening', done))
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const env = { LATCHKEY_KEY: server.rootKey }
  const scan = (...more: string[]) => command.run(['scan', path, '--url', url, ...more], { env })

  const text = await scan()
  expect(text.code).toBe(1)
  expect(text.stdout.split('\n').map((line) => line.split('  ').slice(2))).toEqual([
    ['live', live.id, 'root', 'Nightly build'],
    ['ended', ended.id, 'root', 'B'],
    ['unknown'],
    ['live', live.id, 'root', 'Nightly build'],
    [],
  ])
  expect(text.stderr).toContain('Places: 4. Tokens: 3. Live or in grace: 1. ')
  // Each is asked for once.
  expect(asked).toEqual([
    `POST /v1/leaks/known ${JSON.stringify({ tokens: [live.key, ended.key, stranger].map(shown) })}`,
  ])
  const json = await scan('--format', 'json')
  const { leaks } = JSON.parse(json.stdout) as { leaks: FoundLeak[] }
  expect(leaks[0]).toMatchObject({ status: 'live', key_id: live.id, organization_id: 'root', line: 1 })
  const sarif = await scan('--format', 'sarif')
  const log = JSON.parse(sarif.stdout)
  expect(sarifFaults(log)).toEqual([])
  expect(log.runs[0].results[1].properties).toEqual({ status: 'ended', keyId: ended.id })
  for (const { stdout, stderr } of [text, json, sarif])
    for (const token of [live.key, ended.key, stranger]) {
      expect(stdout + stderr).not.toContain(token.slice(-49, -6))
      expect(stdout).not.toContain(sha256(token))
    }
  // Without the flag nothing is asked, whatever a variable names.
  const before = asked.length
  const offline = await command.run(['scan', path], { env: { ...env, LATCHKEY_URL: url } })
  expect([offline.code, offline.stdout.includes('live'), asked.length]).toEqual([1, false, before])

  const elsewhere: string[] = []
  await using other = createServer((request, response) => {
    elsewhere.push(request.url ?? '')
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((done) => other.once('listening', done))
  redirectTo = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`
  expect((await scan()).code).toBe(3)
  expect([asked.length > before, elsewhere]).toEqual([true, []])
  expect((await command.run(['scan', path, '--url', url])).code).not.toBe(1)
})
