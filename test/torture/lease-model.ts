// A model of several processes on one database and all that can go wrong between them. The memory, the lease, the
// verification and the barrier are the real ones; clocks, store and bus are simulated. One seed, one history.
import { type BarrierStore, waitUntilApplied } from '../../src/barrier.ts'
import { digestToken } from '../../src/digest.ts'
import { type FactsSource, Memory } from '../../src/memory.ts'
import { type ChangeRow, changesPage, type Look } from '../../src/store/changes.ts'
import type { FactsRow } from '../../src/store/facts.ts'
import { assembleToken } from '../../src/token.ts'
import { verify } from '../../src/verify.ts'
import { mulberry32 } from '../setup/chance.ts'
import { Server } from './lease-model-server.ts'

/** The promise of `docs`: no token is found valid later than this after its revocation was acknowledged. */
const boundMs = 2_000
const historyMs = 12_000
const timeoutMs = 800
const bounds = { secrets: 5, bytes: 10_000 }
/** Reads within this time share a proof that their server is the primary. */
const proofEveryMs = 150

/** What may be taken out of Latchkey, to see that the model misses it. */
export type Breakage = 'lease' | 'clock' | 'log' | 'barrier' | 'overtaken' | 'pause' | 'proof' | 'identity'

/** What one history came to. A violation says what happened and when. */
export interface History {
  verdicts: number
  valid: number
  revocations: number
  barriers: number
  violation: string | undefined
}

interface ModelKey {
  id: string
  kid: string
  token: string
  /** When, and to which process, its revocation was acknowledged. */
  acknowledged: { at: number; by: Process | undefined } | undefined
  /** When a barrier after that said that it is applied everywhere. */
  appliedAt: number | undefined
}

/** Runs one history of three processes to its end, or to the first violation. */
export async function simulate(seed: number, breakage?: Breakage): Promise<History> {
  const world = new World(seed, breakage)
  await world.run()
  return world.history
}

const unanswered = Symbol('unanswered')

class World {
  readonly random: () => number
  readonly breakage: Breakage | undefined
  readonly history: History = { verdicts: 0, valid: 0, revocations: 0, barriers: 0, violation: undefined }
  readonly processes: Process[]
  readonly keys: ModelKey[] = []
  time = 0
  #events: { time: number; order: number; run: () => void }[] = []
  #order = 0
  // The database: whether it answers, the server that has it now, the one that had it before, and a backup.
  up = true
  primary = new Server('0')
  former = this.primary
  restoredAt = Number.NEGATIVE_INFINITY
  #servers = 1
  #backup = new Server('backup', this.primary)

  constructor(seed: number, breakage: Breakage | undefined) {
    this.random = mulberry32(seed)
    this.breakage = breakage
    this.processes = [0, 1, 2].map((number) => new Process(this, number))
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T
  }

  at(delay: number, run: () => void): void {
    this.#events.push({ time: this.time + delay, order: this.#order++, run })
  }

  async run(): Promise<void> {
    for (let i = 0; i < 4; i++) this.#addKey()
    for (const process of this.processes) this.#keepVerifying(process)
    this.#keepMeddling()
    while (this.time < historyMs && this.history.violation === undefined) {
      const next = this.#takeNext()
      this.time = next.time
      next.run()
      await new Promise(setImmediate)
    }
    for (const process of this.processes) process.kill()
  }

  /** Records a change in the database, and lets the bus lose, delay, repeat and reorder the word of it. */
  recordChange(keyId: string | null): number {
    const sequence = this.primary.recordChange(keyId)
    for (const process of this.processes) {
      for (let copies = this.pick([0, 1, 1, 1, 2]); copies > 0; copies--) {
        this.at(this.chance(0.9) ? this.between(0, 20) : this.between(0, 3_000), () => process.hint())
      }
    }
    return sequence
  }

  #takeNext(): { time: number; run: () => void } {
    let best = 0
    for (let i = 1; i < this.#events.length; i++) {
      const [a, b] = [this.#events[i], this.#events[best]] as const
      if (a && b && (a.time < b.time || (a.time === b.time && a.order < b.order))) best = i
    }
    return this.#events.splice(best, 1)[0] as { time: number; run: () => void }
  }

