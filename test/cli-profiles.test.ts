// `latchkey login`, `logout`, `profiles …`, and which server and which key a command uses with them.
import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const command = useCommand()
const database = makeSqlite()
let server: TestServer
let other: TestServer
let key: { id: string; key: string }
let folder: string
let file: string

beforeAll(async () => {
  server = await startTestServer(database.url)
  other = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const permissions = ['latchkey:keys:read', 'emails:send']
  key = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
  return async () => {
    await server.close()
    await other.close()
    database.remove()
  }
})
beforeEach(() => {
  folder = join(command.folder(), 'home', 'latchkey')
  file = join(folder, 'profiles.json')
})
afterEach(() => rmSync(join(command.folder(), 'home'), { recursive: true, force: true }))

const run = (args: string[], env: Record<string, string> = {}, input = '') =>
  command.run(args, { env: { XDG_CONFIG_HOME: join(command.folder(), 'home'), ...env }, input })
const logIn = (args: string[] = [], token = key.key, url = server.url) =>
  run(['login', '--url', url, '--store', 'file', ...args], {}, `${token}\n`)
const self = ['keys', 'list', '--json']
const ofProfile = { code: 0, stdout: expect.stringContaining(`"name": "CI"`) }

/** A program of the name, which commands find before all others. */
function fake(name: string, script: string): Record<string, string> {
  const bin = join(command.folder(), 'home/bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o700 })
  return { PATH: `${bin}:${process.env.PATH}`, HOME: bin }
}

test('login says whose the token is, keeps it for its user alone, and commands use it', async () => {
  const { stdout, code } = await logIn(['--profile', 'production'])
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /Organization +acme\n.*Permissions +latchkey:keys:read, emails:send\nExpires +never/s,
  )
  expect(stdout).not.toContain(key.key)
  expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
  expect(await run(self)).toMatchObject(ofProfile)
  expect(await run([...self, '--profile', 'production'])).toMatchObject(ofProfile)
  expect(await run(self, { LATCHKEY_PROFILE: 'production' })).toMatchObject(ofProfile)
  // Its own key acts, which may not do everything.
  expect((await run(['keys', 'create', '--name', 'A'])).stderr).toContain('latchkey:keys:write')
  const { stdout: list } = await run(['profiles', 'list', '--json'])
  expect(JSON.parse(list)).toEqual([{ name: 'production', url: server.url, token: 'file', is_default: true }])
})

test('a token that the server refuses, or that is none, is not kept', async () => {
  const { id, key: revoked } = await server.latchkey.keys.create({
    organizationId: 'acme',
    name: 'Gone',
    permissions: [],
  })
  await server.latchkey.keys.revoke(id)
  for (const token of [revoked, key.key.slice(0, -1), 'no token', '']) {
    const { code, stderr } = await logIn([], token)
    expect([code, stderr]).toEqual([expect.toSatisfy((one) => one === 1 || one === 2), expect.any(String)])
    expect(stderr).not.toContain(key.key.slice(0, -1))
  }
  expect((await logIn([], key.key, 'http://127.0.0.1:1')).code).toBe(3)
  expect((await logIn(['--profile', '../x'])).stderr).toContain('--profile: Must be')
  expect(() => statSync(file)).toThrow('ENOENT')
})

test('the token of a profile goes to no other server, and that of LATCHKEY_KEY to none of a profile', async () => {
  await logIn(['--profile', 'production'])
  for (const [args, env] of [
    [['--url', other.url], {}],
    [['--url', `${server.url}/elsewhere`], {}],
    [['--url', other.url], { LATCHKEY_PROFILE: 'production' }],
    [[], { LATCHKEY_URL: other.url }],
  ] as const) {
    const { code, stderr } = await run([...self, ...args], env)
    expect([code, stderr]).toEqual([2, expect.stringContaining('its token is sent nowhere else')])
  }
  const both = await run(self, { LATCHKEY_PROFILE: 'production', LATCHKEY_KEY: other.rootKey })
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('name two keys')])
  // Of its own server it is, however its address is written.
  expect(await run([...self, '--url', `${server.url}/`])).toMatchObject(ofProfile)
})

