// What `latchkey import` makes of the exports of other systems, real ones where the systems could be run.
import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { systems } from '../src/cli/commands/import-systems.ts'
import type { Caller } from '../src/core/actor.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'

const command = useCommand()
const wrote = (name: string) => join(import.meta.dirname, 'imports', name)
const tokens: Record<'drf' | 'better-auth', Record<string, string>> = JSON.parse(
  readFileSync(wrote('tokens.json'), 'utf8'),
)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Puts a file into the folder of the commands. */
function put(name: string, text: string): string {
  const path = join(command.folder(), name)
  writeFileSync(path, text)
  return path
}

onEachDatabase('latchkey import', (makeDatabase) => {
  async function opened() {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    return {
      latchkey,
      run: (...words: string[]) => command.run(words, { env: { LATCHKEY_DATABASE_URL: database } }),
    }
  }

  test('the tokens of djangorestframework-api-key go on working, but for those hashed slowly', async () => {
    const { latchkey, run } = await opened()
    await using _ = latchkey
    const words = ['import', '--from', 'drf', '--organization', 'acme']
    const plan = await run(...words, '--dry-run', wrote('drf.json'))
    expect(plan.code).toBe(1)
    expect(plan.stdout).toContain('Would import 2 keys')
    expect((await latchkey.keys.list({ organizationId: 'acme' })).items).toEqual([])
    const done = await run(...words, '--yes', wrote('drf.json'))
    expect(done.stdout.split('\n')).toEqual([
      'Imported 2 keys.',
      '1 key revoked, disabled or expired, and left behind.',
      '1 key cannot be imported:',
      '  2  "Old"  Its hash is pbkdf2_sha256: nobody finds a token by that.',
      '',
    ])
    const { CI, Billing, Revoked, Old } = tokens.drf as Record<string, string>
    expect(await latchkey.verify(CI as string)).toMatchObject({ valid: true, name: 'CI' })
    expect(await latchkey.verify(Billing as string)).toMatchObject({
      valid: true,
      name: 'Billing',
      expiresAt: new Date('2030-01-31T12:00:00Z'),
    })
    for (const token of [Revoked, Old])
      expect(await latchkey.verify(token as string)).toEqual({ valid: false, code: 'not_found' })
    const again = await run(...words, '--yes', '--json', wrote('drf.json'))
    expect(JSON.parse(again.stdout)).toMatchObject({ made: 0, existing: 2, over: 1, refused: 1 })
  })

  test('the keys of better-auth come with their permissions, metadata and expiry', async () => {
    const { latchkey, run } = await opened()
    await using _ = latchkey
    const done = await run(
      ...['import', '--from', 'better-auth', '--organization', 'acme', '--yes', wrote('better-auth.jsonl')],
    )
    expect([done.code, done.stdout]).toEqual([
      0,
      'Imported 3 keys.\n1 key revoked, disabled or expired, and left behind.\n',
    ])
    const { CI, Expires, Disabled, unnamed } = tokens['better-auth'] as Record<string, string>
    expect(await latchkey.verify(CI as string)).toMatchObject({
      valid: true,
      name: 'CI',
      permissions: ['emails:send', 'emails:read', 'files:read'],
      metadata: { team: 'infra' },
      expiresAt: null,
    })
    expect(await latchkey.verify(Expires as string)).toMatchObject({ expiresAt: expect.any(Date) })
    expect((await latchkey.verify(unnamed as string)).code).toBe('valid')
    expect((await latchkey.verify(Disabled as string)).code).toBe('not_found')
    const { items } = await latchkey.keys.list({ organizationId: 'acme' })
    expect(items.map(({ hint }) => hint).sort()).toEqual(['ba_DWo…', 'ba_GWv…', 'ba_RRM…'])
  })

  test('an export has everything but secrets, and the digests if it is asked for them', async () => {
    const { latchkey, run } = await opened()
    await using _ = latchkey
    const own = await latchkey.keys.create({ organizationId: 'acme', name: 'Own' })
    const token = `17|${'part'.repeat(10)}`
    const value = sha256('part'.repeat(10))
    const hash = { scheme: 'sha256', encoding: 'hex', value, of: 'after:|' } as const
    await latchkey.keys.import([{ organizationId: 'acme', name: 'Moved', hint: '17|', hash }])
    expect((await run('keys', 'recipes')).stdout).toMatch(/sha256 +after:\| +1\n$/)
    await latchkey.policies.set({ maxKeys: 9 })
    await latchkey.policies.setFor('acme', { requireExpiry: true })
    const bare = (await run('export')).stdout
    for (const secret of [own.key, token, sha256(own.key), value]) expect(bare).not.toContain(secret)
    const path = join(command.folder(), 'export.jsonl')
    const done = await run('export', '--digests', '--file', path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect([done.code, done.stderr]).toEqual([
      0,
      `Wrote 2 policies, 1 organization, 2 keys, 2 secrets to ${path}.\n`,
    ])
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ type }) => type)).toEqual(
      'policy organization policy key key secret secret'.split(' '),
    )
    expect(lines[0]).toMatchObject({ organization_id: null, max_keys: 9, require_expiry: false })
    expect(lines[2]).toMatchObject({ organization_id: 'acme', max_keys: null, require_expiry: true })
    const secrets = lines.filter(({ type }) => type === 'secret')
    const hashes = secrets.map(({ digest, scheme, of, hint }) => ({ digest, scheme, of, hint }))
    expect(hashes).toContainEqual({ digest: sha256(own.key), scheme: 'sha256', of: 'token', hint: own.hint })
    expect(hashes).toContainEqual({ digest: value, scheme: 'sha256', of: 'after:|', hint: '17|…' })
    const caller = { actor: (await latchkey.authenticate((await latchkey.createRootKey()).key)) as Caller }
    expect(await codeOf(latchkey.keys.exportSecrets({}, caller))).toBe('permission_escalation')
    const kids = (await latchkey.keys.exportSecrets()).map(({ kid }) => kid)
    expect(await latchkey.keys.exportSecrets({ after: kids[0] })).toMatchObject(
      kids.slice(1).map((kid) => ({ kid })),
    )
  })

  test('an import that breaks off at any batch is taken up again, and makes each key once', async () => {
    const { latchkey, run } = await opened()
    await using _ = latchkey
    const names = Array.from({ length: 2_500 }, (_, i) => `token-of-another-system-${i}`)
    const line = (name: string, organization: string) => `${organization},Key,${sha256(name)}\n`
    const whole = names.map((name) => line(name, 'acme')).join('')
    const head = 'organization_id,name,hash\n'
    // The second batch is of an organization that is not there yet.
    const broken =
      head + names.map((name, i) => line(name, i >= 1_000 && i < 2_000 ? 'late' : 'acme')).join('')
    const first = await run('import', '--from', 'csv', '--yes', '--json', put('broken.csv', broken))
    expect(JSON.parse(first.stdout)).toMatchObject({ made: 1_500, existing: 0, refused: 1_000 })
    expect(JSON.parse(first.stdout).reasons).toHaveLength(20)
    const second = await run('import', '--from', 'csv', '--yes', '--json', put('whole.csv', head + whole))
    expect(JSON.parse(second.stdout)).toMatchObject({ made: 1_000, existing: 1_500, refused: 0 })
    expect(await latchkey.verify(names[1_500] as string)).toMatchObject({ valid: true })
  })
})

