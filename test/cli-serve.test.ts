// `latchkey serve` as a process: its first start, its settings, its orderly end and a rude one.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { type ServeProcess, tokensIn, useCommand } from './setup/command.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'

const command = useCommand()

onEachDatabase('serve', (makeDatabase) => {
  test('the first start prints the root key once, and a later one does not', async () => {
    const database = await makeDatabase('nothing')
    const first = await command.serve(['--database', database])
    const tokens = new Set(tokensIn(first.stdout()))
    expect(tokens.size).toBe(1)
    const [rootKey] = tokens as Set<string>
    expect(await ask(first, '/v1/keys/self', rootKey)).toMatchObject({ organization_id: 'root' })
    await first.stop()
    expect(tokensIn(first.stderr())).toEqual([])
    expect(first.stderr()).not.toContain(rootKey?.slice(-49))
    const second = await command.serve(['--database', database])
    expect(second.stdout()).toBe(`Latchkey serves ${second.url} from ${withoutPassword(database)}\n`)
    expect(await ask(second, '/v1/keys/self', rootKey)).toMatchObject({ organization_id: 'root' })
  })

  test('the three printed commands work as they stand, one after the other in sh', async () => {
    const server = await command.serve(['--database', await makeDatabase()])
    const [, ...parts] = server.stdout().split(/^\d\. .*:\n/m)
    expect(parts).toHaveLength(3)
    const { stdout, stderr } = await runShell(parts.join('\necho NEXT\n'))
    expect(stderr).toBe('')
    const [organization, key, verdict] = stdout.split('NEXT\n')
    expect(JSON.parse(organization as string)).toMatchObject({ id: 'acme', name: 'Acme' })
    expect(tokensIn(key as string)).toHaveLength(1)
    expect(JSON.parse(verdict as string)).toMatchObject({ valid: true, organization_id: 'acme', name: 'CI' })
  })

  test('LATCHKEY_ROOT_KEY becomes the first root key and is not printed', async () => {
    const rootKey = (await command.run(['token', 'new', '--key-prefix', 're_live'])).stdout.trim()
    const database = await makeDatabase()
    const env = { LATCHKEY_ROOT_KEY: rootKey, LATCHKEY_DATABASE_URL: database }
    const server = await command.serve([], { env })
    expect(await ask(server, '/v1/keys/self', rootKey)).toMatchObject({ organization_id: 'root' })
    await server.stop()
    expect(tokensIn(server.stdout() + server.stderr())).toEqual([])
    // On a database that has one, another changes nothing.
    const other = (await command.run(['token', 'new'])).stdout.trim()
    const again = await command.serve([], { env: { ...env, LATCHKEY_ROOT_KEY: other } })
    expect(await ask(again, '/v1/keys/self', rootKey)).toMatchObject({ organization_id: 'root' })
    expect(await ask(again, '/v1/keys/self', other)).toMatchObject({ status: 401 })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends in order: last uses are written, exit 0',
    async (signal) => {
      const database = await makeDatabase()
      const { server, key, id } = await serveWithKey(database)
      expect(await verify(server, key)).toMatchObject({ valid: true })
      expect(await server.stop(signal)).toBe(0)
      await using latchkey = await openLatchkey({ database })
      expect((await latchkey.keys.get(id)).lastUsedAt).toBeInstanceOf(Date)
    },
  )

  test('a request in flight at SIGTERM is answered', async () => {
    const { server, rootKey } = await serveWithKey(await makeDatabase())
    const slow = await beginRequest(server, rootKey)
    server.process.kill('SIGTERM')
    await logged(server, 'stopping')
    expect(await slow.finish()).toMatch(/^HTTP\/1.1 200 /)
    expect(await server.ended).toBe(0)
  })

  test('with few files to open, it keeps fewer connections, and still serves and changes', async () => {
    const server = await command.serve(['--database', await makeDatabase()], { files: 300 })
    const [rootKey] = tokensIn(server.stdout())
    const { hostname, port } = new URL(server.url)
    const idle = Array.from({ length: 400 }, () => connect(Number(port), hostname).on('error', () => {}))
    onTestFinished(() => {
      for (const socket of idle) socket.destroy()
    })
    await Promise.all(idle.map((socket) => once(socket, 'connect')))
    await expect
      .poll(() => idle.filter(({ readableEnded, closed }) => readableEnded || closed).length)
      .toBeGreaterThan(0)
    const created = await fetch(`${server.url}/v1/organizations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: '{"name":"Acme"}',
    })
    expect(created.status).toBe(200)
    expect(server.stderr()).toContain('at most 172 connections, not 8192')
    expect(await server.stop()).toBe(0)
  })

  test('killed without warning, it starts again with all that it had acknowledged', async () => {
    const database = await makeDatabase()
    const { server, key, id, rootKey } = await serveWithKey(database)
    const revoked = await ask(server, `/v1/keys/${id}`, rootKey, { method: 'DELETE' })
    expect(revoked).toEqual({ success: true })
    expect(await server.stop('SIGKILL')).toBe('SIGKILL')
    const again = await command.serve(['--database', database])
    expect(await ask(again, '/v1/keys/verify', rootKey, post({ key }))).toMatchObject({ code: 'revoked' })
  })
})

describe('serve', () => {
  const sqlite = makeSqlite()
  afterEach(sqlite.remove)

  test('a second signal ends it at once', async () => {
    const { server, rootKey } = await serveWithKey(`sqlite:${join(command.folder(), 'impatient.db')}`)
    await beginRequest(server, rootKey)
    server.process.kill('SIGTERM')
    await logged(server, 'stopping')
    // Until the first has been over for a moment, a second one is npm's echo of it.
    const again = setInterval(() => server.process.kill('SIGTERM'), 100)
    expect(await server.ended).toBe(143)
    clearInterval(again)
  })

  test('prefixes come from the settings: the first is the default, the others may be asked for', async () => {
    const env = { LATCHKEY_KEY_PREFIX: 're_live,re_test' }
    const database = `sqlite:${join(command.folder(), 'prefixes.db')}`
    const server = await command.serve(['--database', database], { env })
    const [rootKey] = tokensIn(server.stdout())
    expect(rootKey).toMatch(/^re_live_/)
    const create = (prefix: string) =>
      ask(server, '/v1/keys', rootKey, post({ name: 'CI', prefix })) as Promise<{ key: string }>
    expect((await create('re_test')).key).toMatch(/^re_test_/)
    expect(await create('re')).toMatchObject({ status: 422 })
  })

  test('a new database file is readable to its owner alone', async () => {
    const path = join(command.folder(), 'mode.db')
    await command.run(['migrate', '--database', `sqlite:${path}`])
    expect(existsSync(path)).toBe(true)
    expect(spawnSync('stat', ['-c', '%a', path]).stdout.toString()).toBe('600\n')
  })

  test('a Node.js that is too old says which one is needed', async () => {
    // The first lines of the program on a pretended version: no old Node is at hand everywhere.
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' })`
    const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, command.main(), 'serve']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^latchkey: Latchkey requires Node.js 22.18 or later, and this is 20.19.0\. .+\n$/)
  })
})

