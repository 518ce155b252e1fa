// When a request came, if it waited for its turn before it was served: its duration counts from then.
import type { IncomingMessage } from 'node:http'

/** On the request itself: a map beside all of them costs 2 µs a request. */
const arrivedAt = Symbol('arrivedAt')

type Arrived = IncomingMessage & { [arrivedAt]?: number }

/** Notes when a request came that waits, by the monotonic clock. */
export function noteArrival(incoming: IncomingMessage, at: number): void {
  ;(incoming as Arrived)[arrivedAt] = at
}

/** When a request came, by the monotonic clock; now if it did not wait, or if there is none. */
export function arrivalOf(incoming: IncomingMessage | undefined, now = performance.now()): number {
  return (incoming as Arrived | undefined)?.[arrivedAt] ?? now
}
