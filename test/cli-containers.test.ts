// What containers want of the command: secrets in files, a first start that shows no token, and to be asked whether it is well.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSecretFiles } from '../src/cli/kit/secret-files.ts'
import { secretVariables, variables } from '../src/core/variables.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'

const command = useCommand()

function fileWith(name: string, text: string): string {
  const path = join(command.folder(), name)
  writeFileSync(path, text)
  return path
}

test('a file goes before its variable, without the end of its line, and its name is forgotten', () => {
  const env: Record<string, string | undefined> = { LATCHKEY_ROOT_KEY: 'none', PATH: '/bin' }
  for (const name of secretVariables) env[`${name}_FILE`] = fileWith(name, ` of ${name}\n`)
  readSecretFiles(env)
  const read = Object.fromEntries(secretVariables.map((name) => [name, `of ${name}`]))
  expect(env).toEqual({ ...read, PATH: '/bin' })
  const own = secretVariables.filter((name) => name.startsWith('LATCHKEY_'))
  expect(variables).toEqual(expect.arrayContaining(own))
  // Set to nothing is not set.
  const none = { LATCHKEY_KEY: 'a', LATCHKEY_KEY_FILE: ' ' }
  readSecretFiles(none)
  expect(none).toEqual({ LATCHKEY_KEY: 'a' })
})

test('a file that cannot be read, or holds nothing, is named, and nothing is done', async () => {
  const secret = 'postgres://ada:opensesame@127.0.0.1:1/keys'
  mkdirSync(join(command.folder(), 'a-folder'))
  for (const [path, reason] of [
    ['absent', 'Cannot read absent: ENOENT.'],
    ['a-folder', 'Cannot read a-folder: EISDIR.'],
    [fileWith('empty', '\n'), 'empty is empty.'],
  ] as const) {
    const env = { LATCHKEY_DATABASE_URL_FILE: path, LATCHKEY_DATABASE_URL: secret }
    const run = await command.run(['migrate'], { env })
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('LATCHKEY_DATABASE_URL_FILE: ')
    expect(run.stderr).toContain(reason)
    expect(run.stderr).not.toContain('opensesame')
  }
  const closed = fileWith('closed', secret)
  chmodSync(closed, 0)
  if (process.getuid?.() === 0) return
  const { stderr } = await command.run(['migrate'], { env: { LATCHKEY_DATABASE_URL_FILE: closed } })
  expect(stderr).toContain(`user ${process.getuid?.()} may not read it`)
})

onEachDatabase('on an empty database', (makeDatabase) => {
  test('LATCHKEY_ROOT_KEY=none makes no key; `latchkey root-key` makes the first one', async () => {
    const url = fileWith('url', await makeDatabase())
    const env = { LATCHKEY_DATABASE_URL_FILE: url, LATCHKEY_ROOT_KEY: 'none' }
    const server = await command.serve([], { env })
    expect(tokensIn(server.stdout() + server.stderr())).toEqual([])
    await expect.poll(server.stderr).toContain('create one with `latchkey root-key`')
    const made = await command.run(['root-key'], { env })
    const [token = ''] = tokensIn(made.stdout)
    expect(await ask(server, '/v1/keys/self', token)).toMatchObject({ organization_id: 'root' })
    await server.stop()
    // Now there is one, and nothing to say.
    const again = await command.serve([], { env })
    expect(await again.stop()).toBe(0)
    expect(again.stderr()).not.toContain('root-key')
  })

  test('workers have the secrets of files too', async () => {
    const rootKey = (await command.run(['token', 'new'])).stdout.trim()
    const env = {
      LATCHKEY_DATABASE_URL_FILE: fileWith('url', await makeDatabase()),
      LATCHKEY_ROOT_KEY_FILE: fileWith('root-key', `${rootKey}\n`),
    }
    const server = await command.serve(['--workers', '2'], { env })
    expect(await ask(server, '/v1/keys/self', rootKey)).toMatchObject({ organization_id: 'root' })
  })
})

test('health asks the server that the settings name', async () => {
  const server = await command.serveInProcess(`sqlite:${join(command.folder(), 'health.db')}`)
  const { port } = new URL(server.url)
  expect(await command.run(['health'], { env: { LATCHKEY_HOST: '0.0.0.0', LATCHKEY_PORT: port } })).toEqual({
    code: 0,
    stdout: `http://127.0.0.1:${port}/healthz: ok\n`,
    stderr: '',
  })
  expect(await command.run(['health', '--ready', '--port', port])).toMatchObject({
    code: 0,
    stdout: `http://127.0.0.1:${port}/readyz: ok\n`,
  })
})

test('a server that is not well, is another program or is not there is no health', async () => {
  let answer = { status: 503, body: '{"code":"store_unavailable"}' }
  const other = createServer((_, response) => response.writeHead(answer.status).end(answer.body))
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  onTestFinished(() => void other.close())
  const port = String((other.address() as AddressInfo).port)
  const sick = await command.run(['health', '--port', port])
  expect(sick).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('answers 503') })
  answer = { status: 200, body: 'hello' }
  expect(await command.run(['health', '--port', port])).toMatchObject({ code: 3 })
  other.closeAllConnections()
  await new Promise((done) => other.close(done))
  const gone = await command.run(['health', '--port', port])
  expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('does not answer') })
})

function ask({ url }: { url: string }, path: string, token: string): Promise<unknown> {
  return fetch(url + path, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.json())
}
