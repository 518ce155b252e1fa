// The load of the Patroni torture: several processes of Latchkey, what they were told, and what that must come to.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Order, Report, Word } from './patroni-child.ts'

/** A revoked token is verified for so long after the acknowledgement. */
const watchRevokedMs = 8_000

/** A key as its process was told of it, by the machine's monotonic clock in milliseconds. */
export interface ToldKey {
  id: string
  token: string
  process: string
  createdAt: number
  revokedAt: number | undefined
  appliedAt: number | undefined
}

/** What one round came to. */
export interface Findings {
  created: number
  revoked: number
  verifications: number
  refused: number
  failures: Record<string, number>
  /** The latest that a key was found valid after the acknowledgement of its revocation; negative if never after it. */
  worstAcceptMs: number
  /** A sentence each, naming what was broken. */
  violations: string[]
}

export class Load {
  readonly #children = new Map<string, ChildProcess>()
  readonly #reports = new Map<number, (report: Report) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** The names of the processes that change something. */
  readonly processes: string[] = []
  readonly keys = new Map<string, ToldKey>()
  #number = 0

  /** Starts a process on a database; it remembers so many secrets at the most, 0 for the default. */
  async start(
    name: string,
    database: string,
    cachedSecrets: number,
    changes: 'some' | 'none' = 'some',
  ): Promise<void> {
    const path = join(import.meta.dirname, 'patroni-child.ts')
    const child = spawn(process.execPath, [path, database, String(cachedSecrets), changes], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin?.on('error', () => {})
    this.#children.set(name, child)
    if (changes === 'some') this.processes.push(name)
    const lines = createInterface(child.stdout as NodeJS.ReadableStream)
    lines.on('line', (line) => this.#hear(name, JSON.parse(line) as Word))
    await once(lines, 'line')
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const child of this.#children.values()) child.kill('SIGKILL')
  }

  /** When a process was first told of a created key after an instant; undefined if not yet. */
  firstCreation(name: string, instant: number): number | undefined {
    const told = [...this.keys.values()].filter(
      ({ process, createdAt }) => process === name && createdAt >= instant,
    )
    return told.length === 0 ? undefined : Math.min(...told.map(({ createdAt }) => createdAt))
  }

  /** Judges what was seen since the last call; counts the keys from an instant on. */
  async judge(since: number): Promise<Findings> {
    const findings: Findings = {
      created: 0,
      revoked: 0,
      verifications: 0,
      refused: 0,
      failures: {},
      worstAcceptMs: Number.NEGATIVE_INFINITY,
      violations: [],
    }
    for (const [name, child] of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The process ${name} has ended.`)
      const number = this.#number++
      const answer = new Promise<Report>((resolve) => this.#reports.set(number, resolve))
      this.#tell(child, { report: number })
      this.#judgeReport(name, await answer, findings)
    }
    const keys = [...this.keys.values()]
    findings.created = keys.filter(({ createdAt }) => createdAt >= since).length
    findings.revoked = keys.filter(({ revokedAt = 0 }) => revokedAt >= since).length
    return findings
  }

  #judgeReport(name: string, report: Report, findings: Findings): void {
    findings.verifications += report.verifications
    findings.refused += report.refused
    for (const [code, count] of Object.entries(report.failures))
      findings.failures[code] = (findings.failures[code] ?? 0) + count
    for (const { token, begunAt, at } of report.sights) {
      const key = this.keys.get(token)
      if (key?.revokedAt === undefined || at === 0) continue
      const late = at - key.revokedAt
      findings.worstAcceptMs = Math.max(findings.worstAcceptMs, late)
      if (late > 2_000)
        findings.violations.push(
          `${name} accepted ${key.id} ${late.toFixed(0)} ms after ${key.process} was told that it is revoked.`,
        )
      if (key.process === name && begunAt > key.revokedAt)
        findings.violations.push(`${name} accepted ${key.id}, which it had revoked itself.`)
      if (key.appliedAt !== undefined && begunAt > key.appliedAt)
        findings.violations.push(`${name} accepted ${key.id} after its revocation was applied everywhere.`)
    }
  }

  #hear(process: string, word: Word): void {
    if (word.kind === 'ready') return
    if (word.kind === 'report') {
      this.#reports.get(word.number)?.(word)
      return
    }
    if (word.kind === 'created') {
      const { id, token, at: createdAt } = word
      this.keys.set(token, { id, token, process, createdAt, revokedAt: undefined, appliedAt: undefined })
      for (const child of this.#children.values()) this.#tell(child, { watch: token })
      return
    }
    const key = this.keys.get(word.token)
    if (key === undefined) return
    if (word.kind === 'applied') {
      key.appliedAt = word.at
      return
    }
    key.revokedAt = word.at
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      for (const child of this.#children.values()) this.#tell(child, { forget: key.token })
    }, watchRevokedMs)
    this.#timers.add(timer)
  }

  #tell(child: ChildProcess, order: Order): void {
    child.stdin?.write(`${JSON.stringify(order)}\n`)
  }
}