describe('a file', () => {
  const env: Record<string, string> = {}
  beforeAll(async () => {
    env.LATCHKEY_DATABASE_URL = `sqlite:${join(command.folder(), 'files.db')}`
    await command.run(['migrate'], { env })
    await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
  })
  const plan = async (from: string, text: string, ...more: string[]) => {
    const path = put('export', text)
    const words = ['import', '--from', from, '--dry-run', '--json', ...more, path]
    const { stdout, stderr, code } = await command.run(words, { env })
    return code === 2 ? stderr.replace(path, '<file>') : JSON.parse(stdout)
  }

  test('of each form is read: JSON lines, a list, a page, CSV', async () => {
    const row = { key: 'a-plain-key-of-kong', consumer: { username: 'acme' }, created_at: 1_700_000_000 }
    const [list, lines] = [[row, row], `${JSON.stringify(row)}\n\n${JSON.stringify({ data: [row] })}\n`]
    for (const text of [JSON.stringify(list), JSON.stringify({ data: list }, null, 2), lines])
      expect(await plan('kong', text)).toMatchObject({ made: 2, refused: 0 })
    const csv = `name,hash,permissions\r\n"A ""quoted"", name",${sha256('a')},"emails:send files:*"\r\n`
    expect(await plan('csv', csv, '--organization', 'acme')).toMatchObject({ made: 1, refused: 0 })
    expect(await plan('csv', csv)).toMatchObject({
      made: 0,
      refused: 1,
      reasons: [{ at: 2, name: 'A "quoted", name', reason: 'It names no owner: give --organization.' }],
    })
  })

  test('is tried against the organizations that there are, and as the server checks it', async () => {
    const hash = sha256('a')
    const csv = `name,hash,organization_id,permissions\nA,${hash},acme,\nB,${hash},nobody,\nC,${hash},acme,latchkey:*\n`
    const why = 'permissions[0]: An imported key holds no permission of Latchkey itself.'
    expect(await plan('csv', csv)).toMatchObject({
      ...{ made: 1, refused: 2 },
      reasons: [
        { at: 3, name: 'B', reason: 'No organization has this id.' },
        { at: 4, name: 'C', reason: why },
      ],
    })
  })

  test('whose names are others than those of CSV imports nothing, and shows none', async () => {
    const [hash, token] = [sha256('a'), 'a_token_of_another_system']
    for (const [head, at] of [
      ['name,hash,expires', 3],
      ['name;hash;expires_at', 1],
      [`${token},name,hash`, 1],
    ] as const) {
      const cells = head.split(',').map((name) => (name === 'hash' ? hash : 'A'))
      const printed = await plan('csv', `${head}\n${cells.join(',')}\n`, '--organization', 'acme')
      expect(printed).toMatchObject({ made: 0, refused: 1 })
      expect(printed.reasons[0].reason).toMatch(new RegExp(`^The name of its column ${at} is none of name, `))
      expect(JSON.stringify(printed)).not.toContain(token)
    }
  })

  test('that is none, or is broken, is refused by its line, and shows nothing of it', async () => {
    const secret = 'a-plain-key-of-kong-0123456789'
    for (const [text, told] of [
      [`[{"key": "${secret}"`, '<file>, 1: It is no JSON.'],
      [`{"key": "${secret}"}\n{"key": "${secret}\n`, '<file>, 2: The line is no JSON.'],
      [`name,token\n${secret}\n`, '<file>, 2: The record has 1 cells, and the first line names 2.'],
      [`name,token\n"${secret}`, '<file>: A quote is not closed.'],
    ]) {
      const printed = await plan('csv', text as string)
      expect(printed).toContain(told)
      expect(printed).not.toContain(secret)
    }
    const absent = await command.run(['import', '--from', 'csv', '--dry-run', 'nowhere.csv'], { env })
    expect([absent.code, absent.stderr]).toEqual([
      2,
      expect.stringContaining('nowhere.csv cannot be read: ENOENT'),
    ])
  })
})

