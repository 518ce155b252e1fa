// For which organization a person acts: each tab remembers its own, and a new tab begins with the last one chosen.

const storedAs = 'latchkey-organization'
/** For a browser that lets no page store anything. */
let unstored: string | undefined

/** The organization that requests name; undefined if nobody has chosen one, as for a key, which has one alone. */
export function readActingFor(): string | undefined {
  try {
    return sessionStorage.getItem(storedAs) ?? localStorage.getItem(storedAs) ?? undefined
  } catch {
    return unstored
  }
}

/** Has the requests of this tab name an organization from now on. */
export function writeActingFor(organization: string): void {
  unstored = organization
  try {
    sessionStorage.setItem(storedAs, organization)
    localStorage.setItem(storedAs, organization)
  } catch {
    // For this page alone, then.
  }
}

/** Names none any more. */
export function clearActingFor(): void {
  unstored = undefined
  try {
    sessionStorage.removeItem(storedAs)
    localStorage.removeItem(storedAs)
  } catch {
    // Nothing was stored.
  }
}
