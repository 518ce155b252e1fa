// The Python client, of clients/python: its types by mypy, its own tests against a server as it is built, and that it has each call
// and shape of the API. `UPDATE_CLIENTS=1 npx vitest run test/clients-python.test.ts` writes these.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { makeSqlite } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'
import { samplesIn } from './setup/reference-samples.ts'
import { startTestServer } from './setup/server.ts'

const folder = join(repository, 'clients/python')
const written = ['types.py', '_async_client.py', '_sync_client.py']
const requirements = join(folder, 'tests/requirements.txt')

/** Where the packages are: another place as soon as others are required. */
const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
const tools = join(repository, '.test-output', `python-${digest}`)

/** Runs a program in the folder of the client; gives what it printed, with what went wrong. */
function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((done) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 2 ** 24 }
    execFile(program, args, options, (error, stdout, stderr) =>
      done(`${stdout}${stderr}${error === null ? '' : `\n${error.message}`}`),
    )
  })
}

const python = (args: readonly string[], env: Record<string, string> = {}) =>
  run(join(tools, 'bin/python'), args, { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: 'src', ...env })

beforeAll(async () => {
  if (existsSync(tools)) return
  mkdirSync(join(repository, '.test-output'), { recursive: true })
  const made = mkdtempSync(`${tools}-`)
  expect(await run('python3', ['-m', 'venv', '--copies', made])).toBe('')
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
  expect(await run(join(made, 'bin/python'), args)).toBe('')
  renameSync(made, tools)
}, 600_000)

test('the Python client has each call and shape of the API', async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  const made = mkdtempSync(join(tmpdir(), 'latchkey-python-'))
  onTestFinished(async () => {
    await server.close()
    database.remove()
    rmSync(made, { recursive: true })
  })
  const document = join(made, 'openapi.json')
  writeFileSync(document, (await server.request('GET', '/openapi.json')).text)
  expect(await python(['tools/generate.py', document, made])).toBe('')
  for (const name of written) {
    const own = join(folder, 'src/latchkey', name)
    if (process.env.UPDATE_CLIENTS) cpSync(join(made, name), own)
    expect(readFileSync(own, 'utf8'), name).toBe(readFileSync(join(made, name), 'utf8'))
  }
})

test('the Python client has the version and the licence of the package', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const versionIn = (path: string) => /version(?:__)? = "(.+)"/.exec(readFileSync(join(folder, path), 'utf8'))
  expect(versionIn('pyproject.toml')?.[1]).toBe(version)
  expect(versionIn('src/latchkey/__init__.py')?.[1]).toBe(version)
  expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(
    readFileSync(join(repository, 'LICENSE'), 'utf8'),
  )
})

test('the Python client is typed, and its own tests pass', { timeout: 600_000 }, async () => {
  const { quick, compiled } = inject('builds')
  const cache = join(repository, '.test-output/mypy')
  const env = {
    LATCHKEY_TEST_NODE: process.execPath,
    LATCHKEY_TEST_MAIN: join(quick, 'dist/cli/main.js'),
    NODE_COMPILE_CACHE: compiled,
  }
  // They wait for most of their time: on leases, and on servers that stand still.
  const alone = ['tests/test_faults.py', 'tests/test_verifier.py']
  const [types, ...own] = await Promise.all([
    python(['-m', 'mypy', '--cache-dir', cache, '-p', 'latchkey', '-p', 'tests']),
    ...alone.map((path) => python(['-m', 'pytest', path], env)),
    python(['-m', 'pytest', ...alone.map((path) => `--ignore=${path}`)], env),
  ])
  expect(types).toMatch(/^Success: no issues found in \d+ source files\n$/)
  // Nothing is skipped, and nothing else is said.
  for (const printed of own) expect(printed).toMatch(/\n\d+ passed in [\d.]+s(?: \(.+\))?\n$/)
})

test('the code for Python that the reference page shows has the types of the client', async () => {
  const made = mkdtempSync(join(tmpdir(), 'latchkey-python-samples-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  const calls = samplesIn('Python').map(([operation, code]) => {
    return `def ${operation}(client: Latchkey) -> None:\n${code.replaceAll(/^(?=.)/gm, '    ')}\n`
  })
  expect(calls.length).toBeGreaterThan(70)
  const imports = 'from datetime import datetime\n\nfrom latchkey import Latchkey\n'
  const file = join(made, 'samples.py')
  writeFileSync(file, `${imports}\n\n${calls.join('\n\n')}`)
  const cache = join(repository, '.test-output/mypy-samples')
  expect(await python(['-m', 'mypy', '--strict', '--cache-dir', cache, file])).toBe(
    'Success: no issues found in 1 source file\n',
  )
})
