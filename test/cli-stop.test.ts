// How a server begins and ends as a process: told to stop at any instant, its output closed, its port taken.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { connectDirectly } from './setup/direct.ts'
import { send } from './setup/server.ts'
import { connectTo, logged } from './setup/worker-connections.ts'

const command = useCommand()
let count = 0
const newPath = () => `${command.folder()}/stop-${++count}.db`
const url = 'http://127.0.0.1'

describe.each([1, 3])('with %i workers, told to stop at any instant', (workers) => {
  test('it ends in order, and a first root key is made and shown, or neither', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
    const delays = Array.from({ length: 6 }, (_, i) => i * (workers === 1 ? 90 : 230))
    for (const [i, delay] of delays.entries()) {
      const path = newPath()
      const child = serve(['--workers', String(workers), '--database', `sqlite:${path}`])
      await hearing(child.process)
      await setTimeout(delay)
      child.process.kill(signals[i % 3])
      expect({ delay, ended: await child.ended }).toEqual({ delay, ended: 0 })
      expect(child.stderr()).not.toMatch(/EPIPE|^ {4}at |in order/m)
      expect({ delay, keys: await countKeys(path) }).toEqual({
        delay,
        keys: tokensIn(child.stdout()).length ? 1 : 0,
      })
    }
  })

  test('it ends in order when it is told right after it said where it serves', async () => {
    const server = await command.serve(['--workers', String(workers), '--database', `sqlite:${newPath()}`])
    expect(await server.stop()).toBe(0)
    expect(server.stderr()).not.toMatch(/EPIPE|^ {4}at |in order/m)
  })
})

test('workers whose first process was killed end in order by themselves and lose no last use', async () => {
  const path = newPath()
  const server = await command.serve(['--workers', '2', '--database', `sqlite:${path}`])
  const { id, key } = await createKey(server.url, tokensIn(server.stdout())[0])
  expect(await verify(server.url, key)).toBe('valid')
  server.process.kill('SIGKILL')
  expect(await server.ended).toBe('SIGKILL')
  await using latchkey = await openLatchkey({ database: `sqlite:${path}` })
  expect((await latchkey.keys.get(id)).lastUsedAt).toBeInstanceOf(Date)
})

test('a server whose terminal is closed ends in order and loses no last use', async () => {
  const path = newPath()
  const line = `"$NODE" "$MAIN" serve --port 0 --database sqlite:${path}`
  const env = { ...command.variables(), TERM: 'xterm' }
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { env, stdio: 'pipe' })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  const { stdout } = watch(terminal)
  while (!stdout().includes('"serving"')) await setTimeout(20)
  const served = /^Latchkey serves (http:[\w:/.]+)/m.exec(stdout())?.[1] as string
  const { id, key } = await createKey(served, tokensIn(stdout())[0])
  expect(await verify(served, key)).toBe('valid')
  terminal.kill('SIGKILL')
  const answers = () => fetch(`${served}/healthz`).then(Boolean, () => false)
  while (await answers()) await setTimeout(50)
  await using latchkey = await openLatchkey({ database: `sqlite:${path}` })
  for (;;) {
    const { lastUsedAt } = await latchkey.keys.get(id)
    if (lastUsedAt) break
    await setTimeout(20)
  }
})

