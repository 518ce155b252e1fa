// A model of several processes on one database and all that can go wrong between them. The memory, the lease, the
// verification and the barrier are the real ones; clocks, store and bus are simulated. One seed, one history.
import { type BarrierStore, waitUntilApplied } from '../../src/barrier.ts'
import { digestToken } from '../../src/digest.ts'
import { type FactsSource, Memory } from '../../src/memory.ts'
import { type ChangeRow, changesPage } from '../../src/store/changes.ts'
import type { FactsRow } from '../../src/store/facts.ts'
import { assembleToken } from '../../src/token.ts'
import { verify } from '../../src/verify.ts'
import { mulberry32 } from '../setup/chance.ts'

/** The promise of `docs`: no token is found valid later than this after its revocation was acknowledged. */
const boundMs = 2_000
const historyMs = 12_000
const timeoutMs = 800
const keptChanges = 6
const bounds = { secrets: 5, bytes: 10_000 }

/** The model's database is never restored. */
const unmarked = { identity: '', mark: null, since_mark: null }

/** What may be taken out of Latchkey, to see that the model misses it. */
export type Breakage = 'lease' | 'clock' | 'log' | 'barrier' | 'overtaken' | 'pause'

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
  row: FactsRow
  /** When, and to which process, its revocation was acknowledged. */
  acknowledged: { at: number; by: Process } | undefined
  /** When a barrier after that said that it is applied everywhere. */
  appliedAt: number | undefined
}

/** Runs one history of three processes to its end, or to the first violation. */
export async function simulate(seed: number, breakage?: Breakage): Promise<History> {
  const world = new World(seed, breakage)
  await world.run()
  return world.history
}

