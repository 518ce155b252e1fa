// The executable: Latchkey on a machine that has nothing else. It runs here in a root of its own, in which there is no file but
// it and the libraries of the system that it is linked to.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest'
import { makeExecutable } from '../build/executable.ts'
import { missingPrograms } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'

const { arch } = process
const isOurs = process.platform === 'linux' && (arch === 'x64' || arch === 'arm64')
const folder = mkdtempSync(join(tmpdir(), 'latchkey-executable-test-'))
const root = join(folder, 'root')
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

beforeAll(async () => {
  if (!isOurs) return
  const executable = join(folder, 'latchkey')
  await makeExecutable(inject('builds').installed, executable, arch)
  mkdirSync(join(root, 'data'), { recursive: true })
  copyFileSync(executable, join(root, 'latchkey'))
  const linked = execFileSync('ldd', [executable], { encoding: 'utf8' })
  for (const [library] of linked.matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The command in its own root, without a variable but those given. */
function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const entry = process.getuid?.() === 0 ? ['chroot', root] : ['unshare', '--map-root-user', `--root=${root}`]
  const [program = '', ...rest] = [...entry, '/latchkey', ...args]
  const child = spawn(program, rest, { env: { PATH: process.env.PATH, ...env }, cwd: folder })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function read(child: ChildProcess): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (part) => {
    said.stdout += part
  })
  child.stderr?.on('data', (part) => {
    said.stderr += part
  })
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.on('close', resolve)
  return { code: await promise, ...said }
}

async function serve(args: readonly string[], rootKey: string) {
  const server = start(['serve', '--port', '0', '--database', 'sqlite:/data/latchkey.db', ...args], {
    LATCHKEY_ROOT_KEY: rootKey,
  })
  let output = ''
  server.stdout?.on('data', (part) => {
    output += part
  })
  const ended = read(server)
  const url = await vi.waitFor(() => /http:\/\/\S+/.exec(output)?.[0] ?? expect.fail(output), {
    timeout: 60_000,
  })
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${rootKey}`, ...init.headers } })
  return { server, ask, ended }
}

const post = (body: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

test.runIf(isOurs)('it says its version, and makes a token', async () => {
  expect(await read(start(['--version']))).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
  expect(await read(start(['token', 'new']))).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^re_/),
  })
  expect(readdirSync(root).sort()).toEqual(expect.arrayContaining(['data', 'latchkey']))
})

test.runIf(isOurs).each([
  { what: 'one process', flags: [] },
  { what: 'two workers', flags: ['--workers', '2'] },
])('$what: it serves the API, the console and the documents, and stops in order', async ({ flags }) => {
  const { stdout } = await read(start(['token', 'new']))
  rmSync(join(root, 'data'), { recursive: true })
  mkdirSync(join(root, 'data'))
  const { server, ask, ended } = await serve(flags, stdout.trim())
  const created = (await (await ask('/v1/keys', post({ name: 'CI', permissions: ['a:b'] }))).json()) as {
    key: string
  }
  const verdict = await ask('/v1/keys/verify', post({ key: created.key, permissions: ['a:b'] }))
  expect(await verdict.json()).toMatchObject({ valid: true, code: 'valid' })
  const page = await (await ask('/')).text()
  const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(page) ?? []
  const asset = await ask(script, { headers: { 'accept-encoding': 'br' } })
  expect([asset.status, asset.headers.get('content-encoding')]).toEqual([200, 'br'])
  expect((await asset.text()).length).toBeGreaterThan(10_000)
  expect((await ask('/assets/absent.js')).status).toBe(404)
  const portal = await (await ask('/portal')).text()
  for (const [, script] of portal.matchAll(/src="\.(\/embed\/[^"]+\.js)"/g)) {
    const file = await ask(String(script), { headers: { 'accept-encoding': 'br' } })
    expect([file.status, file.headers.get('content-encoding')], script).toEqual([200, 'br'])
  }
  expect((await ask('/embed/latchkey.js')).status).toBe(200)
  expect(((await (await ask('/openapi.json')).json()) as { info: object }).info).toMatchObject({
    version: manifest.version,
  })
  server.kill('SIGTERM')
  const { code, stderr } = await ended
  expect(stderr).toContain('"msg":"stopped"')
  expect([code, server.signalCode]).toEqual([0, null])
})

test.runIf(isOurs)('what it is made of says under which licenses', () => {
  const licenses = readFileSync(join(folder, 'latchkey.licenses.md'), 'utf8')
  for (const name of ['hono', 'pg', 'pino', 'zod', 'kysely']) expect(licenses).toContain(`\n## ${name} - `)
})

const others = isOurs ? [arch === 'x64' ? ('arm64' as const) : ('x64' as const)] : []
test.each(casesIfLong(others))('that of %s is made here too, and twice the same', async (other) => {
  expect(missingPrograms(['file'])).toEqual([])
  const outputs = ['first', 'second'].map((name) => join(folder, name))
  for (const output of outputs) await makeExecutable(inject('builds').installed, output, other)
  const [first, second] = outputs.map((output) => readFileSync(output))
  expect(first?.equals(second as Buffer)).toBe(true)
  const kind = execFileSync('file', outputs, { encoding: 'utf8' })
  expect(kind.match(other === 'arm64' ? /ELF 64-bit .*aarch64/g : /ELF 64-bit .*x86-64/g)).toHaveLength(2)
})
