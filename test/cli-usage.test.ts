// How the command line treats wrong usage, tokens and databases that are not its own.
import { execFile } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { makePostgres } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

const command = useCommand()
const newToken = () => generateToken('re', getRandomValues as RandomSource).token
const unknownId = '00000000-0000-7000-8000-000000000000'

let env: Record<string, string> = {}
beforeAll(async () => {
  env = { LATCHKEY_DATABASE_URL: `sqlite:${join(command.folder(), 'usage.db')}` }
  await command.run(['migrate'], { env })
  await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
})

describe('usage', () => {
  test('every command has a help with an example, on standard output', async () => {
    const groups = {
      '': ['serve', 'root-key', 'migrate'],
      keys: [
        ...['create', 'list', 'get', 'update', 'rotate', 'end-secret', 'revoke', 'verify'],
        ...[
          'permissions',
          'places',
          'forget-places',
          'preview',
          'limits',
          'usage',
          'add-units',
          'bulk',
          'find',
        ],
      ],
      orgs: ['create', 'list', 'get', 'update', 'limits', 'add-units'],
      sessions: ['list', 'end'],
      usage: ['', 'export'],
      audit: ['list'],
      token: ['inspect', 'new'],
    }
    const commands = Object.entries(groups).flatMap(([group, names]) =>
      names.map((name) => [group, name].filter((word) => word !== '')),
    )
    const helps = await Promise.all(commands.map((words) => command.run([...words, '--help'])))
    for (const [i, help] of helps.entries()) {
      expect(help).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toContain(`$ latchkey ${commands[i]?.join(' ')}`)
    }
    const whole = await command.run(['--help'])
    expect(whole.stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 .*\n {2}4 /)
  })

  test('the help of a noun loads neither Zod nor a shape, and that of a command loads both', async () => {
    const heavy = (urls: string[]) => urls.filter((url) => /\/zod\/|\/core\/shapes\//.test(url))
    for (const noun of ['keys', 'orgs', 'sessions', 'audit', 'token']) {
      const loaded = await modulesOf([noun, '--help'])
      expect(loaded.length, noun).toBeGreaterThan(10)
      expect(heavy(loaded), noun).toEqual([])
    }
    const loaded = heavy(await modulesOf(['keys', 'create', '--help']))
    for (const part of ['/zod/', '/core/shapes/key-changes.ts'])
      expect(loaded).toContainEqual(expect.stringContaining(part))
  })

  test.each([
    [[], /Usage/],
    [['nonsense'], /unknown command/],
    [['keys', 'creat'], /Did you mean create\?/],
    [['keys', 'list', '--nonsense'], /unknown option/],
    [['keys', 'get'], /missing required argument 'id'/],
    [['keys', 'create', '--organization', 'acme'], /--name/],
    [['keys', 'list', '--limit', 'many'], /^latchkey: --limit: /],
    [['keys', 'list', '--limit', '1001'], /^latchkey: --limit: /],
    [['keys', 'list', '--status', 'lost'], /^latchkey: --status: .*revoked/],
    [['keys', 'rotate', unknownId, '--grace', 'soon'], /^latchkey: --grace: /],
    [['keys', 'rotate', unknownId, '--grace', '31d'], /^latchkey: --grace: .*30 days/],
    [['keys', 'update', unknownId, '--expires', 'tomorrow'], /^latchkey: --expires: /],
    [['keys', 'update', unknownId, '--expires', '2026-02-30T25:00:00Z'], /^latchkey: --expires: /],
    [['keys', 'update', unknownId, '--expires', '2027-02-30'], /^latchkey: --expires: /],
    [['keys', 'update', unknownId, '--expires', '30'], /^latchkey: --expires: .*30d/],
    [['keys', 'update', unknownId, '--metadata', '[1]'], /^latchkey: --metadata: /],
    [['keys', 'update', unknownId, '--not-before', 'monday'], /^latchkey: --not-before: /],
    [['keys', 'derive', '--name', 'Job', '--expires', '10m'], /^latchkey: .*--url .*LATCHKEY_KEY/],
    [['keys', 'bulk', 'revoke', '--expect', 'all'], /^latchkey: --expect: /],
    [['keys', 'set-prefixes', 're,Re live'], /^latchkey: <prefixes>: /],
    [['policy', 'set', '--max-keys', 'many'], /^latchkey: --max-keys: /],
    [['permissions', 'set', 'send emails'], /^latchkey: <name>: /],
    [['permissions', 'set', 'emails:send', '--description', 'x'.repeat(300)], /^latchkey: --description: /],
    [['keys', 'update', unknownId], /at least one field/],
    [
      ['keys', 'update', unknownId, '--permission', 'a', '--no-permissions'],
      /--no-permissions.*--permission/,
    ],
    [['sessions', 'list'], /^latchkey: --key: Name the key/],
    [['sessions', 'list', '--key', 'mine'], /^latchkey: --key: .*UUID/],
    [['sessions', 'end', '--key', unknownId], /missing required argument 'id'/],
    [['audit', 'list', '--csv', '--json'], /--csv.*--json/],
    [['keys', 'rotate', unknownId, '--grace', '24'], /^latchkey: --grace: 24 has no unit/],
    [['keys', 'list', '--url', 'http://127.0.0.1:1'], /^latchkey: LATCHKEY_KEY /],
    [['keys', 'list', '--url', 'ftp://host'], /^latchkey: --url: /],
    [['keys', 'list', '--url', 'http://h', '--database', 'sqlite:x.db'], /exclude each other/],
    [['keys', 'list', '--database', 'mysql://host'], /^latchkey: --database: /],
    [['serve', '--port', '65536'], /^latchkey: --port: /],
    [['serve', '--log-level', 'loud'], /^latchkey: --log-level: .*info/],
    [['serve', '--key-prefix', 'Re'], /^latchkey: --key-prefix: /],
    [['serve', '--trusted-proxy', '10.0.0.0/33'], /^latchkey: --trusted-proxy: /],
    [['serve', '--trusted-proxy', 'proxy.internal'], /^latchkey: --trusted-proxy: /],
  ])('latchkey %j is refused with 2 and a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await command.run(args, { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  test('a missing or unusable database is 3, and no command but serve and migrate makes one', async () => {
    const missing = join(command.folder(), 'missing.db')
    const first = await command.run(['keys', 'list', '--database', `sqlite:${missing}`])
    expect(first).toMatchObject({ code: 3, stderr: expect.stringContaining('does not exist') })
    expect((await command.run(['keys', 'list', '--database', `sqlite:${missing}`])).code).toBe(3)
    const noFolder = await command.run(['migrate', '--database', 'sqlite:/no/such/folder/x.db'])
    expect(noFolder).toMatchObject({ code: 3, stderr: expect.stringContaining('Create the folder') })
    const notSqlite = join(command.folder(), 'text.db')
    writeFileSync(notSqlite, 'This is no database, however long one looks at it. '.repeat(100))
    expect((await command.run(['keys', 'list', '--database', `sqlite:${notSqlite}`])).code).toBe(3)
    const empty = join(command.folder(), 'empty.db')
    writeFileSync(empty, '')
    for (const args of [['keys', 'list'], ['root-key']]) {
      const refused = await command.run([...args, '--database', `sqlite:${empty}`])
      expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('`latchkey migrate`') })
    }
    expect(statSync(empty).size).toBe(0)
    const away = await command.run(['migrate', '--database', 'postgres://ada:secret@127.0.0.1:1/latchkey'])
    expect(away).toMatchObject({ code: 3, stderr: expect.stringContaining('Start PostgreSQL there') })
    expect(away.stderr).not.toContain('secret')
    await using onPostgres = await makePostgres('nothing')
    for (const args of [['keys', 'list'], ['root-key']]) {
      const refused = await command.run([...args, '--database', onPostgres.url])
      expect(refused).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/no tables of Latchkey.*`latchkey migrate`/),
      })
    }
    await using direct = await connectDirectly(onPostgres.url)
    expect(await direct.run("select from pg_namespace where nspname = 'latchkey'")).toEqual([])
  })

  test('the database of another program, and a file of another kind, stay as they are', async () => {
    const others = join(command.folder(), 'others.db')
    const db = new DatabaseSync(others)
    db.exec('create table invoices (id integer)')
    db.close()
    const text = join(command.folder(), 'notes.txt')
    writeFileSync(text, 'Not a database.\n')
    const folder = join(command.folder(), 'folder')
    mkdirSync(folder)
    const attempts = [
      { path: others, args: ['keys', 'list'], sentence: /no tables of Latchkey/ },
      { path: others, args: ['root-key'], sentence: /no tables of Latchkey/ },
      { path: text, args: ['keys', 'list'], sentence: /not an SQLite database/ },
      { path: text, args: ['migrate'], sentence: /not an SQLite database/ },
      { path: text, args: ['serve', '--port', '0'], sentence: /not an SQLite database/ },
      { path: folder, args: ['keys', 'list'], sentence: /a folder or a device/ },
      { path: folder, args: ['migrate'], sentence: /a folder or a device/ },
    ]
    for (const { path, args, sentence } of attempts) {
      chmodSync(path, 0o755)
      const before = path === folder ? undefined : readFileSync(path)
      const run = args[0] === 'serve' ? command.runProcess : command.run
      const refused = await run([...args, '--database', `sqlite:${path}`])
      expect(refused).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(sentence) })
      if (before) expect(readFileSync(path).equals(before)).toBe(true)
      expect((statSync(path).mode & 0o777).toString(8)).toBe('755')
    }
  })

  test('a server that is away, or is none of ours, is 3; a key it does not take is 1', async () => {
    const key = { LATCHKEY_KEY: newToken() }
    const away = await command.run(['keys', 'list', '--url', 'http://127.0.0.1:1'], { env: key })
    expect(away).toMatchObject({ code: 3, stderr: expect.stringContaining('http://127.0.0.1:1') })
    const other = createServer((_, answer) => answer.end('<html>')).listen(0, '127.0.0.1')
    await new Promise((done) => other.once('listening', done))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    expect((await command.run(['keys', 'list', '--url', url], { env: key })).code).toBe(3)
    other.close()
    const server = await command.serveInProcess(env.LATCHKEY_DATABASE_URL as string)
    const refused = await command.run(['keys', 'list', '--url', server.url], { env: key })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('LATCHKEY_KEY') })
  })
})

