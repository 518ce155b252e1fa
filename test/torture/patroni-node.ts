// One node of the Patroni torture: Patroni and the PostgreSQL that it runs, and what may befall the two.
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Gate } from './patroni-gate.ts'

/** Who runs the programs: PostgreSQL refuses root. */
export interface Owner {
  uid?: number
  gid?: number
}

export interface NodePlace {
  name: string
  folder: string
  programs: string
  owner: Owner
  /** Where clients, and whoever asks for its health, find it. */
  port: number
  restPort: number
  /** The roads by which it is found by the other node, and by which it finds etcd. */
  gates: { replication: Gate; rest: Gate; etcd: Gate }
}

export class PatroniNode {
  readonly place: NodePlace
  #patroni: ChildProcess | undefined
  #stopped: number[] = []

  constructor(place: NodePlace) {
    this.place = place
    writeFileSync(this.settingsPath, settingsOf(place))
  }

  get settingsPath(): string {
    return join(this.place.folder, `${this.place.name}.yml`)
  }

  start(): void {
    const { folder, name, owner } = this.place
    const log = openSync(join(folder, `${name}.log`), 'a')
    this.#patroni = spawn('patroni', [this.settingsPath], {
      ...owner,
      cwd: folder,
      stdio: ['ignore', log, log],
    })
  }

  /** Whether its health check answers 200: `primary`, `synchronous`. */
  async is(role: 'primary' | 'synchronous'): Promise<boolean> {
    const url = `http://127.0.0.1:${this.place.restPort}/${role}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(400) }).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.status === 200
  }

  /** Kills Patroni and the postmaster, as when the machine's power fails. */
  kill(): void {
    this.#signal('SIGKILL', this.#patroniPid(), ...this.#postgresPids())
  }

  /** Stops Patroni, PostgreSQL or both where they are, as when a virtual machine is paused. */
  pause(what: 'all' | 'patroni'): void {
    const pids = [...this.#patroniPid(), ...(what === 'all' ? this.#postgresPids().flat() : [])]
    this.#signal('SIGSTOP', pids)
    this.#stopped = pids
  }

  resume(): void {
    this.#signal('SIGCONT', this.#stopped.reverse())
    this.#stopped = []
  }

  /** Cuts its roads to etcd and to the other node; clients still reach it. */
  cut(): void {
    for (const gate of Object.values(this.place.gates)) gate.cut()
  }

  mend(): void {
    for (const gate of Object.values(this.place.gates)) gate.mend()
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.resume()
    this.mend()
    this.#signal('SIGKILL', this.#patroniPid())
    const pids = this.#postgresPids()
    this.#signal('SIGQUIT', pids.slice(0, 1))
    for (let i = 0; i < 20 && this.#postgresPids().length > 0; i++) await setTimeout(100)
    this.#signal('SIGKILL', this.#postgresPids())
    for (const gate of Object.values(this.place.gates)) gate.close()
  }

  #patroniPid(): number[] {
    const patroni = this.#patroni
    if (patroni?.pid === undefined || patroni.exitCode !== null || patroni.signalCode !== null) return []
    return [patroni.pid]
  }

  /** The postmaster first, then its children. */
  #postgresPids(): number[] {
    try {
      const text = readFileSync(join(this.place.folder, this.place.name, 'postmaster.pid'), 'utf8')
      const postmaster = Number(text.split('\n')[0])
      const command = readFileSync(`/proc/${postmaster}/cmdline`, 'utf8')
      if (!command.includes(join(this.place.folder, this.place.name))) return []
      return [postmaster, ...childrenOf(postmaster)]
    } catch {
      return []
    }
  }

  #signal(signal: NodeJS.Signals, ...pids: (number | number[])[]): void {
    for (const pid of pids.flat()) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended by itself.
      }
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false
      }
    })
}

/** Patroni reads YAML, of which JSON is a part. */
function settingsOf({ name, folder, programs, port, restPort, gates }: NodePlace): string {
  return JSON.stringify({
    scope: 'latchkey',
    name,
    restapi: { listen: `127.0.0.1:${restPort}`, connect_address: `127.0.0.1:${gates.rest.port}` },
    // By the gate alone: Patroni would ask etcd for its own address, and go there past the cut.
    etcd3: { hosts: [`127.0.0.1:${gates.etcd.port}`], use_proxies: true },
    bootstrap: {
      dcs: {
        ttl: 10,
        loop_wait: 2,
        retry_timeout: 3,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: true,
        postgresql: { use_pg_rewind: true, parameters: { wal_keep_size: '64MB' } },
      },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums', { 'auth-local': 'trust' }, { 'auth-host': 'trust' }],
      pg_hba: [
        'local all all trust',
        'host all all 127.0.0.1/32 trust',
        'host replication all 127.0.0.1/32 trust',
      ],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${gates.replication.port}`,
      data_dir: join(folder, name),
      bin_dir: programs,
      pgpass: join(folder, `${name}.pgpass`),
      authentication: {
        superuser: { username: 'postgres' },
        replication: { username: 'replicator' },
        rewind: { username: 'postgres' },
      },
      // No power fails here: what a killed process wrote is with the system.
      parameters: { unix_socket_directories: folder, max_connections: 100, fsync: 'off' },
    },
  })
}
