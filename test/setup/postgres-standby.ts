// A standby of a PostgreSQL of a test's own: a copy that replays what the primary writes, and takes no writes itself.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort, type PostgresServer } from './postgres.ts'

export interface Standby {
  url: string
  stop(): Promise<void>
}

/** Copies a primary, with the programs in a folder, and starts the copy as its hot standby on a free port. */
export async function startStandby(primary: PostgresServer, programs: string): Promise<Standby> {
  const { uid, gid } = statSync(primary.data)
  const user = process.getuid?.() === 0 ? { uid, gid } : {}
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-standby-'))
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  for (const path of [folder, data]) if (process.getuid?.() === 0) chownSync(path, uid, gid)
  const url = new URL(primary.url)
  const source = `--dbname=${primary.url}`
  const copy = ['--checkpoint=fast', '--wal-method=stream', '--write-recovery-conf', '--no-sync']
  await promisify(execFile)(join(programs, 'pg_basebackup'), [`--pgdata=${data}`, source, ...copy], {
    ...user,
    cwd: folder,
  })
  url.port = String(await freePort())
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=300']
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', url.port, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: folder, stdio: 'ignore' },
  )
  const stop = async () => {
    await end(server)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReadable(url.href)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: url.href, stop }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGINT')
  await ended
}

async function untilReadable(url: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      return
    } catch (error) {
      if (tries === 200) throw error
      await setTimeout(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
}
