// The value by which this origin's pages show their session, beside the cookie: a cookie goes to every port of the
// host, the storage of a page to no other origin. All tabs share it.

const storedAs = 'latchkey-session'
/** For a browser that lets no page store anything: then each tab signs in for itself. */
let unstored: string | undefined

/** The value of the session, undefined if nobody is signed in. */
export function readPageValue(): string | undefined {
  try {
    return localStorage.getItem(storedAs) ?? undefined
  } catch {
    return unstored
  }
}

/** Keeps the value of a new session in place of the one before, in all tabs. */
export function writePageValue(value: string): void {
  try {
    localStorage.setItem(storedAs, value)
  } catch {
    unstored = value
  }
}

/** Forgets the value, in all tabs. */
export function clearPageValue(): void {
  unstored = undefined
  try {
    localStorage.removeItem(storedAs)
  } catch {
    // Nothing was stored.
  }
}

/** Calls back when another tab signed in (true) or out (false); returns how to stop that. */
export function followOtherTabs(listener: (isSignedIn: boolean) => void): () => void {
  const hear = ({ key, newValue }: StorageEvent) => {
    // Without a key, all that was stored was cleared.
    if (key === storedAs || key === null) listener(newValue !== null)
  }
  addEventListener('storage', hear)
  return () => removeEventListener('storage', hear)
}
