// Can a change be made durable now? Asked of the database at most once a second, however many want to know.
import type { Latchkey } from '../latchkey.ts'

const lifetimeMs = 1000

/** Makes a check whose running probe, and then its result, is shared. It throws `store_unavailable`. */
export function shareReadiness(latchkey: Latchkey): () => Promise<void> {
  let probe: Promise<void> | undefined
  let expiresAt = 0
  return () => {
    if (probe === undefined || performance.now() >= expiresAt) {
      expiresAt = Number.POSITIVE_INFINITY
      probe = latchkey.checkWritable().finally(() => {
        expiresAt = performance.now() + lifetimeMs
      })
    }
    return probe
  }
}
