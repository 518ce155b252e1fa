// A real server for a document: `latchkey serve` on a free port, in the document's folder.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { repository } from './documents-run.ts'
import { freePort } from './postgres.ts'

export interface DocumentServer {
  /** What it printed until it was ready. */
  greeting: string
  /** Where it is and what opens it: LATCHKEY_URL, LATCHKEY_ADDRESS, and its root key as LATCHKEY_KEY. */
  environment: Record<string, string>
  stop: () => Promise<void>
}

export async function startServer(folder: string, database: string): Promise<DocumentServer> {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const server = spawn(
    process.execPath,
    [join(repository, 'src/cli/main.ts'), 'serve', '--port', String(port), '--database', database],
    { cwd: folder, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let greeting = ''
  let complaints = ''
  server.stdout.on('data', (chunk: Buffer) => {
    greeting += chunk
  })
  server.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk
  })
  const ended = new Promise<never>((_, reject) =>
    server.once('exit', (code) => reject(new Error(`The server ended with ${code}.\n${complaints}`))),
  )
  // Whoever stops it ends it in order, and nobody waits for this any more.
  ended.catch(() => {})
  await Promise.race([answering(address), ended])
  return {
    greeting,
    environment: {
      LATCHKEY_URL: `http://${address}`,
      LATCHKEY_ADDRESS: address,
      LATCHKEY_KEY: /\b[a-z_]+_[0-9A-Za-z]{65}\b/.exec(greeting)?.[0] ?? '',
    },
    stop: async () => {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      if (server.exitCode === null && server.kill('SIGTERM')) await gone
    },
  }
}

async function answering(address: string): Promise<void> {
  for (;;) {
    try {
      if ((await fetch(`http://${address}/readyz`)).ok) return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
