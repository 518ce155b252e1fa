// `latchkey keys find`, `keys bulk` and the filters of `keys list`, on a server that notes all that it is asked.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { tokensIn, useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'
import type { TestServer } from './setup/server.ts'

const command = useCommand()
let server: TestServer
let env: Record<string, string>

async function open(): Promise<void> {
  server = await command.serveInProcess(makeSqlite().url)
  env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
}

const make = async (...flags: string[]) => {
  const { stdout } = await command.run(['keys', 'create', '--name', 'CI', ...flags], { env })
  return stdout.trim()
}

test('finds the key of a token, a hint, a kid or an id, and sends no character of a secret', async () => {
  await open()
  const token = await make('--description', 'At night', '--tag', 'b', '--tag', 'a')
  const [key] = await command.json<{ id: string; hint: string }[]>(['keys', 'find', '--json'], {
    env,
    input: token,
  })
  const { id = '', hint = '' } = key ?? {}
  const kid = hint.slice('re_'.length, -1)
  const lines = [
    `secret-token:${token}`,
    `Authorization: Bearer ${token}`,
    `"GET /x" 200 key="${token}" ${token}`,
  ]
  for (const input of [`${token}\n`, ...lines, hint, hint.slice(0, -1), kid, id]) {
    const { code, stdout } = await command.run(['keys', 'find'], { env, input })
    expect([code, stdout], input.slice(0, 8)).toEqual([0, expect.stringContaining(id)])
    expect(stdout).toMatch(/^Description +At night$/m)
    expect(stdout).toMatch(/^Tags +a, b$/m)
  }
  await command.run(['keys', 'revoke', id, '--yes'], { env })
  expect((await command.run(['keys', 'find'], { env, input: token })).code).toBe(0)
  // All requests, with their addresses, stand in the log.
  const asked = JSON.stringify(server.log)
  expect(asked).toContain('/v1/keys')
  expect(asked).not.toContain(token.slice(-49, -6))
  expect(tokensIn(asked)).toEqual([])
})

test('finds the key of a token of another system, also one that looks like an id or a kid, and sends no part of it', async () => {
  await open()
  await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
  const tokens = ['uk_3ZgVtYwQ8m7Jc5Xk2B9rTd', '6f1c3d52-8b0e-4a77-9a51-0c2d3e4f5a6b', 'Gx8vQm2Rk7Tz4Yw1']
  const part = 'Yx3PpHPbgRPl9gIM7Ff3Rl3Xr9JcZq2fYSYaC9Yv'
  const hash = { scheme: 'sha256', encoding: 'hex', of: 'after:|' } as const
  const value = createHash('sha256').update(part).digest('hex')
  const owner = { organizationId: 'acme', name: 'Moved' }
  // Nothing is looked for where nothing was imported.
  const none = await command.run(['keys', 'find'], { env, input: tokens[0] as string })
  expect([none.code, none.stdout]).toEqual([2, ''])
  const made = await server.latchkey.keys.import([
    ...tokens.map((token) => ({ ...owner, token })),
    { ...owner, hash: { ...hash, value } },
  ])
  const all = [...tokens, `17|${part}`]
  const manager = await server.latchkey.keys.create({
    organizationId: 'acme',
    name: 'Manager',
    permissions: ['latchkey:keys:read'],
  })
  // Who may not read how tokens are hashed finds those of usual systems.
  for (const key of [server.rootKey, manager.key])
    for (const [i, token] of all.entries()) {
      const found = await command.run(['keys', 'find', '--json'], {
        env: { ...env, LATCHKEY_KEY: key },
        input: `${token}\n`,
      })
      expect([found.code, JSON.parse(found.stdout)]).toMatchObject([0, [{ id: made[i]?.id }]])
    }
  const unknown = await command.run(['keys', 'find'], { env, input: 'a-token-of-another-system' })
  expect([unknown.code, unknown.stdout]).toEqual([1, ''])
  const asked = JSON.stringify(server.log)
  for (const token of [...all, part, value, 'a-token-of-another-system'])
    for (let at = 0; at + 8 <= token.length; at++) expect(asked).not.toContain(token.slice(at, at + 8))
})

test('says that there is none, and does not repeat what is no part of a token', async () => {
  await open()
  for (const input of ['0123456789abcdef', '0192f0c1-0000-7000-8000-000000000000', 're_0123456789abcdef…']) {
    const { code, stdout } = await command.run(['keys', 'find'], { env, input })
    expect([code, stdout], input).toEqual([1, ''])
    expect(await command.run(['keys', 'find', '--json'], { env, input })).toMatchObject({
      code: 1,
      stdout: '[]\n',
    })
  }
  const two = await command.run(['keys', 'find'], { env, input: `${await make()} ${await make()}` })
  expect([two.code, two.stderr]).toEqual([2, expect.stringContaining('These are several tokens.')])
  const damaged = `${(await make()).slice(0, -1)}`
  const { code, stdout, stderr } = await command.run(['keys', 'find'], { env, input: damaged })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('This is no whole token')
  expect(stderr).not.toContain(damaged.slice(8, 40))
})

