// Connections that are lent to one asker at a time. Ours and not pg-pool's, because a failed connection makes the
// others suspect, and because a role with few connections must share them instead of failing.
import type pg from 'pg'
import {
  type ConnectOptions,
  endClient,
  type PostgresClient,
  type PostgresConnector,
  renewPlans,
} from './postgres-connection.ts'

const idleMs = 10_000
/** How long a pool does with fewer connections after the server had no more for it. */
const modestMs = 10_000

/** A connection that is lent; it is given back by `release`, once. */
export interface LentClient {
  client: PostgresClient
  /** What has made it. */
  connector: PostgresConnector
  release(): void
}

export interface PoolOptions extends ConnectOptions {
  /** How many connections there are at the most. */
  max: number
  /** Where to borrow if the server has no connection left for this pool. */
  orElse?: ConnectionPool
}

/** Lends connections, makes them as they are needed, and throws away those that broke or became suspect. */
export class ConnectionPool {
  /** How long an asker waits for a connection. */
  timeoutMs: number
  /** Called when the server has fewer connections for this role than Latchkey would use. */
  onScarcity: () => void = () => {}
  readonly #connector: PostgresConnector
  readonly #options: PoolOptions
  readonly #idle: { client: PostgresClient; timer: NodeJS.Timeout }[] = []
  readonly #waiting: ((lent: LentClient | undefined) => void)[] = []
  /** Those that are lent, idle or being made. */
  #open = 0
  #max: number
  #modestUntil = 0
  #closed = false
  #onEmpty: (() => void) | undefined

  constructor(connector: PostgresConnector, options: PoolOptions) {
    this.#connector = connector
    this.#options = options
    this.#max = options.max
    this.timeoutMs = options.timeoutMs
  }

  /** Lends a connection, the idle one that was used last if there is one. Throws if there is none in time. */
  async acquire(): Promise<LentClient> {
    const deadline = performance.now() + this.timeoutMs
    for (;;) {
      if (this.#closed) throw new Error('The database is closed.')
      const client = this.#takeIdle()
      if (client) return this.#lend(client)
      const isModest = performance.now() < this.#modestUntil
      if (!isModest) this.#max = this.#options.max
      // Asking again and again for what the server has none left of would only burden it.
      else if (this.#open === 0 && this.#options.orElse) return this.#options.orElse.acquire()
      if (this.#open < this.#max) {
        const lent = await this.#makeOrBorrow(deadline)
        if (lent) return lent
        if (this.#options.orElse) return this.#options.orElse.acquire()
        // One may have come back meanwhile, when nobody waited for it.
        continue
      }
      const lent = await this.#wait(deadline)
      if (lent) return lent
    }
  }

  /** Ends all connections; resolves when those that are lent are back. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { client, timer } of this.#idle.splice(0)) {
      clearTimeout(timer)
      this.#end(client)
    }
    for (const wake of this.#waiting.splice(0)) wake(undefined)
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
  }

  #takeIdle(): PostgresClient | undefined {
    for (;;) {
      const entry = this.#idle.pop()
      if (!entry) return undefined
      clearTimeout(entry.timer)
      if (this.#isGood(entry.client)) return entry.client
      this.#end(entry.client)
    }
  }

  /** Makes a connection, or takes one that comes back before it is made: a way to the server may be long, and its door slow. */
  async #makeOrBorrow(deadline: number): Promise<LentClient | undefined> {
    const making = this.#make(deadline)
    // None is lent that could come back.
    if (this.#open === 1) return making
    const { promise, resolve, reject } = Promise.withResolvers<LentClient | undefined>()
    let isServed = false
    const wake = (lent: LentClient | undefined) => {
      // That there is room for another one is for those who make none yet.
      if (lent === undefined) this.#waiting.shift()?.(undefined)
      else {
        isServed = true
        resolve(lent)
      }
    }
    this.#waiting.push(wake)
    const leave = () => {
      const place = this.#waiting.indexOf(wake)
      if (place >= 0) this.#waiting.splice(place, 1)
    }
    making.then(
      (lent) => {
        leave()
        if (isServed) lent?.release()
        else resolve(lent)
      },
      (error) => {
        leave()
        reject(error)
      },
    )
    return promise
  }

  /** Makes a connection; undefined if the server has none left and there is another to wait for. */
  async #make(deadline: number): Promise<LentClient | undefined> {
    this.#open++
    try {
      const timeoutMs = Math.max(1, deadline - performance.now())
      const client = await this.#connector.connect({ ...this.#options, timeoutMs })
      return this.#lend(client)
    } catch (error) {
      this.#forgetOne()
      if (!isScarcity(error) || (this.#open === 0 && !this.#options.orElse)) throw error
      this.onScarcity()
      this.#max = Math.max(1, this.#open)
      this.#modestUntil = performance.now() + modestMs
      return undefined
    }
  }

  #wait(deadline: number): Promise<LentClient | undefined> {
    return new Promise((resolve, reject) => {
      const wake = (lent: LentClient | undefined) => {
        clearTimeout(timer)
        resolve(lent)
      }
      const timer = setTimeout(
        () => {
          this.#waiting.splice(this.#waiting.indexOf(wake), 1)
          reject(new Error('No connection to the database became free in time.'))
        },
        Math.max(0, deadline - performance.now()),
      )
      this.#waiting.push(wake)
    })
  }

  #lend(client: PostgresClient): LentClient {
    renewPlans(client)
    let isBack = false
    return {
      client,
      connector: this.#connector,
      release: () => {
        if (isBack) return
        isBack = true
        this.#takeBack(client)
      },
    }
  }

  #takeBack(client: PostgresClient): void {
    if (this.#closed || !this.#isGood(client)) {
      if (client.isBroken) this.#connector.suspect(client)
      this.#end(client)
      return
    }
    const wake = this.#waiting.shift()
    if (wake) {
      wake(this.#lend(client))
      return
    }
    const timer = setTimeout(() => {
      // The last one stays: another asker could find the server full.
      if (this.#open === 1) return
      this.#idle.splice(
        this.#idle.findIndex((entry) => entry.client === client),
        1,
      )
      this.#end(client)
    }, idleMs)
    timer.unref()
    this.#idle.push({ client, timer })
  }

  #isGood(client: PostgresClient): boolean {
    return !client.isBroken && client.generation === this.#connector.generation
  }

  #end(client: PostgresClient): void {
    endClient(client)
    this.#forgetOne()
  }

  #forgetOne(): void {
    this.#open--
    // A waiting borrower may make one in its place.
    this.#waiting.shift()?.(undefined)
    if (this.#open === 0) this.#onEmpty?.()
  }
}

/** Whether a server refused a connection because it, or the role, has as many as it may. */
export function isScarcity(error: unknown): boolean {
  return (error as pg.DatabaseError).code === '53300'
}