test('a flag comes before a variable, and a variable before the profile', async () => {
  await logIn(['--profile', 'production'])
  const elsewhere = { LATCHKEY_URL: other.url, LATCHKEY_KEY: other.rootKey }
  const isOther = { code: 0, stdout: expect.not.stringContaining(`"name": "CI"`) }
  expect(await run(self, elsewhere)).toMatchObject(isOther)
  expect(await run(self, { ...elsewhere, LATCHKEY_PROFILE: 'production' })).toMatchObject(isOther)
  expect(await run([...self, '--profile', 'production'], elsewhere)).toMatchObject(ofProfile)
  const here = await run([...self, '--database', database.url], { LATCHKEY_PROFILE: 'production' })
  expect(here.stdout).toContain('"organization_id": "root"')
  expect((await run(self, { LATCHKEY_DATABASE_URL: database.url })).stdout).toBe(here.stdout)
  for (const flag of [
    ['--url', server.url],
    ['--database', database.url],
  ]) {
    expect((await run([...self, '--profile', 'production', ...flag])).stderr).toContain('--profile excludes')
  }
  // A key that is named goes nowhere by a profile.
  expect(await run(self, { LATCHKEY_KEY: other.rootKey })).not.toMatchObject(ofProfile)
  const unknown = await run([...self, '--profile', 'constructor'])
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    expect.stringContaining('There is no profile constructor'),
  ])
})

test('profiles are listed, chosen and removed; logout forgets the one in use', async () => {
  expect((await run(['profiles', 'list'])).stderr).toContain('No profiles.')
  await logIn(['--profile', 'production'])
  await logIn(['--profile', 'other'], other.rootKey, other.url)
  // The first stays the one that commands use, until another is chosen.
  expect((await run(['profiles', 'list'])).stdout).toMatch(/^\* +production /m)
  expect((await run(['profiles', 'use', 'other'])).stdout).toBe('Commands use the profile other.\n')
  expect((await run(['profiles', 'list'])).stdout).toMatch(/^\* +other /m)
  expect((await run(['profiles', 'use', 'none'])).code).toBe(1)
  expect((await run(['logout'])).stdout).toContain('Forgot the profile other')
  expect((await run(['logout'])).stderr).toContain('Nobody is logged in.')
  expect((await run(['profiles', 'remove', 'production'])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).not.toContain(key.key)
  expect((await run(['logout', '--profile', 'production'])).code).toBe(1)
})

test('a file that others can read or write is refused, with the line that mends it', async () => {
  await logIn()
  const refusal = async () => {
    const { code, stderr } = await run(self)
    expect(code).toBe(2)
    expect(stderr).not.toContain(key.key)
    return stderr
  }
  chmodSync(file, 0o640)
  expect(await refusal()).toContain(`chmod 600 ${file}`)
  expect((await logIn()).stderr).toContain(`chmod 600 ${file}`)
  chmodSync(file, 0o600)
  for (const mode of [0o720, 0o702]) {
    chmodSync(folder, mode)
    expect(await refusal()).toContain(`chmod 700 ${folder}`)
  }
  chmodSync(folder, 0o700)
  if (process.getuid?.() === 0) {
    chownSync(file, 65534, 65534)
    expect(await refusal()).toContain('belongs to another user')
    chownSync(file, 0, 0)
  }
  renameSync(file, `${file}.real`)
  symlinkSync(`${file}.real`, file)
  expect(await refusal()).toContain('is a link')
  rmSync(file)
  writeFileSync(file, `{"default":"x","profiles":{"x":{"kept":"${key.key}"}}}`, { mode: 0o600 })
  expect(await refusal()).toContain('holds no profiles')
  const write = (url: string, token: string) =>
    writeFileSync(
      file,
      JSON.stringify({ default: 'x', profiles: { x: { url, kept: { in: 'file', token } } } }),
    )
  write('nowhere', key.key)
  expect(await refusal()).toContain('holds no profiles')
  for (const profile of [
    { url: `${server.url}/?a=b`, kept: { in: 'file', token: key.key } },
    { url: 'file:///etc/passwd', kept: { in: 'file', token: key.key } },
    { url: server.url, kept: { in: 'file' } },
    { url: server.url, kept: { in: 'command', command: 5 } },
  ]) {
    writeFileSync(file, JSON.stringify({ default: 'x', profiles: { x: profile } }))
    expect(await refusal()).toContain('holds no profiles')
  }
  // What is written to a list is lost.
  writeFileSync(file, '{"default":null,"profiles":[]}')
  expect(await refusal()).toContain('holds no profiles')
  truncateSync(file, 2 ** 32)
  expect(await refusal()).toContain('holds no profiles')
  // What is no whole token is shown to nobody, and sent nowhere.
  write(server.url, key.key.slice(0, -1))
  const cut = await run(self)
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('The profile x gave no token.')])
  expect(cut.stderr).not.toContain(key.key.slice(0, -1))
  rmSync(file)
  // Nobody ever writes to it: to wait for that would be to hang.
  execFileSync('mkfifo', ['-m', '600', file])
  expect(await refusal()).toContain('is no file')
  renameSync(folder, `${folder}.real`)
  symlinkSync(`${folder}.real`, folder)
  expect(await refusal()).toContain(`${folder} is a link`)
  rmSync(folder)
  writeFileSync(folder, '')
  expect((await logIn()).stderr).toContain(`${folder} cannot be written`)
  // Who names a server and a key needs no profiles.
  expect(await run(self, { LATCHKEY_URL: server.url, LATCHKEY_KEY: key.key })).toMatchObject(ofProfile)
})

