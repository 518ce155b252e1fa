// A part of the page that could not be loaded: a browser asks for a file once, so that only loading the page anew helps.

const renewedAs = 'latchkey-renewed-at'
const onceWithinMs = 30_000

/**
 * Loads the page anew, for when Latchkey can be reached: after a lost connection, or after an upgrade that took the
 * files of an open page away. Not over and over: the second time within a while it is left to the reader.
 */
export function renewPage(): void {
  const renewedAt = Number(sessionStorage.getItem(renewedAs))
  if (Date.now() - renewedAt < onceWithinMs) return
  sessionStorage.setItem(renewedAs, String(Date.now()))
  location.reload()
}
