// Where somebody was before signing in, so that they are there again afterwards. Kept by the tab, and always a page of this origin.

const storedAs = 'latchkey-return-path'
const onTheWayIn = /^\/(?:sign-in|invitation)(?:\/|$)/

/** Keeps the page that is shown; on the way in already, what was kept before stays. */
export function keepReturnPath(): void {
  if (onTheWayIn.test(location.pathname)) return
  try {
    sessionStorage.setItem(storedAs, location.pathname + location.search + location.hash)
  } catch {
    // Then the first page it is.
  }
}

/** Takes the path that was kept; `/` if there is none, or if it would lead to another origin or back to the way in. */
export function takeReturnPath(): string {
  try {
    const kept = sessionStorage.getItem(storedAs)
    sessionStorage.removeItem(storedAs)
    return kept === null ? '/' : ownPath(kept)
  } catch {
    return '/'
  }
}

/** A path of this origin; `/` for anything else that an address may be. Throws for what is none. */
function ownPath(text: string): string {
  const { origin, pathname, search, hash } = new URL(text, location.origin)
  const isOwn = origin === location.origin && text.startsWith('/') && !pathname.startsWith('//')
  return isOwn && !onTheWayIn.test(pathname) ? pathname + search + hash : '/'
}