class World {
  readonly random: () => number
  readonly breakage: Breakage | undefined
  readonly history: History = { verdicts: 0, valid: 0, revocations: 0, barriers: 0, violation: undefined }
  readonly processes: Process[]
  readonly keys: ModelKey[] = []
  time = 0
  #events: { time: number; order: number; run: () => void }[] = []
  #order = 0
  // The database: whether it answers, its log of changes, and who follows them.
  up = true
  last = 0
  readonly changes: { sequence: number; keyId: string | null }[] = []
  readonly followers = new Map<string, number>()

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
    this.last++
    this.changes.push({ sequence: this.last, keyId })
    if (this.changes.length > keptChanges) this.changes.shift()
    for (const process of this.processes) {
      for (let copies = this.pick([0, 1, 1, 1, 2]); copies > 0; copies--) {
        this.at(this.chance(0.9) ? this.between(0, 20) : this.between(0, 3_000), () => process.hint())
      }
    }
    return this.last
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
    this.keys.push({ id: row.key_id, kid, token, row, acknowledged: undefined, appliedAt: undefined })
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
      else if (dice < 0.97) process.setClock(this.pick([-86_400_000, 86_400_000, 1_500, -1_500]))
      else process.kill()
      this.#keepMeddling()
    })
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

  constructor(world: World, number: number) {
    this.#world = world
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

  kill(): void {
    this.#dead = true
  }

  hint(): void {
    if (!this.#cutOff) this.deliver(this.#hints)
  }

  async judge(key: ModelKey): Promise<void> {
    const world = this.#world
    const begun = world.time
    const revokedHere = key.acknowledged?.by === this
    const { appliedAt } = key
    const verdict = await verify(this.#memory, key.token).catch(() => undefined)
    if (verdict === undefined || this.#dead) return
    world.history.verdicts++
    if (!verdict.valid) return
    world.history.valid++
    const late = key.acknowledged === undefined ? 0 : world.time - key.acknowledged.at
    if (late > boundMs)
      this.#violate(key, `valid ${late.toFixed(0)} ms after its revocation was acknowledged`)
    if (revokedHere) this.#violate(key, 'valid in the process that had revoked it')
    if (appliedAt !== undefined)
      this.#violate(key, `valid at ${begun.toFixed(0)}, applied everywhere at ${appliedAt.toFixed(0)}`)
  }

  async revoke(key: ModelKey): Promise<void> {
    const world = this.#world
    try {
      await this.#ask(() => {
        if (key.row.revoked_at !== null) return
        key.row = { ...key.row, revoked_at: 1 }
        world.recordChange(key.id)
      })
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
    return this.#ask(() => this.#world.recordChange(null))
  }

  async waitUntilApplied(): Promise<void> {
    const world = this.#world
    const acknowledged = world.keys.filter((key) => key.acknowledged !== undefined)
    await waitUntilApplied(this, this.#memory.clock)
    if (this.#dead) return
    world.history.barriers++
    for (const key of acknowledged) key.appliedAt ??= world.time
  }

  silentFollowers(sequence: number): Promise<string[]> {
    if (this.#world.breakage === 'barrier') return Promise.resolve([])
    return this.#ask(() =>
      [...this.#world.followers].filter(([, confirmed]) => confirmed < sequence).map(([id]) => id),
    )
  }

  dismissSilent(sequence: number): Promise<string[]> {
    return this.#ask(() => {
      const silent = [...this.#world.followers].filter(([, confirmed]) => confirmed < sequence)
      for (const [id] of silent) this.#world.followers.delete(id)
      return silent.map(([id]) => id)
    })
  }

  findManyFacts(kids: readonly string[]): Promise<FactsRow[]> {
    return this.#ask(() => this.#world.keys.filter(({ kid }) => kids.includes(kid)).map(({ row }) => row))
  }

  #readNow(kid: string): FactsRow | undefined {
    const { up, keys } = this.#world
    if (!up || this.#cutOff) throw new Error('unreachable')
    return keys.find((key) => key.kid === kid)?.row
  }

  readChanges(since: number, follower: string): Promise<ChangeRow[]> {
    const world = this.#world
    return this.#ask(() => {
      const enlisted = world.followers.has(follower) ? 1 : 0
      const rows = world.changes
        .filter(({ sequence }) => sequence > since)
        .slice(0, changesPage)
        .map(({ sequence, keyId }) => ({
          last: world.last,
          enlisted,
          sequence,
          key_id: keyId,
          organization_id: 'acme',
          ...unmarked,
        }))
      if (world.breakage === 'log')
        return [{ last: since, enlisted, sequence: null, key_id: null, organization_id: null, ...unmarked }]
      return rows.length > 0
        ? rows
        : [{ last: world.last, enlisted, sequence: null, key_id: null, organization_id: null, ...unmarked }]
    })
  }

  enlist(follower: string): Promise<number> {
    return this.#ask(() => {
      this.#world.followers.set(follower, this.#world.last)
      return this.#world.last
    })
  }

  confirm(follower: string, sequence: number): Promise<boolean> {
    return this.#ask(() => {
      if (!this.#world.followers.has(follower)) return false
      this.#world.followers.set(follower, sequence)
      return true
    })
  }

  dismiss(follower: string): Promise<void> {
    return this.#ask(() => {
      this.#world.followers.delete(follower)
    })
  }

  listen(hint: () => void): () => void {
    this.#hints = hint
    return () => {}
  }

  /** A question to the database: it may be lost on its way, or its answer may, or both take their time. */
  #ask<T>(work: () => T): Promise<T> {
    const world = this.#world
    const travel = () => (world.chance(0.95) ? world.between(0.1, 10) : world.between(10, 900))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    world.at(timeoutMs, () => this.deliver(() => reject(new Error('timeout'))))
    if (this.#cutOff || world.chance(0.01)) return promise
    world.at(travel(), () => {
      if (!world.up) return
      const answer = work()
      if (this.#cutOff || world.chance(0.01)) return
      world.at(travel(), () => this.deliver(() => resolve(answer)))
    })
    return promise
  }

  #violate(key: ModelKey, what: string): void {
    this.#world.history.violation ??= `${key.id} at ${this.#world.time.toFixed(0)} ms: ${what}`
  }
}