  #addKey(): void {
    const number = this.keys.length
    const kid = `kid${String(number).padStart(13, '0')}`
    const token = assembleToken('re', kid, new Uint8Array(32).fill(number))
    const row: FactsRow = {
      kid,
      digest: digestToken(token),
      grace_ends_at: null,
      ended_at: null,
      key_id: `key-${number}`,
      organization_id: 'acme',
      name: 'CI',
      permissions: '[]',
      metadata: '{}',
      expires_at: null,
      revoked_at: null,
    }
    this.primary.rows.set(kid, row)
    this.keys.push({ id: row.key_id, kid, token, acknowledged: undefined, appliedAt: undefined })
  }

  #keepVerifying(process: Process): void {
    this.at(this.between(5, 60), () => {
      for (const key of this.keys.slice(-6)) process.deliver(() => void process.judge(key))
      this.#keepVerifying(process)
    })
  }

  #keepMeddling(): void {
    this.at(this.between(20, 400), () => {
      const process = this.pick(this.processes)
      const dice = this.random()
      if (dice < 0.3) process.deliver(() => void process.revoke(this.pick(this.keys)))
      else if (dice < 0.4) this.#addKey()
      else if (dice < 0.5) process.deliver(() => void process.waitUntilApplied())
      else if (dice < 0.65) process.pause(this.between(100, 5_000))
      else if (dice < 0.78) process.partition(this.between(100, 4_000))
      else if (dice < 0.84) this.#outage(this.between(100, 3_000))
      else if (dice < 0.89) this.#failOver()
      else if (dice < 0.92) this.#restore()
      else if (dice < 0.95) this.#backup = new Server('backup', this.primary)
      else if (dice < 0.985) process.setClock(this.pick([-86_400_000, 86_400_000, 1_500, -1_500]))
      else process.kill()
      this.#keepMeddling()
    })
  }

  /** A standby that has all that was acknowledged takes over; some processes stay with the old one for a while. */
  #failOver(): void {
    this.primary.isDeposed = true
    this.former = this.primary
    this.primary = new Server(String(this.#servers++), this.primary)
    for (const process of this.processes) if (this.chance(0.5)) process.moveTo(this.primary)
  }

  /** The backup takes the database's place; a key is revoked in it, and its counter catches up before anyone looks. */
  #restore(): void {
    const restored = new Server(String(this.#servers++), this.#backup)
    const revoked = this.pick(this.keys)
    const row = restored.rows.get(revoked.kid)
    if (row) restored.rows.set(revoked.kid, { ...row, revoked_at: 1 })
    restored.recordChange(revoked.id)
    while (restored.last < this.primary.last) restored.recordChange(null)
    this.primary.isDeposed = true
    this.primary = restored
    this.former = restored
    this.restoredAt = this.time
    for (const key of this.keys) {
      const row = restored.rows.get(key.kid)
      // What was revoked after the backup is valid again: that is what a restore means.
      if (!row || row.revoked_at === null)
        Object.assign(key, { acknowledged: undefined, appliedAt: undefined })
    }
    if (row) revoked.acknowledged ??= { at: this.time, by: undefined }
    for (const process of this.processes) process.moveTo(restored)
  }

  #outage(length: number): void {
    this.up = false
    this.at(length, () => {
      this.up = true
    })
  }
}

/** One process: it may be paused, cut off, killed, and have its wall clock set. */
class Process implements FactsSource, BarrierStore {
  readonly pollEveryMs: number
  readonly findFactsNow?: (kid: string) => FactsRow | undefined
  readonly #world: World
  readonly #memory: Memory
  readonly #uptime: number
  #wallOffset = 1_800_000_000_000
  #pausedUntil = 0
  #inbox: (() => void)[] = []
  #cutOff = false
  #dead = false
  #hints: () => void = () => {}
  #ids = 0
  #server: Server
  #proof: { server: Server; begunAt: number; done: Promise<void> } | undefined