describe('what a record says', () => {
  const now = Date.UTC(2026, 0, 31)
  const hash = sha256('a')
  const read = (from: string, fields: Record<string, unknown>) => systems[from]?.(fields, now)

  test.each([
    ['unkey', { hash: 'aGFzaA==', start: 'uk_3Zg', enabled: false }, 'It is disabled.'],
    ['unkey', { hash: 'aGFzaA==', expires: 1_700_000_000_000 }, 'It has expired.'],
    ['unkey', { hash: 'aGFzaA==', deleted_at_m: 1_700_000_000_000 }, 'It is revoked.'],
    ['unkey', { start: 'uk_' }, 'It has neither hash nor plaintext.'],
    ['unkey', { hash: 'aGFzaA==', credits: { remaining: 0 } }, 'No credits are left.'],
    ['unkey', { hash: 'aGFzaA==', deleted_at: '2026-01-01 00:00:00' }, 'It is revoked.'],
    ['drf', { fields: { hashed_key: `sha512$$${hash}`, revoked: true } }, 'It is revoked.'],
    ['drf', { hashed_key: `sha512$$${hash}`, revoked: 't' }, 'It is revoked.'],
    ['sanctum', { id: 1, token: hash, expires_at: '1700000000' }, 'It has expired.'],
    ['sanctum', { id: 1, token: hash, expires_at: '2026-01-30 12:00:00' }, 'It has expired.'],
    ['kong', { id: 'x' }, 'It has no key.'],
    ['kong', { key: 'k', ttl: 60, created_at: 1_700_000_000 }, 'It has expired.'],
    ['keypal', { keyHash: hash, metadata: { revokedAt: '2026-01-01T00:00:00Z' } }, 'It is revoked.'],
    ['keypal', { keyHash: hash, metadata: { enabled: false } }, 'It is disabled.'],
    ['drf', { hashed_key: 'argon2$x', name: 'A' }, 'Its hash is argon2: nobody finds a token by that.'],
    ['better-auth', { key: hash, remaining: 0 }, 'No uses are left.'],
    ['csv', { name: 'A' }, 'It has neither token nor hash.'],
    ['csv', { hash, expires_at: 'soon' }, 'Its expiry is no instant.'],
    ['csv', { hash, expires_at: '2027' }, 'Its expiry is no instant.'],
    ['csv', { hash, metadata: '{plan: pro}' }, 'Its metadata is no JSON object.'],
    ['csv', { hash, metadata: '["pro"]' }, 'Its metadata is no JSON object.'],
    ['unkey', { hash, meta: 'pro' }, 'Its metadata is no JSON object.'],
  ])('%s leaves %o: %s', (from, fields, why) => {
    expect(read(from, fields)).toMatchObject({ left: why })
  })

  test('is read by each of the names that a system has for it', () => {
    const token = 'a-token-of-another'
    expect(read('unkey', { plaintext: token, owner_id: 'acme' })).toMatchObject({
      owner: 'acme',
      key: { token },
    })
    expect(read('unkey', { hash: 'x', ownerId: 'acme' })).toMatchObject({ owner: 'acme' })
    expect(read('better-auth', { key: 'x', userId: 'u1', enabled: 'f' })).toMatchObject({
      left: 'It is disabled.',
    })
    expect(read('better-auth', { key: 'x', userId: 'u1', enabled: 't' })).toMatchObject({ owner: 'u1' })
    expect(read('drf', { hashed_key: `sha512$$${hash}`, prefix: 'Wm9', name: 'CI' })).toMatchObject({
      key: { name: 'CI', hint: 'Wm9', hash: { scheme: 'sha512', encoding: 'hex', value: hash } },
    })
    expect(read('kong', { key: token, consumer: { id: 'c1', username: 'acme' } })).toMatchObject({
      owner: 'acme',
      key: { name: 'acme', token },
    })
    const kept = { key: token, id: 'k1', consumer_id: 'c1', ttl: 60, created_at: now / 1000 }
    expect(read('kong', kept)).toMatchObject({
      owner: 'c1',
      key: { name: 'k1', expiresAt: new Date(now + 60_000) },
    })
    const long = hash + hash
    const metadata = '{"scopes": "read write,list", "expiresAt": 1893456000}'
    expect(read('keypal', { key_hash: long, owner_id: 'acme', id: 'k1', metadata })).toMatchObject({
      owner: 'acme',
      key: {
        name: 'k1',
        permissions: ['read', 'write', 'list'],
        expiresAt: new Date('2030-01-01T00:00:00Z'),
        hash: { scheme: 'sha512', value: long },
      },
    })
    expect(read('keypal', { keyHash: hash, ownerId: 'acme', metadata: { revokedAt: 0 } })).toMatchObject({
      owner: 'acme',
      key: { name: 'Imported', hash: { scheme: 'sha256' } },
    })
    const row = { hash: 'x', scheme: 'hmac-sha256', encoding: 'base64', of: 'after:|', pepper: 'legacy' }
    expect(read('csv', { ...row, metadata: '{"team": "infra"}', hint: 'sk with a space' })).toEqual({
      owner: undefined,
      key: {
        name: 'Imported',
        permissions: [],
        expiresAt: null,
        metadata: { team: 'infra' },
        hash: { scheme: 'hmac-sha256', encoding: 'base64', value: 'x', of: 'after:|', pepper: 'legacy' },
      },
    })
    expect(read('csv', { hash, expires_at: '2030-01-31 12:00:00+02' })).toMatchObject({
      key: { expiresAt: new Date('2030-01-31T10:00:00Z') },
    })
  })

  test('is a key with its owner, permissions and hash, as each system has them', () => {
    expect(
      read('unkey', {
        hash: 'aGFzaA==',
        start: 'uk_3Zg',
        name: 'CI',
        expires: null,
        enabled: true,
        meta: '{"plan":"pro"}',
        permissions: ['emails.send'],
        identity: { externalId: 'acme' },
      }),
    ).toEqual({
      owner: 'acme',
      key: {
        name: 'CI',
        permissions: ['emails.send'],
        expiresAt: null,
        metadata: { plan: 'pro' },
        hint: 'uk_3Zg',
        hash: { scheme: 'sha256', encoding: 'base64', value: 'aGFzaA==' },
      },
    })
    expect(
      read('sanctum', {
        ...{ id: 17, tokenable_type: 'App\\Models\\User', tokenable_id: 5, name: 'phone', token: hash },
        ...{ abilities: '["server:update"]', expires_at: '2030-01-31 12:00:00' },
      }),
    ).toEqual({
      owner: '5',
      key: {
        name: 'phone',
        permissions: ['server:update'],
        expiresAt: new Date('2030-01-31T12:00:00Z'),
        hint: '17|',
        hash: { scheme: 'sha256', encoding: 'hex', value: hash, of: 'after:|' },
      },
    })
    expect(
      read('keypal', {
        id: 'k1',
        keyHash: hash,
        metadata: { ownerId: 'acme', name: 'CI', scopes: ['read'], enabled: true, revokedAt: null },
      }),
    ).toMatchObject({ owner: 'acme', key: { name: 'CI', permissions: ['read'], hash: { value: hash } } })
    expect(
      read('csv', { token: 'a-token-of-another', organization_id: 'acme', name: 'A', of: null }),
    ).toEqual({
      owner: 'acme',
      key: { name: 'A', permissions: [], expiresAt: null, token: 'a-token-of-another' },
    })
  })
})
