// `latchkey doctor`: each thing that may be wrong is told with the line that mends it, and nothing is changed.
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { variables } from '../src/core/variables.ts'
import { schemaVersion } from '../src/store/migrations/migrations.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { listOf, makeSigner, startKeyServer } from './setup/github.ts'
import { startMailServer } from './setup/mail.ts'
import { startLiar, writeProviders } from './setup/oidc.ts'
import { missingPrograms, wants } from './setup/programs.ts'

const command = useCommand()

interface Finding {
  subject: string
  outcome: string
  detail: string
  fix?: string
}

/** On a port that nobody has. */
async function examine(args: readonly string[], env: Record<string, string> = {}) {
  const { stdout, stderr, code } = await command.run(['doctor', '--json', ...args], {
    env: { LATCHKEY_PORT: await freePort(), ...env },
  })
  expect(stderr).toBe('')
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  const of = (subject: string) => findings.filter((finding) => finding.subject === subject)
  return { code, of, wrong: findings.filter(({ outcome }) => outcome !== 'ok') }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return String(port)
}

const aKey = { LATCHKEY_SEALING_KEYS: `${'A'.repeat(43)}=` }

onEachDatabase('a database', (makeDatabase) => {
  test('nothing is wrong with one that was migrated', async () => {
    const database = await makeDatabase()
    await command.run(['migrate', '--database', database])
    const { code, wrong, of } = await examine(['--database', database], aKey)
    expect([code, wrong]).toEqual([0, []])
    expect(of('database')).toMatchObject([{ detail: expect.stringContaining(`schema ${schemaVersion}`) }])
  })

  test('an empty one, an older one and one of a newer program are told, and left as they are', async () => {
    const database = await makeDatabase('nothing')
    expect((await examine(['--database', database])).of('database')).toMatchObject([
      { outcome: 'warning', fix: expect.stringContaining('latchkey migrate') },
    ])
    await command.run(['migrate', '--database', database])
    await using direct = await connectDirectly(database)
    const setVersion = (version: number) => direct.run(`update schema_version set version = ${version}`)
    await setVersion(schemaVersion - 1)
    const older = await examine(['--database', database], aKey)
    expect(older.code).toBe(0)
    expect(older.of('database')).toMatchObject([
      { outcome: 'warning', detail: expect.stringContaining(`migrates it to ${schemaVersion}`) },
    ])
    await setVersion(schemaVersion + 1)
    const newer = await examine(['--database', database], aKey)
    expect(newer.code).toBe(1)
    expect(newer.of('database')).toMatchObject([
      { outcome: 'failure', fix: expect.stringContaining('Upgrade') },
    ])
    await direct.run(
      `insert into schema_compatibility (version, oldest_compatible) values (${schemaVersion + 1}, ${schemaVersion})`,
    )
    expect((await examine(['--database', database], aKey)).of('database')).toMatchObject([{ outcome: 'ok' }])
    // The first releases wrote down nothing of which programs go with a schema.
    await direct.run('drop table schema_compatibility')
    await setVersion(6)
    expect((await examine(['--database', database], aKey)).of('database')).toMatchObject([
      { outcome: 'warning', detail: expect.stringContaining('has schema 6.') },
    ])
    expect(Number((await direct.run('select version from schema_version'))[0]?.version)).toBe(6)
  })
})

test('a file and a keyring that others may open are told with the line that mends it', async () => {
  const path = join(command.folder(), "it's open.db")
  const database = `sqlite:${path}`
  expect(await examine(['--database', database])).toMatchObject({ code: 0 })
  expect(existsSync(path)).toBe(false)
  await command.run(['migrate', '--database', database])
  writeFileSync(`${path}.keyring`, '', { mode: 0o644 })
  chmodSync(path, 0o640)
  const { code, of } = await examine(['--database', database])
  expect(code).toBe(1)
  const quoted = `'${path.replace("'", String.raw`'\''`)}`
  expect(of('permissions')).toEqual([
    expect.objectContaining({ outcome: 'warning', fix: `chmod 600 ${quoted}'` }),
    expect.objectContaining({ outcome: 'failure', fix: `chmod 600 ${quoted}.keyring'` }),
  ])
})

test('a database that cannot be reached is told without its password', async () => {
  const { code, of } = await examine(['--database', 'postgres://me:hunter2@127.0.0.1:1/name'])
  expect(code).toBe(1)
  expect(of('database')).toMatchObject([
    { outcome: 'failure', detail: expect.stringContaining('127.0.0.1:1') },
  ])
  expect(JSON.stringify(of('database'))).not.toContain('hunter2')
})

