// Reads of the database that anybody may cause: what one has read is kept for a while.

/** For so long what was read is kept, and longer if reading takes long: it is a small part of the time, whoever asks. */
const keptMs = 10_000
const keptForRead = 100
/** Nobody waits for longer; what comes later is kept for those who ask next. */
const patienceMs = 500

/** Gives what was read last, or reads; undefined if that fails, or takes too long for now. Never throws. */
export function keepReading<Answer>(
  read: () => Promise<Answer>,
  now: () => number = () => performance.now(),
): () => Promise<Answer | undefined> {
  let latest: Promise<Answer | undefined> | undefined
  let keptUntil = Number.NEGATIVE_INFINITY
  return async () => {
    if (latest === undefined || now() >= keptUntil) {
      const beganAt = now()
      keptUntil = Number.POSITIVE_INFINITY
      latest = read()
        .catch(() => undefined)
        .finally(() => {
          keptUntil = now() + Math.max(keptMs, (now() - beganAt) * keptForRead)
        })
    }
    const { promise: late, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(resolve, patienceMs, undefined)
    return Promise.race([latest, late]).finally(() => clearTimeout(timer))
  }
}
