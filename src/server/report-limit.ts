// How many tokens strangers may report: by address, so that none has what all have, and in all.

import { readNetwork, writeNetwork } from '../core/addresses.ts'
import { LatchkeyError } from '../core/errors.ts'
import { hourMs } from '../core/periods.ts'

/** From one address, or one /48 of IPv6, which one customer of a provider has. */
const reportsAnHour = 60
const tokensAnHour = 2_000
const tokensAMinute = 20_000
const minuteMs = 60_000
/** Addresses whose debt is paid are forgotten so often. */
const sweepEveryMs = 60_000

/** When all that was taken will have come back, by the monotonic clock. */
interface Debt {
  reports: number
  tokens: number
}

/** The bound on reports of one process: what was taken comes back evenly. */
export class ReportLimit {
  readonly #monotonic: () => number
  readonly #debts = new Map<string, Debt>()
  #ofAll = 0
  #sweptAt = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Takes what a report takes. Throws `too_many_reports`, and takes nothing then. */
  require(ip: string | undefined, tokens: number): void {
    this.#sweep(this.#monotonic())
    const name = senderOf(ip ?? '')
    const { reports, taken, ofAll } = this.#judge(name, tokens)
    this.#debts.set(name, { reports, tokens: taken })
    this.#ofAll = ofAll
  }

  /** Throws `too_many_reports` if not even a report of one token would be taken now: then its body need not be read. */
  requireRoom(ip: string | undefined): void {
    this.#judge(senderOf(ip ?? ''), 1)
  }

  /** What will be taken with a report. Throws `too_many_reports`. */
  #judge(name: string, tokens: number): { reports: number; taken: number; ofAll: number } {
    const now = this.#monotonic()
    const debt = this.#debts.get(name) ?? { reports: 0, tokens: 0 }
    const reports = Math.max(debt.reports, now) + hourMs / reportsAnHour
    const taken = Math.max(debt.tokens, now) + (tokens * hourMs) / tokensAnHour
    const ofAll = Math.max(this.#ofAll, now) + (Math.max(1, tokens) * minuteMs) / tokensAMinute
    const waitMs = Math.max(reports - now - hourMs, taken - now - hourMs, ofAll - now - minuteMs)
    if (waitMs > 0) throw tooManyReports(waitMs)
    return { reports, taken, ofAll }
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    for (const [name, { reports, tokens }] of this.#debts)
      if (reports <= now && tokens <= now) this.#debts.delete(name)
  }
}

/** Who sends, as far as that can be told. */
function senderOf(ip: string): string {
  const network = ip.includes(':') ? readNetwork(ip) : undefined
  if (network === undefined || !writeNetwork(network).includes(':')) return ip
  return network.groups.slice(0, 3).join(':')
}

function tooManyReports(retryAfterMs: number): LatchkeyError {
  return new LatchkeyError(
    'too_many_reports',
    `An address may report ${reportsAnHour} times and ${tokensAnHour} tokens an hour, and all together ${tokensAMinute} tokens a minute. Report the rest later.`,
    { retryAfterMs: Math.ceil(retryAfterMs) },
  )
}
