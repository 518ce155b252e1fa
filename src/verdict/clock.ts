// The clocks of a process, which tests replace.

/** The two clocks of a process, in milliseconds, and its alarm. */
export interface Clock {
  /** Since 1970, by the wall: steps when somebody sets it. */
  now(): number
  /** Since any instant, never backwards, even if the wall clock is set. */
  monotonic(): number
  /** Calls back once, after so many milliseconds at the earliest; returns how to call that off. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The clocks of the machine. Waiting on them keeps no process alive. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds)
    // Browsers' timers are numbers.
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}

/** Resolves after so many milliseconds. */
export function sleep(clock: Pick<Clock, 'after'>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve)
  })
}
