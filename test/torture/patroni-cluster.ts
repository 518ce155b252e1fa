// The cluster of the Patroni torture: etcd, two nodes that replicate synchronously, and a balancer that sends new
// connections to the primary and leaves the old ones alone.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findInstalledPostgres, freePort } from '../setup/postgres.ts'
import { openGate } from './patroni-gate.ts'
import { type Owner, PatroniNode } from './patroni-node.ts'

const startTimeoutMs = 90_000

export interface Cluster {
  folder: string
  nodes: readonly [PatroniNode, PatroniNode]
  /** Names both nodes. */
  directUrl: string
  /** Names the balancer. */
  balancedUrl: string
  /** The node that leads, and the one that follows it synchronously; resolves once there are both. */
  whole(): Promise<{ primary: PatroniNode; standby: PatroniNode }>
  switchOver(from: PatroniNode, to: PatroniNode): Promise<void>
  end(): Promise<void>
}

/** Starts it all on free ports, as the system's user `postgres` if root asks. Throws if it does not come up. */
export async function startCluster(withHaproxy: boolean): Promise<Cluster> {
  const owner = findOwner()
  const programs = findInstalledPostgres()
  if (programs === undefined) throw new Error('No PostgreSQL with its programs below /usr/lib/postgresql.')
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-patroni-'))
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid)
  const helpers: ChildProcess[] = []
  const run = (program: string, args: string[]) => {
    const log = openSync(join(folder, `${program}.log`), 'a')
    const child = spawn(program, args, { ...owner, cwd: folder, stdio: ['ignore', log, log] })
    child.once('error', (error) => console.error(`${program}: ${error.message}`))
    helpers.push(child)
  }
  const [etcdPort, peerPort] = [await freePort(), await freePort()]
  run('etcd', etcdArguments(folder, etcdPort, peerPort))
  const makeNode = async (name: string) => {
    const [port, restPort] = [await freePort(), await freePort()]
    const gates = {
      replication: await openGate(() => port),
      rest: await openGate(() => restPort),
      etcd: await openGate(() => etcdPort),
    }
    return new PatroniNode({ name, folder, programs, owner, port, restPort, gates })
  }
  const nodes = [await makeNode('pg1'), await makeNode('pg2')] as const
  let leader: PatroniNode | undefined
  const balancer = withHaproxy ? undefined : await openGate(() => leader?.place.port)
  const watch = setInterval(async () => {
    const health = await Promise.all(nodes.map((node) => node.is('primary')))
    leader = nodes.find((_, i) => health[i])
  }, 300)
  const end = async () => {
    clearInterval(watch)
    await Promise.all(nodes.map((node) => node.end()))
    for (const child of helpers) child.kill('SIGKILL')
    balancer?.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const haproxyPort = await freePort()
    nodes[0].start()
    await until(() => nodes[0].is('primary'), 'The first node did not become primary.')
    nodes[1].start()
    if (withHaproxy) {
      const path = join(folder, 'haproxy.cfg')
      writeFileSync(path, haproxySettings(haproxyPort, nodes))
      run('haproxy', ['-f', path])
    }
    const address = (node: PatroniNode) => `127.0.0.1:${node.place.port}`
    const cluster: Cluster = {
      folder,
      nodes,
      directUrl: `postgres://postgres@${nodes.map(address).join(',')}/postgres?target_session_attrs=read-write`,
      balancedUrl: `postgres://postgres@127.0.0.1:${balancer?.port ?? haproxyPort}/postgres`,
      whole: async () => {
        let primary: PatroniNode | undefined
        let standby: PatroniNode | undefined
        await until(async () => {
          const leads = await Promise.all(nodes.map((node) => node.is('primary')))
          const follows = await Promise.all(nodes.map((node) => node.is('synchronous')))
          primary = nodes.find((_, i) => leads[i])
          standby = nodes.find((_, i) => follows[i])
          return primary !== undefined && standby !== undefined
        }, 'The cluster did not become whole.')
        return { primary: primary as PatroniNode, standby: standby as PatroniNode }
      },
      switchOver: async (from, to) => {
        const names = ['--master', from.place.name, '--candidate', to.place.name]
        const args = ['-c', from.settingsPath, 'switchover', 'latchkey', ...names, '--force']
        await promisify(execFile)('patronictl', args, { ...owner, cwd: folder, timeout: 60_000 })
      },
      end,
    }
    await cluster.whole()
    return cluster
  } catch (error) {
    await end()
    throw error
  }
}

/** Asks every 200 ms; throws the sentence after a minute and a half. */
async function until(condition: () => Promise<boolean>, sentence: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(sentence)
    await setTimeout(200)
  }
}

function findOwner(): Owner {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function etcdArguments(folder: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  return [
    ['--data-dir', join(folder, 'etcd')],
    ['--listen-client-urls', client, '--advertise-client-urls', client],
    ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ['--initial-cluster', `default=${peer}`, '--unsafe-no-fsync'],
  ].flat()
}

/** Without `on-marked-down shutdown-sessions`: connections stay with a server that is primary no more. */
function haproxySettings(port: number, nodes: readonly PatroniNode[]): string {
  return `defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
listen primary
  bind 127.0.0.1:${port}
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 500ms fall 1 rise 1
${nodes.map(({ place }) => `  server ${place.name} 127.0.0.1:${place.port} check port ${place.restPort}\n`).join('')}`
}
