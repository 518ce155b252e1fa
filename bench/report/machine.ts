// On what, and with which versions, a run was made.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { loader } from '../load.ts'
import { finds } from '../processes.ts'

export interface Machine {
  day: string
  hardware: string
  system: string
  versions: Record<string, string>
}

const peers = ['better-auth', '@better-auth/api-key', 'rate-limiter-flexible', 'ioredis']
const repository = resolve(import.meta.dirname, '../..')

export async function describeMachine(postgresUrl: string): Promise<Machine> {
  const { version: node, versions } = process
  return {
    day: new Date().toISOString().slice(0, 10),
    hardware: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} processors, ${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    system: `${type()} ${release()}`,
    versions: {
      Latchkey: `${versionIn(repository)} at ${commit()}`,
      'Node.js': `${node.slice(1)} (V8 ${versions.v8})`,
      SQLite: new DatabaseSync(':memory:').prepare('select sqlite_version() as version').get()
        ?.version as string,
      PostgreSQL: await postgresVersion(postgresUrl),
      pg: versionIn(join(repository, 'node_modules/pg')),
      ...Object.fromEntries(peers.map((name) => [name, versionIn(peerFolder(name))])),
      Redis: redisVersion(),
      load: loader === 'wrk' ? 'wrk' : `autocannon ${versionIn(peerFolder('autocannon'))}`,
    },
  }
}

async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  await client.end()
  return rows[0]?.server_version ?? 'unknown'
}

function redisVersion(): string {
  if (!finds('redis-server')) return 'not installed'
  return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'
}

function peerFolder(name: string): string {
  return join(import.meta.dirname, '../node_modules', name)
}

function versionIn(folder: string): string {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: repository,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  } catch {
    return 'no commit'
  }
}
