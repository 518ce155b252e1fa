// When a request came, if it waited for its turn before it was served: its duration counts from then.
import type { IncomingMessage } from 'node:http'

const arrivals = new WeakMap<IncomingMessage, number>()

/** Notes when a request came that waits, by the monotonic clock. */
export function noteArrival(incoming: IncomingMessage, at: number): void {
  arrivals.set(incoming, at)
}

/** When a request came, by the monotonic clock; now if it did not wait, or where there is none. */
export function arrivalOf(incoming: IncomingMessage | undefined, now = performance.now()): number {
  return (incoming && arrivals.get(incoming)) ?? now
}
