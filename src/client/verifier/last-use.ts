// Reports to the server which secrets were found valid here, in batches, off the path of a verification.
import { maxBatch } from '../../core/bounds.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { Requester } from '../request/request.ts'

const reportEveryMs = 10_000

/** The uses that the server does not know of yet, the latest of each secret. */
export class UseReporter {
  readonly #server: Requester
  readonly #clock: Clock
  readonly #capacity: number
  readonly #collect: () => void
  #uses = new Map<string, number>()
  #callOff: (() => void) | undefined
  #reporting: Promise<void> = Promise.resolve()

  /** `collect` is called before each report, so that an owner of further uses can add them. */
  constructor(server: Requester, clock: Clock, capacity: number, collect: () => void) {
    this.#server = server
    this.#clock = clock
    this.#capacity = capacity
    this.#collect = collect
  }

  /** Notes a use at an instant in milliseconds since 1970. */
  note(kid: string, at: number): void {
    // With the server away for long, the oldest secrets are reported and the newest are not.
    if (this.#uses.size >= this.#capacity && !this.#uses.has(kid)) return
    this.#uses.set(kid, Math.max(at, this.#uses.get(kid) ?? 0))
  }

  /** Begins the rounds, at the first call. */
  start(): void {
    this.#callOff ??= this.#clock.after(reportEveryMs, () => {
      this.#callOff = undefined
      this.start()
      // Where the server is away, the uses stay here and the next round tries again.
      void this.#report().catch(() => {})
    })
  }

  /** Ends the rounds after a last report. Where the server is away, what it does not know is lost. */
  async close(): Promise<void> {
    this.#callOff?.()
    await this.#report().catch(() => {})
  }

  #report(): Promise<void> {
    this.#reporting = this.#reporting.catch(() => {}).then(() => this.#send())
    return this.#reporting
  }

  async #send(): Promise<void> {
    this.#collect()
    const uses = [...this.#uses]
    this.#uses = new Map()
    for (let start = 0; start < uses.length; start += maxBatch) {
      const batch = uses.slice(start, start + maxBatch)
      const body = batch.map(([kid, at]) => ({ kid, at: new Date(at) }))
      try {
        await this.#server.send('POST', '/v1/keys/uses', { body, repeatable: true })
      } catch (error) {
        for (const [kid, at] of uses.slice(start)) this.note(kid, at)
        throw error
      }
    }
  }
}