test('logins at once lose no profile, and leave nothing behind', async () => {
  const env = { XDG_CONFIG_HOME: join(command.folder(), 'home') }
  const args = (name: string) => ['login', '--url', server.url, '--store', 'file', '--profile', name]
  const names = ['a', 'b', 'c', 'd']
  const done = await Promise.all(names.map((name) => command.runProcess(args(name), { env, input: key.key })))
  expect(done.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).profiles).sort()).toEqual(names)
  expect(readdirSync(folder)).toEqual(['profiles.json'])
  // One that was killed has left its lock.
  writeFileSync(`${file}.lock`, '')
  utimesSync(`${file}.lock`, 0, 0)
  expect((await logIn(['--profile', 'e'])).code).toBe(0)
  expect(readdirSync(folder)).toEqual(['profiles.json'])
})

test('a command prints the token each time, without a shell, and within bounds', async () => {
  const env = fake('pass-it', `printf '%s\\n%s\\n' "$2" 'a note'`)
  const with_ = (tokenCommand: string) =>
    run(['login', '--url', server.url, '--token-command', tokenCommand], env)
  // What a shell would do with it is not done.
  writeFileSync(join(command.folder(), 'home/token.txt'), `${key.key}\na note\n`)
  expect((await with_(`cat ${join(command.folder(), 'home/token.txt')}`)).code).toBe(0)
  expect(readFileSync(file, 'utf8')).not.toContain(key.key)
  expect(await run(self, env)).toMatchObject(ofProfile)
  const marker = join(command.folder(), 'home/ran')
  for (const [tokenCommand, says] of [
    [`pass-it show "a; touch ${marker}"`, 'gave no token'],
    ['no-such-program', 'There is no such program.'],
    ['false', 'It ended with 1.'],
    ['yes', 'It printed more than a token.'],
    [`sh -c 'kill -9 $$'`, 'It ended with SIGKILL.'],
  ] as const) {
    const { code, stderr } = await with_(tokenCommand)
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)])
    expect(stderr).not.toContain(marker)
  }
  expect(() => lstatSync(marker)).toThrow('ENOENT')
  expect((await with_(' ')).stderr).toContain('--token-command: Must be a command')
})

test('what a command has started, and goes on, holds up nobody', async () => {
  const home = join(command.folder(), 'home')
  mkdirSync(home)
  for (const [what, code] of [
    ['printenv TOKEN', 0],
    ['yes', 1],
  ] as const) {
    const script = `sleep 60 2> /dev/null & echo $! > ${home}/pid; ${what}`
    const args = ['login', '--url', server.url, '--token-command', `sh -c '${script}'`]
    const env = { XDG_CONFIG_HOME: home, TOKEN: key.key }
    expect((await command.runProcess(args, { env })).code).toBe(code)
    // It still runs.
    process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')))
  }
})

/** A keyring in a folder, by the arguments of the one of libsecret: a real one is tried below. */
function fakeRing() {
  const home = join(command.folder(), 'home')
  const ring = join(home, 'ring')
  const env = fake(
    'secret-tool',
    `echo "$*" >> ${ring}.args
[ "$SPOILS" ] && chmod 644 ${file}
[ "$1" = store ] && shift && name="$(echo "$*" | sed 's/^--label=[^ ]* [^ ]* //; s/[^a-z0-9]/_/g')" && cat > ${ring}.$name && exit
name="$(shift; echo "$*" | sed 's/[^a-z0-9]/_/g')"
case "$1" in lookup) cat ${ring}.$name 2> /dev/null ;; clear) rm ${ring}.$name ;; esac`,
  )
  return {
    env,
    args: () => readFileSync(`${ring}.args`, 'utf8'),
    /** The tokens in it. */
    tokens: () =>
      readdirSync(home)
        .filter((name) => name.startsWith('ring.service'))
        .map((name) => readFileSync(join(home, name), 'utf8')),
  }
}

