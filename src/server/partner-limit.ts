// How many tokens a partner may report: nobody is held up by what strangers report, or by another partner.
import { LatchkeyError } from '../core/errors.ts'

const tokensAMinute = 20_000
const minuteMs = 60_000

/** The bound on the reports of one partner to one process: what was taken comes back evenly. */
export class PartnerLimit {
  readonly #monotonic: () => number
  /** When all that was taken will have come back, by the monotonic clock. */
  #debt = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Takes what a report takes. Throws `too_many_reports`, and takes nothing then. */
  require(tokens: number): void {
    const now = this.#monotonic()
    const debt = Math.max(this.#debt, now) + (Math.max(1, tokens) * minuteMs) / tokensAMinute
    const waitMs = debt - now - minuteMs
    if (waitMs > 0)
      throw new LatchkeyError(
        'too_many_reports',
        `A partner may report ${tokensAMinute} tokens a minute. Report the rest later.`,
        { retryAfterMs: Math.ceil(waitMs) },
      )
    this.#debt = debt
  }
}