test('the server of keys of GitHub is asked, and what is shared with GitLab is counted and not shown', async () => {
  const server = await startKeyServer((_, response) => response.end(listOf(makeSigner('a'), makeSigner('b'))))
  const env = {
    LATCHKEY_GITHUB_KEYS_URL: server.url,
    LATCHKEY_GITLAB_TOKENS: 'gitlab-and-latchkey-share-this',
    LATCHKEY_WEBHOOK_NETWORKS: '127.0.0.0/8',
  }
  const { code, of } = await examine([], env)
  expect(code).toBe(0)
  expect(of('GitHub')).toMatchObject([{ outcome: 'ok', detail: expect.stringContaining('has 2 keys') }])
  expect(of('GitLab')).toMatchObject([{ outcome: 'ok', detail: 'A token is shared with it.' }])
  const away = await examine([], { ...env, LATCHKEY_GITHUB_KEYS_URL: 'http://127.0.0.1:1/' })
  expect(away.of('GitHub')).toMatchObject([
    { outcome: 'warning', detail: expect.stringContaining('ECONNREFUSED'), fix: expect.any(String) },
  ])
  // Without TLS only where the operator allows it.
  const plain = await examine([], { ...env, LATCHKEY_WEBHOOK_NETWORKS: '' })
  expect(plain.of('settings')).toMatchObject([
    { outcome: 'failure', detail: expect.stringContaining('LATCHKEY_GITHUB_KEYS_URL') },
  ])
  const short = await examine([], { LATCHKEY_GITLAB_TOKENS: 'hunter2' })
  expect(short.of('settings')).toMatchObject([
    { outcome: 'failure', detail: expect.stringContaining('LATCHKEY_GITLAB_TOKENS') },
  ])
  expect(JSON.stringify([of('GitLab'), short.of('settings')])).not.toMatch(/hunter2|gitlab-and/)
})

test('each provider of sign-ins is asked where its endpoints are, and its secret is not shown', async () => {
  const liar = await startLiar()
  const env = {
    LATCHKEY_OIDC_ISSUER: liar.issuer,
    LATCHKEY_OIDC_CLIENT_ID: 'latchkey',
    LATCHKEY_OIDC_CLIENT_SECRET: 'hunter2',
  }
  expect((await examine([], env)).of('sign-in')).toMatchObject([
    { outcome: 'failure', fix: 'Set LATCHKEY_PUBLIC_URL.' },
  ])
  const addressed = { ...env, LATCHKEY_PUBLIC_URL: 'https://keys.example.com' }
  const { of } = await examine([], addressed)
  expect(of('sign-in')).toMatchObject([{ outcome: 'ok', detail: expect.stringContaining(liar.issuer) }])
  const away = await examine([], { ...addressed, LATCHKEY_OIDC_ISSUER: 'http://127.0.0.1:1' })
  expect(away.of('sign-in')).toMatchObject([{ outcome: 'warning', fix: expect.any(String) }])
  const file = { LATCHKEY_OIDC_FILE: writeProviders({ id: 'okta', issuer: liar.issuer, isuer: 'x' }) }
  expect((await examine([], file)).of('sign-in')).toMatchObject([
    { outcome: 'failure', detail: expect.stringContaining('providers[0].isuer: Unknown field.') },
  ])
  expect(JSON.stringify([of('sign-in'), away.of('sign-in')])).not.toContain('hunter2')
})

test('the mail server is tried with its user, and gets no letter', async () => {
  await using mail = await startMailServer({
    onAuth: ({ username, password }, _session, done) =>
      password === 'hunter2'
        ? done(null, { user: username })
        : done(Object.assign(new Error(`Not ${password}`), { responseCode: 535 })),
  })
  const by = (password: string, port = mail.port) => ({
    LATCHKEY_SMTP_URL: `smtp://latchkey:${password}@127.0.0.1:${port}`,
    LATCHKEY_SMTP_FROM: 'keys@example.com',
    LATCHKEY_PUBLIC_URL: 'https://keys.example.com',
  })
  expect((await examine([])).of('mail')).toEqual([])
  const fine = await examine([], by('hunter2'))
  expect(fine.of('mail')).toMatchObject([{ outcome: 'ok', detail: expect.stringContaining(`:${mail.port}`) }])
  expect((await examine([], { ...by('hunter2'), LATCHKEY_PUBLIC_URL: '' })).of('mail')).toMatchObject([
    { outcome: 'warning', fix: 'Set LATCHKEY_PUBLIC_URL.' },
  ])
  const wrong = await examine([], by('hunter3'))
  expect(wrong.of('mail')).toMatchObject([
    { outcome: 'warning', detail: expect.stringContaining('the user or the password (SMTP 535)') },
  ])
  const away = await examine([], by('hunter2', 1))
  expect(away.of('mail')).toMatchObject([
    { outcome: 'warning', detail: expect.stringContaining('ECONNREFUSED') },
  ])
  expect(mail.letters).toEqual([])
  expect(JSON.stringify([fine, wrong, away].map(({ of }) => of('mail')))).not.toContain('hunter')
})