async function serveWithKey(database: string) {
  const server = await command.serve(['--database', database])
  const [rootKey] = tokensIn(server.stdout()) as [string]
  const created = await ask(server, '/v1/keys', rootKey, post({ name: 'CI' }))
  const { id, key } = created as { id: string; key: string }
  return { server, rootKey, id, key }
}

function verify(server: ServeProcess, key: string): Promise<unknown> {
  return ask(server, '/v1/keys/verify', tokensIn(server.stdout())[0], post({ key }))
}

async function ask(server: ServeProcess, path: string, token = '', init: RequestInit = {}): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return (await fetch(server.url + path, { ...init, headers })).json()
}

function post(body: object): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) }
}

/** Sends all of a request but its last byte; `finish` sends that and gives the whole answer. */
async function beginRequest(server: ServeProcess, token: string): Promise<{ finish: () => Promise<string> }> {
  const body = JSON.stringify({ name: 'Slow' })
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  const head = [
    'POST /v1/keys HTTP/1.1',
    `host: ${hostname}:${port}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'expect: 100-continue',
  ]
  let answer = ''
  socket.setEncoding('utf8').on('error', () => {})
  // The server says that it has begun with this request.
  await new Promise<void>((begun) => {
    socket.once('data', () => begun())
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  })
  socket.write(body.slice(0, -1))
  return {
    finish: () =>
      new Promise((done) => {
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.once('close', () => done(answer))
        socket.write(body.slice(-1))
      }),
  }
}

function logged(server: ServeProcess, message: string): Promise<void> {
  return new Promise((done) => {
    const look = () => server.stderr().includes(`"msg":"${message}"`) && done()
    look()
    server.process.stderr?.on('data', look)
  })
}

function runShell(script: string): Promise<{ stdout: string; stderr: string }> {
  const child = spawn('sh', ['-s'], { stdio: 'pipe', env: { PATH: process.env.PATH } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin.end(script)
  return new Promise((done) => child.once('close', () => done({ stdout, stderr })))
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:/]+@/, ':…@')
}
