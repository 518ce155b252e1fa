// A process of the model: the real memory, lease and barrier, between a simulated clock and a simulated database.

import { type BarrierLog, waitUntilApplied } from '../../src/coherence/barrier.ts'
import type { StoredSecret } from '../../src/core/stored-secret.ts'
import { type ChangeRow, changesPage, type Look, type OrganizationSequence } from '../../src/store/changes.ts'
import { Tallies } from '../../src/verdict/tally.ts'
import { type FactsSource, Memory } from '../../src/verification/read-through.ts'
import { verify } from '../../src/verification/verify.ts'
import { noDraws } from '../setup/allotments.ts'
import type { ModelKey, World } from './lease-model.ts'
import type { Server } from './lease-model-server.ts'

/** The promise of the documents: no token is found valid later than this after its revocation was acknowledged. */
export const boundMs = 2_000
const timeoutMs = 800
const bounds = { secrets: 5, bytes: 10_000 }
/** Reads within this time share a proof that their server is the primary. */
const proofEveryMs = 150

const unanswered = Symbol('unanswered')

/** One process: it may be paused, cut off, killed, and have its wall clock set. */
export class Process implements FactsSource, BarrierLog {
  readonly pollEveryMs: number
  readonly findFactsNow?: (kid: string) => StoredSecret | undefined
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
    this.#memory = new Memory(
      this,
      this,
      clock,
      bounds,
      { note: () => {}, tallies: new Tallies() },
      newId,
      noDraws,
    )
    // Half of the processes have their database in the same thread.
    if (this.pollEveryMs === 50) this.findFactsNow = (kid) => this.#readNow(kid)
    if (world.breakage === 'overtaken')
      this.#memory.forget = (_, keyId) => this.#memory.cache.forgetKey(keyId)
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
        if (row?.revokedAt === null) {
          server.rows.set(key.kid, { ...row, revokedAt: 1 })
          world.recordChange(key.id)
        }
        return server
      })
      // A database restored meanwhile knows nothing of it.
      const row = world.primary.rows.get(key.kid)
      if (!row || row.revokedAt !== revokedOn.rows.get(key.kid)?.revokedAt) return
      this.#memory.forget('key', key.id)
      if (key.acknowledged === undefined) {
        key.acknowledged = { at: world.time, by: this }
        world.history.revocations++
      }
    } catch {
      this.#memory.forget('key', key.id)
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
    // Whoever remembers a database is not registered in one that took its place; its lease tells it so in time.
    if (this.#dead || restoredAt !== world.restoredAt || begun < restoredAt + boundMs) return
    world.history.barriers++
    for (const key of acknowledged) key.appliedAt ??= world.time
  }

  unresponsive(sequence: number): Promise<string[]> {
    if (this.#world.breakage === 'barrier') return Promise.resolve([])
    return this.#ask((server) =>
      [...server.followers].filter(([, confirmed]) => confirmed < sequence).map(([id]) => id),
    )
  }

  evict(sequence: number): Promise<string[]> {
    return this.#change((server) => {
      const silent = [...server.followers].filter(([, confirmed]) => confirmed < sequence)
      for (const [id] of silent) server.followers.delete(id)
      return silent.map(([id]) => id)
    })
  }

  async findManyFacts(kids: readonly string[]): Promise<StoredSecret[]> {
    const proof = this.#prove()
    const read = this.#ask(({ rows }) => kids.flatMap((kid) => rows.get(kid) ?? []), proof.server)
    read.catch(() => {})
    await proof.done
    return read
  }

  #readNow(kid: string): StoredSecret | undefined {
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
        registered: server.followers.has(follower) ? 1 : 0,
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
          topic: keyId === null ? null : 'key',
          subject_id: keyId,
          organization_id: 'acme',
          organization_sequence: keyId === null ? null : sequence,
          mark: isBlind ? null : mark,
        }))
      if (rows.length === 0)
        rows.push({
          ...shared,
          sequence: null,
          topic: null,
          subject_id: null,
          organization_id: null,
          organization_sequence: null,
          mark: null,
        })
      return rows
    }, proof.server)
    read.catch(() => {})
    await proof.done
    return {
      rows: await read,
      provenMsAgo: Math.max(0, begunAt - proof.begunAt),
    }
  }

  readOrganizationSequence(_: string, at: number): Promise<OrganizationSequence | undefined> {
    return this.#ask((server) => ({
      value: at,
      mark: server.changes.find(({ sequence }) => sequence === at)?.mark ?? null,
    }))
  }

  register(follower: string): Promise<number> {
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

  deregister(follower: string): Promise<void> {
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