test('a process takes arguments, variables, input and folder, and ends with 0, 1, 2 or 3', async () => {
  const args = ['keys', 'create', '--organization', 'acme', '--name', 'Process']
  const created = await command.runProcess(args, { env })
  expect(created).toMatchObject({ code: 0, stderr: expect.stringContaining('shown only once') })
  expect(tokensIn(created.stdout)).toEqual([created.stdout.trim()])
  const verify = (input: string) => command.runProcess(['keys', 'verify'], { env, input })
  expect(await verify(created.stdout)).toMatchObject({ code: 0, stdout: expect.stringContaining('valid') })
  expect(await verify(newToken())).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('not_found'),
    stderr: '',
  })
  const wrong = await command.runProcess(['keys', 'list', '--limit', 'many'], { env })
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^latchkey: --limit: /) })
  const nowhere = await command.runProcess(['keys', 'list'])
  expect(nowhere).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('latchkey.db') })
  await command.runProcess(['migrate'])
  expect(await command.runProcess(['orgs', 'list'])).toMatchObject({ code: 0, stdout: '' })
  expect(statSync(join(command.folder(), 'latchkey.db')).size).toBeGreaterThan(0)
})

describe('tokens', () => {
  test('an argument that holds a token is refused, wherever it stands, and not repeated', async () => {
    const token = newToken()
    const lines = [
      ['keys', 'verify', token],
      ['token', 'inspect', token],
      ['keys', 'list', '--query', `x${token}`],
      ['keys', 'list', `--url=http://host/?key=${token}`],
      [token],
    ]
    for (const args of lines) {
      const { code, stdout, stderr } = await command.run(args, { env })
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('standard input')
      expect(stderr).not.toContain(token.slice(-49))
    }
  })

  test('token inspect tells prefix, kid and check, offline', async () => {
    const token = newToken()
    const right = await command.run(['token', 'inspect'], { input: `secret-token:${token}\n` })
    expect(right).toMatchObject({ code: 0, stderr: '' })
    expect(right.stdout).toMatch(new RegExp(`^Prefix +re\nKid +${token.slice(3, 19)}$`, 'm'))
    expect(tokensIn(right.stdout)).toEqual([])
    const changed = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0')
    const wrong = await command.run(['token', 'inspect', '--json'], { input: changed })
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.stdout)).toEqual({
      well_formed: false,
      shape: true,
      prefix: 're',
      kid: token.slice(3, 19),
      check: false,
    })
    expect(await command.run(['token', 'inspect'], { input: 'hello' })).toMatchObject({ code: 1 })
    expect(await command.run(['token', 'inspect'], { input: '' })).toMatchObject({ code: 2 })
    expect(await command.run(['token', 'inspect'], { input: 'x'.repeat(100_000) })).toMatchObject({ code: 2 })
  })

  test('token new prints a token that is well formed, and alone', async () => {
    const { stdout } = await command.run(['token', 'new', '--key-prefix', 're_test'])
    expect(tokensIn(stdout)).toEqual([stdout.trim()])
    expect(stdout).toMatch(/^re_test_/)
    expect((await command.run(['token', 'inspect'], { input: stdout })).code).toBe(0)
  })
})

