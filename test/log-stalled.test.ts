// A log that nobody reads: the service goes on in bounded memory, tells what it dropped, and ends when it is told to.
import { execFileSync, spawn } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { useCommand } from './setup/command.ts'
import { openRaw, requestBytes } from './setup/raw.ts'

const command = useCommand()
const requests = 6_000
const { token } = generateToken('re', getRandomValues as RandomSource)

interface Stalled {
  url: string
  stop(): Promise<number | NodeJS.Signals>
  /** Begins to read the log. */
  read(): Readable
}

/** Starts a server whose log goes into a pipe, or a socket, that is open and not read. */
async function start(kind: 'a pipe' | 'a socket', args: string[]): Promise<Stalled> {
  const fifo = join(command.folder(), `log-${args.length}`)
  if (kind === 'a pipe') execFileSync('mkfifo', [fifo])
  // Open at both ends, so that opening waits for nobody.
  const descriptor = kind === 'a pipe' ? openSync(fifo, constants.O_RDWR) : undefined
  const child = spawn(
    process.execPath,
    [command.main(), 'serve', '--port', '0', '--log-verdicts', 'all', ...args],
    {
      cwd: command.folder(),
      env: environment(`stalled-${kind.slice(2)}`),
      stdio: ['ignore', 'pipe', descriptor ?? 'pipe'],
    },
  )
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('exit', (code, signal) => {
      if (descriptor !== undefined) closeSync(descriptor)
      resolve(code ?? (signal as NodeJS.Signals))
    }),
  )
  const url = await new Promise<string>((resolve) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
      const found = /^Latchkey serves (http:\S+)/m.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return {
    url,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
    read: () =>
      descriptor === undefined
        ? (child.stderr as Readable)
        : new Socket({ fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK), readable: true }),
  }
}

function environment(name: string): NodeJS.ProcessEnv {
  return { ...command.variables(), LATCHKEY_DATABASE_URL: `sqlite:${name}.db`, LATCHKEY_ROOT_KEY: token }
}

const atOnce = 100

/** Has a token judged so many times: each is a line of the log. */
async function flood(url: string): Promise<void> {
  const raw = await openRaw(url)
  const headers = { connection: 'keep-alive', 'x-request-id': 'x'.repeat(64) }
  const one = requestBytes('GET', '/v1/auth', { token, headers })
  // A connection may ask so often before it reads its answers.
  for (let sent = 0; sent < requests; sent += atOnce) {
    const id = `sent-${sent + atOnce}-and-no-more`
    raw.socket.write(one.repeat(atOnce - 1))
    raw.socket.write(requestBytes('GET', '/v1/auth', { token, headers: { ...headers, 'x-request-id': id } }))
    await raw.until(new RegExp(id))
  }
  raw.socket.destroy()
}

test.each(['a pipe', 'a socket'] as const)(
  '%s that nobody reads holds up neither the service nor its end',
  async (kind) => {
    const server = await start(kind, [])
    await flood(server.url)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(await server.stop()).toBe(0)
  },
  30_000,
)

test.each(['a pipe', 'a socket'] as const)(
  '%s that is read again gets a line that tells how many are missing',
  async (kind) => {
    const server = await start(kind, ['--log-level', 'info'])
    await flood(server.url)
    let text = ''
    const reader = server.read().setEncoding('utf8')
    reader.on('data', (chunk: string) => {
      text += chunk
    })
    const count = () => {
      const whole = text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .slice(0, -1)
      const lines = whole.map((line) => JSON.parse(line) as { dropped?: number; route?: string })
      const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0)
      return { dropped, kept: lines.filter(({ route }) => route === '/v1/auth').length }
    }
    // A line or two of something else may be among those that were dropped.
    await expect
      .poll(() => count().kept + count().dropped, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(requests)
    expect(count().dropped).toBeGreaterThan(0)
    expect(count().kept + count().dropped).toBeLessThanOrEqual(requests + 2)
    expect(await server.stop()).toBe(0)
    reader.destroy()
  },
  30_000,
)

test('a file gets every line, the last ones too', async () => {
  const path = join(command.folder(), 'log.txt')
  const descriptor = openSync(path, 'w')
  const child = spawn(process.execPath, [command.main(), 'serve', '--port', '0', '--log-verdicts', 'all'], {
    cwd: command.folder(),
    env: environment('file'),
    stdio: ['ignore', 'pipe', descriptor],
  })
  closeSync(descriptor)
  const url = await new Promise<string>((resolve) =>
    child.stdout?.on('data', (chunk) => {
      const found = /^Latchkey serves (http:\S+)/m.exec(String(chunk))?.[1]
      if (found !== undefined) resolve(found)
    }),
  )
  for (let i = 0; i < 20; i++) await fetch(`${url}/v1/auth`, { headers: { 'x-api-key': token } })
  child.kill('SIGTERM')
  await new Promise((resolve) => child.once('exit', resolve))
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(lines.filter((line) => line.includes('"route":"/v1/auth"'))).toHaveLength(20)
  expect(lines.at(-1)).toContain('"msg":"stopped"')
})