  constructor(world: World, number: number) {
    this.#world = world
    this.#server = world.primary
    this.pollEveryMs = world.pick([50, 400])
    this.#uptime = world.between(0, 1e9)
    const clock = {
      now: () => world.time + this.#wallOffset,
      monotonic: () => world.time + (world.breakage === 'clock' ? this.#wallOffset : this.#uptime),
      after: (delay: number, callback: () => void) => {
        let off = false
        world.at(delay, () => this.deliver(() => off || callback()))
        return () => {
          off = true
        }
      },
    }
    const newId = () => `process-${number}-${this.#ids++}`
    this.#memory = new Memory(this, clock, bounds, { note: () => {} }, newId)
    // Half of the processes have their database in the same thread.
    if (this.pollEveryMs === 50) this.findFactsNow = (kid) => this.#readNow(kid)
    if (world.breakage === 'overtaken')
      this.#memory.forgetKey = (keyId) => this.#memory.cache.forgetKey(keyId)
    if (world.breakage === 'pause') {
      const read = this.#memory.read.bind(this.#memory)
      this.#memory.read = async (kid) => ({ ...(await read(kid)), begunAt: clock.monotonic() })
    }
    if (world.breakage === 'lease') this.#memory.follower.lease.holds = () => true
  }

  /** Runs something in this process, once it is not paused any more. */
  deliver(run: () => void): void {
    if (this.#dead) return
    if (this.#world.time < this.#pausedUntil) this.#inbox.push(run)
    else run()
  }

  pause(length: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#world.time + length)
    this.#world.at(this.#pausedUntil - this.#world.time, () => {
      if (this.#world.time < this.#pausedUntil) return
      // Timers and answers that came meanwhile are seen in any order.
      const waiting = this.#inbox.sort(() => this.#world.random() - 0.5)
      this.#inbox = []
      for (const run of waiting) this.deliver(run)
    })
  }

  partition(length: number): void {
    this.#cutOff = true
    this.#world.at(length, () => {
      this.#cutOff = false
    })
  }

  setClock(step: number): void {
    this.#wallOffset += step
  }

  /** Where its connections lead from now on. */
  moveTo(server: Server): void {
    this.#server = server
  }

  kill(): void {
    this.#dead = true
  }

