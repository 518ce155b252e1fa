// A clock that stands still until the test moves it.

export interface Clock {
  /** Milliseconds since 1970, to be given to `openLatchkey`. */
  now: () => number
  /** Moves the clock; back, with a negative number. */
  advance(ms: number): void
  /** The instant so many milliseconds from now. */
  in(ms: number): Date
}

export function makeClock(start: number = Date.UTC(2026, 0, 31, 12)): Clock {
  let at = start
  return {
    now: () => at,
    advance: (ms) => {
      at += ms
    },
    in: (ms) => new Date(at + ms),
  }
}
