// What a report of leaked tokens says, and who takes one.
import type { LeakSource } from '../../core/shapes/leaks.ts'

/** A token that was found, and where. */
export interface FoundToken {
  token: string
  url?: string | undefined
}

/** From whom a report comes. */
export interface ReportOrigin {
  source: LeakSource
  requestId?: string | undefined
}

/** Takes reports whose sender was judged before. */
export interface LeakReceiver {
  /** Writes what may be a token, durably. Throws `store_unavailable`. */
  receive(found: readonly FoundToken[], from: ReportOrigin): Promise<void>
}
