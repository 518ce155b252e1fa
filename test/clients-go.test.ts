// The Go client, of clients/go: its own tests against a server as it is built, and that it has each shape of the API. With
// TEST_LONG=1 under the race detector, and with its long faults. `UPDATE_CLIENTS=1 npx vitest run test/clients-go.test.ts` writes the
// shapes.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { makeSqlite } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'
import { writeGoTypes } from './setup/go-types.ts'
import { samplesIn } from './setup/reference-samples.ts'
import { startTestServer } from './setup/server.ts'

const folder = join(repository, 'clients/go')
const isLong = process.env.TEST_LONG === '1'

/** Runs a program in the folder of the client; gives what it printed, with what went wrong. */
function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((done) => {
    const options = { cwd: folder, env: { ...process.env, GOTOOLCHAIN: 'local', ...env }, maxBuffer: 2 ** 24 }
    execFile(program, args, options, (error, stdout, stderr) =>
      done(`${stdout}${stderr}${error === null ? '' : `\n${error.message}`}`),
    )
  })
}

test('the Go client has the shapes of the API, in its words', async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  const made = mkdtempSync(join(tmpdir(), 'latchkey-go-types-'))
  try {
    const file = join(made, 'types.go')
    writeFileSync(file, writeGoTypes(JSON.parse((await server.request('GET', '/openapi.json')).text)))
    expect(await run('gofmt', ['-w', file])).toBe('')
    const types = readFileSync(file, 'utf8')
    if (process.env.UPDATE_CLIENTS) writeFileSync(join(folder, 'types.go'), types)
    expect(readFileSync(join(folder, 'types.go'), 'utf8')).toBe(types)
  } finally {
    await server.close()
    database.remove()
    rmSync(made, { recursive: true })
  }
})

test('the Go client has the version and the licence of the package', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const [, own] = /const Version = "(.+)"/.exec(readFileSync(join(folder, 'version.go'), 'utf8')) ?? []
  expect(own).toBe(version)
  expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(
    readFileSync(join(repository, 'LICENSE'), 'utf8'),
  )
})

test('the Go client is formatted and vetted, and its own tests pass', { timeout: 600_000 }, async () => {
  expect(await run('gofmt', ['-l', '.'])).toBe('')
  const { quick, compiled } = inject('builds')
  const env = {
    LATCHKEY_TEST_NODE: process.execPath,
    LATCHKEY_TEST_MAIN: join(quick, 'dist/cli/main.js'),
    NODE_COMPILE_CACHE: compiled,
  }
  // They vet it too.
  const printed = await run(
    'go',
    ['test', '-vet=all', '-count=1', ...(isLong ? ['-race'] : []), './...'],
    env,
  )
  expect(printed).toMatch(/^ok\s+github\.com\/latchkey-dev\/latchkey\/clients\/go\s/m)
  expect(printed).not.toMatch(/FAIL|exit status|Command failed/)
})

test('the code for Go that the reference page shows is formatted, and compiles', async () => {
  const made = mkdtempSync(join(tmpdir(), 'latchkey-go-samples-'))
  try {
    const name = 'github.com/latchkey-dev/latchkey/clients/go'
    const [, version] = /^go (.+)$/m.exec(readFileSync(join(folder, 'go.mod'), 'utf8')) ?? []
    const needs = `require ${name} v0.0.0\n\nreplace ${name} => ${folder}\n`
    writeFileSync(join(made, 'go.mod'), `module samples\n\ngo ${version}\n\n${needs}`)
    const calls = samplesIn('Go').map(([operation, code]) => {
      const end = code.startsWith('err := ') ? 'return err' : '_ = answer\nreturn err'
      const body = `${code}\n${end}`.replaceAll(/^(?=.)/gm, '\t')
      return `func ${operation}(ctx context.Context, client *latchkey.Client) error {\n${body}\n}\n`
    })
    const imports = `import (\n\t"context"\n\t"time"\n\n\tlatchkey "${name}"\n)\n`
    writeFileSync(join(made, 'samples.go'), `package samples\n\n${imports}\n${calls.join('\n')}`)
    expect(await run('gofmt', ['-d', made])).toBe('')
    expect(await run('go', ['-C', made, 'vet', '-mod=mod', './...'])).toBe('')
  } finally {
    rmSync(made, { recursive: true })
  }
})