test('a variable that nothing reads, and a value that is wrong, are told by their names', async () => {
  const env = { LATCHKEY_PORTT: '1', LATCHKEY_COLOUR_OF_THE_SKY: 'blue' }
  const { code, of } = await examine([], env)
  expect(code).toBe(0)
  expect(of('settings').map(({ fix }) => fix)).toEqual([
    'Rename it to LATCHKEY_PORT.',
    'unset LATCHKEY_COLOUR_OF_THE_SKY',
  ])
  const wrong = await examine([], { LATCHKEY_WORKERS: 'many' })
  expect(wrong.code).toBe(1)
  expect(wrong.of('settings')).toMatchObject([{ detail: expect.stringContaining('LATCHKEY_WORKERS') }])
})

test('every variable that the source reads is known', () => {
  const sources = globSync('src/**/*.ts').filter((path) => path !== 'src/core/variables.ts')
  const named = sources.flatMap(
    (path) => readFileSync(path, 'utf8').match(/\bLATCHKEY_[A-Z_]+[A-Z]\b/g) ?? [],
  )
  expect([...new Set(named)].sort()).toEqual([...variables])
})

test('whoever has the port is told: a Latchkey, or another program', async () => {
  const server = await command.serveInProcess(`sqlite:${join(command.folder(), 'port.db')}`)
  const port = (url: string) => ({ LATCHKEY_PORT: new URL(url).port })
  expect((await examine([], port(server.url))).of('port')).toMatchObject([
    { outcome: 'ok', detail: expect.stringContaining('A Latchkey serves') },
  ])
  const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise((done) => other.once('listening', done))
  const taken = await examine([], port(`http://127.0.0.1:${(other.address() as AddressInfo).port}`))
  expect(taken.code).toBe(1)
  expect(taken.of('port')).toMatchObject([{ outcome: 'failure', fix: expect.stringContaining('ss -ltnp') }])
})

test('a server is asked whether it is ready, and whose the key is', async () => {
  const { url, rootKey } = await command.serveInProcess(`sqlite:${join(command.folder(), 'server.db')}`)
  const env = { LATCHKEY_URL: url, LATCHKEY_KEY: rootKey }
  const { code, of, wrong } = await examine([], env)
  expect([code, wrong]).toEqual([0, []])
  expect(of('key')).toMatchObject([{ detail: expect.stringContaining('of root') }])
  const made = `${rootKey.slice(0, 3)}${rootKey.slice(3, 19)}${'0'.repeat(49)}`
  for (const [change, text] of [
    [{ LATCHKEY_KEY: '' }, 'LATCHKEY_KEY is not set'],
    [{ LATCHKEY_KEY: made }, 'not a token'],
    [{ LATCHKEY_URL: 'http://127.0.0.1:1' }, 'did not answer'],
  ] as const) {
    const broken = await examine([], { ...env, ...change })
    expect(broken.code).toBe(1)
    expect(broken.of('server')).toMatchObject([{ outcome: 'failure', detail: expect.stringContaining(text) }])
    expect(JSON.stringify(broken.of('server'))).not.toContain(rootKey.slice(20, 40))
  }
})

const { skip, note } = wants(missingPrograms(['faketime']))
test.skipIf(skip)(`a clock that is an hour ahead of the server's is told${note}`, async () => {
  const { url, rootKey } = await command.serveInProcess(`sqlite:${join(command.folder(), 'clock.db')}`)
  const { NODE = '', MAIN = '', ...variablesOf } = command.variables()
  const { stdout } = await promisify(execFile)('faketime', ['-f', '+1h', NODE, MAIN, 'doctor'], {
    env: { ...variablesOf, LATCHKEY_URL: url, LATCHKEY_KEY: rootKey },
    cwd: command.folder(),
  })
  expect(stdout).toMatch(
    /^WARNING {2}clocks .*The clock of the server is 3\d{3}\.\d s behind this machine's/m,
  )
  expect(stdout).toMatch(/^ok {7}key /m)
})
