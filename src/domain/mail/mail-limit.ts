// How many letters one organization may have sent: each goes to somebody who has not asked for it.
import { mailsAnHour, mailsToAddressAnHour } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { hourMs } from '../../core/periods.ts'

const sweepEveryMs = 60_000

/** The bound on letters of one process: what was taken comes back evenly. */
export class MailLimit {
  readonly #monotonic: () => number
  /** When all that was taken will have come back, by the monotonic clock. */
  readonly #debts = new Map<string, number>()
  #sweptAt = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Takes one letter of an organization to an address. Throws `too_many_mails`, and takes nothing then. */
  require(organizationId: string, address: string): void {
    const waitMs = this.#take(`of ${organizationId}`, `to ${address}`)
    if (waitMs > 0)
      throw new LatchkeyError(
        'too_many_mails',
        `An organization has at most ${mailsAnHour} letters sent an hour, and an address gets ${mailsToAddressAnHour}. Wait, or invite without sending.`,
        { retryAfterMs: Math.ceil(waitMs) },
      )
  }

  /**
   * The same for the notice of a reset, which is left out if there are too many. Notices are counted on their own, and those of an
   * organization to an address too: nobody keeps one back by letters that he has sent before.
   */
  allowsNotice(organizationId: string, address: string): boolean {
    return this.#take(`notices of ${organizationId}`, `notices of ${organizationId} to ${address}`) <= 0
  }

  /** Takes one of what a sender and a receiver have left; tells after how many milliseconds that can be, if it is not now. */
  #take(sender: string, receiver: string): number {
    const now = this.#monotonic()
    this.#sweep(now)
    const wanted = [
      { name: sender, cost: hourMs / mailsAnHour },
      { name: receiver, cost: hourMs / mailsToAddressAnHour },
    ].map(({ name, cost }) => ({ name, until: Math.max(this.#debts.get(name) ?? 0, now) + cost }))
    const waitMs = Math.max(...wanted.map(({ until }) => until - now - hourMs))
    if (waitMs <= 0) for (const { name, until } of wanted) this.#debts.set(name, until)
    return waitMs
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    for (const [name, until] of this.#debts) if (until <= now) this.#debts.delete(name)
  }
}
