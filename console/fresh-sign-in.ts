// What a call waits for if the server wants a fresh sign-in: the dialog asks who is there, and the call goes on.
import type { SignInMethod } from '../src/core/errors.ts'

type Resolve = (isFresh: boolean) => void

let waiting: Resolve[] = []
let ways: readonly SignInMethod[] = []
const listeners = new Set<() => void>()

/** Whether some call waits for a fresh sign-in, as a store for `useSyncExternalStore`. */
export const freshSignIn = {
  isAsked: (): boolean => waiting.length > 0,
  /** How it may be made, as the server has said last. */
  methods: (): readonly SignInMethod[] => ways,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** Resolves to true when the sign-in is fresh, to false if the reader would rather not. */
  ask: (methods: readonly SignInMethod[]): Promise<boolean> =>
    new Promise((resolve) => {
      ways = methods
      waiting = [...waiting, resolve]
      tell()
    }),
  /** Answers all that wait. */
  answer: (isFresh: boolean): void => {
    const answered = waiting
    waiting = []
    tell()
    for (const resolve of answered) resolve(isFresh)
  },
}

function tell(): void {
  for (const listener of listeners) listener()
}
