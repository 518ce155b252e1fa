// A Redis of the run's own, without persistence.
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { finds } from './processes.ts'

const program = 'redis-server'

/** Starts it; undefined if the machine has none. */
export async function startRedis(folder: string): Promise<(AsyncDisposable & { url: string }) | undefined> {
  if (!finds(program)) return undefined
  const port = await freePort()
  const dir = mkdtempSync(join(folder, 'redis-'))
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  await new Promise<void>((ready, fail) => {
    let printed = ''
    ended.then(() => fail(new Error(`${program} ended: ${printed}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      if (/Ready to accept connections/i.test(printed)) ready()
    })
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}