test('by default the keyring keeps the token, which no argument shows, under its server', async () => {
  const { env, args, tokens } = fakeRing()
  const first = await run(['login', '--url', server.url, '--profile', 'ringed'], env, key.key)
  expect([first.code, first.stderr]).toEqual([0, ''])
  expect(await run(self, env)).toMatchObject(ofProfile)
  expect(readFileSync(file, 'utf8') + args()).not.toContain(key.key)
  // Whoever writes another server into the file has no token for it.
  writeFileSync(file, readFileSync(file, 'utf8').replace(server.url, other.url))
  expect((await run(self, env)).stderr).toContain('The keyring has no token')
  writeFileSync(file, readFileSync(file, 'utf8').replace(other.url, server.url))
  expect((await run(['logout'], env)).code).toBe(0)
  expect(tokens()).toEqual([])
})

test('the keyring keeps one token of a profile, whichever login was the last, and the old one if that fails', async () => {
  const { env, tokens } = fakeRing()
  const logInRinged = ({ url, token }: { url: string; token: string }, ...more: string[]) =>
    run(['login', '--url', url, '--profile', 'ringed', ...more], env, token)
  const [here, there] = [
    { url: server.url, token: key.key },
    { url: other.url, token: other.rootKey },
  ] as const
  for (const place of [here, here, there, here]) {
    expect(await logInRinged(place)).toMatchObject({ code: 0, stderr: '' })
    expect(tokens()).toEqual([place.token])
  }
  // The file becomes one that others may read, and is not changed.
  for (const place of [there, here]) {
    env.SPOILS = 'yes'
    expect((await logInRinged(place)).code).toBe(2)
    env.SPOILS = ''
    chmodSync(file, 0o600)
    expect(tokens()).toEqual([key.key])
  }
  expect(await logInRinged(here, '--store', 'file')).toMatchObject({ code: 0, stderr: '' })
  expect(tokens()).toEqual([])
  expect(await run(self, env)).toMatchObject(ofProfile)
})

test('what a keyring did not take out is not said to be forgotten', async () => {
  const put = fake('secret-tool', 'cat > /dev/null')
  const logInRinged = () => run(['login', '--url', server.url, '--profile', 'ringed'], put, key.key)
  await logInRinged()
  const away = fake('secret-tool', 'exit 1')
  const gone = await run(['logout'], away)
  expect([gone.code, gone.stdout]).toEqual([0, 'Forgot the profile ringed.\n'])
  const line = `secret-tool clear service latchkey profile ringed url ${server.url}`
  expect(gone.stderr).toContain(line)
  fake('secret-tool', 'cat > /dev/null')
  await logInRinged()
  fake('secret-tool', 'exit 1')
  const over = ['login', '--url', server.url, '--store', 'file', '--profile', 'ringed']
  expect((await run(over, away, key.key)).stderr).toContain(line)
})

test('without a keyring nothing is kept unasked', async () => {
  const env = fake('secret-tool', 'cat > /dev/null; exit 1')
  const { code, stderr } = await run(['login', '--url', server.url], env, key.key)
  expect([code, stderr]).toEqual([1, expect.stringMatching(/no keyring.*--token-command.*--store file/s)])
  expect(() => statSync(file)).toThrow('ENOENT')
})

const wanted = wants(missingPrograms(['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool']))
test.each(casesIfLong(['GNOME Keyring']))(`%s keeps a token, and forgets it${wanted.note}`, async () => {
  const home = join(command.folder(), 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'token.txt'), key.key)
  const script = join(repository, 'test/setup/keyring.sh')
  const env = {
    ...command.variables(),
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_DATA_HOME: home,
    URL: server.url,
  }
  const run = promisify(execFile)('dbus-run-session', ['--', 'sh', script], { cwd: home, env })
  expect((await run).stdout).toMatch(
    /Token +in the keyring\n.*CI.*\nkept: [1-9][0-9]\nForgot the profile ringed and its token.\nleft: 0\n$/s,
  )
})
