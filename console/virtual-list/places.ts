// How many rows of a list were loaded at each entry of the history, so that back and reload find as many again.

const storedAs = 'latchkey-rows'
const mostEntries = 50

type Stored = [entry: string, rows: number][]

/** The rows that the list had at an entry of the history; 0 where nobody was. */
export function rowsAt(entry: string): number {
  return read().find(([kept]) => kept === entry)?.[1] ?? 0
}

export function keepRows(entry: string, rows: number): void {
  const others = read().filter(([kept]) => kept !== entry)
  const stored: Stored = [[entry, rows], ...others.slice(0, mostEntries - 1)]
  try {
    sessionStorage.setItem(storedAs, JSON.stringify(stored))
  } catch {
    // Without storage a reload starts at the top.
  }
}

function read(): Stored {
  try {
    return (JSON.parse(sessionStorage.getItem(storedAs) ?? '[]') as Stored).filter(
      ([entry, rows]) => typeof entry === 'string' && Number.isSafeInteger(rows),
    )
  } catch {
    return []
  }
}
