// How often strangers may try to sign in: by address, so that none has what all have.
import { signInCallsAMinute } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import { networkOf } from '../fairness/turns.ts'

const minuteMs = 60_000
/** Addresses whose calls are over are forgotten so often. */
const sweepEveryMs = 60_000
/** More than that many are forgotten at once: whoever has so many networks is not held by this. */
const maxNetworks = 100_000

/** The bound on the calls of sign-ins, of one process: at most 30 within any minute from an IPv4 address, or a /64 of IPv6. */
export class SignInLimit {
  readonly #monotonic: () => number
  /** When the last calls came, by the network, the oldest first. */
  readonly #calls = new Map<string, number[]>()
  #sweptAt = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Counts a call. Throws `too_many_sign_ins`, and counts nothing then. */
  require(ip: string | undefined): void {
    const now = this.#monotonic()
    this.#sweep(now)
    const network = networkOf(ip ?? '')
    const calls = (this.#calls.get(network) ?? []).filter((at) => now - at < minuteMs)
    const [first] = calls
    if (first !== undefined && calls.length >= signInCallsAMinute)
      throw new LatchkeyError(
        'too_many_sign_ins',
        `An address may make ${signInCallsAMinute} calls to sign in within a minute. Wait.`,
        { retryAfterMs: first + minuteMs - now },
      )
    calls.push(now)
    this.#calls.set(network, calls)
  }

  #sweep(now: number): void {
    if (this.#calls.size > maxNetworks) this.#calls.clear()
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    for (const [network, calls] of this.#calls)
      if (now - (calls.at(-1) ?? 0) >= minuteMs) this.#calls.delete(network)
  }
}