  hint(): void {
    if (!this.#cutOff) this.deliver(this.#hints)
  }

  async judge(key: ModelKey): Promise<void> {
    const world = this.#world
    const begun = world.time
    const { acknowledged, appliedAt } = key
    const verdict = await verify(this.#memory, key.token).catch(() => undefined)
    if (verdict === undefined || this.#dead) return
    world.history.verdicts++
    if (!verdict.valid) return
    world.history.valid++
    const late = key.acknowledged === undefined ? 0 : world.time - key.acknowledged.at
    if (late > boundMs)
      this.#violate(key, `valid ${late.toFixed(0)} ms after its revocation was acknowledged`)
    // A database that was restored meanwhile has taken both back.
    if (acknowledged?.by === this && key.acknowledged === acknowledged)
      this.#violate(key, 'valid in the process that had revoked it')
    if (appliedAt !== undefined && key.appliedAt === appliedAt)
      this.#violate(key, `valid at ${begun.toFixed(0)}, applied everywhere at ${appliedAt.toFixed(0)}`)
  }

  async revoke(key: ModelKey): Promise<void> {
    const world = this.#world
    try {
      const revokedOn = await this.#change((server) => {
        const row = server.rows.get(key.kid)
        if (row?.revoked_at === null) {
          server.rows.set(key.kid, { ...row, revoked_at: 1 })
          world.recordChange(key.id)
        }
        return server
      })
      // A database restored meanwhile knows nothing of it.
      const row = world.primary.rows.get(key.kid)
      if (!row || row.revoked_at !== revokedOn.rows.get(key.kid)?.revoked_at) return
      this.#memory.forgetKey(key.id)
      if (key.acknowledged === undefined) {
        key.acknowledged = { at: world.time, by: this }
        world.history.revocations++
      }
    } catch {
      this.#memory.forgetKey(key.id)
    }
  }

  /** Asks for a barrier; what was acknowledged before must then be refused by all who are asked. */
  async raiseBarrier(): Promise<number> {
    return this.#change(() => this.#world.recordChange(null))
  }

  async waitUntilApplied(): Promise<void> {
    const world = this.#world
    const { restoredAt } = world
    const begun = world.time
    const acknowledged = world.keys.filter((key) => key.acknowledged !== undefined)
    await waitUntilApplied(this, this.#memory.clock)
    // Whoever remembers a database is not enlisted in one that took its place; its lease tells it so in time.
    if (this.#dead || restoredAt !== world.restoredAt || begun < restoredAt + boundMs) return
    world.history.barriers++
    for (const key of acknowledged) key.appliedAt ??= world.time
  }

  silentFollowers(sequence: number): Promise<string[]> {
    if (this.#world.breakage === 'barrier') return Promise.resolve([])
    return this.#ask((server) =>
      [...server.followers].filter(([, confirmed]) => confirmed < sequence).map(([id]) => id),
    )
  }

  dismissSilent(sequence: number): Promise<string[]> {
    return this.#change((server) => {
      const silent = [...server.followers].filter(([, confirmed]) => confirmed < sequence)
      for (const [id] of silent) server.followers.delete(id)
      return silent.map(([id]) => id)
    })
  }

  async findManyFacts(kids: readonly string[]): Promise<FactsRow[]> {
    const proof = this.#prove()
    const read = this.#ask(({ rows }) => kids.flatMap((kid) => rows.get(kid) ?? []), proof.server)
    read.catch(() => {})
    await proof.done
    return read
  }

  #readNow(kid: string): FactsRow | undefined {
    const { up, primary } = this.#world
    if (!up || this.#cutOff) throw new Error('unreachable')
    return primary.rows.get(kid)
  }

  async readChanges(since: number, follower: string): Promise<Look> {
    const { breakage } = this.#world
    const isBlind = breakage === 'identity'
    const begunAt = this.#world.time
    const proof = this.#prove()
    const read = this.#ask((server) => {
      const shared = {
        last: breakage === 'log' ? since : server.last,
        enlisted: server.followers.has(follower) ? 1 : 0,
        identity: isBlind ? '' : server.identity,
        since_mark:
          (isBlind ? undefined : server.changes.find((change) => change.sequence === since)?.mark) ?? null,
        oldest_compatible: 0,
      }
      const rows: ChangeRow[] = server.changes
        .filter(({ sequence }) => sequence > since && breakage !== 'log')
        .slice(0, changesPage)
        .map(({ sequence, keyId, mark }) => ({
          ...shared,
          sequence,
          key_id: keyId,
          organization_id: 'acme',
          mark: isBlind ? null : mark,
        }))
      if (rows.length === 0)
        rows.push({ ...shared, sequence: null, key_id: null, organization_id: null, mark: null })
      return rows
    }, proof.server)
    read.catch(() => {})
    await proof.done
    return {
      rows: await read,
      provenMsAgo: Math.max(0, begunAt - proof.begunAt),
    }
  }

  enlist(follower: string): Promise<number> {
    return this.#change((server) => {
      server.followers.set(follower, server.last)
      return server.last
    })
  }

  confirm(follower: string, sequence: number): Promise<boolean> {
    return this.#change((server) => {
      if (!server.followers.has(follower)) return false
      server.followers.set(follower, sequence)
      return true
    })
  }

  dismiss(follower: string): Promise<void> {
    return this.#change((server) => {
      server.followers.delete(follower)
    })
  }

  listen(hint: () => void): () => void {
    this.#hints = hint
    return () => {}
  }

  /** The proof that the server is the primary: a change of nothing. */
  #prove(): { server: Server; begunAt: number; done: Promise<void> } {
    const { time, breakage } = this.#world
    const last = this.#proof
    if (last && last.server === this.#server && time - last.begunAt < proofEveryMs) return last
    const done = breakage === 'proof' ? Promise.resolve() : this.#change(() => {})
    done.catch(() => {})
    this.#proof = { server: this.#server, begunAt: time, done }
    return this.#proof
  }

  /** A change: a server that is deposed takes it, and nobody acknowledges it. */
  #change<T>(work: (server: Server) => T): Promise<T> {
    return this.#ask((server) => (server.isDeposed ? unanswered : work(server)))
  }

  /** A question to the database: it may be lost on its way, or its answer may, or both take their time. */
  async #ask<T>(work: (server: Server) => T | typeof unanswered, server = this.#server): Promise<T> {
    const world = this.#world
    const travel = () => (world.chance(0.95) ? world.between(0.1, 10) : world.between(10, 900))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isSettled = false
    const fail = () => {
      if (isSettled) return
      // A connection that failed is made anew, and may lead to the old server again, which was only paused.
      if (this.#server === server) this.#server = world.chance(0.8) ? world.primary : world.former
      reject(new Error('timeout'))
    }
    world.at(timeoutMs, () => this.deliver(fail))
    if (this.#cutOff || world.chance(0.01)) return promise
    world.at(travel(), () => {
      if (!world.up) return
      const answer = work(server)
      if (answer === unanswered || this.#cutOff || world.chance(0.01)) return
      world.at(travel(), () =>
        this.deliver(() => {
          isSettled = true
          resolve(answer)
        }),
      )
    })
    return promise
  }

  #violate(key: ModelKey, what: string): void {
    this.#world.history.violation ??= `${key.id} at ${this.#world.time.toFixed(0)} ms: ${what}`
  }
}
