// When Latchkey was upgraded under an open page: the files that the page still names are gone, new ones are there.

const triedAs = 'latchkey-renewed-at'
const onceWithinMs = 60_000

/** Loads the page anew where a part of it is gone, but not where nothing can be reached, and not over and over. */
export function renewAfterUpgrade(): void {
  addEventListener('vite:preloadError', () => void renew())
}

async function renew(): Promise<void> {
  const tried = Number(sessionStorage.getItem(triedAs))
  if (Date.now() - tried < onceWithinMs) return
  const answer = await fetch('/healthz').catch(() => undefined)
  if (!answer?.ok) return
  sessionStorage.setItem(triedAs, String(Date.now()))
  location.reload()
}