test('a worker that does not come to serve is ended, and the log says so', async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/setup/hanging-worker.ts`], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await new Promise((done) => child.once('close', done))
  expect(said).toMatch(/"a worker did not start in time, so the primary ended it"/)
  expect(said).toMatch(/^The first worker ended before it served\.$/m)
})

test('SIGUSR1 opens no debugger', async () => {
  const server = await command.serve(['--workers', '2', '--database', `sqlite:${newPath()}`])
  const worker = await connectTo(server).worker()
  for (const pid of [server.process.pid as number, worker]) process.kill(pid, 'SIGUSR1')
  await setTimeout(300)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect(await server.stop()).toBe(0)
  expect(server.stderr()).not.toContain('Debugger')
})

describe('a first start', () => {
  test.each([1, 2])('on a port that is taken makes no root key, with %i workers', async (workers) => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await new Promise((done) => other.once('listening', done))
    const { port } = other.address() as { port: number }
    const path = newPath()
    const args = ['--workers', String(workers), '--database', `sqlite:${path}`]
    const { code, stdout, stderr } = await command.runProcess(['serve', ...args, '--port', String(port)])
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^latchkey: Cannot serve on 127.0.0.1 port \d+: .*--port.*\n$/)
    expect(await countKeys(path)).toBe(0)
    const again = await command.serve(args)
    expect(new Set(tokensIn(again.stdout())).size).toBe(1)
  })

  test('the root key is printed once it is durable, and not while its commit fails', async () => {
    const database = `sqlite:${newPath()}`
    await command.run(['migrate', '--database', database])
    await using direct = await connectDirectly(database)
    await direct.run('create table nowhere (id text primary key)')
    await direct.run('create table doomed (id text references nowhere (id) deferrable initially deferred)')
    await direct.run("create trigger doom after insert on keys begin insert into doomed values ('x'); end")
    const child = serve(['--database', database])
    while (child.stdout() === '') await setTimeout(20)
    // Time for some attempts.
    await setTimeout(500)
    expect(child.stdout()).toBe('The database is empty. Latchkey creates its first root key.\n')
    await direct.run('drop trigger doom')
    const line = await logged(child, ({ msg }) => msg === 'serving')
    const tokens = new Set(tokensIn(child.stdout()))
    expect(tokens.size).toBe(1)
    const [token] = tokens
    expect((await send(String(line.url), 'GET', '/v1/keys/self', { token })).status).toBe(200)
    child.process.kill('SIGTERM')
    expect(await child.ended).toBe(0)
  })

  test.each([
    ['closed', '>&-', 1],
    ['the null device', '>/dev/null', 1],
    ['a pipe that nobody reads', '| true', 1],
    ['a pipe that nobody reads', '| true', 2],
    ['a full disk', '>/dev/full', 1],
  ])(
    'with a standard output that is %s (%s) serves and makes no root key, with %i workers',
    async (_, redirection, workers) => {
      const path = newPath()
      const line = `"$NODE" "$MAIN" serve --port 0 --workers ${workers} --database sqlite:${path} ${redirection}`
      const child = spawn('sh', ['-c', `${line} & echo; wait`], {
        env: command.variables(),
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      })
      onTestFinished(() => void endGroup(child))
      const server = watch(child)
      await logged(server, ({ msg }) => String(msg).startsWith('no root key was made'))
      const line2 = await logged(server, ({ msg }) => msg === 'serving')
      expect((await fetch(`${line2.url}/healthz`)).status).toBe(200)
      expect(await countKeys(path)).toBe(0)
      const { stdout } = await command.run(['root-key', '--database', `sqlite:${path}`])
      expect((await send(String(line2.url), 'GET', '/v1/keys/self', { token: stdout.trim() })).status).toBe(
        200,
      )
    },
  )
})

test('whoever stops reading the output or the log of a server does not end it', async () => {
  const server = await command.serve(['--workers', '2', '--database', `sqlite:${newPath()}`])
  const token = tokensIn(server.stdout())[0]
  server.process.stdout?.destroy()
  server.process.stderr?.destroy()
  for (let i = 0; i < 20; i++) {
    expect((await send(server.url, 'GET', '/v1/keys/self', { token })).status).toBe(200)
    await setTimeout(20)
  }
  expect(await server.stop()).toBe(0)
})

/** Starts to serve and waits for nothing. */
function serve(args: string[]) {
  const child = spawn(process.execPath, [command.main(), 'serve', '--port', '0', ...args], {
    env: command.variables(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return watch(child)
}

function watch(child: ChildProcess) {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const ended = new Promise<number | NodeJS.Signals>((done) =>
    child.once('close', (code, signal) => done(code ?? (signal as NodeJS.Signals))),
  )
  return {
    url,
    process: child,
    ended,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    stop: () => ended,
  }
}

/** Resolves once the process listens for SIGHUP, which Node by itself does not. */
async function hearing({ pid }: ChildProcess): Promise<void> {
  for (;;) {
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
    if (Number.parseInt(caught.slice(-1), 16) & 1) return
    await setTimeout(1)
  }
}

async function countKeys(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  await using latchkey = await openLatchkey({ database: `sqlite:${path}` })
  return (await latchkey.keys.list()).items.length
}

async function createKey(server: string, token: string | undefined): Promise<{ id: string; key: string }> {
  return (
    await send<{ id: string; key: string }>(server, 'POST', '/v1/keys', { token, body: { name: 'CI' } })
  ).json
}

async function verify(server: string, token: string): Promise<unknown> {
  const { headers } = await send(server, 'GET', '/v1/auth', { token })
  return headers.get('x-latchkey-code')
}

function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid as number), 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