test('a name of which nothing can be seen is refused, with the reason', async () => {
  for (const args of [
    ['orgs', 'create', 'unseen', '--name', '\u200b'],
    ['keys', 'create', '--organization', 'acme', '--name', '\u2800\u00ad'],
  ]) {
    const { code, stdout, stderr } = await command.run(args, { env })
    expect([code, stdout], args.join(' ')).toEqual([2, ''])
    expect(stderr).toContain('Must have a character that can be seen.')
  }
})

test.each(['root-key', 'migrate'])(
  '%s works on no database while LATCHKEY_URL names a server, unless the database is named',
  async (name) => {
    const elsewhere = { ...env, LATCHKEY_URL: 'http://127.0.0.1:1', LATCHKEY_KEY: newToken() }
    const { code, stdout, stderr } = await command.run([name], { env: elsewhere })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^latchkey: LATCHKEY_URL .*--database\.\n$/)
    const named = [name, '--database', env.LATCHKEY_DATABASE_URL as string]
    expect((await command.run(named, { env: elsewhere })).code).toBe(0)
  },
)

test('help comes before a command as well as behind it', async () => {
  const before = await command.run(['help', 'keys', 'create'])
  expect(before).toEqual(await command.run(['keys', 'create', '--help']))
  expect(before.stdout).toContain('--permission')
  expect(await command.run(['help'])).toEqual(await command.run(['--help']))
})

/** The modules that a command of the source loads. */
async function modulesOf(args: string[]): Promise<string[]> {
  const hook = `import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ resolve(name, context, next) { const found = next(name, context); urls.push(found.url); return found } })
    process.on('exit', () => process.stderr.write(JSON.stringify(urls)))`
  const main = join(import.meta.dirname, '../src/cli/main.ts')
  const preload = `data:text/javascript,${encodeURIComponent(hook)}`
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', preload, main, ...args])
  return JSON.parse(stderr)
}
