// Whether Latchkey can be reached: noticed by every call, and asked for anew while it cannot.

type State = { lost: false } | { lost: true; tryingAt: number }

const firstWaitMs = 1_000
const longestWaitMs = 15_000

let state: State = { lost: false }
let waitMs = firstWaitMs
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

/** The connection, as a store for `useSyncExternalStore`. */
export const connection = {
  current: (): State => state,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** A call got no answer: ask again after a while, and then after longer and longer ones. */
  lose: (): void => {
    if (timer !== undefined) return
    timer = setTimeout(() => void connection.ask(), waitMs)
    change({ lost: true, tryingAt: Date.now() + waitMs })
    waitMs = Math.min(waitMs * 2, longestWaitMs)
  },
  /** A call got an answer. */
  find: (): void => {
    clearTimeout(timer)
    timer = undefined
    waitMs = firstWaitMs
    if (state.lost) change({ lost: false })
  },
  /** Asks at once; resolves to whether there was an answer. */
  ask: async (): Promise<boolean> => {
    clearTimeout(timer)
    timer = undefined
    try {
      if ((await fetch('/healthz', { cache: 'no-store' })).ok) {
        connection.find()
        return true
      }
    } catch {
      // Still away.
    }
    connection.lose()
    return false
  },
}

// A browser that loses its network, or gets it back, knows first.
addEventListener('offline', () => connection.lose())
addEventListener('online', () => void connection.ask())

function change(next: State): void {
  state = next
  for (const listener of listeners) listener()
}
