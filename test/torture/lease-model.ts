// A model of several processes on one database and all that can go wrong between them. The memory, the lease, the
// verification and the barrier are the real ones; clocks, store and bus are simulated. One seed, one history.

import type { StoredSecret } from '../../src/core/stored-secret.ts'
import { assembleToken } from '../../src/core/token.ts'
import { digestToken } from '../../src/verification/digest.ts'
import { mulberry32 } from '../setup/chance.ts'
import { unbound } from '../setup/unbound.ts'
import { Process } from './lease-model-process.ts'
import { Server } from './lease-model-server.ts'

const historyMs = 12_000

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

/** A key, and what was said of its revocation. */
export interface ModelKey {
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

/** The database, the bus, the time and the bad luck that all processes share. */
export class World {
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
    const row: StoredSecret = {
      ...unbound,
      limits: null,
      kid,
      digest: digestToken(token),
      graceEndsAt: null,
      endedAt: null,
      keyId: `key-${number}`,
      organizationId: 'acme',
      name: 'CI',
      permissions: '[]',
      metadata: '{}',
      expiresAt: null,
      revokedAt: null,
    }
    this.primary.rows.set(kid, row)
    this.keys.push({ id: row.keyId, kid, token, acknowledged: undefined, appliedAt: undefined })
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
    if (row) restored.rows.set(revoked.kid, { ...row, revokedAt: 1 })
    restored.recordChange(revoked.id)
    while (restored.last < this.primary.last) restored.recordChange(null)
    this.primary.isDeposed = true
    this.primary = restored
    this.former = restored
    this.restoredAt = this.time
    for (const key of this.keys) {
      const row = restored.rows.get(key.kid)
      // What was revoked after the backup is valid again: that is what a restore means.
      if (!row || row.revokedAt === null)
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