test('revokes and tags many keys, and exits 1 for those that it could not', async () => {
  await open()
  for (const tag of ['old', 'old', 'new']) await make('--tag', tag)
  const bulk = (...flags: string[]) => command.run(['keys', 'bulk', ...flags], { env })
  expect((await bulk('revoke', '--tag', 'old', '--dry-run')).stdout).toBe(
    'Would revoke 2 of 2 keys. Nothing was changed.\n',
  )
  expect(await bulk('revoke', '--tag', 'old', '--expect', '3', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('2 keys are meant, and 3 were expected.'),
  })
  const unsure = await bulk('revoke', '--tag', 'old', '--expect', '2')
  expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining('--yes')])
  expect((await bulk('revoke', '--tag', 'old')).stderr).toContain('--expect')
  expect(await bulk('revoke', '--tag', 'old', '--expect', '2', '--yes')).toMatchObject({
    code: 0,
    stdout: 'Revoked 2 of 2 keys.\n',
  })
  const tagged = await bulk(
    'tag',
    '--status',
    'all',
    '--tag',
    'old',
    '--add-tag',
    'x',
    '--expect',
    '2',
    '--json',
  )
  expect(tagged.code).toBe(1)
  expect(JSON.parse(tagged.stdout)).toMatchObject({ changed: 0, failures: [{ code: 'key_revoked' }, {}] })
  const self = await command.json<{ id: string }[]>(['keys', 'find', '--json'], {
    env,
    input: server.rootKey,
  })
  const skipped = await bulk('tag', '--id', self[0]?.id ?? '', '--add-tag', 'x', '--expect', '1')
  expect(skipped.stdout).toBe(`Tagged 0 of one key.\nSkipped ${self[0]?.id}, the key that calls.\n`)
  expect((await bulk('delete', '--tag', 'old', '--expect', '2')).code).toBe(2)
  const listed = await command.run(['keys', 'list', '--tag', 'new', '--count'], { env })
  expect(listed.stderr).toContain('One result in all.')
})

test('resumes what it has suspended, by the same options', async () => {
  await open()
  for (const tag of ['ci', 'ci', 'other']) await make('--tag', tag)
  const bulk = (...flags: string[]) => command.run(['keys', 'bulk', ...flags, '--tag', 'ci'], { env })
  expect((await bulk('suspend', '--expect', '2')).stdout).toBe('Suspended 2 of 2 keys.\n')
  expect((await bulk('resume', '--status', 'active', '--dry-run')).stdout).toContain('Would resume 0 of 0')
  expect((await bulk('resume', '--dry-run')).stdout).toBe('Would resume 2 of 2 keys. Nothing was changed.\n')
  expect((await bulk('resume', '--expect', '2')).stdout).toBe('Resumed 2 of 2 keys.\n')
})

test('makes a child of the calling key for some minutes, and says for which key it is refused', async () => {
  await open()
  const parent = await make('--permission', 'emails:*', '--permission', 'latchkey:self:derive')
  const as = { env: { ...env, LATCHKEY_KEY: parent } }
  const derive = (...flags: string[]) => command.run(['keys', 'derive', '--name', 'Job', ...flags], as)
  const child = await derive('--permission', 'emails:send', '--expires', '10m')
  expect(child.stderr).toMatch(/^Expires .*\(in 10 minutes\)$/m)
  expect(await derive('--expires', 'soon')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^latchkey: --expires: .* 12h/),
  })
  const [{ id } = { id: '' }] = await command.json<{ id: string }[]>(['keys', 'find', '--json'], {
    env,
    input: parent,
  })
  await command.run(['keys', 'suspend', id], { env })
  const { stdout } = await command.run(['keys', 'verify'], { env, input: child.stdout })
  expect(stdout).toMatch(/^Verdict +suspended: /)
  expect(stdout).toMatch(new RegExp(`^Because of +${id}, a key above it$`, 'm'))
})

test('removes a description and tags by flags of their own', async () => {
  await open()
  const token = await make('--description', 'At night', '--tag', 'a')
  const [{ id } = { id: '' }] = await command.json<{ id: string }[]>(['keys', 'find', '--json'], {
    env,
    input: token,
  })
  const update = (...flags: string[]) => command.json(['keys', 'update', id, ...flags, '--json'], { env })
  expect(await update('--name', 'CD')).toMatchObject({ description: 'At night', tags: ['a'] })
  expect(await update('--no-description')).toMatchObject({ description: null, tags: ['a'] })
  expect(await update('--no-tags')).toMatchObject({ description: null, tags: [] })
})
